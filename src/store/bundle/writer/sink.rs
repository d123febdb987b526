//! One repository of a bundle that is being written.

use std::sync::Arc;

use async_trait::async_trait;

use super::BundleWriter;
use crate::model::{
    Descriptor, Digest, Endpoint, ImagePath, Manifest, RefName, Repository, RepositoryPath,
};
use crate::store::file::blocking;
use crate::store::{Arrival, Error, Reference, Result, Sink, Source};

/// One repository of a bundle.
#[derive(Clone)]
pub(super) struct BundleSink {
    pub(super) bundle: Arc<BundleWriter>,
    pub(super) repository: RepositoryPath,
}

impl BundleSink {
    /// What the bundle's layout calls an image of this repository.
    fn full_name(&self, name: &RefName) -> Result<RefName> {
        let unusable = |source| Error::Name { place: self.place(), source };
        format!("{}:{name}", self.repository).parse().map_err(unusable)
    }

    fn put(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        let bundle = &self.bundle;
        let name = name.map(|name| self.full_name(name)).transpose()?;
        for blob in manifest.blobs().filter(|blob| !blob.is_foreign()) {
            if !bundle.has(blob)? && !bundle.presumes(&blob.digest) {
                let (what, place) = (format!("blob {}", blob.digest), self.place());
                return Err(Error::NotFound { what, place, source: None });
            }
        }
        bundle.unfinish()?;
        bundle.layout.keep_manifest(manifest, name.as_ref())
    }
}

#[async_trait]
impl Sink for BundleSink {
    fn place(&self) -> String {
        format!("bundle:{}:{}", self.bundle.dir.display(), self.repository)
    }

    fn pool(&self) -> String {
        format!("bundle:{}", self.bundle.dir.display())
    }

    async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        let (bundle, wanted) = (Arc::clone(&self.bundle), blob.clone());
        let is_there = blocking(move || bundle.has(&wanted)).await?;
        Ok(is_there || self.bundle.presumes(&blob.digest))
    }

    async fn mount_blob(&self, _: &Descriptor, _: &Repository) -> Result<bool> {
        Ok(false)
    }

    async fn put_blob(&self, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        let bundle = Arc::clone(&self.bundle);
        blocking(move || bundle.unfinish()).await?;
        match &self.bundle.parts {
            Some(parts) => parts.put(blob, source).await,
            None => self.bundle.layout.put_blob(blob, source).await,
        }
    }

    async fn manifest_digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        let reference = match reference {
            Reference::Name(name) => Reference::Name(self.full_name(name)?),
            other => other.clone(),
        };
        let Some(digest) = self.bundle.layout.manifest_digest(&reference).await? else {
            return Ok(None);
        };
        let sink = self.clone();
        let is_whole =
            move || sink.bundle.is_whole(&sink.repository, &digest).map(|is| is.then_some(digest));
        blocking(is_whole).await
    }

    async fn put_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        let (sink, manifest, name) = (self.clone(), manifest.clone(), name.cloned());
        blocking(move || sink.put(&manifest, name.as_ref())).await
    }

    fn record(&self, arrival: &Arrival) {
        if let Endpoint::Bundle { name: Some(name), .. } = &arrival.destination {
            let digest = name.tag.is_none().then(|| arrival.digest.clone());
            let name = ImagePath { digest, ..name.clone() };
            self.bundle.state().arrivals.push((name, arrival.clone()));
        }
    }

    async fn finish(&self) -> Result<()> {
        self.bundle.layout.finish().await?;
        let bundle = Arc::clone(&self.bundle);
        blocking(move || bundle.finish()).await
    }

    async fn give_up(&self) -> Result<()> {
        let bundle = Arc::clone(&self.bundle);
        blocking(move || bundle.give_up()).await
    }
}
