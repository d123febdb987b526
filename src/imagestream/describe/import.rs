//! What `oc import-image` says of an import.

use std::fmt::Write as _;

use super::fields::clean;
use super::{describe_image, describe_stream};
use crate::imagestream::ImageStream;
use crate::imagestream::api::{ImageImportStatus, ImageStreamImport, Time};

/// One image that was asked for, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// The tag of the stream that it is for; empty where it is for none.
    pub tag: &'a str,
    /// Where it was looked for: an image, or the repository that it was found in.
    pub from: &'a str,
    /// What came of it.
    pub status: &'a ImageImportStatus,
    /// Whether it was found by listing a repository, and not asked for by itself.
    pub listed: bool,
}

/// What became of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// It had no image before.
    Imported,
    /// It has the image that it had before.
    Unchanged,
    /// It had another image before.
    Moved {
        /// The digest of that image, or its reference where no image is known.
        from: String,
    },
    /// No image was found.
    Failed,
}

impl Outcome<'_> {
    /// What becomes of the tag in the stream that was `before`.
    #[must_use]
    pub fn became(&self, before: Option<&ImageStream>) -> Became {
        let Some(image) = &self.status.image else { return Became::Failed };
        match before.and_then(|stream| stream.current(self.tag)) {
            None => Became::Imported,
            Some(event) if event.image == image.metadata.name => Became::Unchanged,
            Some(event) if event.image.is_empty() => {
                Became::Moved { from: event.docker_image_reference.clone() }
            }
            Some(event) => Became::Moved { from: event.image.clone() },
        }
    }

    /// Why there is no image, in the words of oc.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let of = if self.listed { "repository tag" } else { "tag" };
        let why = clean(&self.status.status.message);
        self.status.image.is_none().then(|| format!("{of} {} failed: {why}", clean(self.tag)))
    }
}

/// What came of each image of an import: first those of its repository, then the others.
///
/// oc calls an image by the tag that it has on its registry; here it has the tag of the stream that it was asked for.
pub fn outcomes(import: &ImageStreamImport) -> impl Iterator<Item = Outcome<'_>> {
    let repository = import.spec.repository.as_ref();
    let from = repository.map_or("", |repository| repository.from.name.as_str());
    let found = import.status.repository.iter().flat_map(|repository| &repository.images);
    let listed = found.map(move |status| Outcome { tag: &status.tag, from, status, listed: true });
    let asked = import.status.images.iter().enumerate().map(|(index, status)| {
        let question = import.spec.images.get(index);
        let to = question.and_then(|question| question.to.as_ref());
        Outcome {
            tag: to.map_or(&status.tag, |to| &to.name),
            from: question.map_or("", |question| &question.from.name),
            status,
            listed: false,
        }
    });
    listed.chain(asked)
}

/// Whether something of an import failed.
#[must_use]
pub fn has_failed(import: &ImageStreamImport) -> bool {
    let status = &import.status;
    status.images.iter().any(|image| image.status.is_failure())
        || status.repository.as_ref().is_some_and(|repository| repository.status.is_failure())
}

/// Why no tag of the repository could be looked at. oc does not tell.
#[must_use]
pub fn listing_failure(import: &ImageStreamImport) -> Option<String> {
    let repository = import.status.repository.as_ref()?;
    let name = &import.spec.repository.as_ref()?.from.name;
    let is_all = repository.status.is_failure() && repository.images.is_empty();
    is_all.then(|| clean(&format!("repository {name} failed: {}", repository.status.message)))
}

/// The first line: which stream, and how it went.
#[must_use]
pub fn headline(import: &ImageStreamImport) -> String {
    let name = clean(&import.metadata.name);
    let errors = if has_failed(import) { " with errors" } else { "" };
    let dry = if import.spec.import { "" } else { " (dry run)" };
    format!("imagestream.image.openshift.io/{name} imported{errors}{dry}")
}

/// The tags of a repository that were too many to import.
#[must_use]
pub fn left_out(import: &ImageStreamImport) -> Option<String> {
    let tags = &import.status.repository.as_ref()?.additional_tags;
    let names: Vec<String> = tags.iter().map(|tag| clean(tag)).collect();
    (!names.is_empty()).then(|| {
        let (count, names) = (names.len(), names.join(", "));
        format!(
            "info: The remote repository contained {count} additional tags which were not imported: {names}"
        )
    })
}

/// All that oc prints of an import: the stream that follows from it, and each image that was found.
#[must_use]
pub fn describe_import(import: &ImageStreamImport, now: Time) -> String {
    let mut text = format!("{}\n", headline(import));
    if let Some(stream) = &import.status.import {
        let _ = write!(text, "\n{}", describe_stream(stream, now));
    }
    for outcome in outcomes(import) {
        if let Some(image) = &outcome.status.image {
            let name = format!("{}:{}", import.metadata.name, outcome.tag);
            let _ = write!(text, "\n{}", describe_image(&name, image, now));
        }
    }
    if let Some(line) = left_out(import) {
        let _ = write!(text, "\n\n{line}\n");
    }
    text
}
