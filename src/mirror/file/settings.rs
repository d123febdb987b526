//! What a mirror file says of all its images.

use crate::mirror::{Position, Root};
use crate::model::PlatformFilter;

/// A value, and where a file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// The value.
    pub value: T,
    /// The place.
    pub position: Position,
}

/// What holds where neither an image nor the command line says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Where images go that name no destination.
    pub root: Option<Said<Root>>,
    /// Which platforms of an index are wanted.
    pub platforms: Option<Said<Vec<PlatformFilter>>>,
    /// Whether what refers to an image goes along.
    pub referrers: Option<Said<bool>>,
}
