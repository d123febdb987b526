//! Sources as a plan has them: names mean what they meant when it was made, and what refers to an image is what did
//! then. What a source says otherwise is not asked for.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::plan::{Lock, LockedImage};
use crate::model::{Descriptor, Digest, Endpoint, Manifest, RefName, Repository};
use crate::store::{BlobStream, Error, Open, Reference, Result, Sink, Source};

/// Opens sources, pinned to what a plan says of them. One that it does not know is opened as it is.
pub struct PinnedSources {
    open: Arc<dyn Open>,
    pins: HashMap<Endpoint, Arc<Pins>>,
}

/// What a plan says of a source.
#[derive(Debug, Default)]
struct Pins {
    /// What it means without a name.
    digest: Option<Digest>,
    /// What refers to its manifests.
    referrers: HashMap<Digest, Vec<Descriptor>>,
    /// What its name means, and those of referrers that are found by name.
    names: HashMap<RefName, Digest>,
}

impl PinnedSources {
    /// The sources of `lock`, opened by `open`.
    #[must_use]
    pub fn new(open: Arc<dyn Open>, lock: &Lock) -> Self {
        let mut pins: HashMap<Endpoint, Pins> = HashMap::new();
        for image in &lock.images {
            pins.entry(image.source.clone()).or_default().add(image, lock);
        }
        Self { open, pins: pins.into_iter().map(|(name, pins)| (name, Arc::new(pins))).collect() }
    }
}

impl Pins {
    fn add(&mut self, image: &LockedImage, lock: &Lock) {
        match image.source.name() {
            Some(name) => self.names.insert(name, image.at_source().clone()),
            None => self.digest.replace(image.at_source().clone()),
        };
        for referrer in &image.referrers {
            let Some(manifest) = lock.manifests.get(&referrer.digest) else { continue };
            if let Some(tag) = &referrer.tag {
                self.names.insert(tag.clone(), referrer.digest.clone());
                continue;
            }
            let media_type = manifest.media_type.clone();
            let descriptor = Descriptor::new(media_type, referrer.digest.clone(), manifest.size);
            let listed = self.referrers.entry(referrer.subject.clone()).or_default();
            if !listed.contains(&descriptor) {
                listed.push(descriptor);
            }
        }
    }
}

#[async_trait]
impl Open for PinnedSources {
    async fn source(&self, endpoint: &Endpoint) -> Result<Arc<dyn Source>> {
        let source = self.open.source(endpoint).await?;
        Ok(match self.pins.get(endpoint) {
            Some(pins) => Arc::new(Pinned { source, pins: Arc::clone(pins) }),
            None => source,
        })
    }

    async fn sink(&self, endpoint: &Endpoint) -> Result<Arc<dyn Sink>> {
        self.open.sink(endpoint).await
    }
}

/// A source with its pins.
struct Pinned {
    source: Arc<dyn Source>,
    pins: Arc<Pins>,
}

impl Pinned {
    /// What `reference` meant when the plan was made.
    fn pinned(&self, reference: &Reference) -> Option<Digest> {
        match reference {
            Reference::Digest(digest) => Some(digest.clone()),
            Reference::Name(name) => self.pins.names.get(name).cloned(),
            Reference::Only => self.pins.digest.clone(),
        }
    }
}

#[async_trait]
impl Source for Pinned {
    fn place(&self) -> String {
        self.source.place()
    }

    fn repository(&self) -> Option<&Repository> {
        self.source.repository()
    }

    fn leaves_out(&self, manifest: &Digest) -> bool {
        self.source.leaves_out(manifest)
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest> {
        match self.pinned(reference) {
            Some(digest) => self.source.manifest(&Reference::Digest(digest)).await,
            None => {
                let (what, place) = (reference.to_string(), self.place());
                Err(Error::NotFound { what, place, source: None })
            }
        }
    }

    async fn digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        Ok(self.pinned(reference))
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        self.source.blob(blob, offset).await
    }

    async fn blob_at_once(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        self.source.blob_at_once(blob, offset).await
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        self.source.names().await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        Ok(self.pins.referrers.get(subject).cloned().unwrap_or_default())
    }
}
