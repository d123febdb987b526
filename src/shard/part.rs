//! What one shard sees to.

use super::{Assignment, Shard, Unit, unit_of};
use crate::model::Endpoint;

/// What one shard sees to, where all shards know the same in advance.
#[derive(Clone, Debug)]
pub struct Part {
    shard: Shard,
    assignment: Assignment,
}

/// How much of all is a shard's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The shard.
    pub shard: Shard,
    /// How much is its own.
    pub own: usize,
    /// How much there is.
    pub all: usize,
}

impl Part {
    /// The part of `shard`. All shards have to be given the same units.
    #[must_use]
    pub fn of(shard: Shard, known: impl IntoIterator<Item = Unit>) -> Self {
        Self { shard, assignment: Assignment::of(known, shard.count()) }
    }

    /// The shard.
    #[must_use]
    pub fn shard(&self) -> Shard {
        self.shard
    }

    /// Whether an image at `endpoint` is in it.
    #[must_use]
    pub fn owns(&self, endpoint: &Endpoint) -> bool {
        self.shard.owns(&self.assignment, &unit_of(endpoint))
    }
}
