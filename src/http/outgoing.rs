//! A request on its way, and what of its body can be sent again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{Method, StatusCode};
use tokio::time::Instant;

use super::error::{Cause, Error};
use super::request::{Body, Repeat, Request, Upload};
use super::slot::Lane;

/// Registries work on an upload after its last byte: how many times longer than for a byte to wait for the answer.
const WRITING_TAKES_LONGER: u32 = 10;

/// A request with the memory of what became of its body.
pub(super) struct Outgoing {
    /// The request, and its body when that is there whole.
    pub(super) request: Request<Option<Bytes>>,
    upload: Option<Arc<StreamedBody>>,
}

impl Outgoing {
    pub(super) fn new(request: Request) -> Self {
        let (mut request, body) = request.with_body(None);
        let upload = match body {
            Body::Stream { length, stream } => Some(Arc::new(StreamedBody::new(length, stream))),
            Body::Bytes(bytes) => {
                request.body = Some(bytes);
                None
            }
            Body::Empty => None,
        };
        Self { request, upload }
    }

    /// Puts the body into `request`, which goes out in `lane`.
    pub(super) fn fill(&self, request: &mut reqwest::Request, lane: &Arc<Lane>) {
        if let Some(upload) = &self.upload {
            if let Some(length) = upload.length {
                request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
            *request.body_mut() = Some(reqwest::Body::wrap_stream(upload.stream(lane)));
        } else if let Some(bytes) = &self.request.body {
            *request.body_mut() = Some(bytes.clone().into());
        } else if matches!(self.request.method, Method::POST | Method::PUT | Method::PATCH) {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(0));
        }
    }

    /// Whether the body, if any, is still whole.
    pub(super) fn is_whole(&self) -> bool {
        self.upload.as_ref().is_none_or(|upload| matches!(upload.state().phase, Phase::Whole(_)))
    }

    /// Whether it may be sent again after `error`.
    pub(super) fn may_repeat(&self, error: &Error) -> bool {
        let refused = matches!(error, Error::Connect { .. })
            || error.status() == Some(StatusCode::TOO_MANY_REQUESTS);
        error.is_transient()
            && self.is_whole()
            && (refused || self.request.repeat == Repeat::Freely)
    }

    /// What the source of the body said, if it is what failed.
    pub(super) fn source_failure(&self) -> Option<Cause> {
        self.upload.as_ref().and_then(|upload| upload.state().failure.take())
    }

    /// Ends when nothing has moved for too long: the answer is not coming. Returns how long that was.
    pub(super) async fn stalled(&self, stall: Duration) -> Duration {
        let reads = matches!(self.request.method, Method::GET | Method::HEAD);
        let patience = if reads { stall } else { stall * WRITING_TAKES_LONGER };
        let begun = Instant::now();
        loop {
            let (since, limit) = match &self.upload {
                None => (begun, patience),
                Some(upload) => match upload.state().phase {
                    Phase::Whole(_) => (begun, stall),
                    Phase::AtSource => (Instant::now(), stall),
                    Phase::OnWire(since) => (since, stall),
                    Phase::Over(since) => (since, patience),
                },
            };
            if since.elapsed() >= limit {
                return limit;
            }
            tokio::time::sleep_until(since + limit).await;
        }
    }
}

/// A stream that is handed to the connection when that first asks for it, and watched from then on.
struct StreamedBody {
    length: Option<u64>,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    passed: u64,
    failure: Option<Cause>,
}

/// Who is waited for.
enum Phase {
    /// Nobody has asked for the first byte.
    Whole(Upload),
    /// The source has nothing yet; it keeps its own time.
    AtSource,
    /// The connection got bytes at that time and has not asked for more.
    OnWire(Instant),
    /// The connection got the last byte at that time.
    Over(Instant),
}

impl StreamedBody {
    fn new(length: Option<u64>, stream: Upload) -> Self {
        let state = State { phase: Phase::Whole(stream), passed: 0, failure: None };
        Self { length, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stream, for the first who asks; after that nothing.
    fn take(&self) -> Upload {
        match std::mem::replace(&mut self.state().phase, Phase::AtSource) {
            Phase::Whole(stream) => stream,
            _ => Box::pin(stream::empty()),
        }
    }

    fn stream(
        self: &Arc<Self>,
        lane: &Arc<Lane>,
    ) -> impl Stream<Item = Result<Bytes, Cause>> + Send + use<> {
        let (body, lane) = (Arc::clone(self), Arc::clone(lane));
        let mut taken = None;
        stream::poll_fn(move |context| {
            let stream = taken.get_or_insert_with(|| lane.limiter().limit(body.take()));
            let polled = stream.as_mut().poll_next(context);
            if let Poll::Ready(Some(Ok(bytes))) = &polled {
                lane.moved(bytes.len());
            }
            body.watch(polled)
        })
    }

    /// Takes note of what goes by. A failure stays here; the connection only learns that there was one.
    fn watch(&self, polled: Polled) -> Polled {
        let mut state = self.state();
        let now = Instant::now();
        match polled {
            Poll::Pending => {
                state.phase = Phase::AtSource;
                Poll::Pending
            }
            Poll::Ready(Some(Ok(bytes))) => {
                state.passed += bytes.len() as u64;
                let over = self.length.is_some_and(|length| state.passed >= length);
                state.phase = if over { Phase::Over(now) } else { Phase::OnWire(now) };
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Ready(Some(Err(cause))) => {
                state.failure = Some(cause);
                Poll::Ready(Some(Err("the source failed".into())))
            }
            Poll::Ready(None) => {
                state.phase = Phase::Over(now);
                Poll::Ready(None)
            }
        }
    }
}

type Polled = Poll<Option<Result<Bytes, Cause>>>;
