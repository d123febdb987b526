//! Lists of names: what a place tells of all its names at once.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Digest, RefName};

/// A name, and what the list that it is on tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: RefName,
    /// What it means, if the list tells.
    pub digest: Option<Digest>,
    /// When it was last moved, if the list tells.
    pub moved: Option<Timestamp>,
}

impl From<RefName> for Listed {
    fn from(name: RefName) -> Self {
        Self { name, digest: None, moved: None }
    }
}

/// The names of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The names, sorted, each once.
    pub names: Vec<Listed>,
    /// What a later question shows, so that an unchanged list need not be sent again.
    pub mark: Option<Mark>,
}

/// The answer to someone who may have the list already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// These.
    Listed(Listing),
    /// Those of the list that came with the mark. What a name means may be another thing by now, as far as the list does
    /// not tell digests.
    Unchanged,
}

/// What a place calls a list in the form that it had, to be kept and shown again. At most 512 visible characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mark(String);

/// A text that is no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mark of a list is up to {MAX} visible characters of ASCII")]
pub struct MarkError;

/// The most characters of a mark.
const MAX: usize = 512;

impl Mark {
    /// The mark's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Mark {
    type Err = MarkError;

    fn from_str(text: &str) -> Result<Self, MarkError> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Mark {
    type Error = MarkError;

    fn try_from(text: String) -> Result<Self, MarkError> {
        let sound = (1..=MAX).contains(&text.len())
            && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if sound { Ok(Self(text)) } else { Err(MarkError) }
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> Self {
        mark.0
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_one_short_line() {
        assert_eq!(r#"W/"a b""#.parse::<Mark>().unwrap().to_string(), r#"W/"a b""#);
        for bad in ["", "a\nb", "ä", "a\u{1b}[0m", &"x".repeat(513)] {
            assert_eq!(bad.parse::<Mark>(), Err(MarkError), "{bad}");
        }
        assert_eq!(serde_json::to_string(&"\"1\"".parse::<Mark>().unwrap()).unwrap(), r#""\"1\"""#);
        assert!(serde_json::from_str::<Mark>(r#""a\u0000""#).is_err());
    }
}
