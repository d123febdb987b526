//! How large the parts of a bundle are. Pure.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{one_line, units};
use crate::store::archive::BLOCK;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// What the parts of a bundle have fewer bytes than.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct SplitSize(u64);

/// What is no size of parts.
#[derive(Debug, thiserror::Error)]
pub enum SplitSizeError {
    /// It is no size at all.
    #[error("'{0}' is not a size: expected bytes, as in 700MiB, 4G or 4700MB")]
    Form(String),
    /// Parts would be too small.
    #[error("{0} bytes are too few for a part of a bundle: 1MiB is the least")]
    TooSmall(u64),
}

impl SplitSize {
    /// So many bytes.
    ///
    /// # Errors
    /// When they are less than a MiB.
    pub fn new(bytes: u64) -> Result<Self, SplitSizeError> {
        if bytes < MIB { Err(SplitSizeError::TooSmall(bytes)) } else { Ok(Self(bytes)) }
    }

    /// So many GiB.
    #[must_use]
    pub fn gib(number: NonZeroU64) -> Self {
        Self(number.get().saturating_mul(GIB))
    }

    /// The number of bytes.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// The most bytes of whole blocks that are *less*: a file on a FAT32 disk has less than 4 GiB.
    pub(super) fn blocks(self) -> u64 {
        (self.0 - 1) / BLOCK * BLOCK
    }
}

impl TryFrom<u64> for SplitSize {
    type Error = SplitSizeError;

    fn try_from(bytes: u64) -> Result<Self, SplitSizeError> {
        Self::new(bytes)
    }
}

impl FromStr for SplitSize {
    type Err = SplitSizeError;

    /// Reads a number with a unit as `split` of the GNU coreutils has them: `K`, `M`, `G`, `T`, `KiB` and so on are powers
    /// of 1024, `KB` and so on powers of 1000.
    fn from_str(text: &str) -> Result<Self, SplitSizeError> {
        Self::new(units::bytes(text).ok_or_else(|| SplitSizeError::Form(one_line(text, 40)))?)
    }
}

impl fmt::Display for SplitSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes.is_multiple_of(GIB) => write!(f, "{}GiB", bytes / GIB),
            bytes if bytes.is_multiple_of(MIB) => write!(f, "{}MiB", bytes / MIB),
            bytes => write!(f, "{bytes}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_split_reads_them() {
        for (text, bytes) in [
            ("4GiB", 4 << 30),
            ("4G", 4 << 30),
            ("4g", 4 << 30),
            ("2T", 2 << 40),
            ("4700MB", 4_700_000_000),
            ("1048576", 1 << 20),
            ("2097152B", 2 << 20),
            ("1024KiB", 1 << 20),
        ] {
            assert_eq!(text.parse::<SplitSize>().unwrap().get(), bytes, "{text}");
        }
        for text in ["", "G", "4 GiB", "-4G", "+4G", "4.5G", "4X", "4iBiB", "4BB", "99999999999T"] {
            let said = text.parse::<SplitSize>().unwrap_err().to_string();
            assert!(said.contains("not a size"), "{text}: {said}");
        }
        for text in ["0", "1", "1MB", "1023K"] {
            let said = text.parse::<SplitSize>().unwrap_err().to_string();
            assert!(said.contains("too few"), "{text}: {said}");
        }
    }

    #[test]
    fn sizes_are_shown_as_they_are_written() {
        for text in ["4GiB", "700MiB", "4700000000"] {
            assert_eq!(text.parse::<SplitSize>().unwrap().to_string(), text);
        }
    }
}
