//! Bytes are given to the disk while more come, so that little is left to wait for in the end.

use std::fs::File;
use std::path::Path;
use std::thread::{self, JoinHandle};

/// Bytes that are worth a thread.
const WORTHWHILE: u64 = 64 * 1024 * 1024;

/// How much of a file the disk was given.
#[derive(Debug, Default)]
pub(super) struct EarlySync {
    given: u64,
    thread: Option<JoinHandle<()>>,
}

impl EarlySync {
    /// Gives the disk the `written` bytes of a file when enough of them are new to it, and waits for nothing.
    ///
    /// Whether they get there is told by the sync in the end: what opens a file anew is told of failures by itself.
    pub(super) fn keep_up(&mut self, path: &Path, written: u64) {
        let is_busy = self.thread.as_ref().is_some_and(|thread| !thread.is_finished());
        if is_busy || written - self.given < WORTHWHILE {
            return;
        }
        self.given = written;
        let path = path.to_owned();
        self.thread = Some(thread::spawn(move || {
            let _ = File::open(path).and_then(|file| file.sync_data());
        }));
    }
}
