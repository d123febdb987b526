//! The list of what is to be deleted: lines that a person reads, and may take out.
//!
//! `tag DIGEST IMAGE` or `manifest DIGEST PLACE`; `#` begins a comment.

use std::fmt::{self, Write as _};

use super::doom::{Doomed, Row};
use super::judge::Listed;
use crate::mirror::lines::{Line, ListError, Problem, Wrong, read_lines};
use crate::model::{Digest, Endpoint, RefName};

/// What a list says of one repository or layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The place, without a name.
    pub place: Endpoint,
    /// What of it goes.
    pub listed: Listed,
    /// The manifests in the order in which they stand on the list.
    pub order: Vec<Digest>,
}

/// All that is to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Each place once, in the order of the list.
    pub parts: Vec<Part>,
}

/// What a line has to be.
const FORM: &str = "'tag DIGEST IMAGE' or 'manifest DIGEST PLACE'";

const HEAD: &str = "\
# What is to be deleted. Read it, and take out what is to stay: whole blocks, from one empty line to the next.
# Then: longshore delete --execute FILE
# Each line is compared with what is there by then; what has moved, or is needed, stays.
# Sizes are those of a manifest and its blobs. Others may use the same blobs, and space comes back when the registry
# collects its garbage.
";

/// The text of a list, for what is doomed in each place.
#[must_use]
pub fn write(doomed: &[(Endpoint, Doomed)]) -> String {
    let mut text = HEAD.to_owned();
    for (place, doomed) in doomed {
        for block in &doomed.blocks {
            text.push('\n');
            for row in block {
                write_row(&mut text, place, row);
            }
        }
        for (digest, name) in &doomed.kept {
            let _ = writeln!(text, "\n# kept: {place}@{digest}: {name} needs it");
        }
    }
    text
}

fn write_row(text: &mut String, place: &Endpoint, row: &Row) {
    let named = |name: &RefName| place.named(name).unwrap_or_else(|_| place.clone());
    let _ = match row {
        Row::Name(name, digest) => writeln!(text, "tag      {digest} {}", named(name)),
        Row::NameAlone(name, digest, needs) => {
            let image = named(name);
            writeln!(text, "tag      {digest} {image} # the tag alone: {needs} needs its manifest")
        }
        Row::Manifest(digest, bytes) => {
            writeln!(text, "manifest {digest} {place} # {}", Bytes(*bytes))
        }
    };
}

/// A number of bytes for a person.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
        let (mut hundredths, mut unit) = (u128::from(self.0) * 100, "B");
        for larger in UNITS {
            if hundredths < 1024 * 100 {
                break;
            }
            (hundredths, unit) = (hundredths / 1024, larger);
        }
        if unit == "B" {
            return write!(f, "{} B", self.0);
        }
        write!(f, "{}.{:02} {unit}", hundredths / 100, hundredths % 100)
    }
}

impl List {
    /// Reads a list.
    ///
    /// # Errors
    /// At the first line that is none of a list.
    pub fn read(file: &str, text: &str) -> Result<Self, ListError> {
        let mut list = Self::default();
        read_lines(file, text, |line| list.take(line))?;
        Ok(list)
    }

    /// How many tags and manifests are on it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.listed.names.len() + part.order.len()).sum()
    }

    /// Whether nothing is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    fn take(&mut self, line: &Line<'_>) -> Result<(), Wrong> {
        let (kind, digest, place) = match line.words.as_slice() {
            [kind @ ("tag" | "manifest"), digest, place] => (*kind, *digest, *place),
            words => return Err(line.wrong(words[0], Problem::Form(FORM))),
        };
        let (digest, endpoint) = (line.digest(digest)?, line.endpoint(place)?);
        match (kind, endpoint.name()) {
            ("tag", None) => Err(line.wrong_text(place, Problem::NoName)),
            ("tag", Some(name)) => {
                let names = &mut self.part(&endpoint.without_name()).listed.names;
                match names.insert(name, digest.clone()) {
                    Some(before) if before != digest => Err(line.wrong_text(place, Problem::Twice)),
                    _ => Ok(()),
                }
            }
            (_, Some(_)) => Err(line.wrong_text(place, Problem::Named)),
            (_, None) => {
                let part = self.part(&endpoint.without_name());
                if part.listed.manifests.insert(digest.clone()) {
                    part.order.push(digest);
                }
                Ok(())
            }
        }
    }

    fn part(&mut self, place: &Endpoint) -> &mut Part {
        let known = self.parts.iter().position(|part| part.place == *place);
        let index = known.unwrap_or_else(|| {
            let (listed, order) = (Listed::default(), Vec::new());
            self.parts.push(Part { place: place.clone(), listed, order });
            self.parts.len() - 1
        });
        &mut self.parts[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let [one, two] = ["1", "2"].map(|text| Digest::of(text.as_bytes()));
        let name = |text: &str| text.parse::<RefName>().unwrap();
        let doomed = Doomed {
            blocks: vec![
                vec![Row::Name(name("v1"), one.clone()), Row::Manifest(one.clone(), 3_000_000)],
                vec![Row::NameAlone(name("v2"), two.clone(), name("v3"))],
            ],
            kept: vec![(two.clone(), name("v3"))],
        };
        let places: [Endpoint; 2] = ["q.io/a/b", "oci:some/dir"].map(|text| text.parse().unwrap());
        let text = write(&places.clone().map(|place| (place, doomed.clone())));
        assert!(text.contains(" q.io/a/b # 2.86 MiB\n"), "{text}");
        let list = List::read("list", &text).unwrap();
        assert_eq!(list.len(), 6);
        for (part, place) in list.parts.iter().zip(places) {
            assert_eq!((&part.place, &part.order), (&place, &vec![one.clone()]));
            assert_eq!(part.listed.names[&name("v2")], two);
        }
    }

    #[test]
    fn what_is_no_list_is_told_with_its_place() {
        let digest = Digest::of(b"");
        for (text, told) in [
            ("delete it".to_owned(), "l:1:1: expected 'tag DIGEST IMAGE'"),
            (format!("\ntag {digest}"), "l:2:1: expected"),
            (format!("tag {digest} q.io/a:v1 q.io/a:v2"), "l:1:1: expected"),
            ("manifest sha256:00 q.io/a".to_owned(), "l:1:10: a sha256 digest has 64"),
            (format!("tag {digest} q.io/A:v1"), "l:1:77: 'q.io/A:v1' does not name an image"),
            (format!("tag {digest} q.io/a"), "l:1:77: 'q.io/a' names no image"),
            (format!("manifest {digest} q.io/a:v1"), "l:1:82: 'q.io/a:v1' names one image"),
        ] {
            let error = List::read("l", &text).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }
}
