//! What a mirror is going to do, as a value that can be kept, reviewed and carried out later: the [`Lock`].
//!
//! Asking is somebody else's business. Here is what follows from the answers: which bytes move, which blobs a registry
//! takes over from another of its repositories, what is there. Pure.

mod diff;
mod draft;
mod error;
mod estimate;
mod found;
mod lock;
mod moved;
#[cfg(test)]
mod tests;
mod text;

pub use diff::{Difference, ImageChange};
pub use draft::{Draft, Question};
pub use error::LockError;
pub use estimate::Speed;
pub use found::{Found, FoundTarget};
pub use lock::{
    Amount, Estimate, Images, Lock, LockedDestination, LockedImage, LockedManifest, LockedPlace,
    LockedReferrer, Requests, State, Sums, Totals,
};
pub use moved::{End, Moved};
