//! The source as one destination sees it: its blobs may be read for others too, and somebody watches the bytes.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;

use super::tee::Reader;
use super::{Event, Observer};
use crate::model::{Descriptor, Digest, Manifest, RefName, Repository};
use crate::store::{BlobStream, Reference, Result, Source};

/// `source`, with [`Event::BlobFrom`] for each reading of a blob, and [`Event::BlobAt`] for each chunk.
pub(super) struct Feed {
    pub(super) source: Arc<dyn Source>,
    /// Where the blob is read together with others.
    pub(super) reader: Option<Reader>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) image: usize,
}

#[async_trait]
impl Source for Feed {
    fn place(&self) -> String {
        self.source.place()
    }

    fn repository(&self) -> Option<&Repository> {
        self.source.repository()
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest> {
        self.source.manifest(reference).await
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        let stream = match &self.reader {
            Some(reader) => reader.stream(offset).await?,
            None => self.source.blob(blob, offset).await?,
        };
        let observer = Arc::clone(&self.observer);
        let (image, digest, mut at) = (self.image, blob.digest.clone(), offset);
        observer.event(&Event::BlobFrom { image, digest: digest.clone(), offset });
        Ok(Box::pin(stream.inspect(move |chunk| {
            if let Ok(chunk) = chunk {
                at += chunk.len() as u64;
                observer.event(&Event::BlobAt { image, digest: digest.clone(), offset: at });
            }
        })))
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        self.source.names().await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        self.source.referrers(subject).await
    }
}
