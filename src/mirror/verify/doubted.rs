//! A place as verification found it, for those who repair it.
//!
//! The engine leaves alone what a place says that it has: who has a manifest has its blobs. That is what is in doubt
//! here. So no manifest is taken for granted, and no blob whose bytes were found to be wrong; other blobs are asked for
//! one by one. The engine does what it always does, with true answers.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{Descriptor, Digest, Manifest, RefName, Repository};
use crate::store::{Reference, Result, Sink, Source};

/// A sink of which it is known what is wrong there.
pub struct Doubted {
    sink: Arc<dyn Sink>,
    wrong: HashSet<Digest>,
}

impl Doubted {
    /// `sink`, where the blobs in `wrong` are there but are not what they should be.
    #[must_use]
    pub fn new(sink: Arc<dyn Sink>, wrong: HashSet<Digest>) -> Self {
        Self { sink, wrong }
    }
}

#[async_trait]
impl Sink for Doubted {
    fn place(&self) -> String {
        self.sink.place()
    }

    fn repository(&self) -> Option<&Repository> {
        self.sink.repository()
    }

    async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        if self.wrong.contains(&blob.digest) { Ok(false) } else { self.sink.has_blob(blob).await }
    }

    async fn mount_blob(&self, blob: &Descriptor, from: &Repository) -> Result<bool> {
        if self.wrong.contains(&blob.digest) {
            return Ok(false);
        }
        self.sink.mount_blob(blob, from).await
    }

    async fn put_blob(&self, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        self.sink.put_blob(blob, source).await
    }

    async fn manifest_digest(&self, _: &Reference) -> Result<Option<Digest>> {
        Ok(None)
    }

    async fn put_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        self.sink.put_manifest(manifest, name).await
    }

    async fn finish(&self) -> Result<()> {
        self.sink.finish().await
    }
}
