//! A part of a blob over one connection at a time, asked for again from the byte that was reached when that breaks
//! (RFC 9110 §14).

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use http::StatusCode;
use http::header::{CONTENT_RANGE, RANGE};

use crate::http::{self as wire, Attempts, ByteStream, Request, Response, Slot};
use crate::model::Descriptor;
use crate::registry::Remote;
use crate::registry::blobs::what;
use crate::registry::manifests::ascii;
use crate::registry::range::ContentRange;
use crate::store::{self, Result};

/// What of a blob is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All that is left.
    Rest,
    /// All, to be read past what is there already: the server gave another part than it was asked for.
    All,
    /// The bytes up to this one, and nothing else.
    Until(u64),
}

/// Why there are no more bytes.
#[derive(Debug)]
pub(super) enum Failure {
    /// The answer is not the part that was asked for.
    Unfit(StatusCode),
    /// There is no answer, or none that is whole.
    Failed(wire::Error),
}

/// A blob, and where it is.
#[derive(Clone)]
pub(super) struct Blob {
    pub(super) remote: Remote,
    pub(super) descriptor: Descriptor,
}

/// A part on its way.
pub(super) struct Part {
    of: Blob,
    /// Kept as long as the part is: an upload may wait for it.
    slot: Arc<Slot>,
    /// The next byte.
    at: u64,
    wanted: Wanted,
    /// The answer being read, and how many bytes of it lie before `at`.
    body: Option<(ByteStream, u64)>,
    attempts: Attempts,
}

impl Part {
    pub(super) fn new(of: Blob, at: u64, wanted: Wanted, slot: Arc<Slot>) -> Self {
        let attempts = of.remote.client().attempts();
        Self { of, slot, at, wanted, body: None, attempts }
    }

    /// Whether the server gives a part when asked for one, as far as is known.
    pub(super) fn is_ranged(&self) -> bool {
        self.wanted != Wanted::All
    }

    /// [`Part::next`] for a stream.
    pub(super) async fn step(mut self) -> Result<Option<(Bytes, Self)>> {
        match self.next().await {
            Ok(bytes) => Ok(bytes.map(|bytes| (bytes, self))),
            Err(failure) => Err(self.of.told(failure)),
        }
    }

    /// The next bytes, with as many new requests as that takes; `None` at the end. Too few bytes without an error are
    /// told by whoever proves the blob.
    pub(super) async fn next(&mut self) -> std::result::Result<Option<Bytes>, Failure> {
        loop {
            let left = self.left();
            if left == 0 {
                return Ok(None);
            }
            let Some((stream, skip)) = &mut self.body else {
                self.open().await?;
                continue;
            };
            match stream.next().await {
                Some(Ok(mut chunk)) => {
                    let before = (*skip).min(chunk.len() as u64);
                    *skip -= before;
                    let _ = chunk.split_to(usize::try_from(before).unwrap_or(chunk.len()));
                    chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                    if !chunk.is_empty() {
                        self.at += chunk.len() as u64;
                        self.attempts.reset();
                        return Ok(Some(chunk));
                    }
                }
                // What ends an answer may be lost after its last byte.
                Some(Err(_)) if self.at >= self.of.descriptor.size => return Ok(None),
                Some(Err(error)) => {
                    self.body = None;
                    self.attempts.after(error).await.map_err(Failure::Failed)?;
                }
                None => return Ok(None),
            }
        }
    }

    /// How many more bytes are taken.
    fn left(&self) -> u64 {
        match self.wanted {
            Wanted::Until(end) => end.saturating_sub(self.at),
            Wanted::Rest | Wanted::All => u64::MAX,
        }
    }

    /// Asks the registry for the bytes from the next one on.
    pub(super) async fn open(&mut self) -> std::result::Result<(), Failure> {
        let Blob { remote, descriptor } = &self.of;
        let mut request = Request::get(remote.url(format_args!("blobs/{}", descriptor.digest)))
            .scope(remote.pull())
            .accept(self.wanted.answers())
            .in_slot(&self.slot);
        if let Some(range) = self.wanted.range(self.at) {
            request = request.header(RANGE, ascii(&range));
        }
        let response = remote.client().send(request).await.map_err(Failure::Failed)?;
        match self.first_byte(&response) {
            Some(first) => self.body = Some((response.into_stream(), self.at - first)),
            None if self.wanted == Wanted::Rest => self.wanted = Wanted::All,
            None => return Err(Failure::Unfit(response.status)),
        }
        Ok(())
    }

    /// Where in the blob an answer begins; `None` when it is not what is wanted, or does not tell.
    fn first_byte(&self, response: &Response) -> Option<u64> {
        let range = match response.status {
            StatusCode::PARTIAL_CONTENT => {
                ContentRange::parse(response.header(&CONTENT_RANGE)?.trim())?
            }
            StatusCode::OK if !matches!(self.wanted, Wanted::Until(_)) => return Some(0),
            _ => return None,
        };
        let sound = range.first == self.at
            && range.total.is_none_or(|total| total == self.of.descriptor.size)
            && !matches!(self.wanted, Wanted::Until(end) if range.last != end - 1);
        sound.then_some(range.first)
    }
}

impl Blob {
    /// A failure as whoever reads the blob is told.
    pub(super) fn told(&self, failure: Failure) -> store::Error {
        let what = what(&self.descriptor.digest);
        match failure {
            Failure::Failed(error) => self.remote.failed("read", what)(error),
            Failure::Unfit(_) => {
                let problem = "holds another part of the blob than was asked for";
                self.remote.odd("read", what, problem)
            }
        }
    }
}

impl Wanted {
    fn range(self, at: u64) -> Option<String> {
        match self {
            Self::Rest => (at > 0).then(|| format!("bytes={at}-")),
            Self::All => None,
            Self::Until(end) => Some(format!("bytes={at}-{}", end - 1)),
        }
    }

    /// A part that is only tried takes a refusal for an answer: it is not repeated, and nobody else has to wait.
    fn answers(self) -> &'static [StatusCode] {
        match self {
            Self::Rest | Self::All => &[StatusCode::OK, StatusCode::PARTIAL_CONTENT],
            Self::Until(_) => &[
                StatusCode::PARTIAL_CONTENT,
                StatusCode::OK,
                StatusCode::RANGE_NOT_SATISFIABLE,
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::SERVICE_UNAVAILABLE,
            ],
        }
    }
}
