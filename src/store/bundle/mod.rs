//! Bundles: images in a folder that is carried over an air gap.
//!
//! A bundle is an OCI image layout, readable by any tool that knows those, with two files beside it:
//!
//! - `bundle.json` tells what it is made of: the images with their names below the root of their destination, where
//!   they came from, the blobs that it holds, and those that it presumes to be at the destination ([`Contents`]).
//! - `SHA256SUMS` has the sum of every file, in the form of `sha256sum -c`; `SHA256SUMS.sig` is its signature, if it is
//!   signed.
//!
//! Both are written last. While a bundle is being written it holds `bundle.unfinished`, and nothing is read from it.
//! Its blobs may be in tar files of a certain size instead of in its layout (`split`); manifests stay where they are.
//! A bundle has repositories as a registry has: each is a store of its own, and they share their blobs.

mod contents;
mod marker;
mod reader;
mod receipt;
mod sign;
mod split;
mod sums;
mod survey;
mod verify;
mod writer;

pub use contents::{BundledImage, Contents, FarRepository, HeldBlob, PresumedBlob};
pub use reader::BundleReader;
pub use receipt::{Base, Inventory, Receipt, ReceiptError};
pub use sign::{KeyError, SigningKey, VerifyingKey};
pub use split::{SplitSize, SplitSizeError};
pub use writer::BundleWriter;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::Span;
use super::{Cause, Result};
use crate::model::Digest;

/// How bundles are written.
#[derive(Clone, Debug, Default)]
pub struct BundleOptions {
    /// What they leave out.
    pub base: Arc<Base>,
    /// Who signs them.
    pub signer: Option<Arc<SigningKey>>,
    /// How large the tar files are that their blobs go to, if they do.
    pub split: Option<SplitSize>,
}

const BUNDLE_FILE: &str = "bundle.json";
const SUMS_FILE: &str = "SHA256SUMS";
const SIGNATURE_FILE: &str = "SHA256SUMS.sig";
/// Says that a bundle is being written.
const MARKER_FILE: &str = "bundle.unfinished";

/// The most bytes that are read of `bundle.json` or `SHA256SUMS`: room for more blobs than any set has.
const MAX_FILE: u64 = 128 * 1024 * 1024;

/// What is wrong with a bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Whoever wrote it was stopped before the end.
    #[error("bundle:{} is not finished", dir.display())]
    Unfinished {
        /// Its folder.
        dir: PathBuf,
    },
    /// A file that says what is in it cannot be used.
    #[error("{} cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Cause,
    },
    /// Its files are not those that were written.
    #[error("bundle:{} is damaged", dir.display())]
    Damaged {
        /// Its folder.
        dir: PathBuf,
        /// What is wrong, a line each.
        problems: Vec<String>,
    },
    /// An image is without a blob that an earlier run presumed at the destination, or without a manifest that got lost.
    #[error("{image} in bundle:{} lacks blob {blob}", dir.display())]
    Lacks {
        /// The folder of the bundle.
        dir: PathBuf,
        /// The image.
        image: String,
        /// The blob.
        blob: Digest,
    },
    /// It is not signed by whom it has to be.
    #[error("bundle:{} {why}", dir.display())]
    Signature {
        /// Its folder.
        dir: PathBuf,
        /// A verb phrase: `is not signed`.
        why: &'static str,
    },
    /// It has parts of another size than they were to have.
    #[error("bundle:{} has {is}, and cannot have {wanted}", dir.display())]
    Split {
        /// Its folder.
        dir: PathBuf,
        /// What it has: `parts of 4GiB`, `no parts`.
        is: String,
        /// What was asked for.
        wanted: String,
    },
    /// Another process is at work on it.
    #[error("bundle:{} is being written by another process", dir.display())]
    Busy {
        /// Its folder.
        dir: PathBuf,
    },
}

impl From<BundleError> for super::Error {
    fn from(error: BundleError) -> Self {
        Self::Bundle(Box::new(error))
    }
}

/// Whether a folder holds a bundle, finished or not.
#[must_use]
pub fn is_at(dir: &Path) -> bool {
    [BUNDLE_FILE, MARKER_FILE].iter().any(|name| dir.join(name).exists())
}

/// All of a small file; `None` when there is none.
fn read_small(path: &Path) -> Result<Option<bytes::Bytes>> {
    Span::open(path)?.map(|span| span.read(MAX_FILE)).transpose()
}

fn unusable(path: PathBuf, source: impl Into<Cause>) -> super::Error {
    BundleError::File { path, source: source.into() }.into()
}
