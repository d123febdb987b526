//! Progress where nobody can see bars (CI, files): a line per image that is done, and a sign of life now and then.

use std::time::{Duration, Instant};

use indicatif::HumanBytes;

use super::Screen;
use super::tally::{Tally, Totals};
use crate::cli::console::Console;

/// The time between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(10);

pub(super) struct Lines {
    console: Console,
    last: Option<Instant>,
}

impl Lines {
    pub(super) fn new(console: Console) -> Self {
        Self { console, last: None }
    }
}

impl Screen for Lines {
    fn draw(&mut self, tally: &mut Tally, now: Instant) {
        self.console.lines(tally.take_finished());
        let totals = tally.totals(now);
        let last = *self.last.get_or_insert(now);
        if totals.running > 0 && now.duration_since(last) >= HEARTBEAT {
            self.last = Some(now);
            self.console.lines([heartbeat(&totals)]);
        }
    }

    fn finish(&mut self, tally: &mut Tally) {
        self.console.lines(tally.take_finished());
    }
}

fn heartbeat(totals: &Totals) -> String {
    let done = totals.done();
    let (there, planned) = (HumanBytes(totals.there), HumanBytes(totals.planned));
    format!(
        "progress: {done} images done, {} running; {there} of {planned}, {}",
        totals.running,
        totals.speed()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_of_life_has_bytes_rate_and_time_left() {
        let totals = Totals {
            running: 2,
            succeeded: 3,
            failed: 1,
            absent: 0,
            planned: 10 << 20,
            there: 4 << 20,
            rate: 2 << 20,
        };
        assert_eq!(
            heartbeat(&totals),
            "progress: 4 images done, 2 running; 4.00 MiB of 10.00 MiB, 2.00 MiB/s, 3 seconds left"
        );
        assert!(heartbeat(&Totals { rate: 0, ..totals }).ends_with("0 B/s"));
    }
}
