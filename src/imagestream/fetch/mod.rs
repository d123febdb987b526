//! Asks registries for what an import names, and fills in its status.
//!
//! - One image that fails is told in its status and stops no other. Up to 16 are asked for at once; how requests are
//!   retried, and how many go to one registry, is the transport's.
//! - **Few requests.** One tag without history is read at once; one with a history, and one of several, is asked for its
//!   digest (HEAD), and nothing more when the image of that digest is known. A manifest and a configuration are read
//!   once, however many tags point to them. Of an index of which a tag keeps one image, the index is known too, so that its digest says
//!   which image that is. A known digest that an import names is asked for by HEAD as well: the answer tells whether
//!   it can still be had.
//! - **Names.** The reference that is recorded is the one that was typed, made digest-specific, whichever mirror served
//!   it. Mirrors and blocked places of `registries.conf` are honoured by who opens the source.
//!
//! Source: openshift-apiserver, `pkg/image/apiserver/importer/importer.go`. Where it differs from that: each image has
//! its own `insecure`, not that of the first of its repository; the platform that a tag prefers counts for digests and
//! whole repositories too; «not found» is one answer, whether a registry misses the manifest or the repository.

mod choice;
mod job;
mod once;
mod reference;
mod run;
mod trouble;

use std::sync::Arc;

use async_trait::async_trait;

use self::reference::Named;
use self::run::Run;
use super::ImageStream;
use super::api::{
    Image, ImageStreamImportSpec, ImageStreamImportStatus, ImportPolicy, Status, Time,
};
use crate::model::{ImageRef, ReferenceError};
use crate::store::Open;

/// Where the image is that a stream calls `reference`.
///
/// # Errors
/// When that is no reference.
pub fn locate(reference: &str) -> Result<ImageRef, ReferenceError> {
    Named::parse(reference).map(|named| named.image)
}

/// What opens the places that images are fetched from.
#[derive(Clone)]
pub struct Registries {
    /// For what has a trusted certificate.
    pub verified: Arc<dyn Open>,
    /// For what an import calls insecure: it may lack one, or TLS.
    pub insecure: Arc<dyn Open>,
}

impl Registries {
    fn of(&self, policy: &ImportPolicy) -> &dyn Open {
        if policy.insecure { self.insecure.as_ref() } else { self.verified.as_ref() }
    }
}

/// The images that are known already.
#[async_trait]
pub trait Known: Send + Sync {
    /// The image of this digest. One that cannot be read is not known: it is fetched again.
    async fn image(&self, digest: &str) -> Option<Image>;
}

/// Is told how a fetch goes on. Nobody has to listen: `()` does not.
pub trait Observer: Send + Sync {
    /// So many more images will be asked for.
    fn planned(&self, _images: usize) {}

    /// What came of one of them.
    fn fetched(&self, _image: &str, _status: &Status) {}
}

impl Observer for () {}

/// How an import is fetched.
pub struct Fetcher<'a> {
    /// Where from.
    pub registries: &'a Registries,
    /// What need not be fetched.
    pub known: &'a dyn Known,
    /// Who is told.
    pub observer: &'a dyn Observer,
    /// How many tags of a repository are imported at most; all without one.
    pub limit: Option<usize>,
    /// The time of the import.
    pub now: Time,
}

/// What came of it.
#[derive(Debug)]
pub struct Fetched {
    /// The answer.
    pub status: ImageStreamImportStatus,
    /// All images that were not known, those that no tag points to included.
    pub new: Vec<Image>,
}

impl Fetcher<'_> {
    /// Asks for all that `spec` names, for `stream` when it is there.
    pub async fn fetch(
        &self,
        spec: &ImageStreamImportSpec,
        stream: Option<&ImageStream>,
    ) -> Fetched {
        Run::new(self, spec, stream).fetch().await
    }
}
