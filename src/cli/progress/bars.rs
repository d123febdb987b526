//! Progress on a terminal: a bar for each blob on its way, and one for everything.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use longshore::model::Digest;

use super::Screen;
use super::tally::{Tally, Totals};
use crate::cli::console::Console;

/// How many blobs are shown at the same time.
const ROWS: usize = 8;

const BLOB: &str = "{prefix:12} [{bar:30}] {bytes:>10} of {total_bytes}";
const TOTAL: &str = "{prefix:12} [{bar:30}] {bytes:>10} of {total_bytes}, {msg}";

pub(super) struct Bars {
    console: Console,
    total: Option<ProgressBar>,
    blobs: HashMap<(usize, Digest), ProgressBar>,
}

impl Bars {
    pub(super) fn new(console: Console) -> Self {
        Self { console, total: None, blobs: HashMap::new() }
    }

    fn clear_finished(&mut self, tally: &Tally) {
        let active: HashSet<_> = tally.active().map(|(key, _)| key).collect();
        let bars = self.console.bars();
        for (_, bar) in self.blobs.extract_if(|key, _| !active.contains(key)) {
            bar.finish_and_clear();
            bars.remove(&bar);
        }
    }

    fn draw_blobs(&mut self, tally: &Tally) {
        for (key, blob) in tally.active() {
            if let Some(bar) = self.blobs.get(key) {
                bar.set_position(blob.offset);
            } else if self.blobs.len() < ROWS {
                let bar = ProgressBar::new(blob.size).with_style(style(BLOB));
                let bar = self.console.bars().insert(0, bar);
                bar.set_prefix(key.1.short().to_owned());
                bar.set_position(blob.offset);
                self.blobs.insert(key.clone(), bar);
            }
        }
    }

    fn draw_total(&mut self, totals: &Totals) {
        let total = self.total.get_or_insert_with(|| {
            self.console.bars().add(ProgressBar::new(0).with_style(style(TOTAL)))
        });
        let done = totals.done();
        total.set_prefix(format!("{done}/{} images", done + totals.running));
        total.set_length(totals.planned);
        total.set_position(totals.there);
        total.set_message(totals.speed());
    }
}

impl Screen for Bars {
    fn draw(&mut self, tally: &mut Tally, now: Instant) {
        self.console.lines(tally.take_finished());
        let totals = tally.totals(now);
        self.clear_finished(tally);
        self.draw_blobs(tally);
        if totals.planned > 0 {
            self.draw_total(&totals);
        }
    }

    fn finish(&mut self, tally: &mut Tally) {
        for bar in self.blobs.drain().map(|(_, bar)| bar).chain(self.total.take()) {
            bar.finish_and_clear();
        }
        self.console.lines(tally.take_finished());
    }
}

#[expect(
    clippy::expect_used,
    reason = "the templates are constants of this file; a test reads them"
)]
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a sound template").progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_sound() {
        for template in [BLOB, TOTAL] {
            let _ = style(template);
        }
    }
}
