//! Progress on standard error: bars on a terminal, lines elsewhere.
//!
//! The engine's tasks only add to a [`Tally`]; a thread of its own looks at it and draws, so drawing never holds up a
//! copy.

mod bars;
mod fetched;
mod lines;
mod looked;
mod tally;

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use longshore::transfer::{Event, Observer};

use self::bars::Bars;
pub(crate) use self::fetched::Fetched;
use self::lines::Lines;
pub(crate) use self::looked::{Looked, in_words, number, share_in_words};
use self::tally::Tally;
use super::console::Console;

/// How often the tally is looked at.
const TICK: Duration = Duration::from_millis(100);

/// Something that shows a tally.
trait Screen: Send {
    /// Shows what is new.
    fn draw(&mut self, tally: &mut Tally, now: Instant);

    /// Shows the rest, and leaves the console clean.
    fn finish(&mut self, tally: &mut Tally);
}

/// Progress being shown, until it is dropped.
pub(crate) struct Progress {
    tally: Arc<Mutex<Tally>>,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Shows progress on `console`.
    pub(crate) fn show(console: &Console) -> Self {
        let screen: Box<dyn Screen> = if console.is_terminal() {
            Box::new(Bars::new(console.clone()))
        } else {
            Box::new(Lines::new(console.clone()))
        };
        let tally = Arc::default();
        let (stop, stopped) = mpsc::channel();
        let watched = Arc::clone(&tally);
        let thread = std::thread::spawn(move || watch(&watched, screen, &stopped));
        Self { tally, thread: Some((stop, thread)) }
    }

    /// Shows nothing.
    pub(crate) fn hidden() -> Self {
        Self { tally: Arc::default(), thread: None }
    }
}

fn watch(tally: &Mutex<Tally>, mut screen: Box<dyn Screen>, stopped: &mpsc::Receiver<()>) {
    while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        screen.draw(&mut tally.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
    }
    screen.finish(&mut tally.lock().unwrap_or_else(PoisonError::into_inner));
}

impl Observer for Progress {
    fn event(&self, event: &Event) {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).note(event);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}
