//! Whether a mirror is true: all that its names lead to is there and is what it should be, and the names are those of
//! its source.
//!
//! A repository is walked from its names over manifests to blobs. What is to be asked next and what the answers come to
//! is pure ([`survey`]); asking is in [`look`], many questions at once in [`walk`]. What the names should be is told by a
//! list ([`Expected`]) and compared without any question.

mod doubted;
mod expected;
mod fault;
mod look;
mod survey;
mod walk;

pub use doubted::Doubted;
pub use expected::{Difference, Expectation, Expected, ListError, compare, read_list};
pub use fault::{Fault, Finding, Subject};
pub use survey::{Counts, Scope, Surveyed};
pub use walk::{Depth, Observer, Proven, walk};
