//! `SHA256SUMS`: the sum of every file of a bundle, as `sha256sum` writes and checks it. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::{Digest, one_line};

/// Far more than any bundle has files.
const MAX_FILES: usize = 1_000_000;

/// The sums of files, by their paths in the bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums(BTreeMap<String, Digest>);

/// Why a line is no sum of a file.
#[derive(Debug, thiserror::Error)]
pub(super) enum SumsError {
    #[error("it is not text")]
    Text,
    #[error("line {0} is not a SHA-256 sum, two spaces and a path")]
    Form(usize),
    #[error("line {line}: the path '{path}' cannot be that of a file in a bundle")]
    Path { line: usize, path: String },
    #[error("line {line}: '{path}' stands there twice")]
    Twice { line: usize, path: String },
    #[error("it has more than {MAX_FILES} lines")]
    TooMany,
}

impl Sums {
    pub(super) fn insert(&mut self, path: String, sum: Digest) {
        self.0.insert(path, sum);
    }

    pub(super) fn get(&self, path: &str) -> Option<&Digest> {
        self.0.get(path)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Digest)> {
        self.0.iter().map(|(path, sum)| (path.as_str(), sum))
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, SumsError> {
        let text = std::str::from_utf8(bytes).map_err(|_| SumsError::Text)?;
        let mut sums = BTreeMap::new();
        for (index, text) in text.lines().enumerate() {
            let line = index + 1;
            if line > MAX_FILES {
                return Err(SumsError::TooMany);
            }
            let (sum, path) = text.split_once("  ").ok_or(SumsError::Form(line))?;
            let sum = format!("sha256:{sum}").parse().map_err(|_| SumsError::Form(line))?;
            if !is_inside(path) {
                return Err(SumsError::Path { line, path: one_line(path, 120) });
            }
            if sums.insert(path.to_owned(), sum).is_some() {
                return Err(SumsError::Twice { line, path: path.to_owned() });
            }
        }
        Ok(Self(sums))
    }

    pub(super) fn to_text(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, (path, sum)| {
            let _ = writeln!(text, "{}  {path}", sum.hex());
            text
        })
    }
}

/// Whether a path is plain, and leads nowhere but into the bundle.
fn is_inside(path: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    path.len() <= 512
        && path.split('/').all(|part| {
            !part.is_empty() && part != "." && part != ".." && part.chars().all(is_plain)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_as_they_are_written() {
        let mut sums = Sums::default();
        sums.insert("index.json".to_owned(), Digest::of(b"a"));
        sums.insert("blobs/sha256/x".to_owned(), Digest::of(b"b"));
        assert_eq!(Sums::parse(sums.to_text().as_bytes()).unwrap(), sums);
    }

    #[test]
    fn lines_that_lead_elsewhere_are_refused() {
        let sum = Digest::of(b"").hex().to_owned();
        let refused = |path: &str| {
            let text = format!("{sum}  a\n{sum}  {path}\n");
            Sums::parse(text.as_bytes()).unwrap_err().to_string()
        };
        for path in ["", "/etc/passwd", "../a", "a/../../b", "a//b", "a/", "a b", "a\\b", "a\u{1b}"]
        {
            assert!(refused(path).contains("line 2: the path"), "{path}");
        }
        assert!(refused("a").contains("twice"));
        for text in ["x  a", &format!("{sum} a"), &format!("{sum} *a"), &sum] {
            assert!(Sums::parse(text.as_bytes()).unwrap_err().to_string().contains("line 1"));
        }
        assert!(Sums::parse(b"\xff").is_err());
    }
}
