//! What the names of a mirror should point to, and how what they do point to differs from that. Pure.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::{Digest, Endpoint, EndpointError, ImageName, ImageRef, RefName, one_line};

/// What a name should point to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The digest.
    pub digest: Digest,
    /// Where an image with it can be had, if that is known.
    pub source: Option<Endpoint>,
}

/// What the names of one repository should point to.
pub type Expected = BTreeMap<RefName, Expectation>;

/// How a name differs from what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is not there.
    Missing {
        /// The name.
        name: RefName,
        /// What it should point to.
        expected: Digest,
    },
    /// It points to something else.
    Other {
        /// The name.
        name: RefName,
        /// What it should point to.
        expected: Digest,
        /// What it points to.
        found: Digest,
    },
    /// Nothing is said of it.
    Extra {
        /// The name.
        name: RefName,
        /// What it points to.
        found: Digest,
    },
}

/// All differences, in the order of names.
#[must_use]
pub fn compare(expected: &Expected, found: &BTreeMap<RefName, Digest>) -> Vec<Difference> {
    let mut differences = BTreeMap::new();
    for (name, Expectation { digest, .. }) in expected {
        let (name, expected) = (name.clone(), digest.clone());
        let difference = match found.get(&name) {
            Some(found) if *found == expected => continue,
            Some(found) => Difference::Other { name: name.clone(), expected, found: found.clone() },
            None => Difference::Missing { name: name.clone(), expected },
        };
        differences.insert(name, difference);
    }
    for (name, found) in found.iter().filter(|(name, _)| !expected.contains_key(*name)) {
        let extra = Difference::Extra { name: name.clone(), found: found.clone() };
        differences.insert(name.clone(), extra);
    }
    differences.into_values().collect()
}

/// Why a list of images cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct ListError {
    file: String,
    line: usize,
    column: usize,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Form,
    Digest(String),
    Image(EndpointError),
    Elsewhere(String),
    Twice(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("expected a digest and an image, as 'mirror' prints them"),
            Self::Digest(why) => f.write_str(why),
            Self::Image(why) => write!(f, "{why}"),
            Self::Elsewhere(image) => write!(f, "'{image}' is no image on a registry"),
            Self::Twice(image) => write!(f, "{image} is listed before with another digest"),
        }
    }
}

/// Reads what `mirror` prints: a digest and an image on each line; one without a tag is there by its digest alone. `#`
/// begins a comment.
///
/// # Errors
/// When a line is something else, or an image is listed with two digests.
pub fn read_list(file: &str, text: &str) -> Result<Vec<(ImageRef, Digest)>, ListError> {
    let mut listed: BTreeMap<String, Digest> = BTreeMap::new();
    let mut images = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let content = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = content.split_whitespace().collect();
        let fail = |word: Option<&&str>, problem| {
            let start = word.map_or(0, |word| word.as_ptr() as usize - line.as_ptr() as usize);
            let column = line[..start].chars().count() + 1;
            ListError { file: file.to_owned(), line: index + 1, column, problem }
        };
        let (digest, name) = match words.as_slice() {
            [] => continue,
            [digest, name] => (digest, name),
            _ => return Err(fail(words.first(), Problem::Form)),
        };
        let read: Digest =
            digest.parse().map_err(|e| fail(Some(digest), Problem::Digest(format!("{e}"))))?;
        let endpoint: Endpoint =
            name.parse().map_err(|error| fail(Some(name), Problem::Image(error)))?;
        let Endpoint::Registry(ImageName::Qualified(image)) = endpoint else {
            return Err(fail(Some(name), Problem::Elsewhere(one_line(name, 300))));
        };
        match listed.insert(image.to_string(), read.clone()) {
            Some(before) if before != read && image.tag.is_some() => {
                return Err(fail(Some(name), Problem::Twice(image.to_string())));
            }
            Some(before) if before == read => {}
            _ => images.push((image, read)),
        }
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    #[test]
    fn missing_other_and_extra_names_are_told_apart() {
        let expect = |(name, text): &(&str, &str)| {
            let expectation = Expectation { digest: digest(text), source: None };
            (name.parse().unwrap(), expectation)
        };
        let expected: Expected = [("a", "1"), ("b", "2"), ("c", "3")].iter().map(expect).collect();
        let found = [("a", "1"), ("b", "9"), ("d", "4")]
            .map(|(name, text)| (name.parse::<RefName>().unwrap(), digest(text)));
        let name = |text: &str| text.parse().unwrap();
        assert_eq!(
            compare(&expected, &found.into_iter().collect()),
            [
                Difference::Other { name: name("b"), expected: digest("2"), found: digest("9") },
                Difference::Missing { name: name("c"), expected: digest("3") },
                Difference::Extra { name: name("d"), found: digest("4") },
            ]
        );
    }

    #[test]
    fn what_mirror_prints_is_a_list() {
        let text = format!("# all\n{0} q.io/a:v1\n\n\t{0}  q.io/b:v2 # and this\n", digest("1"));
        let read = read_list("list", &text).unwrap();
        let images: Vec<String> = read.iter().map(|(image, _)| image.to_string()).collect();
        assert_eq!(images, ["q.io/a:v1", "q.io/b:v2"]);
    }

    #[test]
    fn what_is_wrong_with_a_list_is_told_with_its_place() {
        let (one, two) = (digest("1"), digest("2"));
        for (text, told) in [
            ("x".to_owned(), "list:1:1: expected a digest and an image, as 'mirror' prints them"),
            (format!("{one} q.io/a:v1 more"), "list:1:1: expected"),
            ("\n md5:00 q.io/a:v1".to_owned(), "list:2:2: digest algorithm 'md5'"),
            (format!("{one} q.io/A:v1"), "list:1:73: 'q.io/A:v1' does not name an image"),
            (format!("{one} oci:a:v1"), "list:1:73: 'oci:a:v1' is no image on a registry"),
            (format!("{one} q.io/a:v1\n{two} q.io/a:v1"), "list:2:73: q.io/a:v1 is listed before"),
        ] {
            let error = read_list("list", &text).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }
}
