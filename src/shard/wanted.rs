//! A shard as it is asked for: by its number, or by what Kubernetes says.

use std::ffi::OsStr;
use std::fmt;
use std::str::FromStr;

use crate::model::one_line;

use super::shard_of::number;
use super::{Shard, ShardCount, ShardError};

/// The variable that tells a pod of an Indexed Job which one it is (Kubernetes, «Completion mode»).
pub const COMPLETION_INDEX: &str = "JOB_COMPLETION_INDEX";

/// A shard as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedShard {
    /// By its number.
    This(Shard),
    /// The one that [`COMPLETION_INDEX`] tells.
    Auto(ShardCount),
}

impl WantedShard {
    /// Which shard that is, where the variable [`COMPLETION_INDEX`] has this value.
    ///
    /// # Errors
    /// When the variable is needed, and is not set or tells no shard.
    pub fn resolve(self, completion_index: Option<&OsStr>) -> Result<Shard, ShardError> {
        let count = match self {
            Self::This(shard) => return Ok(shard),
            Self::Auto(count) => count,
        };
        let value = completion_index.ok_or(ShardError::NoCompletionIndex(count))?;
        let index = value.to_str().and_then(number);
        let index = index
            .ok_or_else(|| ShardError::CompletionIndex(one_line(&value.to_string_lossy(), 40)))?;
        Shard::new(index, count)
    }
}

impl FromStr for WantedShard {
    type Err = ShardError;

    /// `INDEX/COUNT` or `auto/COUNT`.
    fn from_str(text: &str) -> Result<Self, ShardError> {
        match text.strip_prefix("auto/") {
            Some(count) => count.parse().map(Self::Auto),
            None => text.parse().map(Self::This),
        }
    }
}

impl fmt::Display for WantedShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::This(shard) => shard.fmt(f),
            Self::Auto(count) => write!(f, "auto/{count}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str, index: Option<&str>) -> Result<String, String> {
        let wanted: WantedShard = text.parse().map_err(|error: ShardError| error.to_string())?;
        assert_eq!(wanted.to_string(), text);
        let shard = wanted.resolve(index.map(OsStr::new));
        shard.map(|shard| shard.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_job_tells_which_shard_it_is() {
        assert_eq!(resolve("auto/8", Some("3")).unwrap(), "3/8");
        // What is written wins.
        assert_eq!(resolve("1/8", Some("3")).unwrap(), "1/8");
        assert_eq!(resolve("1/8", None).unwrap(), "1/8");
    }

    #[test]
    fn a_job_that_does_not_tell_is_told_what_to_do() {
        for (text, index, told) in [
            ("auto/8", None, "completionMode: Indexed', or write the index, as in 0/8"),
            ("auto/8", Some("8"), "there is no shard 8 of 8: indexes go from 0 to 7"),
            ("auto/8", Some("one"), "which is 'one': expected a number from 0 on"),
            ("auto/8", Some("-1"), "which is '-1': expected a number from 0 on"),
            ("auto/0", Some("0"), "'0' is no number of shards: expected 1 to 10000"),
            ("auto", Some("0"), "or auto/COUNT"),
            ("AUTO/8", Some("0"), "or auto/COUNT"),
        ] {
            let error = resolve(text, index).unwrap_err();
            assert!(error.ends_with(told), "{text}: {error}");
        }
    }
}
