use super::*;

/// The first minutes from `from` on.
fn minutes(text: &str, from: &str, count: usize) -> Vec<String> {
    let cron = Cron::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut from: DateTime = from.parse().unwrap();
    let mut found = Vec::new();
    while found.len() < count {
        let Some(minute) = cron.at_or_after(from) else { break };
        found.push(minute.strftime("%F %H:%M").to_string());
        from = minute + jiff::Span::new().nanoseconds(1);
    }
    found
}

#[test]
fn an_expression_means_minutes() {
    // A Wednesday.
    let from = "2026-11-25T12:30";
    for (text, expected) in [
        ("* * * * *", &["2026-11-25 12:30", "2026-11-25 12:31"][..]),
        ("*/15 * * * *", &["2026-11-25 12:30", "2026-11-25 12:45", "2026-11-25 13:00"]),
        ("5/20 * * * *", &["2026-11-25 12:45", "2026-11-25 13:05"]),
        ("10-30/10 12 * * *", &["2026-11-25 12:30", "2026-11-26 12:10"]),
        ("0 3 * * *", &["2026-11-26 03:00", "2026-11-27 03:00"]),
        ("0 2,14 * * *", &["2026-11-25 14:00", "2026-11-26 02:00"]),
        ("0 0 * * mon-fri", &["2026-11-26 00:00", "2026-11-27 00:00", "2026-11-30 00:00"]),
        ("0 0 * * 1-5", &["2026-11-26 00:00", "2026-11-27 00:00", "2026-11-30 00:00"]),
        ("0 0 * * 7", &["2026-11-29 00:00", "2026-12-06 00:00"]),
        ("0 0 * * SUN", &["2026-11-29 00:00", "2026-12-06 00:00"]),
        ("0 0 * * sat-sun", &["2026-11-28 00:00", "2026-11-29 00:00", "2026-12-05 00:00"]),
        ("0 0 * * sun-tue", &["2026-11-29 00:00", "2026-11-30 00:00", "2026-12-01 00:00"]),
        ("0 0 * * */3", &["2026-11-28 00:00", "2026-11-29 00:00", "2026-12-02 00:00"]),
        ("0 0 1 jan,Jul *", &["2027-01-01 00:00", "2027-07-01 00:00"]),
        ("0 0 31 * *", &["2026-12-31 00:00", "2027-01-31 00:00", "2027-03-31 00:00"]),
        ("0 0 29 2 *", &["2028-02-29 00:00", "2032-02-29 00:00"]),
        // A day of the month or one of the week, where both are named.
        ("0 0 1 * mon", &["2026-11-30 00:00", "2026-12-01 00:00", "2026-12-07 00:00"]),
        // Both, where one begins with a star.
        ("0 0 */2 * mon", &["2026-12-07 00:00", "2026-12-21 00:00"]),
        ("0 0 ? * mon", &["2026-11-30 00:00", "2026-12-07 00:00"]),
        ("0 0 30 2 mon", &["2027-02-01 00:00", "2027-02-08 00:00"]),
        ("*/60 * * * *", &["2026-11-25 13:00", "2026-11-25 14:00"]),
        ("@hourly", &["2026-11-25 13:00"]),
        ("@daily", &["2026-11-26 00:00"]),
        ("@Midnight", &["2026-11-26 00:00"]),
        ("@weekly", &["2026-11-29 00:00"]),
        ("@monthly", &["2026-12-01 00:00"]),
        ("@yearly", &["2027-01-01 00:00"]),
        ("@annually", &["2027-01-01 00:00"]),
    ] {
        assert_eq!(minutes(text, from, expected.len()), expected, "{text}");
    }
    // What begins within a minute is over.
    assert_eq!(minutes("* * * * *", "2026-11-25T12:30:00.000000001", 1), ["2026-11-25 12:31"]);
    // 2100 has no leap day.
    assert_eq!(minutes("0 0 29 2 *", "2096-03-01T00:00", 1), ["2104-02-29 00:00"]);
    assert_eq!(minutes("0 0 1 1 *", "9999-06-01T00:00", 1), [""; 0]);
}

#[test]
fn it_is_known_whether_every_hour_is_meant() {
    for (text, expected) in [
        ("0 * * * *", true),
        ("*/5 */1 * * *", true),
        ("0 0-23 * * mon", true),
        ("0 */2 * * *", false),
        ("* 3 * * *", false),
        ("@hourly", true),
        ("@daily", false),
    ] {
        assert_eq!(Cron::parse(text).unwrap().is_of_every_hour(), expected, "{text}");
    }
}

#[test]
fn what_is_no_expression_is_told() {
    for (text, told) in [
        ("* * * *", "'* * * *' has 4 fields where 5 belong: minute, hour, day of the month"),
        ("0 * * * * *", "has 6 fields where 5 belong"),
        ("60 * * * *", "the minute '60' is none: expected *, or 0-59, with , - and /"),
        ("* 24 * * *", "the hour '24' is none"),
        ("* * 0 * *", "the day of the month '0' is none: expected *, or 1-31"),
        ("* * 32 * *", "the day of the month '32' is none"),
        ("* * * 13 *", "the month '13' is none: expected *, or 1-12 or jan-dec"),
        ("* * * * 8", "the day of the week '8' is none: expected *, or 0-7 or sun-sat"),
        ("mon * * * *", "the minute 'mon' is none"),
        ("* * * * monday", "the day of the week 'monday' is none"),
        ("* * L * *", "the day of the month 'L' is none"),
        ("* * * * 5#3", "the day of the week '5#3' is none"),
        ("1, * * * *", "the minute '' is none"),
        ("+1 * * * *", "the minute '+1' is none"),
        ("-1 * * * *", "the minute '-1' is none"),
        ("1-2-3 * * * *", "the minute '1-2-3' is none"),
        ("*-5 * * * *", "the minute '*-5' is none"),
        ("* 22-2 * * *", "the hour '22-2' is backwards: write 22-23,0-2"),
        ("* * * * fri-mon", "the day of the week 'fri-mon' is backwards: write 5-6,0-1"),
        ("*/0 * * * *", "the minute '*/0' has no step from 1 to 60"),
        ("*/90 * * * *", "has no step from 1 to 60: other intervals are written as 90m or 36h"),
        ("* */25 * * *", "the hour '*/25' has no step from 1 to 24"),
        ("*/+5 * * * *", "has no step"),
        ("*/ * * * *", "has no step"),
        ("99999999999999999999 * * * *", "is none"),
        ("0 0 31 2 *", "'0 0 31 2 *' never comes: no such month has such a day"),
        ("0 0 31 4,6,9,11 *", "never comes"),
        ("@reboot", "'@reboot' is not known: expected @hourly, @daily"),
    ] {
        let error = Cron::parse(text).unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}
