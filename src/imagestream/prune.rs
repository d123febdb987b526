//! Forgetting what tags have pointed to long ago, and the images that nothing points to any more.
//!
//! Source: oc, `pkg/cli/admin/prune/images`, for what is kept by default.

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;

use super::api::{Image, ImageStream, TagEvent, Time};

/// What is kept besides what every tag points to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PruneOptions {
    /// So many entries of each history, the current one among them; it stays in any case.
    pub keep_tag_revisions: usize,
    /// Entries and images that are younger.
    pub keep_younger_than: SignedDuration,
}

impl Default for PruneOptions {
    fn default() -> Self {
        Self { keep_tag_revisions: 3, keep_younger_than: SignedDuration::from_mins(60) }
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
/// An image stays while an entry of any history names it, while an index that stays lists it, and while it is young. One
/// that does not tell its age is old.
#[must_use]
pub fn prune(
    streams: &[ImageStream],
    images: &[Image],
    options: &PruneOptions,
    now: Time,
) -> PrunePlan {
    let age = Age { limit: options.keep_younger_than, now };
    let shortened: Vec<PrunedStream> =
        streams.iter().map(|stream| shorten(stream, options.keep_tag_revisions, age)).collect();

    let entries = shortened.iter().flat_map(|pruned| &pruned.stream.status.tags);
    let named = entries.flat_map(|tag| &tag.items).flat_map(digests);
    let young = images.iter().filter(|image| age.is_young(image.metadata.creation_timestamp));
    let young = young.map(|image| image.metadata.name.as_str());
    let kept = with_children(named.chain(young), images);

    let gone = images.iter().map(|image| &image.metadata.name);
    let gone = gone.filter(|name| !kept.contains(name.as_str())).cloned().collect();
    let losing = shortened.into_iter().filter(|pruned| !pruned.dropped.is_empty()).collect();
    PrunePlan { streams: losing, images: gone }
}

#[derive(Clone, Copy)]
struct Age {
    limit: SignedDuration,
    now: Time,
}

impl Age {
    fn is_young(self, since: Option<Time>) -> bool {
        since.is_some_and(|since| self.now.get().duration_since(since.get()) < self.limit)
    }
}

fn shorten(stream: &ImageStream, keep: usize, age: Age) -> PrunedStream {
    let mut stream = stream.clone();
    let mut dropped = Vec::new();
    for tag in &mut stream.status.tags {
        let mut index = 0;
        tag.items.retain(|event| {
            let stays = index < keep.max(1) || age.is_young(Some(event.created));
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
