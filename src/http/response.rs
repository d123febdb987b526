//! What came back.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, LOCATION};
use reqwest::Url;
use tokio::time::Instant;

use super::error::Error;
use super::redact::{SafeUrl, Secrets, authority};
use super::redirect;
use super::slot::Slot;

/// The bytes of an answer as they come.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// How many times longer than for a byte to wait for the whole of an answer that is read into memory.
const WHOLE_TAKES_LONGER: u32 = 10;

/// An answer. Its body is still to be read ([`Incoming`]), or was read ([`Bytes`]).
pub struct Response<B = Incoming> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// What was asked at last, after all redirects.
    pub url: Url,
    /// The body.
    pub body: B,
}

impl<B> Response<B> {
    /// A header as text; `None` when it is absent or not text.
    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The address in `Location`.
    ///
    /// # Errors
    /// When there is none, or one that must not be used.
    pub fn location(&self) -> Result<Url, Error> {
        match self.header(&LOCATION) {
            Some(location) => self.resolve(location),
            None => Err(self.unusable("nowhere: its answer has no Location".to_owned())),
        }
    }

    /// An address that the answer holds (`Link`, `Location`), relative or absolute.
    ///
    /// On the registry's own host, HTTPS stays HTTPS even where the address says otherwise: registries behind a
    /// proxy do not always know how they are reached.
    ///
    /// # Errors
    /// When it is no address, or one that must not be used.
    pub fn resolve(&self, reference: &str) -> Result<Url, Error> {
        redirect::resolve_own(&self.url, reference).map_err(|why| self.unusable(why))
    }

    fn unusable(&self, why: String) -> Error {
        Error::Address { host: authority(&self.url), why }
    }

    fn with<C>(self, body: C) -> Response<C> {
        Response { status: self.status, headers: self.headers, url: self.url, body }
    }
}

impl Response {
    pub(super) fn new(mut inner: reqwest::Response, stall: Duration, secrets: Secrets) -> Self {
        Self {
            status: inner.status(),
            headers: std::mem::take(inner.headers_mut()),
            url: inner.url().clone(),
            body: Incoming { inner, stall, secrets, slot: None, ahead: Bytes::new() },
        }
    }

    /// The answer to a request that went out in `slot`. It keeps that as long as there is a body to be read.
    pub(super) fn in_slot(mut self, slot: &Slot) -> Self {
        let has_body = self.body.inner.content_length() != Some(0);
        self.body.slot = has_body.then(|| HeldSlot { slot: slot.clone(), since: Instant::now() });
        self
    }

    /// The same answer with its whole body.
    ///
    /// # Errors
    /// When it is larger than `limit` bytes, breaks off, stalls, or takes more than ten times the stall time.
    pub async fn read(mut self, limit: usize) -> Result<Response<Bytes>, Error> {
        let after = self.body.stall * WHOLE_TAKES_LONGER;
        match tokio::time::timeout(after, self.body.whole(limit)).await {
            Ok(whole) => Ok(self.with(whole?)),
            Err(_) => Err(Error::TooSlow { url: SafeUrl::new(&self.url), after }),
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// As for [`Response::read`].
    pub async fn bytes(self, limit: usize) -> Result<Bytes, Error> {
        Ok(self.read(limit).await?.body)
    }

    /// The first bytes of the body, at most `limit` of them and only those that come within the stall time, whatever
    /// becomes of the rest.
    pub(super) async fn beginning(mut self, limit: usize) -> Bytes {
        let mut beginning = BytesMut::new();
        let stall = self.body.stall;
        let read = async {
            while beginning.len() < limit
                && let Ok(Some(chunk)) = self.body.chunk().await
            {
                let room = limit - beginning.len();
                beginning.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
        };
        // What has come by then is told; there is no more to say when nothing has.
        let _ = tokio::time::timeout(stall, read).await;
        beginning.freeze()
    }

    /// The body as it comes. When no byte comes for the stall time the stream ends with [`Error::Stalled`], when it
    /// is shorter than announced with [`Error::BrokenBody`]; both may pass.
    #[must_use]
    pub fn into_stream(self) -> ByteStream {
        stream::unfold(Some(self.body), |body| async {
            let mut body = body?;
            match body.chunk().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(body))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }
}

/// Headers and address stay out of it: presigned addresses are secrets.
impl<B> fmt::Debug for Response<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.status, SafeUrl::new(&self.url))
    }
}

/// A body on its way.
pub struct Incoming {
    inner: reqwest::Response,
    stall: Duration,
    /// What the request brought.
    pub(super) secrets: Secrets,
    /// None for an answer to which no body belongs, and for that of a token server.
    slot: Option<HeldSlot>,
    /// What has come and may not yet pass.
    ahead: Bytes,
}

/// The slot that a body has until it was read, and since when.
struct HeldSlot {
    slot: Slot,
    since: Instant,
}

impl Incoming {
    async fn whole(&mut self, limit: usize) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > limit {
                return Err(Error::TooLarge { url: SafeUrl::new(self.inner.url()), limit });
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if self.ahead.is_empty() {
            match self.arrived().await? {
                Some(chunk) => self.ahead = chunk,
                None => return Ok(None),
            }
        }
        match &self.slot {
            Some(held) => Ok(Some(held.slot.lane().limiter().take(&mut self.ahead).await)),
            None => Ok(Some(std::mem::take(&mut self.ahead))),
        }
    }

    /// What comes next, noted where it came.
    async fn arrived(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = self.next().await;
        if let Some(HeldSlot { slot, since }) = &self.slot {
            match &chunk {
                Ok(Some(chunk)) => slot.lane().moved(chunk.len()),
                Ok(None) => {}
                Err(_) => slot.lane().pressed(*since),
            }
        }
        chunk
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let Ok(chunk) = tokio::time::timeout(self.stall, self.inner.chunk()).await else {
            return Err(Error::Stalled { host: authority(self.inner.url()), after: self.stall });
        };
        chunk.map_err(|error| Error::BrokenBody {
            url: SafeUrl::new(self.inner.url()),
            source: error.into(),
        })
    }
}
