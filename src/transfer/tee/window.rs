//! The part of a blob that is in memory, and where each reader stands. Pure: it is told the time.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::store::Error;

/// Bytes that the first reader may be ahead of the last.
const SIZE: u64 = 4 * 1024 * 1024;

/// How long a reader may hold up the others; more, when that is less than half of the time.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a reader gets.
pub(super) enum Next {
    Chunk(Bytes),
    /// The source has no more.
    End,
    /// The source failed. Of all readers one is told; the others try by themselves.
    Failed(Error),
    /// The reader is on its own from here.
    Alone,
}

/// How the source ended. A failure is there until one reader was told; without one, nobody was left to read for.
pub(super) type End = std::result::Result<(), Option<Error>>;

pub(super) struct Window {
    chunks: VecDeque<Bytes>,
    /// Where the first of the chunks begins.
    start: u64,
    /// Where the last of them ends.
    end: u64,
    readers: Vec<Reader>,
    since: Instant,
    begun: bool,
    /// Since when the window is full.
    full: Option<Instant>,
    /// Whether the source gives bytes.
    open: bool,
    ended: Option<End>,
}

struct Reader {
    state: State,
    /// How long it was the one that the others waited for.
    held: Duration,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Has not said where it begins.
    Expected,
    /// Reads with the others, and is here.
    At(u64),
    /// Reads no more, or by itself.
    Gone,
    /// Was too slow.
    LetGo,
}

impl Window {
    pub(super) fn new(readers: usize, now: Instant) -> Self {
        let reader = || Reader { state: State::Expected, held: Duration::ZERO };
        Self {
            chunks: VecDeque::new(),
            start: 0,
            end: 0,
            readers: std::iter::repeat_with(reader).take(readers).collect(),
            since: now,
            begun: false,
            full: None,
            open: false,
            ended: None,
        }
    }

    /// Where the common read begins: at the first byte that somebody needs, when all have said where they begin, or
    /// had their time. `None` when it is not yet known. Who begins far behind that is on its own, as is who was late.
    pub(super) fn begin(&mut self, now: Instant) -> Option<u64> {
        let is_late = now - self.since > PATIENCE;
        if !is_late && self.readers.iter().any(|reader| reader.state == State::Expected) {
            return None;
        }
        let start = self.readers.iter().filter_map(Reader::position).min()?;
        for reader in &mut self.readers {
            reader.state = match reader.state {
                State::Expected => State::LetGo,
                State::At(at) if at - start > SIZE => State::Gone,
                state => state,
            };
        }
        (self.begun, self.start, self.end) = (true, start, start);
        Some(start)
    }

    /// Whether another chunk may be read now. Whoever holds that up for too long is let go.
    fn has_room(&mut self, now: Instant) -> bool {
        self.forget();
        if self.is_full() {
            self.hurry(now);
            self.forget();
        } else {
            self.full = None;
        }
        !self.is_full() && self.is_read()
    }

    fn is_read(&self) -> bool {
        self.readers.iter().any(|reader| reader.position().is_some())
    }

    /// Whether to read on: not when nobody reads any more. `None` while there is no room.
    pub(super) fn wants_more(&mut self, now: Instant) -> Option<bool> {
        if self.has_room(now) {
            return Some(true);
        }
        (!self.is_read()).then_some(false)
    }

    /// The source gives bytes.
    pub(super) fn open(&mut self) {
        self.open = true;
    }

    fn is_full(&self) -> bool {
        self.end - self.start >= SIZE
    }

    /// Counts the time for which the last reader kept the first waiting.
    fn hurry(&mut self, now: Instant) {
        let waited = self.full.replace(now).map_or(Duration::ZERO, |since| now - since);
        let someone_waits = self.readers.iter().any(|reader| reader.position() == Some(self.end));
        let first_chunk = self.start + self.chunks.front().map_or(0, |chunk| chunk.len() as u64);
        let limit = PATIENCE.max((now - self.since) / 2);
        for reader in &mut self.readers {
            if someone_waits && reader.position().is_some_and(|at| at < first_chunk) {
                reader.held += waited;
                if reader.held > limit {
                    reader.state = State::LetGo;
                }
            }
        }
    }

    pub(super) fn push(&mut self, chunk: Bytes) {
        self.end += chunk.len() as u64;
        self.chunks.push_back(chunk);
    }

    /// The source has no more, or failed.
    pub(super) fn end(&mut self, end: End) {
        self.ended = Some(end);
    }

    /// What comes next for a reader; `None` when it has to wait.
    pub(super) fn next(&mut self, reader: usize) -> Option<Next> {
        let at = match self.readers[reader].state {
            State::At(at) => at,
            State::Expected => return None,
            State::Gone | State::LetGo => return Some(Next::Alone),
        };
        if let Some(chunk) = self.chunk_at(at) {
            self.readers[reader].state = State::At(at + chunk.len() as u64);
            return Some(Next::Chunk(chunk));
        }
        match &mut self.ended {
            None => None,
            Some(Ok(())) => Some(Next::End),
            Some(Err(error)) => Some(error.take().map_or(Next::Alone, Next::Failed)),
        }
    }

    /// A reader wants to go on at `offset`; it is on its own if that is not here any more.
    pub(super) fn go_to(&mut self, reader: usize, offset: u64) {
        let is_over = matches!(self.ended, Some(Err(None)));
        let is_here = !self.begun || !is_over && (self.start..=self.end).contains(&offset);
        let reader = &mut self.readers[reader];
        if reader.state != State::LetGo {
            reader.state = if is_here { State::At(offset) } else { State::Gone };
        }
    }

    /// Whether a reader reads with the others: it does when the source gives bytes, or has ended. `None` while that is
    /// not known.
    pub(super) fn reads_along(&self, reader: usize) -> Option<bool> {
        match self.readers[reader].position() {
            None => Some(false),
            Some(_) => (self.open || self.ended.is_some()).then_some(true),
        }
    }

    pub(super) fn leave(&mut self, reader: usize) {
        let reader = &mut self.readers[reader];
        if reader.state != State::LetGo {
            reader.state = State::Gone;
        }
    }

    pub(super) fn let_go(&self, reader: usize) -> bool {
        self.readers[reader].state == State::LetGo
    }

    fn chunk_at(&self, offset: u64) -> Option<Bytes> {
        let mut first = self.start;
        for chunk in &self.chunks {
            let end = first + chunk.len() as u64;
            if offset < end {
                return Some(chunk.slice(usize::try_from(offset - first).ok()?..));
            }
            first = end;
        }
        None
    }

    /// Drops what all readers have had.
    fn forget(&mut self) {
        let here = self.readers.iter().filter_map(Reader::position);
        let needed = here.min().unwrap_or(self.end);
        while let Some(chunk) = self.chunks.front()
            && self.start + chunk.len() as u64 <= needed
        {
            self.start += chunk.len() as u64;
            self.chunks.pop_front();
        }
    }
}

impl Reader {
    fn position(&self) -> Option<u64> {
        match self.state {
            State::At(at) => Some(at),
            State::Expected | State::Gone | State::LetGo => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: usize = 1024 * 1024;

    fn chunk() -> Bytes {
        Bytes::from(vec![0; CHUNK])
    }

    /// A window with so many readers from the first byte on.
    fn begun(readers: usize, now: Instant) -> Window {
        let mut window = Window::new(readers, now);
        (0..readers).for_each(|reader| window.go_to(reader, 0));
        assert_eq!(window.begin(now), Some(0));
        window
    }

    fn fill(window: &mut Window, now: Instant) {
        while window.has_room(now) {
            window.push(chunk());
        }
    }

    fn read(window: &mut Window, reader: usize) -> usize {
        let mut bytes = 0;
        while let Some(Next::Chunk(chunk)) = window.next(reader) {
            bytes += chunk.len();
        }
        bytes
    }

    #[test]
    fn the_first_reader_is_ahead_by_no_more_than_the_window() {
        let now = Instant::now();
        let mut window = begun(2, now);
        fill(&mut window, now);
        assert_eq!(read(&mut window, 0), 4 * CHUNK);
        assert!(!window.has_room(now));
        assert!(matches!(window.next(1), Some(Next::Chunk(_))));
        assert!(window.has_room(now));
    }

    #[test]
    fn whoever_holds_up_the_others_is_let_go() {
        let start = Instant::now();
        let mut window = begun(2, start);
        fill(&mut window, start);
        read(&mut window, 0);
        assert!(!window.has_room(start));
        assert!(!window.has_room(start + PATIENCE));
        assert!(window.has_room(start + PATIENCE * 2));
        assert!(window.let_go(1) && !window.let_go(0));
        assert!(matches!(window.next(1), Some(Next::Alone)));
    }

    #[test]
    fn one_that_nobody_waits_for_may_be_slow() {
        let start = Instant::now();
        let mut window = begun(2, start);
        fill(&mut window, start);
        window.leave(0);
        for seconds in 0..60 {
            assert!(!window.has_room(start + Duration::from_secs(seconds)));
        }
        assert!(!window.let_go(1));
    }

    #[test]
    fn a_reader_that_goes_back_gets_what_is_still_here() {
        let now = Instant::now();
        let mut window = begun(2, now);
        fill(&mut window, now);
        read(&mut window, 0);
        window.leave(0);
        window.go_to(0, 100);
        assert_eq!(read(&mut window, 0), 4 * CHUNK - 100);
        window.next(1);
        window.next(1);
        assert!(window.has_room(now));
        window.go_to(0, 100);
        assert!(matches!(window.next(0), Some(Next::Alone)));
    }

    #[test]
    fn of_all_readers_one_is_told_of_a_failure() {
        let now = Instant::now();
        let mut window = begun(2, now);
        window.push(chunk());
        window.end(Err(Some(Error::Missing { path: "x".into() })));
        assert!(matches!(window.next(0), Some(Next::Chunk(_))));
        assert!(matches!(window.next(0), Some(Next::Failed(_))));
        assert_eq!(read(&mut window, 1), CHUNK);
        assert!(matches!(window.next(1), Some(Next::Alone)));
    }

    #[test]
    fn nothing_is_read_for_nobody() {
        let now = Instant::now();
        let mut window = begun(1, now);
        window.leave(0);
        assert_eq!(window.wants_more(now), Some(false));
    }

    #[test]
    fn whoever_comes_back_when_the_source_was_left_is_on_its_own() {
        let mut window = begun(1, Instant::now());
        assert_eq!(window.reads_along(0), None);
        window.open();
        assert_eq!(window.reads_along(0), Some(true));
        window.leave(0);
        window.end(Err(None));
        window.go_to(0, 0);
        assert_eq!(window.reads_along(0), Some(false));
    }

    #[test]
    fn the_common_read_begins_at_the_first_byte_that_somebody_needs() {
        let now = Instant::now();
        let mut window = Window::new(3, now);
        window.go_to(0, 500);
        window.go_to(1, 100);
        assert_eq!(window.begin(now), None);
        window.go_to(2, 100 + SIZE + 1);
        assert_eq!(window.begin(now), Some(100));
        window.push(Bytes::from(vec![0; 1000]));
        assert_eq!((read(&mut window, 0), read(&mut window, 1)), (600, 1000));
        assert!(matches!(window.next(2), Some(Next::Alone)));
    }

    #[test]
    fn a_reader_that_does_not_come_is_not_waited_for() {
        let now = Instant::now();
        let mut window = Window::new(2, now);
        window.go_to(0, 0);
        assert_eq!(window.begin(now + PATIENCE), None);
        assert_eq!(window.begin(now + PATIENCE * 2), Some(0));
        assert!(window.let_go(1));
    }
}
