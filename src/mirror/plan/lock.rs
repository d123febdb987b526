//! The lock file: a plan as it is kept. All lists and tables have an order of their own, so that two plans differ where
//! what they mean does.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{LockError, text};
use crate::model::{Digest, Endpoint, MediaType, PlatformFilter, RefName, Repository};
use crate::transfer::{Attachments, Lists};

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lock {
    /// The form of this document: [`Lock::VERSION`].
    pub version: u32,
    /// Of which images what refers to them goes along.
    pub referrers: Attachments,
    /// Whether an index of which only some images are wanted stays as it is, without the others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sparse: bool,
    /// All images, by source.
    pub images: Vec<LockedImage>,
    /// Every manifest that belongs to an image, with those that refer to it.
    pub manifests: BTreeMap<Digest, LockedManifest>,
    /// Every blob that a manifest names and that is not left elsewhere, with its size in bytes.
    pub blobs: BTreeMap<Digest, u64>,
    /// What is to be done at each repository, folder or file, by its name.
    pub places: Vec<LockedPlace>,
    /// The sums.
    pub totals: Totals,
}

impl Lock {
    /// The form that is written and read here.
    pub const VERSION: u32 = 1;

    /// What becomes of an index of which only some images are wanted.
    #[must_use]
    pub fn lists(&self) -> Lists {
        if self.sparse { Lists::Kept } else { Lists::Reduced }
    }
}

/// An image and where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedImage {
    /// Where it is.
    #[serde(with = "text")]
    pub source: Endpoint,
    /// The digest that its destinations get.
    pub digest: Digest,
    /// The digest at the source, where platforms are picked from an index and it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picked_from: Option<Digest>,
    /// The platforms picked; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "text::platforms")]
    pub platforms: Vec<PlatformFilter>,
    /// What refers to it and goes along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub referrers: Vec<LockedReferrer>,
    /// Where it goes, by name.
    pub destinations: Vec<LockedDestination>,
}

impl LockedImage {
    /// The digest that the source's name means.
    #[must_use]
    pub fn at_source(&self) -> &Digest {
        self.picked_from.as_ref().unwrap_or(&self.digest)
    }
}

/// A manifest that refers to an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedReferrer {
    /// What it refers to.
    pub subject: Digest,
    /// Its own digest.
    pub digest: Digest,
    /// The name that it needs to be found (cosign).
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text::optional")]
    pub tag: Option<RefName>,
}

/// A place that an image goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedDestination {
    /// The place, with the name that the image gets there.
    #[serde(with = "text")]
    pub name: Endpoint,
    /// How the image stands there.
    pub state: State,
    /// The digest that the name means there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub had: Option<Digest>,
}

/// How an image stands at a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The name is not there.
    New,
    /// The name means another image.
    Moved,
    /// The name means this image.
    Present,
}

/// What is kept of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedManifest {
    /// Its type.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub size: u64,
    /// The manifests of an index that are wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<Digest>,
    /// Its blobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<Digest>,
    /// Layers that stay where their descriptors say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<Digest>,
}

/// What is to be done at a repository, folder or file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedPlace {
    /// Its name.
    pub place: String,
    /// Blobs whose bytes move.
    pub copy: Vec<Digest>,
    /// Blobs that the registry takes over, each from this repository.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "text::table")]
    pub mount: BTreeMap<Digest, Repository>,
    /// How much that is, and what is there already.
    pub sums: Sums,
}

/// How many blobs go which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sums {
    /// Their bytes move.
    pub copy: Amount,
    /// The registry takes them over from another of its repositories.
    pub mount: Amount,
    /// They are there.
    pub present: Amount,
}

/// Blobs and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Amount {
    /// How many.
    pub blobs: u64,
    /// The bytes of all of them.
    pub bytes: u64,
}

impl Amount {
    pub(super) fn add(&mut self, bytes: u64) {
        self.blobs += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn plus(self, other: Self) -> Self {
        Self {
            blobs: self.blobs.saturating_add(other.blobs),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

impl Sums {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            copy: self.copy.plus(other.copy),
            mount: self.mount.plus(other.mount),
            present: self.present.plus(other.present),
        }
    }
}

/// The sums of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Totals {
    /// Images, each counted at each of its destinations.
    pub images: Images,
    /// Blobs over all places.
    pub blobs: Sums,
    /// Requests that carrying it out takes, when nothing fails, large blobs come over one connection, and mounts succeed.
    pub requests: Requests,
    /// Bytes that are written to disks of this machine.
    pub disk: u64,
    /// How long it takes.
    pub estimate: Estimate,
}

/// How images stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Images {
    /// Names that are not there.
    pub new: u64,
    /// Names that mean another image.
    pub moved: u64,
    /// Names that mean the image.
    pub present: u64,
}

/// Requests to registries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requests {
    /// To those that images come from.
    pub sources: u64,
    /// To those that they go to.
    pub destinations: u64,
}

/// A time, and what it is reckoned with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Estimate {
    /// The time.
    pub seconds: u64,
    /// How many bytes are taken to move in a second.
    pub bytes_per_second: u64,
    /// How many requests are taken to be answered in a second.
    pub requests_per_second: u64,
}

impl Lock {
    /// Reads the text of the file called `file`.
    ///
    /// # Errors
    /// When it is no plan of this version, or one that contradicts itself.
    pub fn parse(file: &str, text: &[u8]) -> Result<Self, LockError> {
        let syntax = |source| LockError::Syntax { file: file.to_owned(), source };
        let Versioned { version } = serde_json::from_slice(text).map_err(syntax)?;
        if version != Self::VERSION {
            return Err(LockError::Version { file: file.to_owned(), found: version });
        }
        let lock: Self = serde_json::from_slice(text).map_err(syntax)?;
        lock.check(file)?;
        Ok(lock)
    }

    /// The text of its file.
    ///
    /// # Panics
    /// Never: every plan can be written.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "all keys are texts, and nothing here fails to serialize"
    )]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a plan is JSON");
        text.push('\n');
        text
    }

    /// Refuses what cannot be carried out as it stands.
    fn check(&self, file: &str) -> Result<(), LockError> {
        let file = || file.to_owned();
        let mut pinned: BTreeMap<String, &LockedImage> = BTreeMap::new();
        let mut named = BTreeSet::new();
        for image in &self.images {
            let other = pinned.insert(image.source.to_string(), image);
            if let Some(other) = other.filter(|other| other.at_source() != image.at_source()) {
                let digests = (other.at_source().clone(), image.at_source().clone());
                let (image, digests) = (Box::new(image.source.clone()), Box::new(digests));
                return Err(LockError::PinnedTwice { file: file(), image, digests });
            }
            for LockedDestination { name, .. } in &image.destinations {
                let nameless = name.is_repository().then(|| image.digest.clone());
                if !named.insert((name.to_string(), nameless)) {
                    let name = Box::new(name.clone());
                    return Err(LockError::NamedTwice { file: file(), name });
                }
            }
        }
        match self.loose() {
            Some(digest) => Err(LockError::Loose { file: file(), digest: digest.clone() }),
            None => Ok(()),
        }
    }

    /// A manifest or blob that is named and not described.
    fn loose(&self) -> Option<&Digest> {
        let images = self.images.iter();
        let roots = images.flat_map(|image| {
            let referrers = image.referrers.iter().map(|referrer| &referrer.digest);
            std::iter::once(&image.digest).chain(referrers)
        });
        let children = self.manifests.values().flat_map(|manifest| &manifest.manifests);
        let mut manifests = roots.chain(children);
        let lost = manifests.find(|digest| !self.manifests.contains_key(digest));
        let named = self.manifests.values().flat_map(|manifest| &manifest.blobs);
        let moved =
            self.places.iter().flat_map(|place| place.copy.iter().chain(place.mount.keys()));
        lost.or_else(|| named.chain(moved).find(|digest| !self.blobs.contains_key(digest)))
    }
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}
