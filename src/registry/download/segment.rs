//! A segment of a blob, fetched by a task of its own before its turn comes.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinSet};

use super::part::{Blob, Failure, Part, Wanted};
use crate::http::Slot;

/// How many bytes are handed over at once. They are copied together: a small piece of what a socket gave would keep
/// the whole of it in memory.
const PIECE: usize = 256 * 1024;

/// The tasks that fetch segments. Dropping it ends them.
pub(super) type Fetching = JoinSet<Result<(), Failure>>;

/// A segment on its way. Dropping it ends its task, and the connection with it.
#[derive(Debug)]
pub(super) struct Segment {
    /// What of it was not handed over yet.
    pub(super) left: Range<u64>,
    pieces: UnboundedReceiver<Bytes>,
    task: AbortHandle,
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Segment {
    /// Begins to fetch `span` of a blob. There is room for all of it.
    pub(super) fn fetch(
        blob: Blob,
        span: Range<u64>,
        slot: Arc<Slot>,
        fetching: &mut Fetching,
    ) -> Self {
        let (sender, pieces) = unbounded_channel();
        let part = Part::new(blob, span.start, Wanted::Until(span.end), slot);
        let task = fetching.spawn(fetch(part, sender));
        Self { left: span, pieces, task }
    }

    /// Whether there are bytes to be had at once.
    pub(super) fn is_ready(&self) -> bool {
        !self.pieces.is_empty()
    }

    /// The next bytes, without those before `at`; `None` when there are no more. Nothing is lost when this is not
    /// waited for to its end.
    pub(super) async fn next(&mut self, at: u64) -> Option<Bytes> {
        loop {
            let mut piece = self.pieces.recv().await?;
            let known = usize::try_from(at.saturating_sub(self.left.start)).unwrap_or(usize::MAX);
            self.left.start += piece.len() as u64;
            if known < piece.len() {
                piece.advance(known);
                return Some(piece);
            }
        }
    }
}

async fn fetch(mut part: Part, pieces: UnboundedSender<Bytes>) -> Result<(), Failure> {
    let mut piece = BytesMut::with_capacity(PIECE);
    while let Some(mut chunk) = part.next().await? {
        while !chunk.is_empty() {
            let fits = chunk.len().min(PIECE - piece.len());
            piece.extend_from_slice(&chunk.split_to(fits));
            if piece.len() == PIECE {
                hand_over(&pieces, std::mem::replace(&mut piece, BytesMut::with_capacity(PIECE)));
            }
        }
    }
    hand_over(&pieces, piece);
    Ok(())
}

fn hand_over(pieces: &UnboundedSender<Bytes>, piece: BytesMut) {
    if !piece.is_empty() {
        // An error says that nobody reads any more; the task is ended then.
        let _ = pieces.send(piece.freeze());
    }
}
