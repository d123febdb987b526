//! What can go wrong with a store.

use std::path::{Path, PathBuf};

use super::bundle::BundleError;
use crate::model::{Digest, ManifestError, ReferenceError};

/// The cause of an error of another layer.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The result of asking a store.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong with a store. Each says what was wanted and where; the cause is its source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image or blob is not there.
    #[error("{what} is not in {place}")]
    NotFound {
        /// What was looked for: `tag v1`, `blob sha256:…`.
        what: String,
        /// Where.
        place: String,
        /// What the place itself said of it.
        #[source]
        source: Option<Cause>,
    },
    /// The file or folder is not there.
    #[error("there is no file or folder {}", path.display())]
    Missing {
        /// The file or folder.
        path: PathBuf,
    },
    /// The bytes are not those that the digest names.
    #[error("blob {expected} from {place} is damaged: its bytes have the digest {found}")]
    Digest {
        /// The digest asked for.
        expected: Digest,
        /// The digest of what came.
        found: Digest,
        /// Where it came from.
        place: String,
    },
    /// More or fewer bytes than the descriptor names.
    #[error("blob {digest} from {place} has {found} bytes where its descriptor says {expected}")]
    Size {
        /// The blob.
        digest: Digest,
        /// The size its descriptor names.
        expected: u64,
        /// The number of bytes seen, at least.
        found: u64,
        /// Where it came from.
        place: String,
    },
    /// The manifest cannot be used.
    #[error("the manifest {reference} from {place} cannot be used")]
    Manifest {
        /// Which manifest.
        reference: String,
        /// Where it came from.
        place: String,
        /// What is wrong with it.
        #[source]
        source: ManifestError,
    },
    /// The name cannot be used here.
    #[error("the name cannot be used in {place}")]
    Name {
        /// Where.
        place: String,
        /// What is wrong with it.
        #[source]
        source: ReferenceError,
    },
    /// A name is needed to choose among several images.
    #[error("{place} holds {count} images: say which one, as in {place}:NAME")]
    Several {
        /// Where.
        place: String,
        /// How many.
        count: usize,
    },
    /// A file or folder is not what it should be.
    #[error("{place} is not {expected}")]
    NotA {
        /// The file or folder.
        place: String,
        /// `an OCI layout`, `a tar archive`.
        expected: &'static str,
        /// What was met.
        #[source]
        source: Option<Cause>,
    },
    /// A file is larger than anything of its kind has reason to be.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes that are read of such a file.
        limit: u64,
    },
    /// The operation does not exist for this kind of store.
    #[error("{place} {why}")]
    Unsupported {
        /// Where.
        place: String,
        /// A verb phrase: `holds one image only`.
        why: &'static str,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: `write`, `rename`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The place wants a login, or does not take the one it was given for this; told by the layer that asked.
    #[error(transparent)]
    Unauthorized(Cause),
    /// The place does not prove what it is, by TLS and a certificate that is trusted; told by the layer that asked.
    #[error(transparent)]
    Untrusted(Cause),
    /// Settings forbid the place; told by the layer that knows them.
    #[error(transparent)]
    Blocked(Cause),
    /// A bundle cannot be used as it is.
    #[error(transparent)]
    Bundle(Box<BundleError>),
    /// The place does not let go of what it has; told by the layer that asked.
    #[error(transparent)]
    Irremovable(Cause),
    /// An error of the layer that the store is made of, told by itself.
    #[error(transparent)]
    Backend(Cause),
}

impl Error {
    /// Wraps what the system said about a file.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Whether the bytes of a blob were other than its descriptor names.
    pub(crate) fn is_wrong_bytes(&self) -> bool {
        matches!(self, Self::Digest { .. } | Self::Size { .. })
    }

    /// Whether something was not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::Missing { .. })
    }
}
