//! The stream that follows from an import: what was found of each tag is recorded, and nothing else is changed.
//!
//! Source: openshift-apiserver, `pkg/image/apiserver/registry/imagestreamimport/rest.go`. Where this is better than
//! there (`docs/decisions/0017-what-an-import-changes.md`):
//!
//! - The import of a whole repository keeps what was stored for a tag and is not asked to be otherwise, see
//!   [`repository_tag`].
//! - It leaves a tag alone that follows no image on a registry: one that was rolled back, or follows another tag.
//! - A tag behind two others that follow each other moves with them at once.

mod outcome;

use super::api::{
    DOCKER_IMAGE, ImageImportSpec, ImageImportStatus, REPOSITORY_CHECK, SpecTag, Status, Time,
};
use super::change::{aliases, generation};
use super::history::{TagMove, moves};
use super::requests::repository_tag;
use super::{ImageStream, ImageStreamImport, defaults, validate};
use crate::model::ImageName;

/// What an import made of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The stream afterwards.
    pub stream: ImageStream,
    /// Whether it is another than before; if not, there is nothing to write.
    pub changed: bool,
    /// The tags that point elsewhere than before, those that follow others among them.
    pub moved: Vec<TagMove>,
    /// Tags of the repository that the stream has too, but that follow no image on a registry: they were left alone.
    pub kept: Vec<String>,
}

/// The stream that follows from `stream`, or from none, when `import` was answered at `now`. Only the question and the
/// answers for its images are read of `import`; whether it is to be kept, and which version of the stream it is for,
/// is for the caller.
///
/// - An image that was found is recorded in the history of its tag. The tag is made, or set to follow the image anew
///   when the image is another, the tag waited for an import, or nothing was recorded yet. Its import policy always
///   becomes that of the import, its reference policy only when it has none. What failed before is forgotten.
/// - An image that was not found is told as a condition of its tag, once: the same failure again changes nothing. The
///   history stays. The tag is made, but not for the tag of a repository.
///
/// # Errors
/// When a tag would follow something that is not sound.
pub fn apply(
    stream: Option<&ImageStream>,
    import: &ImageStreamImport,
    now: Time,
) -> Result<Applied, Box<Status>> {
    let mut new = stream.cloned().unwrap_or_else(|| made(import, now));
    let generation = new.metadata.generation + 1;
    let mut kept = Vec::new();
    for (question, answer) in repository_images(import, stream) {
        let follows = new.spec_tag(tag_of(&question)).and_then(|tag| tag.from.as_ref());
        if follows.is_some_and(|from| from.kind != DOCKER_IMAGE) {
            kept.push(tag_of(&question).to_owned());
        } else if outcome::is_success(answer) {
            outcome::succeeded(&mut new, &question, answer, generation, now);
        } else {
            outcome::failed(&mut new, &question, answer, generation, now);
        }
    }
    let unanswered = ImageImportStatus::default();
    let answers = import.status.images.iter().chain(std::iter::repeat(&unanswered));
    for (question, answer) in import.spec.images.iter().zip(answers) {
        if question.to.is_none() {
            continue;
        }
        if outcome::is_success(answer) {
            outcome::succeeded(&mut new, question, answer, generation, now);
        } else {
            outcome::failed(&mut new, question, answer, generation, now);
            outcome::ensure_tag(&mut new, question);
        }
    }

    if let Some(old) = stream.filter(|old| is_checked(old) && is_same(old, &new)) {
        return Ok(Applied { stream: old.clone(), changed: false, moved: Vec::new(), kept });
    }
    new.metadata.annotations.insert(REPOSITORY_CHECK.to_owned(), now.to_string());
    new.status.tags.retain(|tag| !tag.items.is_empty() || !tag.conditions.is_empty());
    generation::count(stream, &mut new);
    validate::changed_tags(stream, &new)?;
    aliases::follow(stream, &mut new);
    let moved = moves(stream, &new);
    Ok(Applied { stream: new, changed: true, moved, kept })
}

/// A stream that is made by an import.
fn made(import: &ImageStreamImport, now: Time) -> ImageStream {
    let namespace = import.metadata.namespace.as_deref().unwrap_or_default();
    let mut stream = ImageStream::new(namespace, &import.metadata.name);
    stream.metadata.creation_timestamp = Some(now);
    stream
}

fn is_checked(stream: &ImageStream) -> bool {
    stream.metadata.annotations.contains_key(REPOSITORY_CHECK)
}

/// Whether two streams differ in nothing but fields that are left out.
fn is_same(old: &ImageStream, new: &ImageStream) -> bool {
    old.status == new.status && defaults::seen(&old.spec) == defaults::seen(&new.spec)
}

/// The tag that an image is for.
fn tag_of(question: &ImageImportSpec) -> &str {
    question.to.as_ref().map_or("", |to| to.name.as_str())
}

/// The images of the repository, each as if it had been asked for by itself.
fn repository_images<'a>(
    import: &'a ImageStreamImport,
    stream: Option<&ImageStream>,
) -> Vec<(ImageImportSpec, &'a ImageImportStatus)> {
    let (Some(repository), Some(found)) = (&import.spec.repository, &import.status.repository)
    else {
        return Vec::new();
    };
    let question = |answer: &'a ImageImportStatus| {
        let tag = named_tag(answer)?;
        let stored: Option<&SpecTag> = stream.and_then(|stream| stream.spec_tag(&tag));
        Some((repository_tag(repository, &tag, stored), answer))
    };
    found.images.iter().filter_map(question).collect()
}

/// The tag of an image of a repository: the one that the answer names, else that of the image's reference.
fn named_tag(answer: &ImageImportStatus) -> Option<String> {
    if !answer.tag.is_empty() {
        return Some(answer.tag.clone());
    }
    let reference = &answer.image.as_ref()?.docker_image_reference;
    reference.parse::<ImageName>().ok()?.tag().map(ToString::to_string)
}

#[cfg(test)]
mod tests;
