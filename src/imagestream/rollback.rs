//! Moving a tag back to an image that it has pointed to.

mod carry_out;

pub use self::carry_out::{CarryOutError, RolledBack, carry_out};
use super::ImageStream;
use super::api::{IMAGE_STREAM_IMAGE, ObjectReference, SpecTag, TagEvent};
use super::change::is_image;
use crate::model::one_line;

/// The fewest characters of a digest that name an image.
const SHORTEST: usize = 7;

/// Which image of its history a tag is to go back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// So many images back; 0 is the one that it points to now.
    Nth(usize),
    /// The one of this digest, or of the beginning of it: seven or more characters, with or without the algorithm.
    Digest(String),
}

/// A tag that goes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollback {
    /// What the tag is to follow: the image itself, so that no import takes it elsewhere again. What it followed before
    /// is to be set by hand again.
    pub spec: SpecTag,
    /// What it points to now.
    pub from: TagEvent,
    /// What it is to point to.
    pub to: TagEvent,
}

/// Why a tag cannot go back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RollbackError {
    /// It has never pointed to anything.
    #[error("tag {0:?} has no history")]
    NoHistory(String),
    /// It has only ever pointed to one image.
    #[error("tag {0:?} has pointed to no other image before")]
    NoPrevious(String),
    /// Its history is shorter.
    #[error("tag {tag:?} has no image {index} back: its history has {len}, from 0 (now) to {}", .len - 1)]
    NoIndex {
        /// The tag.
        tag: String,
        /// How far back it was to go.
        index: usize,
        /// How many images it has pointed to.
        len: usize,
    },
    /// It has never pointed to that image.
    #[error("tag {tag:?} has not pointed to an image {digest:?}")]
    NotInHistory {
        /// The tag.
        tag: String,
        /// The image.
        digest: String,
    },
    /// More than one image begins like that.
    #[error("more than one image of tag {tag:?} begins with {digest:?}: {}", .images.join(", "))]
    Ambiguous {
        /// The tag.
        tag: String,
        /// The beginning.
        digest: String,
        /// The images.
        images: Vec<String>,
    },
    /// The beginning of a digest says too little.
    #[error("{0:?} is too short: give {SHORTEST} or more characters of the digest")]
    TooShort(String),
    /// The entry is a pull spec of which no image is known.
    #[error("tag {tag:?} pointed to {reference:?}, whose image was never looked up")]
    NoImage {
        /// The tag.
        tag: String,
        /// The pull spec.
        reference: String,
    },
}

/// What `tag` is to follow to go back, by default to the image before the current one. Annotations and the reference
/// policy of the tag stay.
///
/// # Errors
/// When there is nothing to go back to.
pub fn rollback(
    stream: &ImageStream,
    tag: &str,
    to: Option<&To>,
) -> Result<Rollback, RollbackError> {
    let name = || one_line(tag, 200);
    let history = stream.status_tag(tag).map_or(&[][..], |history| &history.items);
    let from = history.first().ok_or_else(|| RollbackError::NoHistory(name()))?;
    let found = match to {
        None => previous(history).ok_or_else(|| RollbackError::NoPrevious(name()))?,
        Some(To::Nth(index)) => {
            let no_index =
                || RollbackError::NoIndex { tag: name(), index: *index, len: history.len() };
            history.get(*index).ok_or_else(no_index)?
        }
        Some(To::Digest(digest)) => by_digest(history, tag, digest)?,
    };
    if found.image.is_empty() {
        let reference = one_line(&found.docker_image_reference, 300);
        return Err(RollbackError::NoImage { tag: name(), reference });
    }
    let stored = stream.spec_tag(tag).cloned().unwrap_or_default();
    let image = format!("{}@{}", stream.metadata.name, found.image);
    let spec = SpecTag {
        name: tag.to_owned(),
        annotations: stored.annotations,
        from: Some(ObjectReference::new(IMAGE_STREAM_IMAGE, image)),
        reference_policy: stored.reference_policy,
        rest: stored.rest,
        ..SpecTag::default()
    };
    Ok(Rollback { spec, from: from.clone(), to: found.clone() })
}

/// The latest image that is another than the current one.
fn previous(history: &[TagEvent]) -> Option<&TagEvent> {
    let (current, older) = history.split_first()?;
    older.iter().find(|event| !event.image.is_empty() && event.image != current.image)
}

fn by_digest<'a>(
    history: &'a [TagEvent],
    tag: &str,
    digest: &str,
) -> Result<&'a TagEvent, RollbackError> {
    let (tag, told) = (one_line(tag, 200), one_line(digest, 100));
    let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
    if hex.len() < SHORTEST {
        return Err(RollbackError::TooShort(told));
    }
    let found: Vec<&TagEvent> =
        history.iter().filter(|event| is_image(&event.image, digest)).collect();
    let mut images: Vec<String> = found.iter().map(|event| event.image.clone()).collect();
    images.sort();
    images.dedup();
    match (found.first(), images.len()) {
        (Some(event), 1) => Ok(event),
        (None, _) => Err(RollbackError::NotInHistory { tag, digest: told }),
        _ => Err(RollbackError::Ambiguous { tag, digest: told, images }),
    }
}

#[cfg(test)]
mod tests;
