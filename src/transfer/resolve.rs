//! Reads the whole tree of an image: index, images, and what refers to them.

use std::collections::HashSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::choose::choose;
use super::{LeftBehind, Referrer};
use crate::model::{Descriptor, Digest, Manifest, ManifestError, PlatformFilter};
use crate::store::{self, Reference, Source};

/// How deep indexes may nest, and how long a chain of referrers may be.
pub(super) const MAX_DEPTH: usize = 8;
/// How many manifests one image may have, its referrers included.
pub(super) const MAX_MANIFESTS: usize = 10_000;
/// How many bytes all of them may have together: they are held in memory.
const MAX_MEBIBYTES: usize = 32;
/// How many manifests are asked for at once.
pub(super) const PARALLEL: usize = 8;

/// Which part of an image is wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Platforms of an index to take; all when empty.
    pub platforms: Vec<PlatformFilter>,
    /// What becomes of an index of which only some are taken.
    pub lists: Lists,
    /// What to take along.
    pub attachments: Attachments,
}

impl Selection {
    /// Whether nothing is left to do where the image is there as it is.
    pub(super) fn is_plain(&self) -> bool {
        self.platforms.is_empty() && self.attachments != Attachments::All
    }
}

/// What becomes of an index of which only some images are wanted. One of which all are wanted stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lists {
    /// A single image takes the place of the index; an index of just these, with a digest of its own, when they are
    /// several.
    #[default]
    Reduced,
    /// The index stays as it is, with its digest and without the other images: it is sparse.
    Kept,
}

/// Which images have with them what refers to them: the manifests that name them as their subject, and what is found by
/// cosign's tags. What of it cannot be had stays behind, and the image goes without it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Attachments {
    /// None.
    #[default]
    None,
    /// Those that are copied. Of an image that is at its destination already nothing is asked.
    New,
    /// All, those that are there already too.
    All,
}

/// An image, resolved: every manifest read, every digest known.
#[derive(Clone, Debug)]
pub struct ImageGraph {
    /// The manifest that gets the name.
    pub root: Manifest,
    /// The digest of the index at the source, where platforms were picked and the root is another manifest.
    pub picked_from: Option<Digest>,
    /// How many manifests of the root are not wanted: they are in no level, and the root is a sparse index.
    pub left_out: usize,
    /// Manifests below the root, by depth: those of one level point only to later levels.
    pub levels: Vec<Vec<Manifest>>,
    /// What refers to it, and to that: each after its subject.
    pub attached: Vec<Referrer>,
    /// What refers to it and cannot be had.
    pub left_behind: Vec<LeftBehind>,
}

/// Why an image cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image is not at its source: nothing of that name, or of that digest, and not only a part of it.
    #[error(transparent)]
    Absent(store::Error),
    /// The source does not give what is needed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// No image of the index is for a platform asked for.
    #[error("{place} has no image for {wanted}: it has {available}")]
    Platform {
        /// The image.
        place: String,
        /// What was asked for.
        wanted: String,
        /// What there is.
        available: String,
    },
    /// The index of the chosen platforms cannot be written.
    #[error("the index of {place} cannot be reduced to the chosen platforms")]
    Reduce {
        /// The image.
        place: String,
        /// What the result lacks.
        #[source]
        source: ManifestError,
    },
    /// Nested deeper, or made of more manifests, than any honest image.
    #[error("{place} is not resolved: it has more than {limit}")]
    TooLarge {
        /// The image.
        place: String,
        /// `8 levels of indexes`, `10000 manifests`, `32 MiB of manifests`.
        limit: String,
    },
}

pub(super) type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What `error` means where a whole image was looked for.
    #[must_use]
    pub fn of_image(error: store::Error) -> Self {
        if error.is_not_found() { Self::Absent(error) } else { Self::Store(error) }
    }

    /// Whether the image is not at its source. A part of it that is missing is something else: such an image is damaged.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(_))
    }
}

/// Reads the image `reference` of `source`, as far as `selection` wants it.
///
/// # Errors
/// When a manifest is missing or unusable, or nothing matches the selection.
pub async fn resolve(
    source: &dyn Source,
    reference: &Reference,
    selection: &Selection,
) -> Result<ImageGraph> {
    choose(source, reference, selection).await?.resolve(source, selection.attachments).await
}

impl ImageGraph {
    /// An image of one manifest.
    #[must_use]
    pub fn of(root: Manifest) -> Self {
        Self {
            root,
            picked_from: None,
            left_out: 0,
            levels: Vec::new(),
            attached: Vec::new(),
            left_behind: Vec::new(),
        }
    }

    /// Every manifest of the image itself, deepest first, the root last.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.levels.iter().rev().flatten().chain(std::iter::once(&self.root))
    }
}

/// One walk through an image; no manifest is read twice.
pub(super) struct Walk<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) seen: HashSet<Digest>,
    /// The bytes of all manifests read.
    bytes: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(source: &'a dyn Source) -> Self {
        Self { source, seen: HashSet::new(), bytes: 0 }
    }

    /// Reads all that lies below `root` but what is to be `left_out`, a level at a time.
    pub(super) async fn descend(
        &mut self,
        root: Manifest,
        left_out: &HashSet<Digest>,
    ) -> Result<ImageGraph> {
        self.seen.insert(root.digest().clone());
        let mut levels: Vec<Vec<Manifest>> = Vec::new();
        loop {
            let above = levels.last().map_or(std::slice::from_ref(&root), Vec::as_slice);
            let mut below: Vec<Descriptor> =
                above.iter().flat_map(Manifest::children).cloned().collect();
            if levels.is_empty() {
                below.retain(|child| !left_out.contains(&child.digest));
            }
            if below.is_empty() {
                return Ok(ImageGraph { levels, ..ImageGraph::of(root) });
            }
            if levels.len() == MAX_DEPTH {
                return Err(self.too_large(format!("{MAX_DEPTH} levels of indexes")));
            }
            levels.push(self.read(&below).await?);
        }
    }

    /// Reads those of `descriptors` that are manifests and have not been read yet.
    async fn read(&mut self, descriptors: &[Descriptor]) -> Result<Vec<Manifest>> {
        let mut wanted = Vec::new();
        for descriptor in descriptors {
            if self.seen.insert(descriptor.digest.clone()) {
                wanted.push(descriptor.digest.clone());
            }
        }
        if self.seen.len() > MAX_MANIFESTS {
            return Err(self.too_large(format!("{MAX_MANIFESTS} manifests")));
        }
        let source = self.source;
        let mut answers = stream::iter(wanted)
            .map(|digest| async move { source.manifest(&Reference::Digest(digest)).await })
            .buffered(PARALLEL);
        let mut manifests = Vec::new();
        while let Some(manifest) = answers.try_next().await? {
            self.weigh(&manifest)?;
            manifests.push(manifest);
        }
        Ok(manifests)
    }

    pub(super) fn weigh(&mut self, manifest: &Manifest) -> Result<()> {
        self.bytes += manifest.bytes().len();
        if self.bytes > MAX_MEBIBYTES << 20 {
            return Err(self.too_large(format!("{MAX_MEBIBYTES} MiB of manifests")));
        }
        Ok(())
    }

    pub(super) fn too_large(&self, limit: String) -> Error {
        Error::TooLarge { place: self.source.place(), limit }
    }
}
