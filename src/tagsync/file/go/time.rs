//! Times as Go writes them: `60m`, `1h30m`, `1.5h`.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;

use crate::model::one_line;

/// A time that is not negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Duration {
    pub(in super::super) length: SignedDuration,
    text: String,
}

/// A text that is no such time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no time: expected one like 60m or 1h30m")]
pub(in super::super) struct DurationError(String);

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let error = || DurationError(one_line(text, 40));
        // Go has no units above hours, and no white space.
        let is_known = |c: char| c.is_ascii_digit() || ".hmsnuµ".contains(c);
        let length = match text {
            "0" => SignedDuration::ZERO,
            _ if text.chars().all(is_known) => text.parse().map_err(|_| error())?,
            _ => return Err(error()),
        };
        Ok(Self { length, text: text.to_owned() })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read() {
        for (text, seconds) in [
            ("60m", 3600),
            ("12h", 43200),
            ("1h30m", 5400),
            ("90s", 90),
            ("1.5h", 5400),
            ("0", 0),
            ("0s", 0),
        ] {
            let time: Duration = text.parse().unwrap();
            assert_eq!(time.length, SignedDuration::from_secs(seconds), "{text}");
        }
        for text in ["", "60", "1d", "-1h", "1 h", "soon", "P1D", "1w"] {
            let error = text.parse::<Duration>().unwrap_err().to_string();
            assert!(error.contains("is no time: expected one like 60m"), "{text}");
        }
    }
}
