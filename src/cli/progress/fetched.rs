//! How far an import or a plan is: how many of its images the registries were asked for.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use longshore::imagestream::api::Status;
use longshore::imagestream::fetch::Observer;
use longshore::ops::PlanObserver;

use crate::cli::console::Console;

const BAR: &str = "[{bar:30}] {pos} of {len} {msg}";

/// The time between two signs of life where nobody can see a bar.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Progress of an import or a plan being shown, until it is dropped.
pub(crate) struct Fetched {
    console: Console,
    /// On a terminal it is drawn; elsewhere it counts.
    bar: ProgressBar,
    last: Mutex<Instant>,
    what: &'static str,
}

impl Fetched {
    /// Shows progress on `console`.
    pub(crate) fn show(console: &Console) -> Self {
        Self::counting("images", console)
    }

    /// The same, of things that are called so.
    pub(crate) fn counting(what: &'static str, console: &Console) -> Self {
        let bar = if console.is_terminal() {
            console.bars().add(ProgressBar::new(0).with_style(style()))
        } else {
            ProgressBar::hidden()
        };
        bar.set_length(0);
        bar.set_message(what);
        Self { console: console.clone(), bar, last: Mutex::new(Instant::now()), what }
    }
}

impl Observer for Fetched {
    fn planned(&self, images: usize) {
        self.bar.inc_length(images as u64);
    }

    fn fetched(&self, _image: &str, _status: &Status) {
        self.advance();
    }
}

impl PlanObserver for Fetched {
    fn wanted(&self, images: usize) {
        self.bar.inc_length(images as u64);
    }

    fn looked_at(&self) {
        self.advance();
    }
}

impl Fetched {
    fn advance(&self) {
        self.bar.inc(1);
        if self.console.is_terminal() {
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= HEARTBEAT {
            *last = Instant::now();
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
            self.console.lines([format!("progress: {done} of {all} {}", self.what)]);
        }
    }
}

impl Drop for Fetched {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[expect(clippy::expect_used, reason = "the template is a constant of this file; a test reads it")]
fn style() -> ProgressStyle {
    ProgressStyle::with_template(BAR).expect("a sound template").progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_sound() {
        let _ = style();
    }
}
