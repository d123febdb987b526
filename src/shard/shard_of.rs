//! One shard of so many.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::model::one_line;

use super::Assignment;

/// How many shards there are: 1 to 10000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShardCount(NonZeroU16);

/// One of several runs that share the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shard {
    index: usize,
    count: ShardCount,
}

/// Why a text is no shard, or which one it is cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// Neither `INDEX/COUNT` nor `auto/COUNT`.
    #[error("'{0}' is no shard: expected INDEX/COUNT, as in 0/8, or auto/COUNT")]
    Form(String),
    /// Not a number of shards.
    #[error("'{0}' is no number of shards: expected 1 to {max}", max = ShardCount::MAX)]
    Count(String),
    /// An index behind the last.
    #[error("there is no shard {index} of {count}: indexes go from 0 to {last}", last = count.last())]
    Index {
        /// The index.
        index: u64,
        /// How many shards there are.
        count: ShardCount,
    },
    /// `auto`, and nothing that tells the index.
    #[error(
        "auto takes the index from JOB_COMPLETION_INDEX, which is not set: run it in a Job with \
         'completionMode: Indexed', or write the index, as in 0/{0}"
    )]
    NoCompletionIndex(ShardCount),
    /// `JOB_COMPLETION_INDEX` is no number.
    #[error(
        "auto takes the index from JOB_COMPLETION_INDEX, which is '{0}': expected a number from 0 on"
    )]
    CompletionIndex(String),
}

impl ShardCount {
    /// The most shards that there can be.
    pub const MAX: u16 = 10_000;

    /// So many shards.
    ///
    /// # Errors
    /// When that is none, or more than [`ShardCount::MAX`].
    pub fn new(count: u64) -> Result<Self, ShardError> {
        let sound = u16::try_from(count).ok().filter(|count| *count <= Self::MAX);
        sound
            .and_then(NonZeroU16::new)
            .map(Self)
            .ok_or_else(|| ShardError::Count(count.to_string()))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> usize {
        usize::from(self.0.get())
    }

    /// The index of the last.
    fn last(self) -> usize {
        self.get() - 1
    }
}

impl FromStr for ShardCount {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let count = number(text).and_then(|count| Self::new(count).ok());
        count.ok_or_else(|| ShardError::Count(one_line(text, 40)))
    }
}

impl fmt::Display for ShardCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for ShardCount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u16(self.0.get())
    }
}

impl Shard {
    /// The shard at `index`, which counts from 0.
    ///
    /// # Errors
    /// When there are not so many.
    pub fn new(index: u64, count: ShardCount) -> Result<Self, ShardError> {
        let sound = usize::try_from(index).ok().filter(|index| *index < count.get());
        sound.map(|index| Self { index, count }).ok_or(ShardError::Index { index, count })
    }

    /// Its index, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.index
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> ShardCount {
        self.count
    }

    /// Whether it sees to `unit`, as [`unit_of`](super::unit_of) names it. The assignment is to as many shards.
    #[must_use]
    pub fn owns(self, assignment: &Assignment, unit: &str) -> bool {
        assignment.owner(unit) == self.index
    }

    /// `2 of 8 (index 1)`: as people count.
    #[must_use]
    pub fn in_words(self) -> String {
        format!("{} of {} (index {})", self.index + 1, self.count, self.index)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let form = || ShardError::Form(one_line(text, 40));
        let (index, count) = text.split_once('/').ok_or_else(form)?;
        let index = number(index).ok_or_else(form)?;
        Self::new(index, count.parse()?)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// A number of digits alone: no sign, no white space.
pub(super) fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_written_as_index_and_count() {
        let shard: Shard = "2/8".parse().unwrap();
        assert_eq!((shard.index(), shard.count().get()), (2, 8));
        assert_eq!(shard.to_string(), "2/8");
        assert_eq!(shard.in_words(), "3 of 8 (index 2)");
        assert_eq!(serde_json::to_string(&shard).unwrap(), r#"{"index":2,"count":8}"#);
        assert_eq!("9999/10000".parse::<Shard>().unwrap().index(), 9999);
    }

    #[test]
    fn what_is_no_shard_says_what_is() {
        for (text, told) in [
            ("", "'' is no shard: expected INDEX/COUNT, as in 0/8, or auto/COUNT"),
            ("3", "'3' is no shard"),
            ("-1/8", "'-1/8' is no shard"),
            ("+1/8", "'+1/8' is no shard"),
            ("1 /8", "'1 /8' is no shard"),
            ("0/0", "'0' is no number of shards: expected 1 to 10000"),
            ("0/10001", "'10001' is no number of shards"),
            ("0/1/2", "'1/2' is no number of shards"),
            ("8/8", "there is no shard 8 of 8: indexes go from 0 to 7"),
            ("99999999999/8", "there is no shard 99999999999 of 8"),
        ] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.starts_with(told), "{text}: {error}");
        }
    }
}
