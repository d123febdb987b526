//! What is wrong with a document, and where.

use std::fmt;

use super::Path;
use crate::model::one_line;

/// The longest line of a document that is shown.
const LINE: usize = 200;
/// The longest message.
const MESSAGE: usize = 500;

/// A place in a text; both numbers count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Place {
    /// The place of a byte of `text`.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { line, column: before[start..].trim_start_matches('\u{feff}').chars().count() + 1 }
    }

    /// The place in a text of which `before` lines were cut off.
    pub(super) fn below(self, before: usize) -> Self {
        Self { line: self.line + before, ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a text is not the document that is wanted. The message may quote the text: where that may hold secrets, show
/// the place alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    place: Place,
    message: String,
    snippet: String,
}

impl Error {
    pub(super) fn new(text: &str, place: Place, message: &str) -> Self {
        let line = text.lines().nth(place.line - 1).unwrap_or_default();
        let line = if may_be_secret(line) { "" } else { line };
        Self { place, message: one_line(message, MESSAGE), snippet: one_line(line, LINE) }
    }

    /// The same without a line of the text.
    #[must_use]
    pub(crate) fn without_snippet(self) -> Self {
        Self { snippet: String::new(), ..self }
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.place.line
    }

    /// The column, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.place.column
    }

    /// The line of the text, made fit for a message; empty where it may hold a secret.
    #[must_use]
    pub fn snippet(&self) -> &str {
        &self.snippet
    }
}

/// Whether a line has a key of the kind that people keep secrets under, or a login before a host.
fn may_be_secret(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    ["pass", "secret", "token", "cred"].iter().any(|key| line.contains(key))
        || line.split_once('@').is_some_and(|(before, _)| has_colon_within(before))
}

/// Whether a colon has something right behind it: one with a space is behind a key.
fn has_colon_within(text: &str) -> bool {
    text.match_indices(':').any(|(index, _)| !text[index + 1..].starts_with([' ', '\t']))
}

/// Why a scalar cannot be replaced in place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text cannot be read.
    #[error("{}: not a document that can be read", .0.place())]
    Read(#[source] Error),
    /// There are not so many documents in the text.
    #[error("there is no document {0}")]
    NoDocument(usize),
    /// Nothing is at this path.
    #[error("{place}: '{path}' is not there")]
    Missing {
        /// Where the search ended.
        place: Place,
        /// What was looked for.
        path: Path,
    },
    /// A mapping or a sequence is at this path.
    #[error("{place}: '{path}' is not a scalar")]
    NotAScalar {
        /// Where it is.
        place: Place,
        /// What was looked for.
        path: Path,
    },
    /// The scalar stands in another place too, by an anchor and an alias.
    #[error("{place}: '{path}' is shared with another place of the document")]
    Shared {
        /// Where it is.
        place: Place,
        /// What was looked for.
        path: Path,
    },
    /// The text around the scalar is of a form that is not understood well enough.
    #[error("{place}: '{path}' cannot be changed without changing more")]
    Unsafe {
        /// Where it is.
        place: Place,
        /// What was looked for.
        path: Path,
    },
}
