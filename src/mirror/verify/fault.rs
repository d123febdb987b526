//! What can be wrong with what a mirror holds.

use crate::model::{Digest, RefName, media_types};
use crate::store;

/// What is wrong with one thing.
#[derive(Debug)]
pub enum Fault {
    /// It is not there.
    Missing,
    /// Its bytes are not those that the digest names.
    Damaged {
        /// The digest that they have.
        found: Digest,
    },
    /// It has more or fewer bytes than what points to it says.
    Size {
        /// What is said.
        expected: u64,
        /// What is there, or so much of it at least.
        found: u64,
    },
    /// It is there, and what it refers to does not list it.
    Unlisted,
    /// It is a manifest that cannot be used.
    Unusable(store::Error),
    /// Whether something is wrong could not be found out.
    Unchecked(store::Error),
}

impl From<store::Error> for Fault {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound { .. } | store::Error::Missing { .. } => Self::Missing,
            store::Error::Digest { found, .. } => Self::Damaged { found },
            store::Error::Size { expected, found, .. } => Self::Size { expected, found },
            store::Error::Manifest { .. } => Self::Unusable(error),
            other => Self::Unchecked(other),
        }
    }
}

/// What a fault is found in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A name that leads nowhere.
    Name,
    /// A manifest.
    Manifest(Digest),
    /// A blob.
    Blob(Digest),
    /// The list of what refers to a manifest.
    Referrers(Digest),
}

/// Something that is wrong, and what suffers from it.
#[derive(Debug)]
pub struct Finding {
    /// What it is found in.
    pub subject: Subject,
    /// What is wrong.
    pub fault: Fault,
    /// The names that lead there, sorted, the first of them; none where the walk began with a digest.
    pub names: Vec<RefName>,
    /// How many more there are.
    pub more_names: usize,
    /// The manifests that point to it.
    pub holders: Vec<Digest>,
}

/// Whether the content of a list of referrers is one that can be read.
pub(super) fn is_readable(media_type: &str) -> bool {
    media_types::READABLE.contains(&media_type)
}
