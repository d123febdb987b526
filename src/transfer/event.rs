//! What the engine tells while it works.

use super::Outcome;
use crate::model::Digest;

/// One thing that happened. `image` numbers the images of a run from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An image is being looked at.
    ImageStarted {
        /// Which image.
        image: usize,
        /// Where it comes from.
        source: String,
        /// Where it goes.
        destination: String,
    },
    /// All that an image is made of is known.
    ImagePlanned {
        /// Which image.
        image: usize,
        /// How many blobs it has.
        blobs: usize,
        /// Their bytes.
        bytes: u64,
    },
    /// A blob is on its way.
    BlobStarted {
        /// Which image.
        image: usize,
        /// The blob.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
    },
    /// A blob is read from this offset on. What lies before was there, or has passed.
    BlobFrom {
        /// Which image.
        image: usize,
        /// The blob.
        digest: Digest,
        /// Bytes from the start.
        offset: u64,
    },
    /// So many bytes of a blob have passed, counted from its start; fewer than before when a part is sent again.
    BlobAt {
        /// Which image.
        image: usize,
        /// The blob.
        digest: Digest,
        /// Bytes from the start.
        offset: u64,
    },
    /// A blob is there.
    BlobDone {
        /// Which image.
        image: usize,
        /// The blob.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
        /// How it came there.
        outcome: BlobOutcome,
    },
    /// An image is there, whole and named; or it is not, and the report says why.
    ImageDone {
        /// Which image.
        image: usize,
        /// What was done; `None` when it failed.
        outcome: Option<Outcome>,
    },
    /// An image is not at its source, so there is nothing to do.
    ImageAbsent {
        /// Which image.
        image: usize,
    },
}

/// How a blob came to be at the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlobOutcome {
    /// Its bytes were moved.
    Copied,
    /// The registry took it over from another of its repositories.
    Mounted,
    /// It was there before.
    Present,
}

/// Someone who listens.
pub trait Observer: Send + Sync {
    /// Takes note of `event`. Called from many tasks at once; must not block.
    fn event(&self, event: &Event);
}

/// Nobody listens.
impl Observer for () {
    fn event(&self, _: &Event) {}
}
