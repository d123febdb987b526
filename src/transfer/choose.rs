//! Finds out which manifest of an image gets the name, and which manifests of an index are wanted.

use std::collections::HashSet;

use bytes::Bytes;

use super::resolve::{Attachments, Error, ImageGraph, Lists, Result, Selection, Walk};
use crate::model::{
    Content, Descriptor, Digest, Manifest, ManifestError, PlatformFilter, platform_text,
};
use crate::store::{Reference, Source};

/// The annotation by which an attestation in an index names its image (BuildKit).
const ATTESTED: &str = "vnd.docker.reference.digest";

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
    let given = source.manifest(reference).await.map_err(Error::of_image)?;
    let digest = given.digest().clone();
    let chosen = pick(source, given, selection)?;
    let picked_from = Some(digest).filter(|digest| digest != chosen.digest());
    Ok(Chosen { picked_from, ..chosen })
}

/// The manifest that gets the name.
pub(super) struct Chosen {
    root: Root,
    /// As in [`ImageGraph`].
    pub(super) picked_from: Option<Digest>,
    /// Where the root is an index of which not all is wanted: what is.
    part: Option<HashSet<Digest>>,
}

enum Root {
    Read(Box<Manifest>),
    /// A manifest in the index that was read.
    Child(Digest),
}

impl Chosen {
    fn of(root: Root) -> Self {
        Self { root, picked_from: None, part: None }
    }

    pub(super) fn digest(&self) -> &Digest {
        match &self.root {
            Root::Read(manifest) => manifest.digest(),
            Root::Child(digest) => digest,
        }
    }

    /// Whether the root alone says what is wanted.
    pub(super) fn is_whole(&self) -> bool {
        self.part.is_none()
    }

    async fn manifest(self, source: &dyn Source) -> Result<Manifest> {
        match self.root {
            Root::Read(manifest) => Ok(*manifest),
            Root::Child(digest) => Ok(source.manifest(&Reference::Digest(digest)).await?),
        }
    }

    /// Reads all that belongs to it.
    pub(super) async fn resolve(
        mut self,
        source: &dyn Source,
        attachments: Attachments,
    ) -> Result<ImageGraph> {
        let mut walk = Walk::new(source);
        let (picked_from, part) = (self.picked_from.take(), self.part.take());
        let root = self.manifest(source).await?;
        let unwanted = root
            .children()
            .iter()
            .filter(|child| part.as_ref().is_some_and(|part| !part.contains(&child.digest)));
        let left_out: HashSet<Digest> = unwanted.map(|child| child.digest.clone()).collect();
        let mut graph = walk.descend(root, &left_out).await?;
        graph.picked_from = picked_from;
        graph.left_out = left_out.len();
        if attachments != Attachments::None {
            walk.attach(&mut graph).await;
        }
        Ok(graph)
    }
}

/// What `selection` makes of the manifest `given`.
fn pick(source: &dyn Source, given: Manifest, selection: &Selection) -> Result<Chosen> {
    let Content::Index { manifests } = given.content() else {
        return Ok(Chosen::of(Root::Read(given.into())));
    };
    let platforms = &selection.platforms;
    if platforms.is_empty() {
        return Ok(as_held(source, given));
    }
    for wanted in platforms {
        if !manifests.iter().any(|child| wanted.picks(child)) {
            return Err(no_platform(source, wanted, manifests));
        }
    }
    let is_picked = |child: &&Descriptor| platforms.iter().any(|wanted| wanted.picks(child));
    let picked: HashSet<Digest> =
        manifests.iter().filter(is_picked).map(|child| child.digest.clone()).collect();
    let mut distinct = picked.iter();
    if let (Lists::Reduced, Some(only), None) = (selection.lists, distinct.next(), distinct.next())
    {
        return Ok(Chosen::of(Root::Child(only.clone())));
    }
    let part = with_attestations(&picked, manifests);
    if manifests.iter().all(|child| part.contains(&child.digest)) {
        return Ok(as_held(source, given));
    }
    match selection.lists {
        Lists::Kept => Ok(Chosen { part: Some(part), ..Chosen::of(Root::Read(given.into())) }),
        Lists::Reduced => Ok(Chosen::of(Root::Read(reduce(source, &given, &part)?.into()))),
    }
}

/// An index with all that the source has of it.
fn as_held(source: &dyn Source, index: Manifest) -> Chosen {
    let children = index.children().iter().map(|child| &child.digest);
    let (left_out, held): (Vec<&Digest>, Vec<&Digest>) =
        children.partition(|child| source.leaves_out(child));
    let part = (!left_out.is_empty()).then(|| held.into_iter().cloned().collect());
    Chosen { part, ..Chosen::of(Root::Read(index.into())) }
}

/// `picked` and what attests them.
fn with_attestations(picked: &HashSet<Digest>, manifests: &[Descriptor]) -> HashSet<Digest> {
    let attests = |child: &&Descriptor| {
        let attested = child.annotation(ATTESTED).and_then(|text| text.parse().ok());
        attested.is_some_and(|digest: Digest| picked.contains(&digest))
    };
    let attestations = manifests.iter().filter(attests).map(|child| child.digest.clone());
    picked.iter().cloned().chain(attestations).collect()
}

/// The index with only these manifests. What the original says otherwise is kept.
fn reduce(source: &dyn Source, root: &Manifest, part: &HashSet<Digest>) -> Result<Manifest> {
    let digests: HashSet<&str> = part.iter().map(Digest::as_str).collect();
    let is_wanted = |child: &serde_json::Value| {
        child.get("digest").and_then(|digest| digest.as_str()).is_some_and(|d| digests.contains(d))
    };
    let fail = |cause| Error::Reduce { place: source.place(), source: cause };
    let media_type = root.media_type().to_string();
    let parse = |source| fail(ManifestError::Parse { media_type: media_type.clone(), source });
    let mut json: serde_json::Value = serde_json::from_slice(root.bytes()).map_err(parse)?;
    if let Some(children) = json.get_mut("manifests").and_then(serde_json::Value::as_array_mut) {
        children.retain(is_wanted);
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
