use jiff::ToSpan;
use jiff::civil::DateTime;
use proptest::prelude::*;

use super::*;

fn schedule(text: &str, zone: &str) -> Schedule {
    Schedule::new(text, &zone.parse().unwrap()).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The runs after `after`, in UTC.
fn runs(schedule: &Schedule, after: &str, count: usize) -> Vec<String> {
    let mut time = time(after);
    let next = || {
        time = schedule.next(time);
        time.strftime("%d %H:%M").to_string()
    };
    std::iter::repeat_with(next).take(count).collect()
}

#[test]
fn an_interval_begins_with_the_last_run() {
    for (text, next) in [
        ("15m", "2026-11-25T12:15:07Z"),
        ("10s", "2026-11-25T12:00:17Z"),
        ("1h 30m", "2026-11-25T13:30:07Z"),
        ("1d", "2026-11-26T12:00:07Z"),
        ("@every 15m", "2026-11-25T12:15:07Z"),
        ("999y", "2027-11-25T12:00:07Z"),
    ] {
        let schedule: Schedule = text.parse().unwrap();
        assert_eq!(schedule.next(time("2026-11-25T12:00:07Z")), time(next), "{text}");
        assert_eq!(schedule.to_string(), text);
    }
    assert_eq!("1y".parse::<Schedule>().unwrap().next(Timestamp::MAX), Timestamp::MAX);
    assert_eq!("@yearly".parse::<Schedule>().unwrap().next(Timestamp::MAX), Timestamp::MAX);
}

#[test]
fn times_are_those_of_the_zone() {
    let expected = ["26 02:00", "27 02:00"];
    for (text, zone) in [
        ("0 3 * * *", "Europe/Berlin"),
        ("CRON_TZ=Europe/Berlin 0 3 * * *", "Asia/Tokyo"),
        ("TZ=Europe/Berlin  0 3 * * *", "UTC"),
        ("0 2 * * *", "UTC"),
        ("30 7 * * *", "Asia/Kolkata"),
    ] {
        assert_eq!(runs(&schedule(text, zone), "2026-11-25T12:00:00Z", 2), expected, "{text}");
    }
}

#[test]
fn a_run_comes_once_where_the_clock_is_changed() {
    for (text, zone, after, expected) in [
        // In Berlin, 02:00 to 03:00 is skipped at 01:00 UTC.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T00:00:00Z",
            &["28 01:30", "29 01:00", "30 00:30"][..],
        ),
        ("0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", &["29 01:00", "30 00:00"]),
        ("30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", &["29 01:00", "29 01:30"]),
        ("0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", &["29 01:00", "30 01:00"]),
        ("30 1 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", &["29 00:30", "29 23:30"]),
        (
            "0 */2 * * *",
            "Europe/Berlin",
            "2026-03-28T22:30:00Z",
            &["28 23:00", "29 01:00", "29 02:00"],
        ),
        // There, 02:00 to 03:00 is repeated from 01:00 UTC on.
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", &["25 00:30", "26 01:30"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", &["26 01:30"]),
        (
            "0 2,3 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            &["25 00:00", "25 02:00", "26 01:00"],
        ),
        // In Cairo, a day begins at 01:00.
        ("@daily", "Africa/Cairo", "2026-04-23T12:00:00Z", &["23 22:00", "24 21:00"]),
        // On Lord Howe Island, half an hour is skipped, at 15:30 UTC.
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", &["03 15:30", "04 15:15"]),
        // Samoa had no 30 December 2011.
        ("0 12 30 * *", "Pacific/Apia", "2011-12-01T00:00:00Z", &["30 10:00", "29 22:00"]),
    ] {
        assert_eq!(runs(&schedule(text, zone), after, expected.len()), expected, "{text} {after}");
    }
}

#[test]
fn a_run_of_every_hour_goes_by_the_clock() {
    for (text, zone, after, expected) in [
        (
            "7 * * * *",
            "Europe/Berlin",
            "2026-03-29T00:00:00Z",
            &["29 00:07", "29 01:07", "29 02:07"][..],
        ),
        (
            "7 * * * *",
            "Europe/Berlin",
            "2026-10-24T23:30:00Z",
            &["25 00:07", "25 01:07", "25 02:07"],
        ),
        (
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-10-25T00:10:00Z",
            &["25 00:30", "25 01:00", "25 01:30"],
        ),
        ("0 * * * *", "Australia/Lord_Howe", "2026-10-03T14:30:00Z", &["03 16:00", "03 17:00"]),
    ] {
        assert_eq!(runs(&schedule(text, zone), after, expected.len()), expected, "{text} {after}");
    }
}

#[test]
fn what_is_no_schedule_is_told() {
    for (text, told) in [
        ("", "'' is no schedule: expected an interval like 15m, or five fields of cron like"),
        ("soon", "'soon' is no schedule"),
        ("15", "'15' is no schedule"),
        ("-15m", "'-15m' is no schedule"),
        ("9s", "registries are not asked more often than every 10 s"),
        ("@every 1s", "not asked more often"),
        ("@every", "'@every' is not known"),
        ("0 3 * *", "has 4 fields where 5 belong"),
        ("TZ=Mars 0 3 * * *", "'Mars' is no time zone"),
        ("TZ=UTC", "'TZ=UTC' is no schedule"),
        ("TZ=UTC 15m", "'15m' has 1 fields where 5 belong"),
    ] {
        let error = text.parse::<Schedule>().unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn jitter_is_a_part_of_its_most() {
    let max = SignedDuration::from_secs(100);
    for (random, seconds) in [
        (0.0, 0),
        (0.25, 25),
        (1.0, 100),
        (2.0, 100),
        (-1.0, 0),
        (f64::NAN, 0),
        (f64::INFINITY, 100),
    ] {
        assert_eq!(jitter(max, random), SignedDuration::from_secs(seconds), "{random}");
    }
    assert_eq!(jitter(SignedDuration::MAX, 1.0), YEAR);
    assert_eq!(jitter(-max, 1.0), SignedDuration::ZERO);
}

/// What an expression means, as lists.
#[derive(Clone, Debug)]
struct Meant {
    minutes: Vec<i8>,
    hours: Vec<i8>,
    days: Vec<i8>,
    weekdays: Vec<i8>,
}

impl Meant {
    fn text(&self) -> String {
        let list = |numbers: &[i8]| match numbers {
            [] => "*".to_owned(),
            _ => numbers.iter().map(i8::to_string).collect::<Vec<_>>().join(","),
        };
        let [minutes, hours] = [&self.minutes, &self.hours].map(|numbers| list(numbers));
        format!("{minutes} {hours} {} * {}", list(&self.days), list(&self.weekdays))
    }

    fn has(&self, minute: DateTime) -> bool {
        let among = |numbers: &[i8], number: i8| numbers.is_empty() || numbers.contains(&number);
        let day = self.days.contains(&minute.day());
        let weekday = self.weekdays.contains(&minute.weekday().to_sunday_zero_offset());
        let is_day = match (self.days.is_empty(), self.weekdays.is_empty()) {
            (true, true) => true,
            (false, true) => day,
            (true, false) => weekday,
            (false, false) => day || weekday,
        };
        is_day && among(&self.minutes, minute.minute()) && among(&self.hours, minute.hour())
    }

    /// Goes from minute to minute, and from what a clock shows to what it shows next.
    fn first_after(&self, zone: &TimeZone, after: Timestamp, end: Timestamp) -> Option<Timestamp> {
        let mut time = Timestamp::from_second(after.as_second().div_euclid(60) * 60).unwrap();
        // Where the clock was before it was put back, within a day.
        let mut shown = zone.to_datetime(time);
        for minutes in 0..=24 * 60 {
            shown = shown.max(zone.to_datetime(time - 24.hours() + minutes.minutes()));
        }
        loop {
            time += 1.minute();
            if time > end {
                return None;
            }
            let now = zone.to_datetime(time);
            if self.hours.is_empty() {
                if self.has(now) {
                    return Some(time);
                }
                continue;
            }
            while shown < now {
                shown = shown.checked_add(1.minute()).unwrap();
                if self.has(shown) {
                    return Some(time);
                }
            }
        }
    }
}

fn meant() -> impl Strategy<Value = Meant> {
    let some = |last: i8| prop::collection::vec(0..=last, 1..4);
    let hours = prop_oneof![Just(Vec::new()), some(23), prop::collection::vec(0_i8..4, 1..4)];
    let days = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(1_i8..=28, 1..8)];
    let weekdays = prop_oneof![2 => Just(Vec::new()), 1 => some(6)];
    let minutes = prop_oneof![4 => some(59), 1 => Just(Vec::new())];
    (minutes, hours, days, weekdays).prop_map(|(minutes, hours, days, weekdays)| Meant {
        minutes,
        hours,
        days,
        weekdays,
    })
}

/// Times about those at which clocks are changed, and others.
fn places() -> impl Strategy<Value = (&'static str, Timestamp)> {
    let changes = vec![
        ("UTC", "2026-02-28T00:00:00Z"),
        ("Asia/Kolkata", "2026-12-31T00:00:00Z"),
        ("Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("America/New_York", "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-11-01T06:00:00Z"),
        // At midnight.
        ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
        ("America/Sao_Paulo", "2019-02-17T02:00:00Z"),
        ("Africa/Cairo", "2026-04-23T22:00:00Z"),
        ("Asia/Beirut", "2026-10-24T21:00:00Z"),
        // One minute past midnight.
        ("America/St_Johns", "2010-03-14T03:31:00Z"),
        ("America/St_Johns", "2010-11-07T02:31:00Z"),
        // By half an hour.
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        // By a day, and for good.
        ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("Asia/Pyongyang", "2018-05-04T15:00:00Z"),
        // Twice in some weeks.
        ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
        ("Africa/Casablanca", "2026-03-22T02:00:00Z"),
    ];
    let seconds = prop_oneof![-12_000_i64..12_000, -48 * 3600_i64..24 * 3600];
    (prop::sample::select(changes), seconds, 0_i64..1000).prop_map(
        |((zone, change), seconds, millis)| {
            (zone, time(change) + seconds.seconds() + millis.milliseconds())
        },
    )
}

#[test]
fn clocks_are_changed_at_the_times_of_the_tests() {
    for (zone, change) in [
        ("Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("Africa/Casablanca", "2026-03-22T02:00:00Z"),
        ("America/St_Johns", "2010-03-14T03:31:00Z"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ] {
        let zone: Zone = zone.parse().unwrap();
        let next = zone.get().following(time(change) - 1.second()).next();
        assert_eq!(next.unwrap().timestamp(), time(change));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_run_is_missed_and_none_is_added(meant in meant(), (zone, after) in places()) {
        let found = schedule(&meant.text(), zone).next(after);
        prop_assert!(found > after);
        let end = after + 72.hours();
        let zone: Zone = zone.parse().unwrap();
        match meant.first_after(zone.get(), after, end) {
            Some(expected) => prop_assert_eq!(found, expected),
            None => prop_assert!(found > end),
        }
    }

    #[test]
    fn the_next_run_comes_after(
        text in prop::sample::select(vec!["15m", "* * * * *", "0 3 29 2 *", "59 23 31 12 *", "*/7 1-3 * * 0", "@monthly"]),
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "Pacific/Apia", "America/New_York", "Asia/Kathmandu"]),
        nanos in -2_000_000_000_000_000_000_i128..8_000_000_000_000_000_000,
    ) {
        let after = Timestamp::from_nanosecond(nanos).unwrap();
        prop_assert!(schedule(text, zone).next(after) > after);
    }

    #[test]
    fn any_text_is_a_schedule_or_an_error(text in "[0-9*/,@a-z -]{0,20}") {
        if let Ok(schedule) = text.parse::<Schedule>() {
            prop_assert!(schedule.next(Timestamp::UNIX_EPOCH) > Timestamp::UNIX_EPOCH);
        }
    }
}
