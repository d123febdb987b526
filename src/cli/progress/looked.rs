//! How far verification is: how much was looked at.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use longshore::mirror::verify::{Counts, Observer};
use longshore::shard::Share;

use crate::cli::console::Console;

/// The time between two signs of life where nobody can see a line change.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Progress of a verification being shown, until it is dropped.
pub(crate) struct Looked {
    console: Console,
    /// On a terminal it is drawn.
    line: ProgressBar,
    so_far: Mutex<(Counts, Instant)>,
}

impl Looked {
    /// Shows progress on `console`.
    pub(crate) fn show(console: &Console) -> Self {
        let line = if console.is_terminal() {
            console.bars().add(ProgressBar::no_length().with_style(style()))
        } else {
            ProgressBar::hidden()
        };
        Self {
            console: console.clone(),
            line,
            so_far: Mutex::new((Counts::default(), Instant::now())),
        }
    }
}

impl Observer for Looked {
    fn looked(&self, more: Counts) {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        let (counts, last) = &mut *so_far;
        counts.add(more);
        if self.console.is_terminal() {
            self.line.set_message(in_words(counts));
        } else if last.elapsed() >= HEARTBEAT {
            *last = Instant::now();
            self.console.lines([format!("progress: {}", in_words(counts))]);
        }
    }

    fn parted(&self, share: Share) {
        self.console.lines([share_in_words(share, "repositories")]);
    }
}

impl Drop for Looked {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}

/// How much was looked at, in words.
pub(crate) fn in_words(counts: &Counts) -> String {
    let Counts { names, manifests, blobs, bytes } = *counts;
    let [names, manifests, blobs] =
        [(names, "tag"), (manifests, "manifest"), (blobs, "blob")].map(number);
    format!("{names}, {manifests} and {blobs} looked at, {}", HumanBytes(bytes))
}

/// Which part of all is done: `shard 2 of 8 (index 1): 120 of 1,003 images`.
pub(crate) fn share_in_words(share: Share, what: &str) -> String {
    let Share { shard, own, all } = share;
    let (own, all) = (HumanCount(own as u64), HumanCount(all as u64));
    format!("shard {}: {own} of {all} {what}", shard.in_words())
}

/// So many of something: `1 tag`, `2 tags`.
pub(crate) fn number((count, what): (u64, &str)) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[expect(clippy::expect_used, reason = "the template is a constant of this file; a test reads it")]
fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg}").expect("a sound template")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_sound() {
        let _ = style();
    }
}
