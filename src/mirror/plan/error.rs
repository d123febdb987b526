//! Why a text is no plan.

use crate::model::{Digest, Endpoint};

use super::Lock;

/// Why a text is no plan that can be carried out. Lines and columns count from 1.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Not JSON, or JSON of another form.
    #[error("{file}:{}:{}: this is not a plan", source.line(), source.column())]
    Syntax {
        /// The file's name.
        file: String,
        /// What the parser met.
        #[source]
        source: serde_json::Error,
    },
    /// Written in another form.
    #[error(
        "{file} is a plan of version {found}, and this program reads version {}",
        Lock::VERSION
    )]
    Version {
        /// The file's name.
        file: String,
        /// What it says.
        found: u32,
    },
    /// One source stands for two digests.
    #[error("{file}: {image} is pinned to both {} and {}", digests.0, digests.1)]
    PinnedTwice {
        /// The file's name.
        file: String,
        /// The source.
        image: Box<Endpoint>,
        /// The digests.
        digests: Box<(Digest, Digest)>,
    },
    /// Two images go to one name.
    #[error("{file}: {name} is named as a destination twice")]
    NamedTwice {
        /// The file's name.
        file: String,
        /// The destination.
        name: Box<Endpoint>,
    },
    /// It names what it does not describe.
    #[error("{file}: {digest} is named and not described")]
    Loose {
        /// The file's name.
        file: String,
        /// The manifest or blob.
        digest: Digest,
    },
}
