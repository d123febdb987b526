//! Forgetting what tags have pointed to long ago, and the images that nothing points to any more.
//!
//! Source: oc, `pkg/cli/admin/prune/images`, for what is kept by default.

mod carry_out;

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;

pub use self::carry_out::{carry_out, plan};
use super::Namespace;
use super::api::{Image, ImageStream, TagEvent, Time};

/// What is kept besides what every tag points to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PruneOptions {
    /// The namespace whose histories are shortened; without one, all are.
    pub namespace: Option<Namespace>,
    /// So many entries of each history, the current one among them; it stays in any case.
    pub keep_tag_revisions: usize,
    /// Entries and images that are younger.
    pub keep_younger_than: SignedDuration,
}

impl Default for PruneOptions {
    fn default() -> Self {
        Self {
            namespace: None,
            keep_tag_revisions: 3,
            keep_younger_than: SignedDuration::from_mins(60),
        }
    }
}

/// What is to be forgotten.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PrunePlan {
    /// The streams that lose something.
    pub streams: Vec<PrunedStream>,
    /// Digests of the images that nothing points to any more, in the order in which they were given.
    pub images: Vec<String>,
}

/// A stream that loses something.
#[derive(Clone, Debug, PartialEq)]
pub struct PrunedStream {
    /// The stream afterwards.
    pub stream: ImageStream,
    /// What it loses.
    pub dropped: Vec<DroppedEvent>,
}

/// An entry of a history that is to be forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct DroppedEvent {
    /// The tag.
    pub tag: String,
    /// The entry.
    pub event: TagEvent,
}

/// What is to be forgotten of `streams`, which must be all there are, in all namespaces, and of `images`.
///
/// Histories of other namespaces than the one of the options stay as they are, and what they name stays too.
///
/// An image stays while an entry of any history names it, while an index that stays lists it, and while it is young. One
/// that does not tell its age is old.
#[must_use]
pub fn prune(
    streams: &[ImageStream],
    images: &[Image],
    options: &PruneOptions,
    now: Time,
) -> PrunePlan {
    let shortened: Vec<PrunedStream> =
        streams.iter().map(|stream| shorten(stream, options, now)).collect();
    let images = old(shortened.iter().map(|pruned| &pruned.stream), images, options, now);
    let streams = shortened.into_iter().filter(|pruned| !pruned.dropped.is_empty()).collect();
    PrunePlan { streams, images }
}

/// Those of `images` that no entry of `streams`, which must be all there are, needs.
#[must_use]
pub fn unnamed<'a>(streams: &'a [ImageStream], images: &'a [Image]) -> HashSet<&'a str> {
    let kept = kept(streams.iter(), std::iter::empty(), images);
    let names = images.iter().map(|image| image.metadata.name.as_str());
    names.filter(|name| !kept.contains(name)).collect()
}

/// Those of `images` that no entry of `streams` needs, and that are not young.
fn old<'a>(
    streams: impl Iterator<Item = &'a ImageStream>,
    images: &'a [Image],
    options: &PruneOptions,
    now: Time,
) -> Vec<String> {
    let is_young = |image: &&Image| options.is_young(image.metadata.creation_timestamp, now);
    let young = images.iter().filter(is_young).map(|image| image.metadata.name.as_str());
    let kept = kept(streams, young, images);
    let names = images.iter().map(|image| &image.metadata.name);
    names.filter(|name| !kept.contains(name.as_str())).cloned().collect()
}

/// The images that `streams` name, and `others`, with all that they list.
fn kept<'a>(
    streams: impl Iterator<Item = &'a ImageStream>,
    others: impl Iterator<Item = &'a str>,
    images: &'a [Image],
) -> HashSet<&'a str> {
    let entries = streams.flat_map(|stream| &stream.status.tags).flat_map(|tag| &tag.items);
    with_children(entries.flat_map(digests).chain(others), images)
}

impl PruneOptions {
    fn is_young(&self, since: Option<Time>, now: Time) -> bool {
        let age = since.map(|since| now.get().duration_since(since.get()));
        age.is_some_and(|age| age < self.keep_younger_than)
    }

    /// How many entries of each history of `stream` are kept.
    fn revisions(&self, stream: &ImageStream) -> usize {
        let namespace = stream.metadata.namespace.as_deref().unwrap_or_default();
        match &self.namespace {
            Some(wanted) if wanted.as_str() != namespace => usize::MAX,
            _ => self.keep_tag_revisions.max(1),
        }
    }
}

fn shorten(stream: &ImageStream, options: &PruneOptions, now: Time) -> PrunedStream {
    let keep = options.revisions(stream);
    let mut stream = stream.clone();
    let mut dropped = Vec::new();
    for tag in &mut stream.status.tags {
        let mut index = 0;
        tag.items.retain(|event| {
            let stays = index < keep || options.is_young(Some(event.created), now);
            index += 1;
            if !stays {
                dropped.push(DroppedEvent { tag: tag.tag.clone(), event: event.clone() });
            }
            stays
        });
    }
    PrunedStream { stream, dropped }
}

/// The images that an entry names: its own, and the digest of its reference.
fn digests(event: &TagEvent) -> impl Iterator<Item = &str> {
    let referenced = event.docker_image_reference.split_once('@').map(|(_, digest)| digest);
    [Some(event.image.as_str()), referenced].into_iter().flatten()
}

/// Images, and those that they list.
fn with_children<'a>(
    names: impl Iterator<Item = &'a str>,
    images: &'a [Image],
) -> HashSet<&'a str> {
    let known: HashMap<&str, &Image> =
        images.iter().map(|image| (image.metadata.name.as_str(), image)).collect();
    let mut open: Vec<&str> = names.collect();
    let mut kept = HashSet::new();
    while let Some(name) = open.pop() {
        if kept.insert(name)
            && let Some(image) = known.get(name)
        {
            open.extend(image.docker_image_manifests.iter().map(|child| child.digest.as_str()));
        }
    }
    kept
}

#[cfg(test)]
mod tests;
