//! Bytes in a second.

use std::num::NonZeroU64;
use std::str::FromStr;

use super::{one_line, units};

/// Bytes in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(NonZeroU64);

/// A text that is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a rate: expected bytes in a second, as in 500k, 20M or 10MiB")]
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

    /// Reads a number of bytes with a unit: `k`, `M`, `G` and `T`, large or small, are powers of 1024 as with curl, and so
    /// are `KiB` and so on; `KB` and so on are powers of 1000.
    fn from_str(text: &str) -> Result<Self, RateError> {
        let rate = units::bytes(text).and_then(NonZeroU64::new).map(Self);
        rate.ok_or_else(|| RateError(one_line(text, 40)))
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
    fn rates_are_written_as_other_sizes_too() {
        assert_eq!((rate("10MiB"), rate("20MB"), rate("5B")), (10 << 20, 20_000_000, 5));
    }

    #[test]
    fn what_is_no_rate_is_told() {
        for text in
            ["", "0", "0M", "M", "-1", "+1", "1.5M", "20MX", "20iB", "1 M", "99999999999T", "2½"]
        {
            let error = text.parse::<Rate>().unwrap_err();
            assert!(error.to_string().contains("is not a rate"), "{text}");
        }
    }
}
