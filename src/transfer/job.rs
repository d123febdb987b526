//! What is to be copied where, and what became of it.

use std::sync::Arc;

use super::{BlobOutcome, ImageGraph, LeftBehind, Plan, ResolveError, Selection};
use crate::model::{Descriptor, Digest, RefName};
use crate::store::{Reference, Result, Sink, Source};

/// One image to copy. However many places it goes to, it is read once.
#[derive(Clone)]
pub struct Job {
    /// Where it is.
    pub source: Arc<dyn Source>,
    /// Which one it is there.
    pub reference: Reference,
    /// Which part of it is wanted.
    pub selection: Selection,
    /// Where it goes.
    pub targets: Vec<Target>,
}

/// One place that an image goes to.
#[derive(Clone)]
pub struct Target {
    /// The number of this copy in the run, for events.
    pub image: usize,
    /// The place.
    pub sink: Arc<dyn Sink>,
    /// What the image is to be called there.
    pub name: Option<RefName>,
}

/// What became of an image at one place. All places are told the same failure when it lies with the image itself.
pub type ImageResult = std::result::Result<ImageReport, Arc<ResolveError>>;

/// An image that is there.
#[derive(Clone, Debug)]
pub struct ImageReport {
    /// The digest of the manifest that got the name.
    pub digest: Digest,
    /// The digest at the source, where platforms were picked from an index and it is another.
    pub picked_from: Option<Digest>,
    /// How many images of the index are not wanted: it is sparse.
    pub left_out: usize,
    /// Whether anything had to be done. If not, blobs were not looked at, and are not counted.
    pub outcome: Outcome,
    /// Blobs whose bytes were moved.
    pub copied: usize,
    /// Blobs that the registry took over from another of its repositories.
    pub mounted: usize,
    /// Blobs that were there before.
    pub present: usize,
    /// Foreign layers, left where they are.
    pub foreign: usize,
    /// Bytes of the blobs moved.
    pub bytes: u64,
    /// Digests of the manifests that came along because they refer to the image.
    pub referrers: Vec<Digest>,
    /// What refers to the image and could not come along.
    pub left_behind: Vec<LeftBehind>,
}

/// Whether anything had to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The name points to the image now, and did not before.
    Copied,
    /// The name pointed to this image before.
    Present,
}

impl Job {
    /// The digest that the image will have, where it is known without a question.
    pub(super) fn digest(&self) -> Option<&Digest> {
        match &self.reference {
            Reference::Digest(digest) if self.selection.is_plain() => Some(digest),
            _ => None,
        }
    }

    pub(super) fn label(&self) -> String {
        let place = self.source.place();
        match &self.reference {
            Reference::Name(name) => format!("{place}:{name}"),
            Reference::Digest(digest) => format!("{place}@{digest}"),
            Reference::Only => place,
        }
    }
}

impl Target {
    pub(super) fn label(&self) -> String {
        let place = self.sink.place();
        self.name.as_ref().map_or(place.clone(), |name| format!("{place}:{name}"))
    }

    /// The manifest that the image's name means there now; without a name, whether `digest` is there.
    pub(super) async fn digest_now(&self, digest: Option<&Digest>) -> Result<Option<Digest>> {
        let reference = match (&self.name, digest) {
            (Some(name), _) => Reference::Name(name.clone()),
            (None, Some(digest)) => Reference::Digest(digest.clone()),
            (None, None) => return Ok(None),
        };
        self.sink.manifest_digest(&reference).await
    }
}

impl ImageReport {
    /// An image that is going to be copied as `plan` says.
    pub(super) fn of(graph: &ImageGraph, plan: &Plan) -> Self {
        Self {
            foreign: plan.foreign.len(),
            left_behind: graph.left_behind.clone(),
            left_out: graph.left_out,
            ..Self::new(graph.root.digest().clone(), graph.picked_from.clone(), Outcome::Copied)
        }
    }

    /// An image that is there.
    pub(super) fn present(graph: &ImageGraph) -> Self {
        let (digest, picked_from) = (graph.root.digest().clone(), graph.picked_from.clone());
        Self {
            left_out: graph.left_out,
            left_behind: graph.left_behind.clone(),
            ..Self::new(digest, picked_from, Outcome::Present)
        }
    }

    pub(super) fn new(digest: Digest, picked_from: Option<Digest>, outcome: Outcome) -> Self {
        Self {
            digest,
            picked_from,
            left_out: 0,
            outcome,
            copied: 0,
            mounted: 0,
            present: 0,
            foreign: 0,
            bytes: 0,
            referrers: Vec::new(),
            left_behind: Vec::new(),
        }
    }

    /// Takes note of what became of something that refers to the image.
    pub(super) fn came_along(&mut self, attached: std::result::Result<Digest, LeftBehind>) {
        match attached {
            Ok(digest) => self.referrers.push(digest),
            Err(left_behind) => self.left_behind.push(left_behind),
        }
    }

    pub(super) fn count(&mut self, blob: &Descriptor, outcome: BlobOutcome) {
        match outcome {
            BlobOutcome::Copied => {
                self.copied += 1;
                self.bytes += blob.size;
            }
            BlobOutcome::Mounted => self.mounted += 1,
            BlobOutcome::Present => self.present += 1,
        }
    }
}
