//! Mappings: one source and its destinations.

use std::fmt;

use crate::model::{Endpoint, EndpointError, PlatformFilter, one_line};

/// One source and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The image to copy.
    pub source: Endpoint,
    /// Where to, in the order given; never empty.
    pub destinations: Vec<Endpoint>,
    /// Which platforms of an index are wanted; all when empty.
    pub platforms: Vec<PlatformFilter>,
}

impl Mapping {
    /// `source` with all its platforms to `destinations`.
    #[must_use]
    pub fn new(source: Endpoint, destinations: Vec<Endpoint>) -> Self {
        Self { source, destinations, platforms: Vec::new() }
    }
}

/// Where in the input something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// An argument of the command line.
    Argument(String),
    /// A place in a mapping file. Lines and columns (in characters) count from 1.
    File {
        /// The file's name, `-` for standard input.
        file: String,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(text) => write!(f, "argument '{}'", one_line(text, 300)),
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
        }
    }
}

/// Why a text is no mapping.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// One end of it is no endpoint.
    #[error("{position}")]
    Endpoint {
        /// Where it stands.
        position: Position,
        /// What is wrong with it.
        #[source]
        source: EndpointError,
    },
    /// `A=B` next to `C D`.
    #[error("{position}: SRC=DST and SRC DST cannot be mixed: write one or the other")]
    Mixed {
        /// Where the first of another form stands.
        position: Position,
    },
    /// A source without a destination.
    #[error("{position}: a source needs a destination, as in SRC=DST or SRC DST")]
    NoDestination {
        /// Where the source stands.
        position: Position,
    },
    /// `SRC=` or `=DST`.
    #[error("{position}: nothing stands on one side of '='")]
    HalfEmpty {
        /// Where it stands.
        position: Position,
    },
}

type Result<T> = std::result::Result<T, MappingError>;

/// Reads the arguments of a command line: `SRC DST [DST…]`, or `SRC=DST…`.
///
/// # Errors
/// When the forms are mixed, or an end is missing or no endpoint.
pub fn from_arguments(arguments: &[String]) -> Result<Vec<Mapping>> {
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
pub fn from_file(file: &str, text: &str) -> Result<Vec<Mapping>> {
    let mut mappings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = if index == 0 { line.trim_start_matches('\u{feff}') } else { line };
        let words: Vec<Word> = words(line)
            .map(|(column, text)| {
                let position = Position::File { file: file.to_owned(), line: index + 1, column };
                Word { text, position }
            })
            .collect();
        mappings.extend(read(&words)?);
    }
    Ok(mappings)
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

fn read(words: &[Word<'_>]) -> Result<Vec<Mapping>> {
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
    let destinations = rest.iter().map(|word| endpoint(word.text, &word.position));
    Ok(vec![Mapping::new(
        endpoint(first.text, &first.position)?,
        destinations.collect::<Result<_>>()?,
    )])
}

fn pair(word: &Word<'_>) -> Result<Mapping> {
    let (source, destination) = word.text.split_once('=').unwrap_or((word.text, ""));
    if source.is_empty() || destination.is_empty() {
        return Err(MappingError::HalfEmpty { position: word.position.clone() });
    }
    Ok(Mapping::new(
        endpoint(source, &word.position)?,
        vec![endpoint(destination, &word.position)?],
    ))
}

fn endpoint(text: &str, position: &Position) -> Result<Endpoint> {
    text.parse().map_err(|source| MappingError::Endpoint { position: position.clone(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(mappings: Result<Vec<Mapping>>) -> Vec<String> {
        let show = |m: Mapping| {
            let to: Vec<String> = m.destinations.iter().map(Endpoint::to_string).collect();
            format!("{} -> {}", m.source, to.join(" + "))
        };
        mappings.unwrap().into_iter().map(show).collect()
    }

    fn arguments(words: &[&str]) -> Result<Vec<Mapping>> {
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
            ["q.io/a -> r.io/a", "q.io/b -> r.io/b"]
        );
    }

    #[test]
    fn a_file_has_comments_tabs_and_empty_lines() {
        let text =
            "# all of it\n\nq.io/a:1\tr.io/a:1   # to the lab\r\n  q.io/b=r.io/b q.io/c=r.io/c\n";
        assert_eq!(
            shown(from_file("m.txt", text)),
            ["q.io/a:1 -> r.io/a:1", "q.io/b -> r.io/b", "q.io/c -> r.io/c"]
        );
    }

    #[test]
    fn errors_name_the_place() {
        let error = |text: &str| from_file("m.txt", text).unwrap_err().to_string();
        assert!(error("q.io/a=r.io/a q.io/b").starts_with("m.txt:1:15: SRC=DST and SRC DST"));
        assert!(error("\n q.io/a").starts_with("m.txt:2:2: a source needs a destination"));
        assert_eq!(error("q.io/a r.io/BAD"), "m.txt:1:8");
        assert!(error("=r.io/a").contains("one side of '='"));
        assert!(arguments(&["q.io/a"]).unwrap_err().to_string().starts_with("argument 'q.io/a': "));
    }
}
