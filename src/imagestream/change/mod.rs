//! What a person sets in a stream by hand: a tag, no tag, the repository. Nothing here asks a registry.
//!
//! These are the rules by which an API server updates a stream: a change of the `spec` counts up the generation of the
//! stream, and of each tag that follows something else than before; a source that is in a stream already is recorded
//! at once; tags that follow another tag of the stream move with it.
//!
//! Source: openshift-apiserver, `pkg/image/apiserver/registry/imagestream/strategy.go` and
//! `pkg/image/apiserver/registry/imagestreamtag/rest.go`.

pub(super) mod aliases;
pub(super) mod generation;
mod source;

pub(super) use source::is_image;
pub use source::source_stream;

use super::api::{SpecTag, Status, Time};
use super::tags::spec_tag_mut;
use super::{ImageStream, StreamName, StreamTag, defaults, refusal, validate};

/// The stream in which `tag` follows what `spec` says. `other` is the stream that [`source_stream`] names, if it names
/// one and that is there.
///
/// An image of a stream is recorded at once. So is the current image of a tag, with the time since when that points to
/// it. A pull spec is recorded as it is when the tag is a pointer only; otherwise it is for an import to find.
///
/// # Errors
/// When the tag is not sound, and when what it follows is not there. A tag may follow one that is yet to come.
pub fn set_tag(
    stream: Option<&ImageStream>,
    tag: &StreamTag,
    spec: &SpecTag,
    other: Option<&ImageStream>,
    now: Time,
) -> Result<ImageStream, Box<Status>> {
    validate::tag(tag, spec)?;
    let name = tag.tag.as_str();
    let mut new = stream.cloned().unwrap_or_else(|| made(&tag.stream, now));
    let old = stream.and_then(|stream| stream.spec_tag(name));
    let slot = spec_tag_mut(&mut new, name);
    *slot = SpecTag { name: name.to_owned(), ..spec.clone() };
    defaults::spec_tag(slot);
    let follows_other = generation::follows_other(old, slot, tag.stream.namespace().as_str());
    generation::count(stream, &mut new);
    if follows_other && let Err(error) = source::record(&mut new, tag, other, now) {
        refusal::invalid("ImageStream", tag.stream.name(), &[error])?;
    }
    aliases::follow(stream, &mut new);
    Ok(new)
}

/// The stream without `tag`: neither what it follows nor what it has pointed to. Tags that follow it stay where they
/// are.
///
/// # Errors
/// When the stream, or the tag in it, is not there.
pub fn delete_tag(
    stream: Option<&ImageStream>,
    tag: &StreamTag,
) -> Result<ImageStream, Box<Status>> {
    let name = tag.tag.as_str();
    let old = stream.ok_or_else(|| refusal::not_found("imagestreams", tag.stream.name()))?;
    if old.spec_tag(name).is_none() && old.status_tag(name).is_none() {
        let name = format!("{}:{name}", tag.stream.name());
        return Err(refusal::not_found("imagestreamtags", &name));
    }
    let mut new = old.clone();
    new.spec.tags.retain(|tag| tag.name != name);
    new.status.tags.retain(|tag| tag.tag != name);
    generation::count(stream, &mut new);
    Ok(new)
}

/// The stream that follows all tags of `repository`.
///
/// # Errors
/// When `repository` is the name of an image, or of nothing.
pub fn set_repository(
    stream: Option<&ImageStream>,
    name: &StreamName,
    repository: &str,
    now: Time,
) -> Result<ImageStream, Box<Status>> {
    validate::repository(name, repository)?;
    let mut new = stream.cloned().unwrap_or_else(|| made(name, now));
    repository.clone_into(&mut new.spec.docker_image_repository);
    generation::count(stream, &mut new);
    Ok(new)
}

/// A stream that is made now.
fn made(name: &StreamName, now: Time) -> ImageStream {
    let mut stream = ImageStream::new(name.namespace().as_str(), name.name());
    stream.metadata.creation_timestamp = Some(now);
    stream
}

#[cfg(test)]
mod tests;
