//! What a tag follows that is in a stream already.

use std::collections::BTreeSet;

use super::super::api::{
    DOCKER_IMAGE, Fields, IMAGE_STREAM_IMAGE, IMAGE_STREAM_TAG, ObjectReference, SpecTag, TagEvent,
    Time,
};
use super::super::history::record as record_event;
use super::super::refusal::{self, FieldError};
use super::super::tags::status_tag_mut;
use super::super::{ImageStream, StreamName, StreamTag};

/// A part of a stream: a tag, or an image.
enum Part<'a> {
    Tag(&'a str),
    Image(&'a str),
}

/// The stream of `from`, when it names one, and the part of it.
fn parse(from: &ObjectReference) -> Option<(Option<&str>, Part<'_>)> {
    let between = match from.kind.as_str() {
        IMAGE_STREAM_TAG => ':',
        IMAGE_STREAM_IMAGE => '@',
        _ => return None,
    };
    let (stream, name) = match from.name.split(between).collect::<Vec<_>>()[..] {
        [name] => (None, name),
        [stream, name] => (Some(stream), name),
        _ => return None,
    };
    Some((stream, if between == ':' { Part::Tag(name) } else { Part::Image(name) }))
}

/// The other stream that `spec` follows a tag or an image of: what [`set_tag`](super::set_tag) has to be given besides
/// the stream of `tag`. None when it follows its own stream, or an image on a registry.
#[must_use]
pub fn source_stream(tag: &StreamTag, spec: &SpecTag) -> Option<StreamName> {
    let from = spec.from.as_ref()?;
    let (stream, _) = parse(from)?;
    let namespace = match from.namespace.as_str() {
        "" => tag.stream.namespace().clone(),
        other => other.parse().ok()?,
    };
    let name = StreamName::new(namespace, stream.unwrap_or(tag.stream.name())).ok()?;
    (name != tag.stream).then_some(name)
}

/// Records what `tag` follows, as far as it is known without asking a registry.
pub(super) fn record(
    stream: &mut ImageStream,
    tag: &StreamTag,
    other: Option<&ImageStream>,
    now: Time,
) -> Result<(), FieldError> {
    let name = tag.tag.as_str();
    let Some(spec) = stream.spec_tag(name).cloned() else { return Ok(()) };
    let Some(from) = &spec.from else { return Ok(()) };
    let generation = spec.generation.unwrap_or_default();
    let field = || format!("spec.tags[{name}].from.name");
    if from.kind == DOCKER_IMAGE {
        if spec.reference {
            let event = event(now, &from.name, "", generation);
            record_event(status_tag_mut(stream, name), event);
        }
        return Ok(());
    }
    let (named, part) = parse(from).ok_or_else(|| {
        let why = "must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>";
        FieldError::invalid(field(), &from.name, why)
    })?;
    let own_namespace =
        from.namespace.is_empty() || from.namespace == tag.stream.namespace().as_str();
    let own = own_namespace && named.is_none_or(|named| named == tag.stream.name());
    let source = if own { Some(&*stream) } else { other };
    let source = source.ok_or_else(|| FieldError::not_found(field(), &from.name))?;
    let event = match part {
        Part::Image(id) => {
            let found = image(source, name, id).map_err(|why| {
                let why = format!("error generating tag event: {why}");
                FieldError::invalid(field(), &from.name, &why)
            })?;
            event(now, &found.docker_image_reference, &found.image, generation)
        }
        Part::Tag(followed) => {
            let followed = if followed.is_empty() { "latest" } else { followed };
            let Some(current) = source.current(followed) else { return Ok(()) };
            let event = TagEvent { generation, ..current.clone() };
            // As recorded: the entry of a tag gets the generation of the tag that begins to follow it.
            if own && let Some(latest) = status_tag_mut(stream, followed).items.first_mut() {
                latest.generation = generation;
            }
            event
        }
    };
    record_event(status_tag_mut(stream, name), event);
    Ok(())
}

/// The entry of an image, by its digest or the beginning of it. That of `tag` is taken before those of others.
fn image<'a>(stream: &'a ImageStream, tag: &str, id: &str) -> Result<&'a TagEvent, String> {
    let (own, others): (Vec<_>, Vec<_>) =
        stream.status.tags.iter().partition(|history| history.tag == tag);
    let entries = own.into_iter().chain(others).flat_map(|history| &history.items);
    let found: Vec<&TagEvent> = entries.filter(|entry| is_image(&entry.image, id)).collect();
    let images: BTreeSet<&str> = found.iter().map(|entry| entry.image.as_str()).collect();
    match (found.first(), images.len()) {
        (Some(entry), 1) => Ok(entry),
        (None, _) => Err(refusal::not_found("imagestreamimage", id).message),
        _ => {
            let images = images.into_iter().collect::<Vec<_>>().join(", ");
            let why = format!("multiple images match the prefix {id:?}: {images}");
            Err(refusal::conflict("imagestreamimage", id, &why).message)
        }
    }
}

/// Whether `id` is the digest `image`, or the beginning of it with or without its algorithm.
pub(in super::super) fn is_image(image: &str, id: &str) -> bool {
    let hex = image.split_once(':').map_or(image, |(_, hex)| hex);
    !image.is_empty() && (image.starts_with(id) || hex.starts_with(id))
}

fn event(created: Time, reference: &str, image: &str, generation: i64) -> TagEvent {
    TagEvent {
        created,
        docker_image_reference: reference.to_owned(),
        image: image.to_owned(),
        generation,
        rest: Fields::new(),
    }
}
