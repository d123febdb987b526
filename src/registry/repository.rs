//! A repository as a store.

use async_trait::async_trait;

use super::Remote;
use crate::http::Purpose;
use crate::model::{Descriptor, Digest, Manifest, RefName, Repository};
use crate::store::{BlobStream, Mark, Names, Reference, Result, Sink, Source, Store};

#[async_trait]
impl Source for Remote {
    fn place(&self) -> String {
        self.place()
    }

    fn repository(&self) -> Option<&Repository> {
        Some(&self.inner.name)
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest> {
        self.get_manifest(reference).await
    }

    async fn digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        self.head_manifest(reference, self.pull()).await
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        self.download(blob, offset, self.client().slot(Purpose::Download)).await
    }

    async fn blob_at_once(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        let slot = self.client().slot_at_once(Purpose::Download);
        self.download(blob, offset, std::future::ready(slot)).await
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        self.tags().await
    }

    async fn listing(&self, mark: Option<&Mark>) -> Result<Names> {
        self.list(mark).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        self.list_referrers(subject).await
    }
}

#[async_trait]
impl Store for Remote {
    async fn blob_size(&self, blob: &Descriptor) -> Result<Option<u64>> {
        self.head_blob(blob, self.pull()).await
    }

    async fn remove_manifest(&self, digest: &Digest) -> Result<bool> {
        if_there(self.delete_manifest(digest).await)
    }

    async fn remove_name(&self, name: &RefName) -> Result<bool> {
        match name.to_tag() {
            Ok(tag) => if_there(self.delete_tag(&tag).await),
            Err(_) => Ok(false),
        }
    }
}

/// Whether there was something to remove.
fn if_there(removed: Result<()>) -> Result<bool> {
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl Sink for Remote {
    fn place(&self) -> String {
        self.place()
    }

    fn repository(&self) -> Option<&Repository> {
        Some(&self.inner.name)
    }

    /// It is asked with the permission to write: some registries make a repository when that is first asked for.
    async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        Ok(self.head_blob(blob, self.push()).await? == Some(blob.size))
    }

    async fn mount_blob(&self, blob: &Descriptor, from: &Repository) -> Result<bool> {
        self.mount(blob, from).await
    }

    async fn put_blob(&self, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        self.upload(blob, source).await
    }

    /// It is asked with the permission to write, as for blobs: some registries make a repository when that is first
    /// asked for.
    async fn manifest_digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        self.head_manifest(reference, self.push()).await
    }

    async fn put_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        self.write_manifest(manifest, name).await
    }

    /// Nothing to do: each request is durable by itself.
    async fn finish(&self) -> Result<()> {
        Ok(())
    }
}
