//! Errors with advice that takes a look around: what there is instead, or the command that does it.

use longshore::imagestream::order::prioritize;
use longshore::imagestream::{ImageStream, StreamName};
use longshore::model::one_line;

use crate::cli::exit::Exit;

/// How many names are shown.
const SHOWN: usize = 8;

/// An error, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Advised {
    what: String,
    pub(crate) hint: Option<String>,
    pub(crate) exit: Exit,
}

impl Advised {
    /// What cannot be done by the command that was given, but by another.
    pub(super) fn other(what: String, hint: String) -> Self {
        Self { what, hint: Some(hint), exit: Exit::Usage }
    }

    /// What failed, among several things.
    pub(super) fn failed(what: String, hint: Option<String>) -> Self {
        Self { what, hint, exit: Exit::Failed }
    }

    fn not_found(what: String, hint: impl Into<Option<String>>) -> Self {
        Self { what, hint: hint.into(), exit: Exit::NotFound }
    }

    /// The tag `tag` of a stream, when that is there.
    pub(super) fn tag(tag: &str, stream: &ImageStream, what: String) -> Self {
        let known = stream.status.tags.iter().map(|tag| &tag.tag);
        let followed = stream.spec.tags.iter().map(|tag| &tag.name);
        let mut tags: Vec<String> = known.chain(followed).cloned().collect();
        tags.sort();
        tags.dedup();
        prioritize(&mut tags);
        let hint = match tags.as_slice() {
            [] => "the stream has no tags".to_owned(),
            tags => format!("its tags are {}", closest(tag, tags)),
        };
        Self::not_found(what, hint)
    }

    /// The image of a tag.
    pub(super) fn image(tag: &str, digest: &str, flags: &str) -> Self {
        let what = format!("nothing is known of the image {}", one_line(digest, 100));
        Self::not_found(what, format!("to find it again: longshore import-image {tag}{flags}"))
    }

    /// The stream `name`, where those `names` are, if that is known.
    pub(super) fn stream(name: &StreamName, names: Option<&[String]>, what: String) -> Self {
        let namespace = name.namespace();
        let hint = names.map(|names| match names {
            [] => format!("there are no streams in namespace {namespace}"),
            names => {
                format!("streams in namespace {namespace} are {}", closest(name.name(), names))
            }
        });
        Self::not_found(what, hint)
    }

    /// The stream `name`, where those `names` are, and the command that makes it.
    pub(super) fn new_stream(name: &str, names: &[String], what: String, command: &str) -> Self {
        let alike =
            names.iter().filter(|other| is_alike(name, other)).map(|name| one_line(name, 128));
        let alike: Vec<String> = alike.collect();
        let hint = match alike.as_slice() {
            [] => format!("to make it: {command}"),
            names => format!("there is {}; to make it: {command}", names.join(", ")),
        };
        Self::not_found(what, hint)
    }
}

/// Names in a line, those that are like `wanted` first.
fn closest(wanted: &str, names: &[String]) -> String {
    let mut names: Vec<&String> = names.iter().collect();
    names.sort_by_cached_key(|name| {
        // Those that are not like it keep their order.
        if is_alike(wanted, name) { distance(wanted, name) } else { usize::MAX }
    });
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| one_line(name, 128)).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn is_alike(wanted: &str, name: &str) -> bool {
    distance(wanted, name) <= wanted.chars().count() / 2
}

/// How many characters have to be put in, taken out or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, c) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, d) in other.iter().enumerate() {
            let changed = diagonal + usize::from(c != *d);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_alike_come_first() {
        for (one, other, wanted) in
            [("", "abc", 3), ("abc", "abc", 0), ("v1.1", "v1.2", 1), ("latst", "latest", 1)]
        {
            assert_eq!(distance(one, other), wanted, "{one} {other}");
        }
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(closest("latst", &names(&["v2", "v1", "latest"])), "latest, v2, v1");
        let many: Vec<String> = (0..20).map(|n| format!("a{n}")).collect();
        assert_eq!(closest("x", &many), "a0, a1, a2, a3, a4, a5, a6, a7 and 12 more");
    }
}
