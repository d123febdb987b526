//! What is not as it was when a plan was made.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::{Lock, LockedDestination};
use crate::model::Digest;

/// A name that means something else than it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// The name.
    pub image: String,
    /// At which end it is.
    pub end: End,
    /// What it meant; `None` when it was not there.
    pub planned: Option<Digest>,
    /// What it means now; `None` when it is not there.
    pub now: Option<Digest>,
}

/// One end of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// Where an image comes from.
    Source,
    /// Where it goes.
    Destination,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { image, planned, now, .. } = self;
        match (planned, now) {
            (Some(planned), Some(now)) => {
                write!(f, "{image} was {} and is {}", short(planned), short(now))
            }
            (Some(planned), None) => {
                write!(f, "{image} was {} and is not there any more", short(planned))
            }
            (None, Some(now)) => write!(f, "{image} was not there and is {}", short(now)),
            (None, None) => write!(f, "{image} is not there"),
        }
    }
}

fn short(digest: &Digest) -> String {
    format!("{}:{}", digest.algorithm().as_str(), digest.short())
}

impl LockedDestination {
    /// What has become of it when its name means `now`; nothing when that is what it meant, or is to mean: `planned`.
    #[must_use]
    pub fn moved(&self, planned: &Digest, now: Option<&Digest>) -> Option<Moved> {
        if now == self.had.as_ref() || now == Some(planned) {
            return None;
        }
        Some(Moved {
            image: self.name.to_string(),
            end: End::Destination,
            planned: self.had.clone(),
            now: now.cloned(),
        })
    }
}

impl Lock {
    /// The destinations of this plan that are not as it has them, as the plan `now` found them. Those that have the
    /// planned image by now are.
    #[must_use]
    pub fn moved(&self, now: &Self) -> Vec<Moved> {
        let found: HashMap<_, _> =
            now.destinations().map(|(digest, place)| (key(digest, place), place)).collect();
        let moved = self.destinations().filter_map(|(digest, place)| {
            let now = found.get(&key(digest, place))?;
            place.moved(digest, now.had.as_ref())
        });
        moved.collect()
    }

    /// All destinations, each with the digest that it is to have.
    fn destinations(&self) -> impl Iterator<Item = (&Digest, &LockedDestination)> {
        let images = self.images.iter();
        images.flat_map(|image| image.destinations.iter().map(|place| (&image.digest, place)))
    }
}

/// What no other destination of a plan has: the name, or where an image gets none, the place and the digest.
fn key(digest: &Digest, place: &LockedDestination) -> (String, Option<Digest>) {
    (place.name.to_string(), place.name.is_repository().then(|| digest.clone()))
}
