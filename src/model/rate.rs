//! Bytes in a second, as curl reads them.

use std::num::NonZeroU64;
use std::str::FromStr;

use super::one_line;

/// Bytes in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(NonZeroU64);

/// A text that is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a rate: expected bytes in a second, as in 500k, 20M or 1G")]
pub struct RateError(String);

impl Rate {
    /// The number of bytes.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

impl FromStr for Rate {
    type Err = RateError;

    /// Reads a number with one of curl's suffixes, which are powers of 1024: `k`, `M`, `G` and `T`, large or small.
    fn from_str(text: &str) -> Result<Self, RateError> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
            "" => Some(0),
            "k" => Some(10),
            "m" => Some(20),
            "g" => Some(30),
            "t" => Some(40),
            _ => None,
        };
        let is_number = digits.bytes().all(|b| b.is_ascii_digit());
        let number = digits.parse::<u64>().ok().filter(|_| is_number);
        number
            .zip(shift)
            .and_then(|(number, shift)| number.checked_mul(1 << shift))
            .and_then(NonZeroU64::new)
            .map(Self)
            .ok_or_else(|| RateError(one_line(text, 40)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> u64 {
        text.parse::<Rate>().unwrap().get()
    }

    #[test]
    fn rates_are_written_as_for_curl() {
        assert_eq!(rate("1000"), 1000);
        assert_eq!((rate("3k"), rate("3K")), (3 << 10, 3 << 10));
        assert_eq!((rate("20M"), rate("20m")), (20 << 20, 20 << 20));
        assert_eq!((rate("1G"), rate("2t")), (1 << 30, 2 << 40));
    }

    #[test]
    fn what_is_no_rate_is_told() {
        for text in ["", "0", "0M", "M", "-1", "+1", "1.5M", "20MB", "1 M", "99999999999T", "2½"] {
            let error = text.parse::<Rate>().unwrap_err();
            assert!(error.to_string().contains("is not a rate"), "{text}");
        }
    }
}
