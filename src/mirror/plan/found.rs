//! What was found out about an image before anything is decided.

use crate::model::{Endpoint, PlatformFilter, Repository};
use crate::transfer::{ImageGraph, Standing};

/// An image at its source, and how it stands at its destinations.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it is.
    pub source: Endpoint,
    /// Which platforms of an index are wanted; all when empty.
    pub platforms: Vec<PlatformFilter>,
    /// The repository on a registry, when the source is one.
    pub repository: Option<Repository>,
    /// All that it is made of.
    pub graph: ImageGraph,
    /// Where it goes.
    pub targets: Vec<FoundTarget>,
}

/// An image at a destination.
#[derive(Clone, Debug)]
pub struct FoundTarget {
    /// The destination, with the name that the image gets.
    pub destination: Endpoint,
    /// The repository, folder or file, as its store calls itself.
    pub place: String,
    /// The repository on a registry, when it is one.
    pub repository: Option<Repository>,
    /// What is there of the image.
    pub standing: Standing,
}
