//! Tags that follow another tag of their stream.

use std::collections::HashSet;

use super::super::ImageStream;
use super::super::api::{IMAGE_STREAM_TAG, SpecTag, TagEvent};
use super::super::history::{Recorded, record};
use super::super::tags::status_tag_mut;

/// Moves the tags that follow one whose latest entry is another than in `old`. A tag that follows one of these is moved
/// in turn, each tag once.
///
/// An API server goes through the tags in any order, so that a tag behind two others may move only next time.
pub(in super::super) fn follow(old: Option<&ImageStream>, new: &mut ImageStream) {
    let latest = |stream: Option<&ImageStream>, tag: &str| -> Option<TagEvent> {
        stream.and_then(|stream| stream.current(tag)).cloned()
    };
    let tags = new.status.tags.iter().map(|tag| tag.tag.clone());
    let mut moved: Vec<String> =
        tags.filter(|tag| old.is_none() || latest(old, tag) != latest(Some(new), tag)).collect();
    let mut seen = HashSet::new();
    while let Some(tag) = moved.pop() {
        let Some(event) = latest(Some(new), &tag) else { continue };
        if !seen.insert(tag.clone()) {
            continue;
        }
        let aliases = new.spec.tags.iter().filter(|spec| target(spec, new) == Some(tag.as_str()));
        for alias in aliases.map(|spec| spec.name.clone()).collect::<Vec<_>>() {
            if record(status_tag_mut(new, &alias), event.clone()) != Recorded::Unchanged {
                moved.push(alias);
            }
        }
    }
}

/// The tag of its own stream that a tag follows.
fn target<'a>(spec: &'a SpecTag, stream: &ImageStream) -> Option<&'a str> {
    let from = spec.from.as_ref().filter(|from| from.kind == IMAGE_STREAM_TAG)?;
    let here = stream.metadata.namespace.as_deref().unwrap_or_default();
    if !from.namespace.is_empty() && from.namespace != here {
        return None;
    }
    match from.name.split_once(':') {
        Some((name, tag)) => (name == stream.metadata.name).then_some(tag),
        None => Some(&from.name),
    }
}
