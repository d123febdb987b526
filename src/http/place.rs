//! Places: how many requests of a kind are under way at once with a registry.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Purpose;

/// The right to have one request under way.
///
/// A request that is given none takes one by itself and has it until its answer was read to the end or dropped. One
/// that goes out [at](super::Request::at) a place shares it, and needs to wait for no other: work of several requests
/// that must not be held up half-way, such as a download that goes on after a break while an upload waits for its
/// bytes, takes a place once and keeps it. The place is free again when all its clones and all answers that came at it
/// are dropped.
///
/// Nobody waits for each other in a circle as long as whoever holds an upload's place never waits for a download's:
/// take that first.
#[derive(Clone)]
pub struct Place(Arc<Held>);

struct Held {
    lane: Arc<Lane>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// What it is for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.0.lane.purpose
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a place for {:?}", self.purpose())
    }
}

/// All places for one kind of request to one registry.
pub(super) struct Lane {
    purpose: Purpose,
    places: Arc<Semaphore>,
}

impl Lane {
    pub(super) fn new(purpose: Purpose, limit: usize) -> Arc<Self> {
        Arc::new(Self { purpose, places: Arc::new(Semaphore::new(limit)) })
    }

    /// A place, as soon as one is free; who comes first gets it first.
    pub(super) async fn take(self: &Arc<Self>) -> Place {
        // The semaphore is never closed, so acquiring cannot fail.
        self.held(Arc::clone(&self.places).acquire_owned().await.ok())
    }

    /// A place, if one is free.
    pub(super) fn try_take(self: &Arc<Self>) -> Option<Place> {
        Arc::clone(&self.places).try_acquire_owned().ok().map(|permit| self.held(Some(permit)))
    }

    fn held(self: &Arc<Self>, permit: Option<OwnedSemaphorePermit>) -> Place {
        Place(Arc::new(Held { lane: Arc::clone(self), _permit: permit }))
    }
}
