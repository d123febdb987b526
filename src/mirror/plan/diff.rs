//! What tells two plans apart.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::{Amount, Lock, LockedImage};
use crate::model::{Digest, one_line};

/// The most characters of a name.
const WIDTH: usize = 500;

/// What a later plan has that an earlier one had not, and the other way round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Images, by source.
    pub images: Vec<ImageChange>,
    /// Blobs that only the later plan has.
    pub added: Amount,
    /// Blobs that only the earlier plan has.
    pub removed: Amount,
    /// What the earlier plan has to copy.
    pub copy_before: Amount,
    /// What the later plan has to copy.
    pub copy_after: Amount,
}

/// A change of one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum ImageChange {
    /// Only the later plan has it.
    Added {
        /// Its source, with the platforms picked.
        image: String,
        /// What it is.
        digest: Digest,
    },
    /// Only the earlier plan has it.
    Removed {
        /// Its source, with the platforms picked.
        image: String,
        /// What it was.
        digest: Digest,
    },
    /// Its source is another image.
    Moved {
        /// Its source, with the platforms picked.
        image: String,
        /// What it was.
        from: Digest,
        /// What it is.
        to: Digest,
    },
    /// Something else refers to it.
    Referrers {
        /// Its source, with the platforms picked.
        image: String,
        /// Referrers that only the later plan has.
        added: Vec<Digest>,
        /// Referrers that only the earlier plan has.
        removed: Vec<Digest>,
    },
    /// It goes elsewhere.
    Destinations {
        /// Its source, with the platforms picked.
        image: String,
        /// Places that only the later plan has.
        added: Vec<String>,
        /// Places that only the earlier plan has.
        removed: Vec<String>,
    },
}

impl Difference {
    /// What `after` has other than `before`. What destinations had is no difference.
    #[must_use]
    pub fn between(before: &Lock, after: &Lock) -> Self {
        let (old, new) = (by_source(before), by_source(after));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let mut images = Vec::new();
        for name in names {
            compare(name, old.get(name).copied(), new.get(name).copied(), &mut images);
        }
        Self {
            images,
            added: only(&after.blobs, &before.blobs),
            removed: only(&before.blobs, &after.blobs),
            copy_before: before.totals.blobs.copy,
            copy_after: after.totals.blobs.copy,
        }
    }
}

fn by_source(lock: &Lock) -> BTreeMap<String, &LockedImage> {
    lock.images.iter().map(|image| (image.label(), image)).collect()
}

impl LockedImage {
    /// Its source, with the platforms picked.
    #[must_use]
    pub fn label(&self) -> String {
        let platforms: Vec<String> = self.platforms.iter().map(ToString::to_string).collect();
        let source = one_line(&self.source.to_string(), WIDTH);
        match platforms.as_slice() {
            [] => source,
            platforms => format!("{source} ({})", platforms.join(", ")),
        }
    }
}

fn compare(
    name: &str,
    old: Option<&LockedImage>,
    new: Option<&LockedImage>,
    changes: &mut Vec<ImageChange>,
) {
    let image = || name.to_owned();
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (None, Some(new)) => {
            return changes.push(ImageChange::Added { image: image(), digest: new.digest.clone() });
        }
        (Some(old), None) => {
            let digest = old.digest.clone();
            return changes.push(ImageChange::Removed { image: image(), digest });
        }
        (None, None) => return,
    };
    if old.digest != new.digest {
        let (from, to) = (old.digest.clone(), new.digest.clone());
        changes.push(ImageChange::Moved { image: image(), from, to });
    } else if let Some((added, removed)) = apart(&referrers(old), &referrers(new)) {
        changes.push(ImageChange::Referrers { image: image(), added, removed });
    }
    if let Some((added, removed)) = apart(&destinations(old), &destinations(new)) {
        changes.push(ImageChange::Destinations { image: image(), added, removed });
    }
}

fn referrers(image: &LockedImage) -> BTreeSet<Digest> {
    image.referrers.iter().map(|referrer| referrer.digest.clone()).collect()
}

fn destinations(image: &LockedImage) -> BTreeSet<String> {
    image.destinations.iter().map(|destination| destination.name.to_string()).collect()
}

/// What only `new` has, and what only `old` has; `None` when they are the same.
fn apart<T: Ord + Clone>(old: &BTreeSet<T>, new: &BTreeSet<T>) -> Option<(Vec<T>, Vec<T>)> {
    let added: Vec<T> = new.difference(old).cloned().collect();
    let removed: Vec<T> = old.difference(new).cloned().collect();
    (!added.is_empty() || !removed.is_empty()).then_some((added, removed))
}

fn only(these: &BTreeMap<Digest, u64>, those: &BTreeMap<Digest, u64>) -> Amount {
    let mut amount = Amount::default();
    these
        .iter()
        .filter(|(digest, _)| !those.contains_key(digest))
        .for_each(|(_, size)| amount.add(*size));
    amount
}

impl fmt::Display for ImageChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { image, digest } => write!(f, "added    {image} {digest}"),
            Self::Removed { image, digest } => write!(f, "removed  {image} {digest}"),
            Self::Moved { image, from, to } => {
                write!(f, "moved    {image} {to} (before: {})", from.short())
            }
            Self::Referrers { image, added, removed } => write!(
                f,
                "changed  {image} (referrers: {} more, {} less)",
                added.len(),
                removed.len()
            ),
            Self::Destinations { image, added, removed } => {
                write!(f, "changed  {image} ({})", turns(added, removed))
            }
        }
    }
}

fn turns(added: &[String], removed: &[String]) -> String {
    let added = added.iter().map(|place| format!("also to {place}"));
    let removed = removed.iter().map(|place| format!("no more to {place}"));
    one_line(&added.chain(removed).collect::<Vec<_>>().join(", "), WIDTH)
}
