//! Sinks that believe less of what is there: what makes a run do more than it has to.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Arrival, Open, Reference, Result, Sink, Source, Store};
use crate::model::{
    Descriptor, Digest, Endpoint, Manifest, RefName, Registry, Repository, RepositoryPath,
};

/// What a run does not make use of at its destinations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ignoring {
    /// Blobs in other repositories: none is mounted.
    Mounts,
    /// All that is there: it is put again.
    Everything,
    /// Manifests, and these blobs: they are put again. Who has a manifest has its blobs, and that is in doubt where some
    /// were found to be missing or wrong.
    Manifests(HashSet<Digest>),
}

impl Ignoring {
    fn blob(&self, digest: &Digest) -> bool {
        match self {
            Self::Mounts => false,
            Self::Everything => true,
            Self::Manifests(blobs) => blobs.contains(digest),
        }
    }

    fn mount(&self, digest: &Digest) -> bool {
        *self == Self::Mounts || self.blob(digest)
    }
}

/// Opens what `open` opens; its sinks do not tell of what is to be ignored.
pub struct Unaware {
    /// What opens the ends.
    pub open: Arc<dyn Open>,
    /// What its sinks keep to themselves.
    pub ignoring: Ignoring,
}

#[async_trait]
impl Open for Unaware {
    async fn source(&self, endpoint: &Endpoint) -> Result<Arc<dyn Source>> {
        self.open.source(endpoint).await
    }

    async fn sink(&self, endpoint: &Endpoint) -> Result<Arc<dyn Sink>> {
        let sink = self.open.sink(endpoint).await?;
        Ok(Arc::new(UnawareSink { sink, ignoring: self.ignoring.clone() }))
    }

    async fn store(&self, endpoint: &Endpoint) -> Result<Arc<dyn Store>> {
        self.open.store(endpoint).await
    }

    async fn repositories(
        &self,
        registry: &Registry,
        below: Option<&str>,
    ) -> Result<Vec<RepositoryPath>> {
        self.open.repositories(registry, below).await
    }
}

struct UnawareSink {
    sink: Arc<dyn Sink>,
    ignoring: Ignoring,
}

#[async_trait]
impl Sink for UnawareSink {
    fn place(&self) -> String {
        self.sink.place()
    }

    fn repository(&self) -> Option<&Repository> {
        self.sink.repository()
    }

    fn pool(&self) -> String {
        self.sink.pool()
    }

    fn record(&self, arrival: &Arrival) {
        self.sink.record(arrival);
    }

    async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        Ok(!self.ignoring.blob(&blob.digest) && self.sink.has_blob(blob).await?)
    }

    async fn mount_blob(&self, blob: &Descriptor, from: &Repository) -> Result<bool> {
        Ok(!self.ignoring.mount(&blob.digest) && self.sink.mount_blob(blob, from).await?)
    }

    async fn put_blob(&self, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        self.sink.put_blob(blob, source).await
    }

    async fn manifest_digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        match self.ignoring {
            Ignoring::Mounts => self.sink.manifest_digest(reference).await,
            Ignoring::Everything | Ignoring::Manifests(_) => Ok(None),
        }
    }

    fn holds_referrers(&self) -> bool {
        self.sink.holds_referrers()
    }

    async fn put_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        self.sink.put_manifest(manifest, name).await
    }

    async fn finish(&self) -> Result<()> {
        self.sink.finish().await
    }

    async fn give_up(&self) -> Result<()> {
        self.sink.give_up().await
    }
}
