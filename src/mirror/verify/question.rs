//! What a repository is asked, and what it answers.

use super::fault::Fault;
use crate::model::{Descriptor, Digest, RefName};

/// Something to ask a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Which names there are.
    Names,
    /// What a name points to.
    Name(RefName),
    /// The same of a name that need not be there: one of those by which cosign finds what belongs to a manifest.
    Perhaps(RefName, Digest),
    /// What the only image is.
    Only,
    /// What a manifest points to, and what refers to it.
    Manifest(Digest),
    /// Whether a blob is there.
    Blob(Box<Descriptor>),
}

/// What a manifest is found to be.
#[derive(Debug)]
pub(super) struct Read {
    /// Its bytes.
    pub(super) size: u64,
    /// The manifests in it.
    pub(super) children: Vec<Descriptor>,
    /// The blobs in it, without those that registries are not given.
    pub(super) blobs: Vec<Descriptor>,
    /// What names it as its subject.
    pub(super) referrers: Result<Vec<Descriptor>, Fault>,
}

/// The answer to a question.
#[derive(Debug)]
pub(super) enum Answer {
    Names(Vec<RefName>),
    Name(RefName, Result<Digest, Fault>),
    /// `None` when there is no such name, and need not be. The manifest is that which it belongs to.
    Perhaps(RefName, Digest, Result<Option<Digest>, Fault>),
    Only(Digest),
    Manifest(Digest, Result<Read, Fault>),
    Blob(Box<Descriptor>, Result<(), Fault>),
}
