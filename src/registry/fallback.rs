//! An image that several places hold: mirrors in their order, then the place itself (containers-registries.conf(5)),
//! or the search registries of a short name.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;

use super::Remote;
use crate::model::{Descriptor, Digest, Manifest, RefName, Repository};
use crate::store::{BlobStream, Error, Mark, Names, Reference, Result, Source};

/// Places to ask for an image. The first that gives the manifest asked for first gives all the rest too, so that one
/// image never comes from two places.
pub struct Fallback {
    /// Two at least.
    places: Vec<Remote>,
    chosen: OnceLock<usize>,
}

impl Fallback {
    /// A source over `places`, one at least, in the order in which to ask them. One alone needs no choice.
    #[must_use]
    pub fn over(mut places: Vec<Remote>) -> Arc<dyn Source> {
        match places.len() {
            1 => Arc::new(places.remove(0)),
            _ => Arc::new(Self { places, chosen: OnceLock::new() }),
        }
    }

    /// The place that was chosen; while none is, the last one: the image's own.
    fn current(&self) -> &Remote {
        &self.places[self.chosen.get().copied().unwrap_or(self.places.len() - 1)]
    }

    async fn choose(&self, reference: &Reference) -> Result<Manifest> {
        for (index, place) in self.places.iter().enumerate() {
            match place.manifest(reference).await {
                Ok(manifest) => {
                    // Of two who choose at once, the first decides.
                    let _ = self.chosen.set(index);
                    return Ok(manifest);
                }
                Err(error) if index + 1 == self.places.len() => return Err(error),
                Err(error) => tell(&error),
            }
        }
        Err(Error::NotFound { what: reference.to_string(), place: self.place(), source: None })
    }

    /// The digest at the first place that has `reference`, which is chosen with it.
    async fn choose_by_digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        for (index, place) in self.places.iter().enumerate() {
            match Source::digest(place, reference).await {
                Ok(Some(digest)) => {
                    let _ = self.chosen.set(index);
                    return Ok(Some(digest));
                }
                Ok(None) => {}
                Err(error) if index + 1 == self.places.len() => return Err(error),
                Err(error) => tell(&error),
            }
        }
        Ok(None)
    }
}

fn tell(error: &Error) {
    let cause =
        std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    tracing::info!("{error}{cause}; asking the next place");
}

#[async_trait]
impl Source for Fallback {
    fn place(&self) -> String {
        Source::place(self.current())
    }

    fn repository(&self) -> Option<&Repository> {
        self.current().repository()
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest> {
        match self.chosen.get() {
            Some(_) => self.current().manifest(reference).await,
            None => self.choose(reference).await,
        }
    }

    async fn digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        match self.chosen.get() {
            Some(_) => Source::digest(self.current(), reference).await,
            None => self.choose_by_digest(reference).await,
        }
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        self.current().blob(blob, offset).await
    }

    async fn blob_at_once(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        self.current().blob_at_once(blob, offset).await
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        self.current().names().await
    }

    async fn listing(&self, mark: Option<&Mark>) -> Result<Names> {
        self.current().listing(mark).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        self.current().referrers(subject).await
    }
}
