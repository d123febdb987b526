//! A blob over several connections.
//!
//! The reader's own connection brings the blob as if there were no other. Further ones fetch segments that lie ahead;
//! when the reader gets to one whose bytes have come, it goes on with those and its own connection ends. A segment
//! that is late is overtaken, one that fails leaves a gap: in both cases the reader's own connection is what is read,
//! with its resumption and its errors. So no fetch ahead can do harm to a download that would succeed without.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinError;
use tokio::time::Instant;

use super::WORTHWHILE;
use super::connections::{Connections, Step, down_from};
use super::cursor::{Cursor, SEGMENT};
use super::part::{Blob, Failure, Part, Wanted};
use super::room::Room;
use super::segment::{Fetching, Segment};
use super::watch::{Seen, Watch};
use crate::http::{Purpose, Slot, Width};
use crate::store::Result;

/// How long to wait for a segment whose turn it is before the reader fetches the bytes itself.
const PATIENCE: Duration = Duration::from_secs(3);

/// A download under way.
pub(super) struct Striped {
    blob: Blob,
    cursor: Cursor,
    /// The right to one connection, for as long as the download lasts; further ones may be had or not.
    slot: Arc<Slot>,
    /// The reader's own connection, when it is that which is read.
    own: Option<Part>,
    /// How long the own connection took to answer.
    opening: Duration,
    /// In order, and without gaps but for segments that failed.
    ahead: VecDeque<Segment>,
    fetching: Fetching,
    room: Room,
    connections: Connections,
    watch: Watch,
}

impl Striped {
    /// Opens the reader's own connection, and is ready for as many others as were of use before.
    pub(super) async fn open(blob: Blob, at: u64, slot: Arc<Slot>) -> Result<Self> {
        let room = Room::new(blob.remote.client().memory().clone());
        let mut striped = Self {
            cursor: Cursor { size: blob.descriptor.size, at },
            blob,
            slot,
            own: None,
            opening: Duration::ZERO,
            ahead: VecDeque::new(),
            fetching: Fetching::new(),
            room,
            connections: Connections::new(1),
            watch: Watch::begin(Instant::now()),
        };
        striped.open_own().await?;
        let best = striped.known().best().unwrap_or(1);
        let width = down_from(best).find(|&width| width == 1 || striped.room.widen(width));
        striped.connections = Connections::new(width.unwrap_or(1));
        Ok(striped)
    }

    async fn open_own(&mut self) -> Result<()> {
        let begun = Instant::now();
        let (blob, slot) = (self.blob.clone(), Arc::clone(&self.slot));
        let own = self.own.insert(Part::new(blob, self.cursor.at, Wanted::Rest, slot));
        own.open().await.map_err(|failure| self.blob.told(failure))?;
        self.opening = begun.elapsed();
        Ok(())
    }

    /// What all downloads from the registry know about it.
    fn known(&self) -> &Width {
        self.blob.remote.client().width()
    }

    /// The next bytes, and what is learnt from how they came.
    pub(super) async fn step(mut self) -> Result<Option<(Bytes, Self)>> {
        let asked = Instant::now();
        let Some(bytes) = self.next(asked).await? else { return Ok(None) };
        self.cursor.at += bytes.len() as u64;
        if let Some(seen) = self.watch.took(asked, Instant::now(), bytes.len()) {
            self.adapt(&seen);
        }
        Ok(Some((bytes, self)))
    }

    async fn next(&mut self, asked: Instant) -> Result<Option<Bytes>> {
        loop {
            self.tidy();
            self.reach_out();
            let bytes = if self.is_segments_turn() {
                self.own = None;
                self.read_segment(asked).await?
            } else if self.own.is_some() {
                return self.read_own().await;
            } else if self.cursor.left() == 0 {
                return Ok(None);
            } else {
                self.open_own().await?;
                None
            };
            if bytes.is_some() {
                return Ok(bytes);
            }
        }
    }

    /// Drops segments that were overtaken, learns from fetches that ended, and frees memory that is of no more use.
    fn tidy(&mut self) {
        while self.ahead.front().is_some_and(|segment| segment.left.end <= self.cursor.at) {
            self.ahead.pop_front();
        }
        while let Some(ended) = self.fetching.try_join_next() {
            self.learn(ended);
        }
        if self.own.as_ref().is_some_and(|own| !own.is_ranged()) {
            self.refused("the whole blob");
        }
        if self.connections.width() == 1 && self.ahead.is_empty() {
            self.room.leave();
        }
    }

    /// Fetches further segments, as far as connections and memory go.
    fn reach_out(&mut self) {
        while self.fetching.len() + usize::from(self.own.is_some()) < self.connections.width() {
            let lead = match self.own {
                Some(_) => SEGMENT + self.watch.bytes_in(2 * self.opening),
                None => 0,
            };
            let ahead = self.ahead.front().zip(self.ahead.back());
            let ahead = ahead.map(|(front, back)| front.left.start..back.left.end);
            let Some(span) = self.cursor.following(ahead, lead, self.room.bytes()) else { return };
            let Some(slot) = self.free_slot() else {
                // What so few connections bring tells nothing about so many.
                self.watch.changed(Instant::now());
                return;
            };
            let segment = Segment::fetch(self.blob.clone(), span, slot, &mut self.fetching);
            self.ahead.push_back(segment);
        }
    }

    /// The right to a further connection. Nobody waits for one.
    fn free_slot(&self) -> Option<Arc<Slot>> {
        if Arc::strong_count(&self.slot) == 1 {
            return Some(Arc::clone(&self.slot));
        }
        self.blob.remote.client().try_slot(Purpose::Download).map(Arc::new)
    }

    /// Whether the next byte is that of a segment. As long as the own connection brings bytes, a segment has to have
    /// some as well.
    fn is_segments_turn(&self) -> bool {
        self.ahead.front().is_some_and(|segment| {
            segment.left.start <= self.cursor.at && (segment.is_ready() || self.own.is_none())
        })
    }

    async fn read_own(&mut self) -> Result<Option<Bytes>> {
        let Some(own) = &mut self.own else { return Ok(None) };
        let bytes = own.next().await.map_err(|failure| self.blob.told(failure))?;
        Ok(bytes.map(|mut bytes| {
            // What a segment has is not taken twice.
            if let Some(segment) = self.ahead.front().filter(|segment| segment.is_ready())
                && let Some(before @ 1..) = segment.left.start.checked_sub(self.cursor.at)
            {
                bytes.truncate(usize::try_from(before).unwrap_or(usize::MAX));
            }
            bytes
        }))
    }

    /// The next bytes of the first segment. `None` when something else is to be done before.
    async fn read_segment(&mut self, asked: Instant) -> Result<Option<Bytes>> {
        let Some(segment) = self.ahead.front_mut() else { return Ok(None) };
        tokio::select! {
            biased;
            bytes = segment.next(self.cursor.at) => {
                if bytes.is_none() {
                    self.ahead.pop_front();
                }
                Ok(bytes)
            }
            Some(ended) = self.fetching.join_next() => {
                self.learn(ended);
                Ok(None)
            }
            () = tokio::time::sleep_until(asked + PATIENCE) => {
                tracing::debug!("{} is late", self.what());
                self.connections.retreat();
                self.open_own().await?;
                Ok(None)
            }
        }
    }

    /// Learns from a fetch that ended.
    fn learn(&mut self, ended: std::result::Result<std::result::Result<(), Failure>, JoinError>) {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(Failure::Unfit(status))) => self.refused(status.as_str()),
            Ok(Err(Failure::Failed(error))) => {
                tracing::debug!("{} could not be read: {error}", self.what());
                self.connections.stop();
            }
            Err(lost) => {
                if let Ok(panic) = lost.try_into_panic() {
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }

    /// The registry does not give parts, or wants fewer requests: it is read over one connection from now on.
    fn refused(&mut self, answer: &str) {
        if self.known().best().is_some() {
            tracing::debug!("asked for {}, the answer is {answer}: one connection", self.what());
        }
        self.known().refused();
        self.connections.stop();
    }

    fn what(&self) -> String {
        format!("a segment of {}", self.blob.descriptor.digest)
    }

    /// More connections, or fewer, after what was seen.
    fn adapt(&mut self, seen: &Seen) {
        let tried = self.connections.is_trying();
        let step = self.connections.judge(seen);
        if tried {
            self.known().found(self.connections.width());
        }
        match step {
            Step::Widen(width) if self.cursor.left() >= WORTHWHILE && self.room.widen(width) => {
                self.connections.widened(width, seen);
            }
            Step::Narrow => {}
            Step::Widen(_) | Step::Stay => return,
        }
        tracing::debug!("{:.1} MB/s: {} connections", seen.rate / 1e6, self.connections.width());
        self.watch.changed(Instant::now());
    }
}
