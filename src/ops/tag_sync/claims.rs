//! What each name at a target is to be, by all rules that were asked: it can be one image only.

use std::collections::HashMap;

use super::{Chosen, Unit};
use crate::model::{Digest, Endpoint, PlatformFilter};
use crate::tagsync::Rule;

/// An image that a rule wants under a name.
#[derive(Clone, Debug)]
struct Claim<'r> {
    image: Endpoint,
    digest: Digest,
    platforms: &'r [PlatformFilter],
}

impl Claim<'_> {
    fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest && self.platforms == other.platforms
    }
}

/// What is wanted under each name; where rules disagree, two images of them.
#[derive(Debug, Default)]
pub(super) struct Claims<'r> {
    first: HashMap<Endpoint, Claim<'r>>,
    second: HashMap<Endpoint, Endpoint>,
}

impl<'r> Claims<'r> {
    /// What all `units` want, whichever of them are to run.
    pub(super) fn of(units: &[(Unit, Chosen)], rules: &'r [Rule]) -> Self {
        let mut claims = Self::default();
        for (unit, chosen) in units {
            let rule = &rules[unit.rule];
            for (tag, digest) in &chosen.tags {
                let Ok(name) = rule.rename.apply(tag).map(Into::into) else { continue };
                let Ok(image) = unit.source.named(&tag.clone().into()) else { continue };
                let (digest, platforms) = (digest.clone(), rule.platforms.as_slice());
                let claim = Claim { image, digest, platforms };
                let places = unit.targets.iter().filter_map(|target| target.named(&name).ok());
                places.for_each(|place| claims.add(place, claim.clone()));
            }
        }
        claims
    }

    fn add(&mut self, place: Endpoint, claim: Claim<'r>) {
        match self.first.get(&place) {
            None => drop(self.first.insert(place, claim)),
            Some(first) if first.is_same(&claim) => {}
            // The first two by name, whichever came first.
            Some(first) => {
                let second = self.second.remove(&place);
                let mut images: Vec<Endpoint> = [first.image.clone(), claim.image.clone()].into();
                images.extend(second);
                images.sort_by_key(ToString::to_string);
                images.dedup();
                let smaller = images.first().is_some_and(|image| *image == claim.image);
                let second = images.get(1).cloned().unwrap_or_else(|| claim.image.clone());
                if smaller {
                    self.first.insert(place.clone(), claim);
                }
                self.second.insert(place, second);
            }
        }
    }

    /// Two images that both are wanted under the name `place`.
    pub(super) fn conflict(&self, place: &Endpoint) -> Option<(&Endpoint, &Endpoint)> {
        let second = self.second.get(place)?;
        Some((&self.first.get(place)?.image, second))
    }
}
