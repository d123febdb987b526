//! A time as Go writes it: `10m0s`.

use std::time::Duration;

/// The form that `time.Duration.String` of Go gives, as far as whole milliseconds.
pub(super) fn go(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let rest = match time.subsec_millis() {
        0 => rest.to_string(),
        millis => format!("{rest}.{millis:03}").trim_end_matches('0').to_owned(),
    };
    match (hours, minutes) {
        (0, 0) if seconds == 0 && time.subsec_millis() > 0 => format!("{}ms", time.subsec_millis()),
        (0, 0) => format!("{rest}s"),
        (0, minutes) => format!("{minutes}m{rest}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_in_go() {
        for (millis, written) in [
            (600_000, "10m0s"),
            (3_600_000, "1h0m0s"),
            (32_000, "32s"),
            (1_500, "1.5s"),
            (250, "250ms"),
            (0, "0s"),
        ] {
            assert_eq!(go(Duration::from_millis(millis)), written);
        }
    }
}
