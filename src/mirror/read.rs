//! Reads arguments and mapping files.

use super::{Images, Line, MappingError, Position};
use crate::model::{Endpoint, EndpointError};

type Result<T> = std::result::Result<T, MappingError>;

/// Reads the arguments of a command line: `SRC DST [DST…]`, or `SRC=DST…`.
///
/// # Errors
/// When the forms are mixed, an end is missing or no endpoint, or a destination cannot take what goes there.
pub fn from_arguments(arguments: &[String]) -> Result<Vec<Line>> {
    let words: Vec<Word> = arguments
        .iter()
        .map(|text| Word { text, position: Position::Argument(text.clone()) })
        .collect();
    read(&words)
}

/// Reads a mapping file: a mapping a line, `#` begins a comment at the start of a line or behind white space.
///
/// # Errors
/// As [`from_arguments`]; the error names line and column.
pub fn from_file(file: &str, text: &str) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = if index == 0 { line.trim_start_matches('\u{feff}') } else { line };
        let words: Vec<Word> = words(line)
            .map(|(column, text)| {
                let position = Position::File { file: file.to_owned(), line: index + 1, column };
                Word { text, position }
            })
            .collect();
        lines.extend(read(&words)?);
    }
    Ok(lines)
}

/// A piece of input between white space.
struct Word<'a> {
    text: &'a str,
    position: Position,
}

/// The words of a line before its comment, with their columns.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    line.split(char::is_whitespace)
        .map(move |word| {
            let start = from;
            from += word.chars().count() + 1;
            (start + 1, word)
        })
        .filter(|(_, word)| !word.is_empty())
        .take_while(|(_, word)| !word.starts_with('#'))
}

fn read(words: &[Word<'_>]) -> Result<Vec<Line>> {
    let Some((first, rest)) = words.split_first() else { return Ok(Vec::new()) };
    let form = |word: &Word<'_>| word.text.contains('=');
    if let Some(other) = rest.iter().find(|word| form(word) != form(first)) {
        return Err(MappingError::Mixed { position: other.position.clone() });
    }
    if form(first) {
        return words.iter().map(pair).collect();
    }
    if rest.is_empty() {
        return Err(MappingError::NoDestination { position: first.position.clone() });
    }
    Ok(vec![line(first, first.text, rest)?])
}

fn pair(word: &Word<'_>) -> Result<Line> {
    let (source, destination) = word.text.split_once('=').unwrap_or((word.text, ""));
    if source.is_empty() || destination.is_empty() {
        return Err(MappingError::HalfEmpty { position: word.position.clone() });
    }
    let position = word.position.after(source.chars().count() + 1);
    line(word, source, &[Word { text: destination, position }])
}

/// The line that begins with `first`.
fn line(first: &Word<'_>, source: &str, destinations: &[Word<'_>]) -> Result<Line> {
    let position = first.position.clone();
    let source = source.parse().map_err(|e| unreadable(source, &position, e))?;
    let each = |word: &Word<'_>| destination(word, &source);
    let destinations = destinations.iter().map(each).collect::<Result<_>>()?;
    Ok(Line { source, destinations, platforms: Vec::new(), path: None, position })
}

/// A destination that can take `source`.
fn destination(word: &Word<'_>, source: &Images) -> Result<Endpoint> {
    let endpoint = word.text.parse().map_err(|e| unreadable(word.text, &word.position, e))?;
    taking(endpoint, source, &word.position)
}

/// `endpoint`, which stands at `position`, if it can take `source`.
pub(super) fn taking(endpoint: Endpoint, source: &Images, position: &Position) -> Result<Endpoint> {
    let position = || position.clone();
    if endpoint.digest().is_some() {
        return Err(MappingError::ToDigest { position: position() });
    }
    if matches!(source, Images::Matching { .. }) && !endpoint.is_repository() {
        return Err(MappingError::OnePlace {
            position: position(),
            source_images: Box::new(source.clone()),
            destination: Box::new(endpoint),
        });
    }
    Ok(endpoint)
}

fn unreadable(text: &str, position: &Position, source: EndpointError) -> MappingError {
    let position = position.clone();
    if text.contains('*') {
        return MappingError::Wildcard { position };
    }
    MappingError::Endpoint { position, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: Result<Vec<Line>>) -> Vec<String> {
        let show = |line: Line| {
            let to: Vec<String> = line.destinations.iter().map(Endpoint::to_string).collect();
            format!("{} -> {}", line.source, to.join(" + "))
        };
        lines.unwrap().into_iter().map(show).collect()
    }

    fn arguments(words: &[&str]) -> Result<Vec<Line>> {
        from_arguments(&words.iter().map(|&w| w.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(
            shown(arguments(&["q.io/a:1", "r.io/a:1", "oci:d"])),
            ["q.io/a:1 -> r.io/a:1 + oci:d"]
        );
        assert_eq!(
            shown(arguments(&["q.io/a=r.io/a", "q.io/b=r.io/b"])),
            ["q.io/a:* -> r.io/a", "q.io/b:* -> r.io/b"]
        );
        assert_eq!(
            shown(arguments(&["q.io/a:v*", "r.io/a", "oci:d"])),
            ["q.io/a:v* -> r.io/a + oci:d"]
        );
    }

    #[test]
    fn a_file_has_comments_tabs_and_empty_lines() {
        let text =
            "# all of it\n\nq.io/a:1\tr.io/a:1   # to the lab\r\n  q.io/b=r.io/b q.io/c=r.io/c\n";
        assert_eq!(
            shown(from_file("m.txt", text)),
            ["q.io/a:1 -> r.io/a:1", "q.io/b:* -> r.io/b", "q.io/c:* -> r.io/c"]
        );
    }

    #[test]
    fn errors_name_the_place() {
        let error = |text: &str| from_file("m.txt", text).unwrap_err().to_string();
        assert!(error("q.io/a=r.io/a q.io/b").starts_with("m.txt:1:15: SRC=DST and SRC DST"));
        assert!(error("\n q.io/a").starts_with("m.txt:2:2: a source needs a destination"));
        assert_eq!(error("q.io/a r.io/BAD"), "m.txt:1:8");
        assert_eq!(error("q.io/a=r.io/BAD"), "m.txt:1:8");
        assert!(error("=r.io/a").contains("one side of '='"));
        let digest = crate::model::Digest::of(b"");
        let to_digest = error(&format!("q.io/a:1 r.io/a@{digest}"));
        assert!(to_digest.starts_with("m.txt:1:10: a destination has no digest"), "{to_digest}");
        let one = error("q.io/a:v* r.io/a r.io/a:v1");
        assert!(one.starts_with("m.txt:1:18: when source contains wildcards, the destination"));
        assert!(one.ends_with(" must be a repository: q.io/a:v* goes to r.io/a:v1"), "{one}");
        let wildcard = ": a wildcard can stand in the tag of a source only";
        assert_eq!(error("q.io/a*:v1 r.io/a"), format!("m.txt:1:1{wildcard}"));
        assert_eq!(error("q.io/a=r.io/a:v*"), format!("m.txt:1:8{wildcard}"));
        assert!(error("q.io/a=dir:d").ends_with(": q.io/a:* goes to dir:d"));
        assert!(arguments(&["q.io/a"]).unwrap_err().to_string().starts_with("argument 'q.io/a': "));
    }
}
