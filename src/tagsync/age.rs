//! Lengths of time, as people write them: `30d`, `12h`, `1y`.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Span};

use crate::model::one_line;

const DAY: i64 = 24 * 3600;

/// How long ago something was: `90m`, `12h`, `30d`, `2w`, `6mo`, `1y`, `1y 6mo`. A day has 24 hours, a month 30 days, a
/// year 365.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Age {
    text: String,
    length: SignedDuration,
}

/// A text that is no age.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no length of time: expected one like 12h, 30d, 2w, 6mo or 1y")]
pub struct AgeError(String);

impl Age {
    /// The length.
    #[must_use]
    pub fn length(&self) -> SignedDuration {
        self.length
    }
}

impl FromStr for Age {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        let length = length(text).ok_or_else(|| AgeError(one_line(text, 40)))?;
        Ok(Self { text: text.trim().to_owned(), length })
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// What `text` says, if that is more than nothing.
pub(super) fn length(text: &str) -> Option<SignedDuration> {
    let span: Span = text.trim().parse().ok()?;
    let days = i64::from(span.get_years()) * 365
        + i64::from(span.get_months()) * 30
        + i64::from(span.get_weeks()) * 7
        + i64::from(span.get_days());
    let rest = span.years(0).months(0).weeks(0).days(0);
    let rest = SignedDuration::try_from(rest).ok()?;
    let length = SignedDuration::from_secs(days.checked_mul(DAY)?).checked_add(rest)?;
    length.is_positive().then_some(length)
}

/// A length of time for people, in its largest unit: `45 s`, `2 h`, `30 d`.
pub(super) fn rough(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ if seconds < 730 * DAY => format!("{} d", seconds / DAY),
        _ => format!("{} y", seconds / (365 * DAY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_units_up_to_years() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("12h", 12 * 3600),
            ("1h30m", 5400),
            ("30d", 30 * DAY),
            ("2w", 14 * DAY),
            ("6mo", 180 * DAY),
            ("1y", 365 * DAY),
            ("1y 6mo", 545 * DAY),
            ("1d12h", 36 * 3600),
            ("30 days", 30 * DAY),
            (" 1d ", DAY),
            ("P1D", DAY),
        ] {
            let age: Age = text.parse().unwrap();
            assert_eq!(age.length(), SignedDuration::from_secs(seconds), "{text}");
            assert_eq!(age.to_string(), text.trim());
        }
    }

    #[test]
    fn what_is_no_age_is_told() {
        for text in
            ["", "30", "d", "0d", "-1d", "30d ago", "soon", "1d -2h", "99999999y", "1 fortnight"]
        {
            let error = text.parse::<Age>().unwrap_err();
            assert!(
                error.to_string().contains("is no length of time: expected one like"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_length_is_told_in_its_largest_unit() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (7200, "2 h"),
            (2 * DAY - 1, "47 h"),
            (2 * DAY, "2 d"),
            (729 * DAY, "729 d"),
            (730 * DAY, "2 y"),
        ] {
            assert_eq!(rough(SignedDuration::from_secs(seconds)), text);
        }
    }
}
