//! Whether a mirror is true: all that its names lead to is there and is what it should be, and the names are those of
//! its source.
//!
//! A repository is walked from its names over manifests to blobs. What is to be asked next and what the answers come to
//! is pure ([`survey`]); asking is in [`look`], many questions at once in [`walk`]. What the names should be is told by its
//! source, a list or a plan ([`Expected`]) and compared without any question.

mod expected;
mod fault;
mod listed;
mod look;
mod question;
mod scope;
mod survey;
mod walk;

pub use expected::{Difference, Expected, compare};
pub use fault::{Fault, Finding, Subject};
pub use listed::{Listed, ListedReferrer, Origin, read_list};
pub use scope::{Names, Root, Scope};
pub use survey::{Counts, Surveyed};
pub use walk::{Depth, Observer, Proven, walk};
