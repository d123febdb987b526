//! `failed.txt`: the mappings of what failed, in a form that is read again. Pure.

use crate::model::one_line;

/// A mapping that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its source, as it is written in a mapping.
    pub source: String,
    /// Its destination.
    pub destination: String,
    /// Why.
    pub why: String,
}

/// What such a file begins with, by which it is told from what someone else wrote.
const HEADING: &str = "# What failed, as longshore keeps it for mirror -f\n";

/// The text of a mapping file for `failed`, each with the reason above it.
#[must_use]
pub fn to_mapping_file(failed: &[Failed]) -> String {
    std::iter::once(HEADING.to_owned()).chain(failed.iter().map(Failed::lines)).collect()
}

/// Whether the bytes that a file begins with are those of what [`to_mapping_file`] makes.
#[must_use]
pub fn is_list_of_failures(beginning: &[u8]) -> bool {
    beginning.starts_with(HEADING.as_bytes())
}

impl Failed {
    fn lines(&self) -> String {
        let Self { source, destination, why } = self;
        let why = one_line(why, 500);
        if is_word(source) && is_word(destination) {
            return format!("# {why}\n{source} {destination}\n");
        }
        let (source, destination) = (one_line(source, 500), one_line(destination, 500));
        format!("# {why}\n# no mapping file can say this: {source} {destination}\n")
    }
}

/// Whether a text is read as one end of a mapping.
fn is_word(text: &str) -> bool {
    !text.starts_with('#')
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '=')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mirror::from_file;

    fn failed(source: &str, destination: &str) -> Failed {
        let why = "cannot copy:\nno such tag".to_owned();
        Failed { source: source.to_owned(), destination: destination.to_owned(), why }
    }

    #[test]
    fn what_failed_is_read_again() {
        let text = to_mapping_file(&[
            failed("q.io/a:v*", "bundle:out"),
            failed("q.io/b:v1", "bundle:my disk"),
            failed("q.io/c:v1", "oci:a=b"),
        ]);
        let first = "# cannot copy: no such tag\nq.io/a:v* bundle:out\n";
        assert!(text.strip_prefix(HEADING).unwrap().starts_with(first), "{text}");
        assert!(is_list_of_failures(text.as_bytes()) && !is_list_of_failures(first.as_bytes()));
        let lines = from_file("failed.txt", &text).unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].source.to_string(), "q.io/a:v*");
    }
}
