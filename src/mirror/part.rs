//! The part of a mirror that one shard makes: what goes to the repositories, layouts and folders that are its own.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::plan::{Lock, State};
use super::{Line, Mapping};
use crate::model::Endpoint;
use crate::shard::{Part, Shard, Share, Unit, unit_of};

/// What an image weighs beside the bytes of its blobs: about what moves in the time of the requests for it, which are two
/// where it is there, and some more than a dozen where it is not.
fn weight(state: State) -> u64 {
    match state {
        State::Present => 1 << 20,
        State::New | State::Moved => 8 << 20,
    }
}

/// What a shard makes, and how much of all that is, counted at destinations.
#[derive(Clone, Debug)]
pub struct Parted<T> {
    /// What it makes.
    pub own: T,
    /// How much that is.
    pub share: Share,
}

/// The part of `lines` that `shard` makes. It follows from the lines alone, whichever tags there are by now: each weighs
/// the same.
#[must_use]
pub fn part_of_lines(lines: Vec<Line>, shard: Shard) -> Parted<Vec<Line>> {
    let part = Part::of(shard, units(lines.iter().flat_map(|line| &line.destinations)));
    keep(lines, &part, |line| &mut line.destinations)
}

/// Those of `mappings` that are in `part`.
#[must_use]
pub fn part_of_mappings(mappings: Vec<Mapping>, part: &Part) -> Parted<Vec<Mapping>> {
    keep(mappings, part, |mapping| &mut mapping.destinations)
}

/// A unit for each of `endpoints`, all of one weight.
pub fn units<'a>(endpoints: impl IntoIterator<Item = &'a Endpoint>) -> impl Iterator<Item = Unit> {
    endpoints.into_iter().map(|endpoint| Unit::new(unit_of(endpoint), 1))
}

fn keep<T>(
    mut things: Vec<T>,
    part: &Part,
    destinations: impl Fn(&mut T) -> &mut Vec<Endpoint>,
) -> Parted<Vec<T>> {
    let (mut own, mut all) = (0, 0);
    things.retain_mut(|thing| {
        let destinations = destinations(thing);
        all += destinations.len();
        destinations.retain(|destination| part.owns(destination));
        own += destinations.len();
        !destinations.is_empty()
    });
    Parted { own: things, share: Share { shard: part.shard(), own, all } }
}

impl Lock {
    /// The destinations of this plan, each by the bytes that are copied there, and so much for each of its images as the
    /// requests for it take.
    #[must_use]
    pub fn units(&self) -> Vec<Unit> {
        let names = self.images.iter().flat_map(|image| &image.destinations);
        let mut weights: BTreeMap<String, u64> = BTreeMap::new();
        for destination in names {
            *weights.entry(unit_of(&destination.name)).or_default() += weight(destination.state);
        }
        for place in &self.places {
            if let Some(weight) = weights.get_mut(&place.place) {
                *weight = weight.saturating_add(place.sums.copy.bytes);
            }
        }
        weights.into_iter().map(|(name, weight)| Unit { name, weight }).collect()
    }

    /// The part of this plan that `shard` carries out. Its sums stay those of the whole.
    #[must_use]
    pub fn part(mut self, shard: Shard) -> Parted<Self> {
        let part = Part::of(shard, self.units());
        let (mut own, mut all) = (0, 0);
        let mut foreign = HashSet::new();
        for image in &mut self.images {
            all += image.destinations.len();
            for place in image.destinations.extract_if(.., |place| !part.owns(&place.name)) {
                foreign.insert(unit_of(&place.name));
            }
            own += image.destinations.len();
        }
        self.images.retain(|image| !image.destinations.is_empty());
        self.give_up(&foreign);
        Parted { own: self, share: Share { shard, own, all } }
    }

    /// Forgets places that others write to, and blobs that were to be mounted from where those are still to bring them.
    fn give_up(&mut self, foreign: &HashSet<String>) {
        let mut awaited: HashMap<String, HashSet<_>> = HashMap::new();
        for place in self.places.extract_if(.., |place| foreign.contains(&place.place)) {
            awaited.insert(place.place, place.copy.into_iter().collect());
        }
        for place in &mut self.places {
            place.mount.retain(|blob, from| {
                !awaited.get(&from.to_string()).is_some_and(|copied| copied.contains(blob))
            });
        }
    }
}
