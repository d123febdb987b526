//! Images that a set does not want, whatever else in it says so.

use std::str::FromStr;

use regex::{Regex, RegexBuilder};

use crate::model::{Endpoint, one_line};

/// The most bytes that a compiled pattern may have.
const MAX_PATTERN: usize = 1024 * 1024;

/// A regular expression that blocks images.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Regex);

/// Why a text is no pattern.
#[derive(Debug, thiserror::Error)]
#[error("'{text}' is not a regular expression: {why}")]
pub(super) struct PatternError {
    text: String,
    why: String,
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        RegexBuilder::new(text)
            .size_limit(MAX_PATTERN)
            .build()
            .map(Self)
            .map_err(|error| PatternError { text: one_line(text, 80), why: why(&error) })
    }
}

/// The last line of a message that draws an arrow below the pattern.
fn why(error: &regex::Error) -> String {
    let message = error.to_string();
    let last = message.lines().last().unwrap_or_default();
    one_line(last.trim_start_matches("error: "), 200)
}

/// The patterns of a set.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocked(pub(super) Vec<Pattern>);

impl Blocked {
    /// The first pattern that is somewhere in the image's name, as it is written or where it would go to.
    pub(super) fn by(&self, origin: &str, destination: &Endpoint) -> Option<&str> {
        let destination = destination.to_string();
        let hit =
            |pattern: &&Pattern| pattern.0.is_match(origin) || pattern.0.is_match(&destination);
        self.0.iter().find(hit).map(|pattern| pattern.0.as_str())
    }
}
