//! A blob that places of one destination need, and how it comes to each of them.

use std::collections::BTreeMap;

use crate::model::{Descriptor, Endpoint, Repository};

/// A blob that is needed.
#[derive(Debug)]
pub(super) struct Need {
    pub(super) blob: Descriptor,
    /// The places that need it, by name.
    pub(super) places: BTreeMap<String, Needing>,
    /// A repository on the registry that an image comes from: it has the blob.
    pub(super) holder: Option<Repository>,
    /// The place that was found to have it.
    pub(super) found: Option<String>,
}

/// A place that needs a blob.
#[derive(Debug)]
pub(super) struct Needing {
    repository: Option<Repository>,
    /// The image that it is needed for; of several, the first by name.
    pub(super) source: String,
}

/// How a blob comes to a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way<'a> {
    /// Its bytes move.
    Copy,
    /// The registry takes it over from there.
    Mount(&'a Repository),
    /// It is there.
    Present,
}

impl Needing {
    /// Whether it is on a registry.
    pub(super) fn is_remote(&self) -> bool {
        self.repository.is_some()
    }
}

impl Need {
    pub(super) fn of(blob: Descriptor) -> Self {
        Self { blob, places: BTreeMap::new(), holder: None, found: None }
    }

    pub(super) fn add(&mut self, place: &str, source: &Endpoint, repository: Option<&Repository>) {
        let source = source.to_string();
        match self.places.get_mut(place) {
            Some(needing) => needing.source = std::mem::take(&mut needing.source).min(source),
            None => {
                let repository = repository.cloned();
                self.places.insert(place.to_owned(), Needing { repository, source });
            }
        }
    }

    /// Takes note of the repository that the blob comes from, if `to` can mount from it.
    pub(super) fn is_held_by(&mut self, from: Option<&Repository>, to: Option<&Repository>) {
        let (Some(from), Some(to)) = (from, to) else { return };
        if from.registry() == to.registry() {
            self.holder = self.holder.take().into_iter().chain([from.clone()]).min();
        }
    }

    /// How the blob comes to each place. Where nobody has it the first place gets its bytes, and the others mount it
    /// from there.
    pub(super) fn ways(&self) -> Vec<(&str, Way<'_>)> {
        let found = self.found.as_ref().and_then(|place| self.places.get(place));
        let mut holder = self.holder.as_ref().or(found.and_then(|place| place.repository.as_ref()));
        let mut ways = Vec::new();
        for (place, needing) in &self.places {
            let is_holder = needing.repository.is_some() && needing.repository.as_ref() == holder;
            let way = match holder {
                _ if is_holder || self.found.as_ref() == Some(place) => Way::Present,
                Some(holder) => Way::Mount(holder),
                None => {
                    holder = needing.repository.as_ref();
                    Way::Copy
                }
            };
            ways.push((place.as_str(), way));
        }
        ways
    }
}
