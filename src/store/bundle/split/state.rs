//! What is known of the parts of a bundle that is being written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use super::format::{MAX_NUMBER, MemberName};
use super::lane::Lane;
use super::scan::Member;
use super::{Piece, Pieces, part_file};
use crate::model::Digest;

/// How many parts are written at once.
pub(super) const LANES: usize = 4;
/// How many may be unfinished: the others wait for those who go on with the blob at their end.
const MAX_UNFINISHED: usize = 2 * LANES;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) blobs: HashMap<Digest, Pieces>,
    /// Unfinished parts that nobody writes.
    pub(super) idle: Vec<Lane>,
    /// The numbers of those that somebody writes.
    pub(super) busy: BTreeSet<u32>,
    /// Finished parts, with their sums as far as they are known.
    pub(super) finished: BTreeMap<u32, Option<Digest>>,
}

/// Which part is written next.
pub(super) enum Choice {
    Take(Lane),
    /// There are enough unfinished parts, and this has the least room.
    Seal(Lane),
    New(u32),
}

impl State {
    /// `None` when all numbers are taken.
    pub(super) fn choose(&mut self, name: &MemberName, need: u64) -> Option<Choice> {
        let torn = self.idle.iter().filter(|lane| lane.torn.is_some()).count();
        let all = self.idle.len() + self.busy.len();
        let are_enough = all - torn >= LANES || all >= MAX_UNFINISHED;
        let fitting = self.idle.iter().enumerate().filter(|(_, lane)| {
            lane.room() >= need
                && (are_enough || lane.torn.as_ref().is_none_or(|torn| torn == name))
        });
        let best = fitting.min_by_key(|(_, lane)| {
            (lane.torn.as_ref() != Some(name), lane.torn.is_some(), lane.room())
        });
        if let Some((at, _)) = best {
            return Some(Choice::Take(self.take(at)));
        }
        let lanes = self.idle.iter().enumerate();
        match lanes.min_by_key(|(_, lane)| (lane.torn.is_some(), lane.room())) {
            Some((at, _)) if are_enough => Some(Choice::Seal(self.take(at))),
            _ => {
                let is_free =
                    |number: &u32| !self.finished.contains_key(number) && !self.is_written(*number);
                let number = (1..=MAX_NUMBER).find(is_free)?;
                self.busy.insert(number);
                Some(Choice::New(number))
            }
        }
    }

    fn is_written(&self, number: u32) -> bool {
        self.busy.contains(&number) || self.idle.iter().any(|lane| lane.head.number == number)
    }

    fn take(&mut self, at: usize) -> Lane {
        let lane = self.idle.swap_remove(at);
        self.busy.insert(lane.head.number);
        lane
    }

    pub(super) fn add(&mut self, dir: &Path, part: u32, member: Member) {
        let Member { name, start, size } = member;
        let piece = Piece { part, path: dir.join(part_file(part)).into(), start, size };
        let number = name.number();
        self.blobs.entry(name.digest).or_default().insert(number, piece);
    }

    /// Forgets a part, and all that is in it.
    pub(super) fn forget(&mut self, part: u32) {
        self.finished.remove(&part);
        for pieces in self.blobs.values_mut() {
            pieces.retain(|_, piece| piece.part != part);
        }
        self.blobs.retain(|_, pieces| !pieces.is_empty());
    }

    pub(super) fn known_sums(&self) -> Vec<(String, Digest)> {
        let known = self.finished.iter();
        known.filter_map(|(number, sum)| Some((part_file(*number), sum.clone()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_no_numbers_that_are_not_read() {
        let name = MemberName { digest: Digest::of(b"x"), piece: None };
        let finished = (1..MAX_NUMBER).map(|number| (number, None)).collect();
        let mut state = State { finished, ..State::default() };
        assert!(matches!(state.choose(&name, 1), Some(Choice::New(MAX_NUMBER))));
        assert!(state.choose(&name, 1).is_none());
    }
}
