//! Slots: how many requests of a kind are under way at once with a registry.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Purpose;
use super::rate::RateLimiter;
use super::tuner::{Epoch, Measure, Tuner};

/// The right to have one request under way.
///
/// A request that is given none takes one by itself and has it until its answer was read to the end or dropped. One
/// that goes out [in a slot](super::Request::in_slot) shares it, and needs to wait for no other: work of several requests
/// that must not be held up half-way, such as a download that goes on after a break while an upload waits for its
/// bytes, takes a slot once and keeps it. The slot is free again when all its clones and all answers that came in it
/// are dropped.
///
/// Nobody waits for each other in a circle as long as whoever holds an upload's slot never waits for a download's:
/// take that first.
#[derive(Clone)]
pub struct Slot(Arc<Held>);

struct Held {
    lane: Arc<Lane>,
    /// None for one that is beyond those that there should be.
    permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// What it is for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.lane().purpose
    }

    pub(super) fn lane(&self) -> &Arc<Lane> {
        &self.0.lane
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a slot for {:?}", self.purpose())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.lane.leave(self.permit.take());
    }
}

/// All slots for one kind of request to one registry, and how many there should be.
pub(super) struct Lane {
    purpose: Purpose,
    measure: Measure,
    limiter: RateLimiter,
    slots: Arc<Semaphore>,
    state: Mutex<State>,
}

struct State {
    tuner: Tuner,
    epoch: Epoch,
    /// How many slots there are, taken or free. It is more than the limit while those that are too many are taken.
    slots: usize,
    taken: usize,
    waiting: usize,
    /// When the limit was halved last.
    halved: Option<Instant>,
}

/// Somebody who waits for a slot.
struct Waiting<'a>(&'a Lane);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

impl Lane {
    pub(super) fn new(
        purpose: Purpose,
        measure: Measure,
        cap: usize,
        limiter: RateLimiter,
    ) -> Arc<Self> {
        let tuner = Tuner::new(measure.start, cap);
        let limit = tuner.limit();
        let epoch = Epoch::begin(Instant::now());
        let state = State { tuner, epoch, slots: limit, taken: 0, waiting: 0, halved: None };
        let slots = Arc::new(Semaphore::new(limit));
        Arc::new(Self { purpose, measure, limiter, slots, state: Mutex::new(state) })
    }

    /// What keeps its bytes to the rates given.
    pub(super) fn limiter(&self) -> &RateLimiter {
        &self.limiter
    }

    /// A slot, as soon as one is free; who comes first gets it first.
    pub(super) async fn take(self: &Arc<Self>) -> Slot {
        if let Some(slot) = self.try_take() {
            return slot;
        }
        self.state().waiting += 1;
        let waiting = Waiting(self);
        // The semaphore is never closed, so acquiring cannot fail.
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok();
        drop(waiting);
        self.enter(permit)
    }

    /// A slot, if one is free.
    pub(super) fn try_take(self: &Arc<Self>) -> Option<Slot> {
        let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() else {
            self.state().epoch.want();
            return None;
        };
        let mut state = self.state();
        if state.taken == 0 {
            // Nothing is learnt from the time when there was nothing to do.
            state.epoch = Epoch::begin(Instant::now());
        }
        drop(state);
        Some(self.enter(Some(permit)))
    }

    /// A slot in any case: one more than there are, where none is free.
    pub(super) fn take_at_once(self: &Arc<Self>) -> Slot {
        self.try_take().unwrap_or_else(|| {
            self.state().slots += 1;
            self.enter(None)
        })
    }

    fn enter(self: &Arc<Self>, permit: Option<OwnedSemaphorePermit>) -> Slot {
        self.state().taken += 1;
        Slot(Arc::new(Held { lane: Arc::clone(self), permit }))
    }

    fn leave(&self, permit: Option<OwnedSemaphorePermit>) {
        let mut state = self.state();
        state.taken -= 1;
        if state.slots > state.tuner.limit() {
            state.slots -= 1;
            permit.into_iter().for_each(OwnedSemaphorePermit::forget);
        } else if permit.is_none() {
            // There is room for it by now.
            self.slots.add_permits(1);
        }
        self.work(&mut state, self.measure.request);
    }

    /// Takes note of bytes that came or went in one of its slots.
    pub(super) fn moved(&self, bytes: usize) {
        self.work(&mut self.state(), bytes as u64 * self.measure.byte);
    }

    /// Takes note that the registry is hard pressed. Requests that were sent before the limit was halved last, or at
    /// that time, say nothing new.
    pub(super) fn pressed(&self, sent: Instant) {
        let mut state = self.state();
        if state.halved.is_some_and(|halved| sent <= halved) {
            return;
        }
        let now = Instant::now();
        state.halved = Some(now);
        state.epoch = Epoch::begin(now);
        let limit = state.tuner.pressed();
        tracing::debug!("{:?}: {limit} at once from now on", self.purpose);
        self.resize(&mut state);
    }

    fn work(&self, state: &mut State, work: u64) {
        state.epoch.add(work);
        if state.waiting > 0 {
            state.epoch.want();
        }
        let (now, before) = (Instant::now(), state.tuner.limit());
        let Some(sample) = state.epoch.sample(now, before, &self.measure) else { return };
        state.epoch = Epoch::begin(now);
        let limit = state.tuner.after(sample);
        if limit != before {
            tracing::debug!("{:?}: {limit} at once, after {before}", self.purpose);
            self.resize(state);
        }
    }

    /// Makes or takes away slots, as far as they are free; the others go when they are left.
    fn resize(&self, state: &mut State) {
        let limit = state.tuner.limit();
        if limit > state.slots {
            self.slots.add_permits(limit - state.slots);
            state.slots = limit;
        } else {
            state.slots -= self.slots.forget_permits(state.slots - limit);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::tuner::METADATA;

    fn lane(cap: usize) -> Arc<Lane> {
        Lane::new(Purpose::Metadata, METADATA, cap, RateLimiter::default())
    }

    fn fill(lane: &Arc<Lane>) -> Vec<Slot> {
        std::iter::from_fn(|| lane.try_take()).collect()
    }

    #[test]
    fn slots_that_are_too_many_go_when_they_are_left() {
        let lane = lane(8);
        let mut held = fill(&lane);
        assert_eq!(held.len(), 8);
        lane.pressed(Instant::now());
        assert!(lane.try_take().is_none());
        held.truncate(4);
        assert!(lane.try_take().is_none());
        held.truncate(3);
        assert_eq!(fill(&lane).len(), 1);
        held.clear();
        assert_eq!(fill(&lane).len(), 4);
    }

    #[test]
    fn what_was_sent_before_a_halving_halves_nothing_more() {
        let lane = lane(8);
        let sent = Instant::now();
        lane.pressed(sent);
        lane.pressed(sent);
        assert_eq!(fill(&lane).len(), 4);
        lane.pressed(Instant::now());
        assert_eq!(fill(&lane).len(), 2);
    }

    #[tokio::test]
    async fn a_lane_that_is_full_becomes_wider() {
        let lane = lane(32);
        let ask = || async {
            let _slot = lane.take().await;
            tokio::time::sleep(METADATA.shortest).await;
            lane.state().taken
        };
        let taken = futures_util::future::join_all((0..70).map(|_| ask())).await;
        assert_eq!(taken.into_iter().max(), Some(32));
        let state = lane.state();
        assert_eq!((state.taken, state.waiting), (0, 0));
        assert_eq!(lane.slots.available_permits(), state.slots);
    }

    #[test]
    fn one_beyond_the_limit_leaves_as_many_as_there_should_be() {
        let lane = lane(2);
        let mut held = fill(&lane);
        held.push(lane.take_at_once());
        assert_eq!(held.len(), 3);
        held.remove(0);
        assert!(lane.try_take().is_none());
        held.clear();
        assert_eq!(fill(&lane).len(), 2);
        held.push(lane.take_at_once());
        assert_eq!(fill(&lane).len(), 1);
    }

    #[tokio::test]
    async fn a_lane_of_one_slot_for_short_requests_becomes_wider_again() {
        let shortest = Duration::from_millis(20);
        let measure = Measure { start: 2, shortest, ..METADATA };
        let lane = Lane::new(Purpose::Metadata, measure, 32, RateLimiter::default());
        lane.pressed(Instant::now());
        let ask = || async {
            for _ in 0..60 {
                let _slot = lane.take().await;
                tokio::time::sleep(shortest / 4).await;
            }
        };
        futures_util::future::join_all((0..3).map(|_| ask())).await;
        assert!(lane.state().tuner.limit() > 1);
    }

    #[tokio::test]
    async fn who_gives_up_waiting_is_not_waited_for() {
        let lane = lane(1);
        let held = lane.take().await;
        tokio::select! {
            biased;
            _ = lane.take() => unreachable!("the slot is taken"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(lane.state().waiting, 0);
        drop(held);
        assert!(lane.try_take().is_some());
    }
}
