//! All parts of a bundle being written: which blob is where, and who writes which part.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::format::{MemberName, PartHead};
use super::lane::{Lane, partial_file};
use super::load::{self, Found};
use super::scan::Member;
use super::{Piece, Pieces, SplitSize, bytes_in, part_file};
use crate::model::{Digest, Hasher};
use crate::store::bundle::marker;
use crate::store::file::Span;
use crate::store::{Error, Result, WriteOptions};

/// How many parts are written at once.
pub(super) const LANES: usize = 4;
/// How many may be unfinished: the others wait for those who go on with the blob at their end.
const MAX_UNFINISHED: usize = 2 * LANES;

/// The parts of a bundle being written.
#[derive(Debug)]
pub(in crate::store::bundle) struct Parts {
    dir: PathBuf,
    pub(super) split: SplitSize,
    pub(super) options: WriteOptions,
    pub(super) turns: Semaphore,
    /// `None` until somebody asks.
    state: Mutex<Option<State>>,
}

#[derive(Debug, Default)]
struct State {
    blobs: HashMap<Digest, Pieces>,
    /// Unfinished parts that nobody writes.
    idle: Vec<Lane>,
    /// The numbers of those that somebody writes.
    busy: BTreeSet<u32>,
    /// Finished parts, with their sums as far as they are known.
    finished: BTreeMap<u32, Option<Digest>>,
}

/// An unfinished part in the hands of its writer.
#[derive(Debug)]
pub(super) struct Hold {
    parts: Arc<Parts>,
    lane: Option<Lane>,
}

enum Choice {
    Take(Lane),
    /// There are enough unfinished parts, and this has the least room.
    Seal(Lane),
    New(u32),
}

impl Parts {
    /// Those in `dir`.
    pub(in crate::store::bundle) fn new(
        dir: PathBuf,
        split: SplitSize,
        options: WriteOptions,
    ) -> Self {
        Self { dir, split, options, turns: Semaphore::new(LANES), state: Mutex::default() }
    }

    pub(in crate::store::bundle) fn split(&self) -> SplitSize {
        self.split
    }

    /// How many bytes there are of a blob.
    pub(in crate::store::bundle) fn size_of(&self, digest: &Digest) -> Result<Option<u64>> {
        self.with(|state| Ok(state.blobs.get(digest).map(bytes_in)))
    }

    /// Finishes all parts.
    pub(in crate::store::bundle) fn finish(self: &Arc<Self>) -> Result<()> {
        let idle = self.with(|state| {
            state.busy.extend(state.idle.iter().map(|lane| lane.head.number));
            Ok(std::mem::take(&mut state.idle))
        })?;
        for lane in idle {
            self.hold(lane).seal()?;
        }
        Ok(())
    }

    /// The finished parts in which there is no blob of those that are needed.
    pub(in crate::store::bundle) fn unneeded(
        &self,
        is_needed: &dyn Fn(&Digest) -> bool,
    ) -> Result<Vec<u32>> {
        self.with(|state| {
            let needed = state.blobs.iter().filter(|(digest, _)| is_needed(digest));
            let parts = needed.flat_map(|(_, pieces)| pieces.values().map(|piece| piece.part));
            let needed: BTreeSet<u32> = parts.collect();
            Ok(state.finished.keys().filter(|part| !needed.contains(part)).copied().collect())
        })
    }

    /// How many bytes there are of other blobs than those that are needed.
    pub(in crate::store::bundle) fn bytes_beside(
        &self,
        is_needed: &dyn Fn(&Digest) -> bool,
    ) -> Result<u64> {
        self.with(|state| {
            let others = state.blobs.iter().filter(|(digest, _)| !is_needed(digest));
            Ok(others.map(|(_, pieces)| bytes_in(pieces)).sum())
        })
    }

    /// Removes a finished part.
    pub(in crate::store::bundle) fn remove(&self, number: u32) -> Result<()> {
        let path = self.dir.join(part_file(number));
        self.with(|state| {
            state.forget(number);
            std::fs::remove_file(&path).map_err(Error::io("delete", &path))
        })
    }

    /// The sums of all finished parts, by their names. Parts are read whose sums are not known.
    pub(in crate::store::bundle) fn sums(&self) -> Result<Vec<(String, Digest)>> {
        self.with(|state| {
            for (number, sum) in state.finished.iter_mut().filter(|(_, sum)| sum.is_none()) {
                let path = self.dir.join(part_file(*number));
                let span = Span::open(&path)?.ok_or(Error::Missing { path })?;
                *sum = Some(span.sha256()?);
            }
            Ok(state.known_sums())
        })
    }

    /// Those sums that are known.
    pub(in crate::store::bundle) fn known_sums(&self) -> Result<Vec<(String, Digest)>> {
        self.with(|state| Ok(state.known_sums()))
    }

    /// The pieces of a blob.
    pub(super) fn pieces(&self, digest: &Digest) -> Result<Pieces> {
        self.with(|state| Ok(state.blobs.get(digest).cloned().unwrap_or_default()))
    }

    /// An unfinished part with room for a member, or with the begin of it.
    pub(super) fn hold_for(self: &Arc<Self>, name: &MemberName, size: u64) -> Result<Hold> {
        loop {
            match self.with(|state| Ok(state.choose(name, name.room(size))))? {
                Choice::Take(lane) => return Ok(self.hold(lane)),
                Choice::Seal(lane) => self.hold(lane).seal()?,
                Choice::New(number) => {
                    let head = PartHead { number, split: self.split };
                    let lane = Lane::create(&self.dir, head).inspect_err(|_| {
                        let _ = self.with(|state| Ok(state.busy.remove(&number)));
                    })?;
                    return Ok(self.hold(lane));
                }
            }
        }
    }

    /// Forgets a blob that is not what it should be. The parts that its pieces have for their own are removed.
    pub(super) fn discard(&self, digest: &Digest) -> Result<()> {
        let pieces = self.with(|state| Ok(state.blobs.remove(digest).unwrap_or_default()))?;
        pieces.values().try_for_each(|piece| self.remove(piece.part))
    }

    fn hold(self: &Arc<Self>, lane: Lane) -> Hold {
        Hold { parts: Arc::clone(self), lane: Some(lane) }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *state {
            Some(state) => act(state),
            unknown => act(unknown.insert(self.load()?)),
        }
    }

    /// What earlier writers left.
    fn load(&self) -> Result<State> {
        let mut state = State::default();
        let known = marker::known_sums(&self.dir)?;
        for found in load::files(&self.dir)? {
            match found {
                Found::Finished(number) => {
                    let path = self.dir.join(part_file(number));
                    for member in load::finished(&path, number)? {
                        state.add(&self.dir, number, member);
                    }
                    state.finished.insert(number, known.get(&part_file(number)).cloned());
                }
                Found::Unfinished(number) => self.take_over(&mut state, number)?,
            }
        }
        Ok(state)
    }

    /// Goes on with an unfinished part, or removes it when nothing in it is of use.
    fn take_over(&self, state: &mut State, number: u32) -> Result<()> {
        let path = self.dir.join(partial_file(number));
        let head = PartHead { number, split: self.split };
        let pieces = |digest: &Digest| state.blobs.get(digest).cloned().unwrap_or_default();
        match load::unfinished(path.clone(), head, self.options.resume, pieces)? {
            Some((lane, members)) if !state.finished.contains_key(&number) => {
                members.into_iter().for_each(|member| state.add(&self.dir, number, member));
                state.idle.push(lane);
                Ok(())
            }
            _ => std::fs::remove_file(&path).map_err(Error::io("delete", &path)),
        }
    }
}

impl State {
    fn choose(&mut self, name: &MemberName, need: u64) -> Choice {
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
            return Choice::Take(self.take(at));
        }
        let lanes = self.idle.iter().enumerate();
        match lanes.min_by_key(|(_, lane)| (lane.torn.is_some(), lane.room())) {
            Some((at, _)) if are_enough => Choice::Seal(self.take(at)),
            _ => {
                let is_free =
                    |number: &u32| !self.finished.contains_key(number) && !self.is_written(*number);
                let number = (1..).find(is_free).unwrap_or_default();
                self.busy.insert(number);
                Choice::New(number)
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

    fn add(&mut self, dir: &Path, part: u32, member: Member) {
        let Member { name, start, size } = member;
        let piece = Piece { part, path: dir.join(part_file(part)).into(), start, size };
        self.blobs.entry(name.digest).or_default().insert(name.piece.unwrap_or(1), piece);
    }

    /// Forgets a part, and all that is in it.
    fn forget(&mut self, part: u32) {
        self.finished.remove(&part);
        for pieces in self.blobs.values_mut() {
            pieces.retain(|_, piece| piece.part != part);
        }
        self.blobs.retain(|_, pieces| !pieces.is_empty());
    }

    fn known_sums(&self) -> Vec<(String, Digest)> {
        let known = self.finished.iter();
        known.filter_map(|(number, sum)| Some((part_file(*number), sum.clone()?))).collect()
    }
}

impl Hold {
    /// Begins the member, or goes on with it; see [`Lane::begin`].
    pub(super) fn begin(&mut self, name: MemberName, size: u64, blob: &mut Hasher) -> Result<u64> {
        self.lane.as_mut().map_or(Ok(0), |lane| lane.begin(name, size, blob))
    }

    /// Takes further bytes of the member. Tells how many belong to it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.lane.as_mut().map_or(Ok(0), |lane| lane.write(bytes))
    }

    /// Gives up what is there of a member.
    pub(super) fn give_up(&mut self) {
        if let Some(lane) = &mut self.lane {
            lane.give_up();
        }
    }

    /// Ends the member, which is part of its blob from now on.
    pub(super) fn complete(&mut self) -> Result<()> {
        let Some(lane) = &mut self.lane else { return Ok(()) };
        let (number, member) = (lane.head.number, lane.complete()?);
        if self.parts.options.durability == crate::store::Durability::Always {
            lane.sync(self.parts.options.durability)?;
        }
        self.parts.with(|state| {
            member.into_iter().for_each(|member| state.add(&self.parts.dir, number, member));
            Ok(())
        })
    }

    /// Finishes the part; one without members is removed. When that fails nothing counts that is in it: the next run
    /// looks what is there.
    pub(super) fn seal(mut self) -> Result<()> {
        let Some(mut lane) = self.lane.take() else { return Ok(()) };
        let number = lane.head.number;
        let sealed = self.parts.publish(&mut lane);
        self.parts.with(|state| {
            state.busy.remove(&number);
            if sealed.is_err() {
                state.forget(number);
                // Its file is still there.
                state.busy.insert(number);
            }
            Ok(())
        })?;
        sealed
    }
}

impl Parts {
    fn publish(&self, lane: &mut Lane) -> Result<()> {
        if lane.is_empty() {
            return std::fs::remove_file(&lane.path).map_err(Error::io("delete", &lane.path));
        }
        let (number, sum) = (lane.head.number, lane.seal(self.options.durability)?);
        self.with(|state| {
            state.finished.insert(number, Some(sum));
            marker::renew(&self.dir, self.options.durability, &state.known_sums())
        })?;
        let target = self.dir.join(part_file(number));
        std::fs::rename(&lane.path, &target).map_err(Error::io("rename a file to", &target))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Some(mut lane) = self.lane.take() else { return };
        lane.leave();
        let _ = self.parts.with(|state| {
            state.busy.remove(&lane.head.number);
            state.idle.push(lane);
            Ok(())
        });
    }
}
