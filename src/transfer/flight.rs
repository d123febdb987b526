//! One writer at a time for each blob of a destination: whoever comes second finds the blob there, or mounts it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::model::{Digest, Repository};
use crate::store::Sink;

/// Where a blob is known to be.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    /// Places (as [`Sink::place`] tells them) that have the blob.
    places: Vec<String>,
    /// The first repository among them.
    repository: Option<Repository>,
}

impl Holders {
    /// Whether `sink` has the blob.
    pub(super) fn include(&self, sink: &dyn Sink) -> bool {
        self.places.contains(&sink.place())
    }

    /// A repository on the registry of `sink` that the blob can be mounted from.
    pub(super) fn repository(&self) -> Option<&Repository> {
        self.repository.as_ref()
    }

    /// Notes that `sink` has the blob now.
    pub(super) fn add(&mut self, sink: &dyn Sink) {
        self.places.push(sink.place());
        if self.repository.is_none() {
            self.repository = sink.repository().cloned();
        }
    }
}

/// The right to write a blob to a destination, with what is known of it there.
pub(super) type Flight = OwnedMutexGuard<Holders>;

/// The blobs of a run that have been written or are being written.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<(String, Digest), Shared>>);

type Shared = Arc<tokio::sync::Mutex<Holders>>;

impl Flights {
    /// Waits until no one else writes `digest` to the destination of `sink`.
    pub(super) async fn enter(&self, sink: &dyn Sink, digest: &Digest) -> Flight {
        self.of(sink, digest).lock_owned().await
    }

    /// Notes that `repository` has `digest`, so that others on its registry can mount it from there.
    pub(super) fn note(&self, digest: Digest, repository: Repository) {
        let key = (repository.registry().to_string(), digest);
        let holders = Holders { places: Vec::new(), repository: Some(repository) };
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flights.insert(key, Arc::new(tokio::sync::Mutex::new(holders)));
    }

    /// The same as [`Flights::enter`], without waiting; `None` when someone else writes it.
    pub(super) fn try_enter(&self, sink: &dyn Sink, digest: &Digest) -> Option<Flight> {
        self.of(sink, digest).try_lock_owned().ok()
    }

    fn of(&self, sink: &dyn Sink, digest: &Digest) -> Shared {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(flights.entry((sink.pool(), digest.clone())).or_default())
    }
}
