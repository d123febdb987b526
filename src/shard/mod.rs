//! Work that several machines share: which of them sees to which repository.
//!
//! A run is one [`Shard`] of so many. All of them read the same list of what is to be done, so each can tell the parts of
//! all by itself ([`Assignment`]), and they need no talk with each other. Where two read something else they do some work
//! twice, or leave some to the next run: what is addressed by its content can be brought twice without harm.
//!
//! Pure.

mod assignment;
mod part;
mod rendezvous;
mod shard_of;
mod unit;
mod wanted;

pub use assignment::Assignment;
pub use part::{Part, Share};
pub use shard_of::{Shard, ShardCount, ShardError};
pub use unit::{Unit, unit_of};
pub use wanted::{COMPLETION_INDEX, WantedShard};
