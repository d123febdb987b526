//! One read of a blob for several readers: each byte comes once from the source.
//!
//! A task of its own reads ahead of the slowest reader, as far as a window allows. A reader that holds up the others
//! for long is let go: it reads the rest from the source by itself, and nobody waits for it any more.

mod window;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::try_unfold;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use self::window::{End, Next, Window};
use crate::model::Descriptor;
use crate::store::{BlobStream, Result, Source};

/// How often to look who holds up whom.
const TICK: Duration = Duration::from_millis(100);

/// One read of a blob. It ends when this is dropped.
pub(super) struct Tee {
    shared: Arc<Shared>,
    _pump: JoinSet<()>,
}

struct Shared {
    source: Arc<dyn Source>,
    blob: Descriptor,
    window: Mutex<Window>,
    moved: Notify,
}

impl Tee {
    /// Reads `blob` of `source` for so many readers.
    pub(super) fn new(source: Arc<dyn Source>, blob: &Descriptor, readers: usize) -> Self {
        let shared = Arc::new(Shared {
            source,
            blob: blob.clone(),
            window: Mutex::new(Window::new(readers, Instant::now())),
            moved: Notify::new(),
        });
        let mut pump = JoinSet::new();
        pump.spawn(Arc::clone(&shared).pump());
        Self { shared, _pump: pump }
    }

    /// The reader of this number, counted from 0. It is waited for until it is dropped, or let go.
    pub(super) fn reader(&self, number: usize) -> Reader {
        Reader { shared: Arc::clone(&self.shared), number }
    }

    /// Whether a reader was too slow to be waited for.
    pub(super) fn let_go(&self, number: usize) -> bool {
        self.shared.window().let_go(number)
    }
}

impl Shared {
    async fn pump(self: Arc<Self>) {
        let start = self.wait_for(Window::begin).await;
        let end = match self.source.blob(&self.blob, start).await {
            Ok(stream) => {
                self.window().open();
                self.moved.notify_waiters();
                self.pass_on(stream).await
            }
            Err(error) => Err(Some(error)),
        };
        self.window().end(end);
        self.moved.notify_waiters();
    }

    /// Reads to the end, or until nobody else does: what the source gives is held for no one.
    async fn pass_on(&self, mut stream: BlobStream) -> End {
        while self.wait_for(Window::wants_more).await {
            let Some(chunk) = stream.next().await.transpose().map_err(Some)? else { return Ok(()) };
            self.window().push(chunk);
            self.moved.notify_waiters();
        }
        Err(None)
    }

    /// Waits until the window gives something. That nothing moves for a while is a reason to look again, too.
    async fn wait_for<T>(&self, something: impl Fn(&mut Window, Instant) -> Option<T>) -> T {
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            moved.as_mut().enable();
            if let Some(found) = something(&mut self.window(), Instant::now()) {
                return found;
            }
            let _ = timeout(TICK, moved).await;
        }
    }

    /// What the reader gets next; waits for it.
    async fn next(&self, reader: usize) -> Next {
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            moved.as_mut().enable();
            if let Some(next) = self.window().next(reader) {
                self.moved.notify_waiters();
                return next;
            }
            moved.await;
        }
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who reads.
pub(super) struct Reader {
    shared: Arc<Shared>,
    number: usize,
}

impl Reader {
    /// The bytes from `offset` on: shared ones while they last, then its own. It waits until there are some to be had,
    /// so that nobody takes a slot to write in first and then waits for the source's turn.
    pub(super) async fn stream(&self, offset: u64) -> Result<BlobStream> {
        let (shared, number) = (Arc::clone(&self.shared), self.number);
        shared.window().go_to(number, offset);
        shared.moved.notify_waiters();
        let reads_along = shared.wait_for(|window, _| window.reads_along(number)).await;
        let alone =
            if reads_along { None } else { Some(shared.source.blob(&shared.blob, offset).await?) };
        let reading = Reading { shared, number, alone };
        Ok(Box::pin(try_unfold((reading, offset), |(mut reading, at)| async move {
            let chunk = reading.next(at).await?;
            Ok(chunk.map(|chunk| {
                let next = at + chunk.len() as u64;
                (chunk, (reading, next))
            }))
        })))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.window().leave(self.number);
        self.shared.moved.notify_waiters();
    }
}

/// A reader at work.
struct Reading {
    shared: Arc<Shared>,
    number: usize,
    alone: Option<BlobStream>,
}

impl Reading {
    async fn next(&mut self, at: u64) -> Result<Option<bytes::Bytes>> {
        if self.alone.is_none() {
            match self.shared.next(self.number).await {
                Next::Chunk(chunk) => return Ok(Some(chunk)),
                Next::End => return Ok(None),
                Next::Failed(error) => return Err(error),
                Next::Alone => {
                    let Shared { source, blob, .. } = &*self.shared;
                    self.alone = Some(source.blob_at_once(blob, at).await?);
                }
            }
        }
        match &mut self.alone {
            Some(stream) => stream.next().await.transpose(),
            None => Ok(None),
        }
    }
}
