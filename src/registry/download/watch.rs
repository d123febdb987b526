//! How fast a blob comes, and who is waited for.

use std::time::Duration;

use tokio::time::Instant;

/// How long to look before a judgement.
const WINDOW: Duration = Duration::from_millis(500);

/// What was seen over a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// Bytes per second.
    pub(super) rate: f64,
    /// The part of the time, from 0 to 1, in which the reader waited for the network.
    pub(super) waited: f64,
}

/// Looks on while a blob is read.
#[derive(Debug)]
pub(super) struct Watch {
    since: Instant,
    bytes: u64,
    waited: Duration,
    /// The window after a change shows connections that only begin.
    settling: bool,
    /// Bytes per second over the last whole window.
    rate: f64,
}

impl Watch {
    pub(super) fn begin(now: Instant) -> Self {
        Self { since: now, bytes: 0, waited: Duration::ZERO, settling: true, rate: 0.0 }
    }

    /// Takes note of bytes that were asked for at one time and came at another. At the end of a window: what was
    /// seen in it.
    pub(super) fn took(&mut self, asked: Instant, came: Instant, bytes: usize) -> Option<Seen> {
        self.bytes += bytes as u64;
        self.waited += came - asked;
        let took = came - self.since;
        if took < WINDOW {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate is no exact number")]
        let rate = self.bytes as f64 / took.as_secs_f64();
        let waited = self.waited.div_duration_f64(took);
        let settled = !self.settling;
        *self = Self { settling: false, rate, ..Self::begin(came) };
        settled.then_some(Seen { rate, waited })
    }

    /// Begins anew, after a change.
    pub(super) fn changed(&mut self, now: Instant) {
        *self = Self { rate: self.rate, ..Self::begin(now) };
    }

    /// The bytes that come in `time`, as far as is known.
    pub(super) fn bytes_in(&self, time: Duration) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast of a float saturates, and no rate is negative"
        )]
        let bytes = (self.rate * time.as_secs_f64()) as u64;
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_window_after_a_change_does_not_count() {
        let start = Instant::now();
        let half = WINDOW / 2;
        let mut watch = Watch::begin(start);
        assert_eq!(watch.took(start, start + WINDOW, 10), None);
        let now = start + WINDOW;
        assert_eq!(watch.took(now, now + half, 1000), None);
        let seen = watch.took(now + WINDOW, now + WINDOW, 1000);
        assert_eq!(seen, Some(Seen { rate: 4000.0, waited: 0.5 }));
        assert_eq!(watch.bytes_in(Duration::from_secs(2)), 8000);
        let now = now + WINDOW;
        watch.changed(now);
        assert_eq!(watch.took(now, now + WINDOW, 10), None);
        assert_eq!(watch.took(now + WINDOW, now + 2 * WINDOW, 10).unwrap().waited, 1.0);
    }
}
