use jiff::ToSpan;
use proptest::prelude::*;

use super::*;

/// `FROM TO [DAYS]`.
fn window(text: &str, limit: Option<u32>) -> Window<u32> {
    let words: Vec<&str> = text.split(' ').collect();
    let days = words[2..].iter().map(|days| days.parse::<Days>().unwrap());
    let days = if words.len() > 2 { days.collect() } else { Days::default() };
    Window::new(words[0].parse().unwrap(), words[1].parse().unwrap(), days, limit).unwrap()
}

fn windows(texts: &[&str], zone: &str) -> Windows<u32> {
    let windows = texts.iter().zip(1..).map(|(text, limit)| window(text, Some(limit)));
    Windows::new(windows.collect(), zone.parse().unwrap())
}

/// `open LIMIT UNTIL`.
fn state(windows: &Windows<u32>, now: &str) -> String {
    let text = |time: Timestamp| match time == Timestamp::MAX {
        true => "ever".to_owned(),
        false => time.strftime("%d %H:%M").to_string(),
    };
    match windows.at(now.parse().unwrap()) {
        State::Open { limit, until } => format!("open {} {}", limit.unwrap_or(0), text(until)),
        State::Closed { until } => format!("closed {}", text(until)),
    }
}

#[test]
fn a_rule_runs_in_its_windows() {
    for (texts, now, expected) in [
        (&[][..], "2026-11-25T12:00:00Z", "open 0 ever"),
        (&["08:00 18:00"], "2026-11-25T07:59:59Z", "closed 25 08:00"),
        (&["08:00 18:00"], "2026-11-25T08:00:00Z", "open 1 25 18:00"),
        (&["08:00 18:00"], "2026-11-25T17:59:59Z", "open 1 25 18:00"),
        (&["08:00 18:00"], "2026-11-25T18:00:00Z", "closed 26 08:00"),
        // Over midnight.
        (&["22:00 06:00"], "2026-11-25T23:00:00Z", "open 1 26 06:00"),
        (&["22:00 06:00"], "2026-11-25T05:59:00Z", "open 1 25 06:00"),
        (&["22:00 06:00"], "2026-11-25T12:00:00Z", "closed 25 22:00"),
        (&["22:00 00:00"], "2026-11-25T23:00:00Z", "open 1 26 00:00"),
        (&["22:00 24:00"], "2026-11-25T23:00:00Z", "open 1 26 00:00"),
        // The 25th was a Wednesday. The days are those on which a window begins.
        (&["22:00 06:00 wed"], "2026-11-26T05:00:00Z", "open 1 26 06:00"),
        (&["22:00 06:00 thu"], "2026-11-26T05:00:00Z", "closed 26 22:00"),
        (&["08:00 18:00 mon-fri"], "2026-11-27T18:00:00Z", "closed 30 08:00"),
        (&["08:00 18:00 mon wed"], "2026-11-25T18:00:00Z", "closed 30 08:00"),
        (&["08:00 18:00 wed"], "2026-11-25T18:00:00Z", "closed 02 08:00"),
        (&["00:00 24:00 sat-sun"], "2026-11-25T18:00:00Z", "closed 28 00:00"),
        (&["00:00 24:00 sat-sun"], "2026-11-28T18:00:00Z", "open 1 30 00:00"),
        (&["00:00 24:00"], "2026-11-28T18:00:00Z", "open 1 ever"),
        (&["12:00 00:00", "00:00 12:00"], "2026-11-28T18:00:00Z", "open 1 29 00:00"),
        // The first one counts.
        (&["12:00 13:00", "08:00 18:00"], "2026-11-25T09:00:00Z", "open 2 25 12:00"),
        (&["12:00 13:00", "08:00 18:00"], "2026-11-25T12:30:00Z", "open 1 25 13:00"),
        (&["08:00 18:00", "12:00 13:00"], "2026-11-25T12:30:00Z", "open 1 25 18:00"),
        (&["08:00 18:00", "12:00 20:00"], "2026-11-25T18:30:00Z", "open 2 25 20:00"),
    ] {
        assert_eq!(state(&windows(texts, "UTC"), now), expected, "{texts:?} {now}");
    }
}

#[test]
fn a_rule_without_windows_always_runs() {
    let open = State::Open { limit: None, until: Timestamp::MAX };
    assert_eq!(Windows::<u32>::default().at(Timestamp::UNIX_EPOCH), open);
}

#[test]
fn the_clock_of_the_zone_counts() {
    for (text, zone, now, expected) in [
        ("08:00 18:00", "Europe/Berlin", "2026-11-25T07:00:00Z", "open 1 25 17:00"),
        ("08:00 18:00", "Europe/Berlin", "2026-06-25T06:00:00Z", "open 1 25 16:00"),
        ("00:00 24:00 thu", "Asia/Tokyo", "2026-11-25T12:00:00Z", "closed 25 15:00"),
        // At 01:00 UTC the clock goes from 02:00 to 03:00.
        ("22:00 06:00", "Europe/Berlin", "2026-03-29T00:30:00Z", "open 1 29 04:00"),
        ("02:30 04:00", "Europe/Berlin", "2026-03-29T00:30:00Z", "closed 29 01:00"),
        ("02:10 02:50", "Europe/Berlin", "2026-03-29T00:30:00Z", "closed 30 00:10"),
        ("01:00 02:30", "Europe/Berlin", "2026-03-29T00:30:00Z", "open 1 29 01:00"),
        // And back from 03:00 to 02:00.
        ("22:00 06:00", "Europe/Berlin", "2026-10-25T00:30:00Z", "open 1 25 05:00"),
        ("02:00 03:00", "Europe/Berlin", "2026-10-25T00:30:00Z", "open 1 25 02:00"),
        ("01:00 02:30", "Europe/Berlin", "2026-10-25T00:20:00Z", "open 1 25 00:30"),
        ("01:00 02:30", "Europe/Berlin", "2026-10-25T00:40:00Z", "closed 25 01:00"),
        ("00:00 24:00", "Europe/Berlin", "2026-10-25T00:40:00Z", "open 1 ever"),
        // No 30 December.
        ("00:00 24:00 fri", "Pacific/Apia", "2011-12-29T12:00:00Z", "closed 05 10:00"),
    ] {
        assert_eq!(state(&windows(&[text], zone), now), expected, "{text} {zone} {now}");
    }
}

#[test]
fn times_and_days_are_read() {
    for (text, expected) in [("00:00", "00:00"), ("6:05", "06:05"), ("24:00", "24:00")] {
        assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), expected);
    }
    for text in [
        "", "6", "6:5", "06:005", "24:01", "25:00", "12:60", "-1:00", "+1:00", "12:00:00",
        "99999:00",
    ] {
        let error = text.parse::<TimeOfDay>().unwrap_err().to_string();
        assert!(error.contains("is no time of day: expected one from 00:00 to 24:00"), "{text}");
    }
    for (text, expected) in [
        ("mon", 0b1),
        ("Sunday", 0b100_0000),
        ("mon-fri", 0b1_1111),
        ("sat-mon", 0b110_0001),
        ("tue-mon", 0b111_1111),
        ("wed-wed", 0b100),
    ] {
        assert_eq!(text.parse(), Ok(Days(expected)), "{text}");
    }
    for text in ["", "mo", "mond", "mon-", "-fri", "mon-fri-sun", "1"] {
        let error = text.parse::<Days>().unwrap_err().to_string();
        assert!(error.contains("is no day of the week: expected one like mon"), "{text}");
    }
}

#[test]
fn what_is_no_window_is_told() {
    let none: Days = [].into_iter().collect();
    for (from, to, days, told) in [
        (
            "22:00",
            "22:00",
            Days::ALL,
            "from 22:00 to 22:00 has no length: a whole day is from 00:00",
        ),
        ("00:00", "00:00", Days::ALL, "has no length"),
        ("24:00", "06:00", Days::ALL, "a window cannot begin at 24:00: expected 00:00"),
        ("06:00", "08:00", none, "a window without days is never open"),
    ] {
        let window = Window::<u32>::new(from.parse().unwrap(), to.parse().unwrap(), days, None);
        let error = window.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

fn some_windows() -> impl Strategy<Value = Vec<Window<u32>>> {
    let time = || prop_oneof![0_u16..DAY, 60_u16..240];
    let days = prop_oneof![2 => Just(0b111_1111_u8), 1 => 1_u8..0b111_1111];
    let window =
        (time(), time(), days, 0_u32..3).prop_filter_map("empty", |(from, to, days, limit)| {
            Window::new(TimeOfDay(from), TimeOfDay(to), Days(days), Some(limit)).ok()
        });
    prop::collection::vec(window, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Minute by minute, by the numbers alone.
    #[test]
    fn a_state_lasts_as_long_as_it_says(
        windows in some_windows(),
        zone in prop::sample::select(vec![
            ("UTC", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T01:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
            ("America/St_Johns", "2010-11-07T02:31:00Z"),
            ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        ]),
        minutes in -2000_i64..500,
        seconds in 0_i64..60,
    ) {
        let (name, change) = zone;
        let zone: Zone = name.parse().unwrap();
        let now = change.parse::<Timestamp>().unwrap() + minutes.minutes() + seconds.seconds();
        let counts = |time: Timestamp| {
            let shown = zone.get().to_datetime(time);
            let minute = minutes_of(shown);
            let day = 1_u8 << shown.weekday().to_monday_zero_offset();
            let before = 1_u8 << ((shown.weekday().to_monday_zero_offset() + 6) % 7);
            windows.iter().position(|w| {
                let (from, to) = (w.from.0, w.to.0);
                let ends = if from < to { to } else { to + DAY };
                let on = |day: u8, minute: u16| w.days.0 & day != 0 && from <= minute && minute < ends;
                on(day, minute) || on(before, minute + DAY)
            })
        };
        let (open, until) = match Windows::new(windows.clone(), zone.clone()).at(now) {
            State::Open { limit, until } => (Some(limit), until),
            State::Closed { until } => (None, until),
        };
        prop_assert_eq!(open, counts(now).map(|index| windows[index].limit));
        prop_assert!(until > now);
        let mut time = now - seconds.seconds() + 1.minute();
        while time < until && time < now + 36.hours() {
            prop_assert_eq!(counts(time), counts(now), "{} before {}", time, until);
            time += 1.minute();
        }
        if until < Timestamp::MAX {
            prop_assert_ne!(counts(until), counts(now), "{}", until);
        }
    }
}

fn minutes_of(shown: DateTime) -> u16 {
    u16::try_from(i16::from(shown.hour()) * 60 + i16::from(shown.minute())).unwrap()
}
