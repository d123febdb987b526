//! Durations and sizes in the words of docker's `go-units`.

use jiff::Timestamp;

use crate::imagestream::api::Time;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// How long `then` is before `now`: `Less than a second`, `3 hours`. What is still to come counts as just now.
#[must_use]
pub fn ago(then: Time, now: Time) -> String {
    since(then.get(), now)
}

/// As [`ago`], for a moment of any precision.
pub(super) fn since(then: Timestamp, now: Time) -> String {
    duration(u64::try_from(now.get().duration_since(then).as_secs()).unwrap_or(0))
}

/// `HumanDuration`.
fn duration(seconds: u64) -> String {
    // Hours are rounded, all others cut off.
    let (minutes, hours) = (seconds / MINUTE, (seconds + HOUR / 2) / HOUR);
    match (seconds, minutes, hours) {
        (0, ..) => "Less than a second".to_owned(),
        (1, ..) => "1 second".to_owned(),
        (..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "About a minute".to_owned(),
        (_, ..60, _) => format!("{minutes} minutes"),
        (.., 1) => "About an hour".to_owned(),
        (.., ..48) => format!("{hours} hours"),
        (.., ..336) => format!("{} days", hours / 24),
        (.., ..1440) => format!("{} weeks", hours / 24 / 7),
        (.., ..17520) => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", seconds / HOUR / 24 / 365),
    }
}

/// `HumanSize`: powers of 1000, four significant digits.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let power = bytes.max(1).ilog10() / 3;
    #[expect(clippy::cast_precision_loss, reason = "four digits of it are shown")]
    let value = bytes as f64 / 1000_f64.powi(power.cast_signed());
    let whole = if value >= 100.0 {
        3
    } else if value >= 10.0 {
        2
    } else {
        1
    };
    let digits = format!("{value:.*}", 4 - whole);
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{digits}{}", UNITS[power as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_as_docker_tells_them() {
        const DAY: u64 = 24 * HOUR;
        for (seconds, text) in [
            (0, "Less than a second"),
            (1, "1 second"),
            (2, "2 seconds"),
            (59, "59 seconds"),
            (60, "About a minute"),
            (119, "About a minute"),
            (120, "2 minutes"),
            (HOUR - 1, "59 minutes"),
            (HOUR, "About an hour"),
            (HOUR + HOUR / 2 - 1, "About an hour"),
            (HOUR + HOUR / 2, "2 hours"),
            (47 * HOUR, "47 hours"),
            (2 * DAY, "2 days"),
            (13 * DAY, "13 days"),
            (14 * DAY, "2 weeks"),
            (59 * DAY, "8 weeks"),
            (60 * DAY, "2 months"),
            (729 * DAY, "24 months"),
            (730 * DAY, "2 years"),
            (3650 * DAY, "10 years"),
        ] {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
        let at = |text: &str| Time::new(text.parse().unwrap());
        let (early, late) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T00:00:05Z"));
        assert_eq!(ago(early, late), "5 seconds");
        assert_eq!(ago(late, early), "Less than a second");
    }

    #[test]
    fn sizes_have_four_digits() {
        for (bytes, text) in [
            (0, "0B"),
            (1, "1B"),
            (999, "999B"),
            (1000, "1kB"),
            (1049, "1.049kB"),
            (41039, "41.04kB"),
            (28_640_000, "28.64MB"),
            (100_000_000, "100MB"),
            (123_456, "123.5kB"),
            (u64::MAX, "18.45EB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }
}
