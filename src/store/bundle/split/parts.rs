//! All parts of a bundle being written: which blob is where, and who writes which part.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::format::{MemberName, PartHead};
use super::hold::Hold;
use super::lane::{Lane, partial_file};
use super::load::{self, Found};
use super::state::{Choice, LANES, State};
use super::{Pieces, SplitSize, bytes_in, part_file};
use crate::model::Digest;
use crate::store::bundle::marker;
use crate::store::file::Span;
use crate::store::{Error, Result, WriteOptions};

/// The parts of a bundle being written.
#[derive(Debug)]
pub(in crate::store::bundle) struct Parts {
    pub(super) dir: PathBuf,
    pub(super) split: SplitSize,
    pub(super) options: WriteOptions,
    pub(super) turns: Semaphore,
    /// `None` until somebody asks.
    state: Mutex<Option<State>>,
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
            let need = name.need(size, self.split);
            let choice = self.with(|state| Ok(state.choose(name, need)))?;
            match choice.ok_or_else(|| self.is_full())? {
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

    fn is_full(&self) -> Error {
        Error::Unsupported {
            place: format!("bundle:{}", self.dir.display()),
            why: "would have more than 999999 parts: parts have to be larger",
        }
    }

    /// Forgets the pieces of a blob that are not what they should be. The parts that they have for their own are removed.
    pub(super) fn discard(&self, digest: &Digest) -> Result<()> {
        let own = self.with(|state| {
            let pieces = state.blobs.remove(digest).unwrap_or_default();
            let others = state.blobs.values().flat_map(BTreeMap::values);
            let others: BTreeSet<u32> = others.map(|piece| piece.part).collect();
            let parts = pieces.into_values().map(|piece| piece.part);
            let is_own = |part: &u32| state.finished.contains_key(part) && !others.contains(part);
            Ok(parts.filter(is_own).collect::<Vec<u32>>())
        })?;
        own.into_iter().try_for_each(|part| self.remove(part))
    }

    fn hold(self: &Arc<Self>, lane: Lane) -> Hold {
        Hold { parts: Arc::clone(self), lane: Some(lane) }
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
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
