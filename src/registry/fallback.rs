//! A repository that several registries hold: mirrors in their order, then the primary (containers-registries.conf(5)).

use std::sync::OnceLock;

use async_trait::async_trait;

use super::Remote;
use crate::model::{Descriptor, Digest, Manifest, RefName, Repository};
use crate::store::{BlobStream, Error, Reference, Result, Source};

/// Places that hold the same images. The first that gives the manifest asked for first gives all the rest too, so
/// that one image never comes from two places.
pub struct Fallback {
    name: Repository,
    candidates: Vec<Candidate>,
    chosen: OnceLock<usize>,
}

/// One of the places.
pub struct Candidate {
    /// The place.
    pub remote: Remote,
    /// Which references it may be asked for.
    pub serves: Serves,
}

/// Which references a mirror may be asked for (`pull-from-mirror`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    /// All.
    All,
    /// Digests only.
    Digests,
    /// Tags only.
    Tags,
}

impl Serves {
    fn includes(self, reference: &Reference) -> bool {
        match (self, reference) {
            (Self::All, _) => true,
            (Self::Digests, reference) => matches!(reference, Reference::Digest(_)),
            (Self::Tags, reference) => matches!(reference, Reference::Name(_)),
        }
    }
}

impl Fallback {
    /// The repository that the user calls `name`, at `mirrors` in their order and at last at `primary`.
    #[must_use]
    pub fn new(name: Repository, mirrors: Vec<Candidate>, primary: Remote) -> Self {
        let mut candidates = mirrors;
        candidates.push(Candidate { remote: primary, serves: Serves::All });
        Self { name, candidates, chosen: OnceLock::new() }
    }

    /// The place that was chosen, or the primary while none is.
    fn current(&self) -> &Remote {
        let index = self.chosen.get().copied().unwrap_or(self.candidates.len() - 1);
        &self.candidates[index].remote
    }

    async fn choose(&self, reference: &Reference) -> Result<Manifest> {
        let mut last = None;
        for (index, candidate) in self.candidates.iter().enumerate() {
            if !candidate.serves.includes(reference) {
                continue;
            }
            if let Some(error) = last.take() {
                told(&error);
            }
            match candidate.remote.manifest(reference).await {
                Ok(manifest) => {
                    // Whoever comes second keeps what the first chose.
                    let _ = self.chosen.set(index);
                    return Ok(manifest);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::NotFound {
            what: reference.to_string(),
            place: self.name.to_string(),
            source: None,
        }))
    }
}

fn told(error: &Error) {
    let cause =
        std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    tracing::info!("{error}{cause}; asking the next place");
}

#[async_trait]
impl Source for Fallback {
    fn place(&self) -> String {
        self.name.to_string()
    }

    fn repository(&self) -> Option<&Repository> {
        Some(&self.name)
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest> {
        match self.chosen.get() {
            Some(_) => self.current().manifest(reference).await,
            None => self.choose(reference).await,
        }
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        self.current().blob(blob, offset).await
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        self.current().names().await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        self.current().referrers(subject).await
    }
}
