//! How many requests there should be at once, learnt from what came of it. Pure: the time is given.

use std::time::Duration;

use tokio::time::Instant;

/// A step up that brought less than this, in parts of the rate before, was in vain.
const GAIN: f64 = 0.1;
/// How many epochs to leave it at a limit before another step up is tried.
const REST: u32 = 8;
const LONGEST_REST: u32 = 64;

/// What counts as work of one kind of request, and how much of it tells a rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    /// How many requests to begin with.
    pub(super) start: usize,
    /// The most, unless something else is asked for.
    pub(super) cap: usize,
    /// A rate is not told from less time.
    pub(super) shortest: Duration,
    /// What a request is worth, be it ever so small.
    pub(super) request: u64,
    /// What a byte is worth.
    pub(super) byte: u64,
}

/// Requests count, not their bytes. The shortest time is about one round trip: with seventy questions to ask, the
/// second round is to be larger already.
pub(super) const METADATA: Measure =
    Measure { start: 16, cap: 32, shortest: Duration::from_millis(50), request: 1, byte: 0 };

/// Bytes count; a request as much as those that could have come while it went back and forth.
pub(super) const BULK: Measure = Measure {
    start: 6,
    cap: 16,
    shortest: Duration::from_millis(250),
    request: 64 * 1024,
    byte: 1,
};

/// The work done since a time.
#[derive(Debug)]
pub(super) struct Epoch {
    since: Instant,
    work: u64,
    wanted: bool,
}

/// What an epoch came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// Work in a second.
    pub(super) rate: f64,
    /// Whether there were more requests than slots.
    pub(super) full: bool,
}

impl Epoch {
    pub(super) fn begin(now: Instant) -> Self {
        Self { since: now, work: 0, wanted: false }
    }

    /// Takes note of work done.
    pub(super) fn add(&mut self, work: u64) {
        self.work = self.work.saturating_add(work);
    }

    /// Takes note of a request that found no slot.
    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// What it came to, if it was long enough for `limit` requests at once to show.
    pub(super) fn sample(&self, now: Instant, limit: usize, measure: &Measure) -> Option<Sample> {
        let time = now.saturating_duration_since(self.since);
        let enough = self.work >= limit as u64 * measure.request;
        (time >= measure.shortest && enough)
            .then(|| Sample { rate: self.work as f64 / time.as_secs_f64(), full: self.wanted })
    }
}

/// Finds the limit: up while that pays, first by doubling and then by one; half of it when the registry is hard
/// pressed.
#[derive(Debug)]
pub(super) struct Tuner {
    limit: usize,
    cap: usize,
    doubling: bool,
    /// The step up that was made last, until it is known whether it pays: the limit and the rate before it.
    step: Option<(usize, f64)>,
    /// Epochs until the next step up.
    rest: u32,
    /// Epochs to rest after a step in vain. A registry that was pressed is not soon pressed again.
    next_rest: u32,
}

impl Tuner {
    /// Begins with `start`, and never goes beyond `cap`.
    pub(super) fn new(start: usize, cap: usize) -> Self {
        let cap = cap.max(1);
        let limit = start.clamp(1, cap);
        Self { limit, cap, doubling: true, step: None, rest: 0, next_rest: REST }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The limit after an epoch.
    pub(super) fn after(&mut self, sample: Sample) -> usize {
        let step = self.step.take();
        if !sample.full {
            // Too few asked to tell anything.
            return self.limit;
        }
        match step {
            Some((limit, rate)) if !paid(limit, rate, self.limit, sample.rate) => {
                self.limit = limit;
                self.settle();
            }
            None if self.rest > 0 => self.rest -= 1,
            _ if self.limit < self.cap => {
                self.step = Some((self.limit, sample.rate));
                let wider = if self.doubling { self.limit * 2 } else { self.limit + 1 };
                self.limit = wider.min(self.cap);
            }
            _ => {}
        }
        self.limit
    }

    /// The limit after the registry refused, or was too slow or too busy to answer.
    pub(super) fn pressed(&mut self) -> usize {
        self.limit = (self.limit / 2).max(1);
        self.next_rest = (self.next_rest * 2).min(LONGEST_REST);
        self.settle();
        self.limit
    }

    fn settle(&mut self) {
        self.doubling = false;
        self.step = None;
        self.rest = self.next_rest;
    }
}

/// Whether a step from one limit to another was worth it: a tenth more, or half of what it could have brought where
/// that is less.
fn paid(limit: usize, rate: f64, wider: usize, now: f64) -> bool {
    let could = (wider - limit) as f64 / limit as f64;
    now >= rate * (1.0 + (could / 2.0).min(GAIN))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn full(rate: f64) -> Sample {
        Sample { rate, full: true }
    }

    /// The limits while the registry does `capacity` requests at once, each in the same time.
    fn limits(tuner: &mut Tuner, capacity: usize, epochs: usize) -> Vec<usize> {
        (0..epochs).map(|_| tuner.after(full(tuner.limit().min(capacity) as f64))).collect()
    }

    #[test]
    fn it_doubles_while_that_pays_and_takes_back_what_does_not() {
        let mut tuner = Tuner::new(4, 64);
        assert_eq!(limits(&mut tuner, 16, 4), [8, 16, 32, 16]);
        // Then one more is tried from time to time.
        let later = limits(&mut tuner, 16, 30);
        assert_eq!(later[..10], [16, 16, 16, 16, 16, 16, 16, 16, 17, 16]);
        assert!(later.iter().all(|limit| (16..=17).contains(limit)));
    }

    #[test]
    fn it_follows_a_registry_that_becomes_faster() {
        let mut tuner = Tuner::new(4, 64);
        limits(&mut tuner, 8, 20);
        assert_eq!(limits(&mut tuner, 64, 200).last(), Some(&64));
    }

    #[test]
    fn pressure_halves_and_is_not_soon_provoked_again() {
        let mut tuner = Tuner::new(16, 32);
        assert_eq!(tuner.pressed(), 8);
        let rest = limits(&mut tuner, 32, 17);
        assert_eq!(rest[..16], [8; 16]);
        assert_eq!(rest[16], 9);
        for _ in 0..9 {
            tuner.pressed();
        }
        assert_eq!(tuner.limit(), 1);
    }

    #[test]
    fn it_does_not_grow_where_nobody_waits() {
        let mut tuner = Tuner::new(6, 16);
        for rate in [1.0, 10.0, 100.0] {
            assert_eq!(tuner.after(Sample { rate, full: false }), 6);
        }
        assert_eq!(tuner.after(full(1.0)), 12);
    }

    #[test]
    fn an_epoch_is_as_long_as_it_takes_to_tell_a_rate() {
        let start = Instant::now();
        let ms = |ms| start + Duration::from_millis(ms);
        let mut epoch = Epoch::begin(start);
        epoch.add(15);
        assert_eq!(epoch.sample(ms(100), 16, &METADATA), None);
        epoch.add(1);
        assert_eq!(epoch.sample(ms(49), 16, &METADATA), None);
        let sample = Sample { rate: 160.0, full: false };
        assert_eq!(epoch.sample(ms(100), 16, &METADATA), Some(sample));
        epoch.want();
        assert_eq!(epoch.sample(ms(100), 16, &METADATA), Some(Sample { full: true, ..sample }));
    }

    proptest! {
        #[test]
        fn the_limit_stays_within_its_bounds(
            start in 0_usize..100,
            cap in 0_usize..100,
            steps in prop::collection::vec(prop::option::of((any::<f64>(), any::<bool>())), 0..200),
        ) {
            let mut tuner = Tuner::new(start, cap);
            for step in steps {
                let before = tuner.limit();
                let limit = match step {
                    Some((rate, full)) => tuner.after(Sample { rate, full }),
                    None => tuner.pressed(),
                };
                prop_assert!((1..=cap.max(1)).contains(&limit));
                prop_assert_eq!(limit, tuner.limit());
                prop_assert!(step.is_some() || limit == (before / 2).max(1));
            }
        }
    }
}
