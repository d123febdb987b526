//! Reads the whole tree of an image: index, images, and what refers to them.

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::model::{
    Content, Descriptor, Digest, Manifest, ManifestError, PlatformFilter, RefName, media_types,
    platform_text,
};
use crate::store::{self, Reference, Source};

/// How deep indexes may nest, and how long a chain of referrers may be.
const MAX_DEPTH: usize = 8;
/// How many manifests one image may have, its referrers included.
const MAX_MANIFESTS: usize = 10_000;
/// How many bytes all of them may have together: they are held in memory.
const MAX_MEBIBYTES: usize = 32;
/// How many manifests are asked for at once.
const PARALLEL: usize = 8;
/// The annotation by which an attestation in an index names its image (BuildKit).
const ATTESTED: &str = "vnd.docker.reference.digest";

/// Which part of an image is wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Platforms of an index to take; all when empty. With one, its image takes the place of the index; with several,
    /// an index of just these does.
    pub platforms: Vec<PlatformFilter>,
    /// What to take along.
    pub attachments: Attachments,
}

impl Selection {
    /// Whether the image is wanted as it is, and nothing besides.
    pub(super) fn is_plain(&self) -> bool {
        self.platforms.is_empty() && self.attachments == Attachments::None
    }
}

/// What goes along with an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attachments {
    /// Nothing.
    #[default]
    None,
    /// Everything that refers to it: the manifests that name it as their subject, and cosign's tags.
    Referrers,
}

/// An image, resolved: every manifest read, every digest known.
#[derive(Clone, Debug)]
pub struct ImageGraph {
    /// The manifest that gets the name.
    pub root: Manifest,
    /// The digest of the index at the source, where platforms were picked and the root is another manifest.
    pub picked_from: Option<Digest>,
    /// Manifests below the root, by depth: those of one level point only to later levels.
    pub levels: Vec<Vec<Manifest>>,
    /// Images that refer to this one, each with the name it needs (cosign finds its own by tag).
    pub attached: Vec<(ImageGraph, Option<RefName>)>,
}

/// Why an image cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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

type Result<T> = std::result::Result<T, Error>;

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

/// Reads the one manifest that gets the name: `reference` itself, or what the selected platforms make of it.
///
/// # Errors
/// When it is missing or unusable, or nothing matches the selection.
pub async fn select(
    source: &dyn Source,
    reference: &Reference,
    selection: &Selection,
) -> Result<Manifest> {
    choose(source, reference, selection).await?.manifest(source).await
}

/// Finds out which manifest gets the name, by reading what `reference` points to and nothing else.
pub(super) async fn choose(
    source: &dyn Source,
    reference: &Reference,
    selection: &Selection,
) -> Result<Chosen> {
    let given = source.manifest(reference).await?;
    let picked_from = given.digest().clone();
    let root = pick(source, given, &selection.platforms)?;
    let picked_from = Some(picked_from).filter(|digest| digest != root.digest());
    Ok(Chosen { root, picked_from })
}

/// The manifest that gets the name.
pub(super) struct Chosen {
    root: Root,
    /// As in [`ImageGraph`].
    pub(super) picked_from: Option<Digest>,
}

enum Root {
    Read(Box<Manifest>),
    /// A manifest in the index that was read.
    Child(Digest),
}

impl Root {
    fn digest(&self) -> &Digest {
        match self {
            Self::Read(manifest) => manifest.digest(),
            Self::Child(digest) => digest,
        }
    }
}

impl Chosen {
    pub(super) fn digest(&self) -> &Digest {
        self.root.digest()
    }

    async fn manifest(self, source: &dyn Source) -> Result<Manifest> {
        match self.root {
            Root::Read(manifest) => Ok(*manifest),
            Root::Child(digest) => Ok(source.manifest(&Reference::Digest(digest)).await?),
        }
    }

    /// Reads all that belongs to it.
    pub(super) async fn resolve(
        self,
        source: &dyn Source,
        attachments: Attachments,
    ) -> Result<ImageGraph> {
        let mut walk = Walk::new(source);
        let picked_from = self.picked_from.clone();
        let mut graph = walk.descend(self.manifest(source).await?).await?;
        graph.picked_from = picked_from;
        if attachments == Attachments::Referrers {
            walk.attach(&mut graph).await?;
        }
        Ok(graph)
    }
}

/// What `platforms` make of the manifest `given`.
fn pick(source: &dyn Source, given: Manifest, platforms: &[PlatformFilter]) -> Result<Root> {
    let Content::Index { manifests } = given.content() else { return Ok(Root::Read(given.into())) };
    if platforms.is_empty() {
        return Ok(Root::Read(given.into()));
    }
    for wanted in platforms {
        if !manifests.iter().any(|child| wanted.picks(child)) {
            return Err(no_platform(source, wanted, manifests));
        }
    }
    let picked: Vec<&Descriptor> =
        manifests.iter().filter(|c| platforms.iter().any(|p| p.picks(c))).collect();
    match picked.as_slice() {
        [only] => Ok(Root::Child(only.digest.clone())),
        several => Ok(Root::Read(reduce(source, &given, several)?.into())),
    }
}

/// The index with only the picked images and their attestations. What the original says otherwise is kept.
fn reduce(source: &dyn Source, root: &Manifest, picked: &[&Descriptor]) -> Result<Manifest> {
    let digests: HashSet<&str> = picked.iter().map(|child| child.digest.as_str()).collect();
    let wanted = |child: &serde_json::Value| {
        let named = child.get("digest").and_then(serde_json::Value::as_str);
        let attested = child.get("annotations").and_then(|a| a.get(ATTESTED)?.as_str());
        named.is_some_and(|d| digests.contains(d)) || attested.is_some_and(|d| digests.contains(d))
    };
    let fail = |cause| Error::Reduce { place: source.place(), source: cause };
    let media_type = root.media_type().to_string();
    let parse = |source| fail(ManifestError::Parse { media_type: media_type.clone(), source });
    let mut json: serde_json::Value = serde_json::from_slice(root.bytes()).map_err(parse)?;
    if let Some(children) = json.get_mut("manifests").and_then(serde_json::Value::as_array_mut) {
        children.retain(wanted);
    }
    let bytes = serde_json::to_vec(&json).map_err(parse)?;
    Manifest::parse(Bytes::from(bytes), Some(&media_type)).map_err(fail)
}

fn no_platform(source: &dyn Source, wanted: &PlatformFilter, manifests: &[Descriptor]) -> Error {
    let platforms = manifests.iter().filter_map(|child| child.platform.as_ref());
    let available: Vec<String> = platforms.map(platform_text).take(20).collect();
    let available =
        if available.is_empty() { "no platforms".to_owned() } else { available.join(", ") };
    Error::Platform { place: source.place(), wanted: wanted.to_string(), available }
}

impl ImageGraph {
    /// Every manifest of the image itself, deepest first, the root last.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.levels.iter().rev().flatten().chain(std::iter::once(&self.root))
    }
}

/// One walk through an image; no manifest is read twice.
struct Walk<'a> {
    source: &'a dyn Source,
    seen: HashSet<Digest>,
    /// The bytes of all manifests read.
    bytes: usize,
}

impl<'a> Walk<'a> {
    fn new(source: &'a dyn Source) -> Self {
        Self { source, seen: HashSet::new(), bytes: 0 }
    }

    /// Reads all that lies below `root`, a level at a time.
    async fn descend(&mut self, root: Manifest) -> Result<ImageGraph> {
        self.seen.insert(root.digest().clone());
        let mut levels: Vec<Vec<Manifest>> = Vec::new();
        loop {
            let above = levels.last().map_or(std::slice::from_ref(&root), Vec::as_slice);
            let below: Vec<Descriptor> =
                above.iter().flat_map(Manifest::children).cloned().collect();
            if below.is_empty() {
                return Ok(ImageGraph { root, picked_from: None, levels, attached: Vec::new() });
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

    fn weigh(&mut self, manifest: &Manifest) -> Result<()> {
        self.bytes += manifest.bytes().len();
        if self.bytes > MAX_MEBIBYTES << 20 {
            return Err(self.too_large(format!("{MAX_MEBIBYTES} MiB of manifests")));
        }
        Ok(())
    }

    fn too_large(&self, limit: String) -> Error {
        Error::TooLarge { place: self.source.place(), limit }
    }

    /// Finds what refers to the manifests of `graph`, and what refers to that.
    async fn attach(&mut self, graph: &mut ImageGraph) -> Result<()> {
        let mut subjects: Vec<Digest> = graph.manifests().map(|m| m.digest().clone()).collect();
        for _ in 0..MAX_DEPTH {
            let mut found = Vec::new();
            for subject in &subjects {
                for (manifest, name) in self.referring(subject).await? {
                    let attached = self.descend(manifest).await?;
                    found.extend(attached.manifests().map(|m| m.digest().clone()));
                    graph.attached.push((attached, name));
                }
            }
            if found.is_empty() {
                return Ok(());
            }
            subjects = found;
        }
        Err(self.too_large(format!("{MAX_DEPTH} levels of referrers")))
    }

    /// What refers to `subject` and has not been read yet.
    async fn referring(&mut self, subject: &Digest) -> Result<Vec<(Manifest, Option<RefName>)>> {
        let mut listed = self.source.referrers(subject).await?;
        listed.retain(|entry| media_types::READABLE.contains(&entry.media_type.as_ref()));
        let manifests = self.read(&listed).await?;
        let mut found: Vec<_> = manifests.into_iter().map(|manifest| (manifest, None)).collect();
        for suffix in ["sig", "att", "sbom"] {
            let text = format!("{}-{}.{suffix}", subject.algorithm().as_str(), subject.hex());
            let Ok(name) = text.parse::<RefName>() else { continue };
            match self.source.manifest(&Reference::Name(name.clone())).await {
                Ok(manifest) if self.seen.insert(manifest.digest().clone()) => {
                    self.weigh(&manifest)?;
                    found.push((manifest, Some(name)));
                }
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }
}
