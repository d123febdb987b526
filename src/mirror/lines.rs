//! Lists that a person reads: words on lines, `#` begins a comment, and what is wrong with a word is told with its place.

use std::fmt;

use crate::model::{Digest, DigestError, Endpoint, EndpointError, one_line};

/// Why a text is no list. Lines and columns count from 1.
#[derive(Debug)]
pub struct ListError {
    file: String,
    line: usize,
    wrong: Wrong,
}

/// What is wrong with a line, and where.
#[derive(Debug)]
pub(super) struct Wrong {
    column: usize,
    problem: Problem,
}

/// What is wrong with a word.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("expected {0}")]
    Form(&'static str),
    #[error(transparent)]
    Digest(DigestError),
    #[error(transparent)]
    Endpoint(EndpointError),
    #[error("'{0}' names no image: a tag is to be deleted")]
    NoName(String),
    #[error("'{0}' names one image: the place of a manifest has no tag")]
    Named(String),
    #[error("{0} is listed twice with different digests")]
    Twice(String),
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, wrong: Wrong { column, problem } } = self;
        write!(f, "{file}:{line}:{column}: {problem}")
    }
}

impl std::error::Error for ListError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.wrong.problem.source()
    }
}

/// A line without its comment.
pub(super) struct Line<'l> {
    whole: &'l str,
    pub(super) words: Vec<&'l str>,
}

impl Line<'_> {
    /// Refuses `word`, which is one of this line.
    pub(super) fn wrong(&self, word: &str, problem: Problem) -> Wrong {
        let start = word.as_ptr() as usize - self.whole.as_ptr() as usize;
        Wrong { column: self.whole[..start].chars().count() + 1, problem }
    }

    /// The same with what the word says.
    pub(super) fn wrong_text(&self, word: &str, problem: fn(String) -> Problem) -> Wrong {
        self.wrong(word, problem(one_line(word, 300)))
    }

    pub(super) fn digest(&self, word: &str) -> Result<Digest, Wrong> {
        word.parse().map_err(|error| self.wrong(word, Problem::Digest(error)))
    }

    pub(super) fn endpoint(&self, word: &str) -> Result<Endpoint, Wrong> {
        word.parse().map_err(|error| self.wrong(word, Problem::Endpoint(error)))
    }
}

/// Gives `take` all lines of the text of `file` that have words.
pub(super) fn read_lines(
    file: &str,
    text: &str,
    mut take: impl FnMut(&Line<'_>) -> Result<(), Wrong>,
) -> Result<(), ListError> {
    for (index, whole) in text.lines().enumerate() {
        let content = whole.split('#').next().unwrap_or_default();
        let line = Line { whole, words: content.split_whitespace().collect() };
        if !line.words.is_empty() {
            let told = |wrong| ListError { file: file.to_owned(), line: index + 1, wrong };
            take(&line).map_err(told)?;
        }
    }
    Ok(())
}
