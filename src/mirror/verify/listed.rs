//! Images that should be somewhere, as a list or a plan says.

use std::collections::BTreeMap;

use crate::mirror::lines::{Line, ListError, Problem, Wrong, read_lines};
use crate::mirror::plan::{Lock, LockedImage};
use crate::model::{Digest, Endpoint, RefName};
use crate::transfer::{Attachments, Selection};

/// An image that should be somewhere.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The image. One without a name is there by its digest alone.
    pub image: Endpoint,
    /// Its digest.
    pub digest: Digest,
    /// What refers to it and should be there as well.
    pub referrers: Vec<ListedReferrer>,
    /// Where it can be had, if that is known.
    pub origin: Option<Origin>,
}

/// A manifest that refers to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedReferrer {
    /// What it refers to.
    pub subject: Digest,
    /// Its own digest.
    pub digest: Digest,
    /// The name that it is found by; where there is none, the place lists it for its subject.
    pub name: Option<RefName>,
}

/// Where an image can be had.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The repository, layout or archive.
    pub place: Endpoint,
    /// The digest there.
    pub digest: Digest,
    /// What of it makes the image.
    pub selection: Selection,
}

/// What a line has to be.
const FORM: &str = "a digest and an image, as 'mirror' prints them";

/// Reads what `mirror` prints: a digest and an image on each line; one without a tag is there by its digest alone. `#`
/// begins a comment.
///
/// # Errors
/// When a line is something else, or an image is listed with two digests.
pub fn read_list(file: &str, text: &str) -> Result<Vec<Listed>, ListError> {
    let mut list = List::default();
    read_lines(file, text, |line| list.take(line))?;
    Ok(list.images)
}

#[derive(Default)]
struct List {
    known: BTreeMap<String, Digest>,
    images: Vec<Listed>,
}

impl List {
    fn take(&mut self, line: &Line<'_>) -> Result<(), Wrong> {
        let (digest, word) = match line.words.as_slice() {
            [digest, word] => (line.digest(digest)?, *word),
            words => return Err(line.wrong(words[0], Problem::Form(FORM))),
        };
        let image = line.endpoint(word)?;
        match self.known.insert(image.to_string(), digest.clone()) {
            Some(before) if before == digest => {}
            Some(_) if !image.is_repository() => {
                return Err(line.wrong_text(word, Problem::Twice));
            }
            _ => self.images.push(Listed { image, digest, referrers: Vec::new(), origin: None }),
        }
        Ok(())
    }
}

impl Lock {
    /// All that should be at the destinations when this plan is carried out.
    #[must_use]
    pub fn listed(&self) -> Vec<Listed> {
        let images = self.images.iter();
        let listed = images.flat_map(|image| {
            image.destinations.iter().map(|place| self.listed_at(&place.name, image))
        });
        listed.collect()
    }

    fn listed_at(&self, name: &Endpoint, image: &LockedImage) -> Listed {
        let referrers = image.referrers.iter().map(|referrer| ListedReferrer {
            subject: referrer.subject.clone(),
            digest: referrer.digest.clone(),
            name: referrer.tag.clone(),
        });
        let selection = Selection {
            platforms: image.platforms.clone(),
            lists: self.lists(),
            attachments: Attachments::None,
        };
        let origin = Origin {
            place: image.source.without_name(),
            digest: image.at_source().clone(),
            selection,
        };
        Listed {
            image: name.clone(),
            digest: image.digest.clone(),
            referrers: referrers.collect(),
            origin: Some(origin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    #[test]
    fn what_mirror_prints_is_a_list() {
        let text = format!("# all\n{0} q.io/a:v1\n\n\t{0}  q.io/b:v2 # and this\n", digest("1"));
        let read = read_list("list", &text).unwrap();
        let images: Vec<String> = read.iter().map(|listed| listed.image.to_string()).collect();
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
            (format!("{one} q.io/a:v1\n{two} q.io/a:v1"), "list:2:73: q.io/a:v1 is listed twice"),
        ] {
            let error = read_list("list", &text).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }
}
