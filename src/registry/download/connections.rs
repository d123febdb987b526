//! Over how many connections to read a blob. It decides and does nothing.

use super::watch::Seen;

/// The numbers of connections that are tried, one after the other.
const STEPS: [usize; 5] = [1, 2, 4, 6, 8];

/// The rate has to grow at least so much for a step to count as one forward.
const GAIN: f64 = 1.15;

/// Who waits for the network less than this part of the time would gain little from a faster one.
const HUNGRY: f64 = 0.75;

/// One connection that brings so many bytes per second (1 Gbit/s) is not what limits.
const PLENTY: f64 = 125e6;

/// How the number of connections grew.
#[derive(Debug)]
pub(super) struct Connections {
    width: usize,
    /// The number of connections before the last step, and the rate that they had.
    before: Option<(usize, f64)>,
    settled: bool,
}

/// What to do about the number of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Stay,
    /// Try so many, if they can be had, and say so with [`Connections::widened`].
    Widen(usize),
    /// The last step gained nothing.
    Narrow,
}

impl Connections {
    /// Begins with so many connections.
    pub(super) fn new(width: usize) -> Self {
        Self { width, before: None, settled: false }
    }

    /// How many connections there may be.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Whether what is seen next tells if the last step was worth it.
    pub(super) fn is_trying(&self) -> bool {
        self.before.is_some()
    }

    /// What to do after what was seen.
    pub(super) fn judge(&mut self, seen: &Seen) -> Step {
        if self.settled {
            return Step::Stay;
        }
        if let Some((width, rate)) = self.before.take()
            && seen.rate < rate * GAIN
        {
            *self = Self { settled: true, ..Self::new(width) };
            return Step::Narrow;
        }
        if seen.waited < HUNGRY || (self.width == 1 && seen.rate >= PLENTY) {
            return Step::Stay;
        }
        match STEPS.iter().find(|&&step| step > self.width) {
            Some(&step) => Step::Widen(step),
            None => Step::Stay,
        }
    }

    /// There are more connections now than when `seen` was seen.
    pub(super) fn widened(&mut self, width: usize, seen: &Seen) {
        self.before = Some((self.width, seen.rate));
        self.width = width;
    }

    /// Something went wrong: one connection from now on.
    pub(super) fn stop(&mut self) {
        *self = Self { settled: true, ..Self::new(1) };
    }

    /// A connection hangs: one step back, and no further forward.
    pub(super) fn retreat(&mut self) {
        let width = STEPS.iter().rev().find(|&&step| step < self.width).copied().unwrap_or(1);
        *self = Self { settled: true, ..Self::new(width) };
    }
}

/// The steps up to `width`, the widest first.
pub(super) fn down_from(width: usize) -> impl Iterator<Item = usize> {
    STEPS.into_iter().rev().filter(move |&step| step <= width)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(rate: f64) -> Seen {
        Seen { rate, waited: 1.0 }
    }

    /// The widths that come of a blob whose rate depends on the width alone.
    fn widths(rate: impl Fn(usize) -> f64) -> Vec<usize> {
        let mut connections = Connections::new(1);
        let mut widths = vec![1];
        for _ in 0..10 {
            let seen = at(rate(connections.width()));
            if let Step::Widen(width) = connections.judge(&seen) {
                connections.widened(width, &seen);
            }
            widths.push(connections.width());
        }
        widths.dedup();
        widths
    }

    #[test]
    fn it_grows_while_the_rate_does_and_then_steps_back_and_stays() {
        let capped = |all: f64| move |width: usize| (20e6 * width as f64).min(all);
        assert_eq!(widths(capped(1e9)), [1, 2, 4, 6, 8]);
        assert_eq!(widths(capped(80e6)), [1, 2, 4, 6, 4]);
        assert_eq!(widths(capped(22e6)), [1, 2, 1]);
        assert_eq!(widths(|_| 200e6), [1]);
    }

    #[test]
    fn a_slow_reader_gets_no_more_connections() {
        let mut connections = Connections::new(1);
        assert_eq!(connections.judge(&Seen { rate: 20e6, waited: 0.5 }), Step::Stay);
        assert_eq!(connections.judge(&at(20e6)), Step::Widen(2));
    }

    #[test]
    fn a_step_that_could_not_be_made_is_tried_again() {
        let mut connections = Connections::new(2);
        assert_eq!(connections.judge(&at(40e6)), Step::Widen(4));
        assert_eq!((connections.width(), connections.judge(&at(40e6))), (2, Step::Widen(4)));
    }

    #[test]
    fn after_a_trouble_it_stays() {
        let mut connections = Connections::new(6);
        connections.retreat();
        assert_eq!((connections.width(), connections.judge(&at(1e6))), (4, Step::Stay));
        connections.stop();
        assert_eq!((connections.width(), connections.judge(&at(1e6))), (1, Step::Stay));
        assert_eq!(down_from(7).collect::<Vec<_>>(), [6, 4, 2, 1]);
    }

    proptest! {
        #[test]
        fn it_always_settles_within_the_steps(rates in prop::collection::vec(0.0f64..1e9, 0..50)) {
            let mut connections = Connections::new(1);
            let mut narrowed = 0;
            for rate in rates {
                match connections.judge(&at(rate)) {
                    Step::Widen(width) => connections.widened(width, &at(rate)),
                    Step::Narrow => narrowed += 1,
                    Step::Stay => {}
                }
                prop_assert!(STEPS.contains(&connections.width()));
            }
            prop_assert!(narrowed <= 1);
        }
    }
}
