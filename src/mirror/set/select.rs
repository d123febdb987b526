//! From the images that a set wants to mappings.

use std::collections::HashMap;

use super::blocked::Blocked;
use super::{SetError, Wanted};
use crate::mirror::{Mapping, Root};
use crate::model::{Endpoint, one_line};

/// What becomes of a set below a root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// What is copied where, in the order of the set. One that is wanted twice is there once.
    pub mappings: Vec<Mapping>,
    /// The images that are blocked.
    pub blocked: Vec<BlockedImage>,
}

/// An image that is wanted and blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedImage {
    /// How the set names it.
    pub origin: String,
    /// The pattern that blocks it.
    pub pattern: String,
}

pub(super) fn select(
    wanted: &[Wanted],
    blocked: &Blocked,
    root: &Root,
) -> Result<Selection, SetError> {
    let mut selection = Selection::default();
    let mut firsts: HashMap<Endpoint, &Wanted> = HashMap::new();
    for image in wanted {
        let origin = one_line(&image.origin, 300);
        let destination = root.endpoint(&image.path, &image.tag).map_err(|source| {
            let (position, image) = (image.position.clone(), origin.clone());
            SetError::Destination { position, image, source }
        })?;
        if let Some(pattern) = blocked.by(&image.origin, &destination) {
            let pattern = one_line(pattern, 80);
            selection.blocked.push(BlockedImage { origin, pattern });
            continue;
        }
        let first = *firsts.entry(destination.clone()).or_insert(image);
        if std::ptr::eq(first, image) || !first.is_copied_as(image) {
            selection.mappings.push(Mapping {
                source: image.source.clone(),
                destinations: vec![destination],
                platforms: image.platforms.clone(),
                position: Some(image.position.clone()),
            });
        }
    }
    Ok(selection)
}
