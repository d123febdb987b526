//! A proxy in front of a registry, where things go wrong as ordered.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RANGE, RETRY_AFTER,
    TRANSFER_ENCODING, WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, BodyStream, StreamBody};
use hyper::body::{Frame, Incoming};

use super::serving::{self, Body, Broken, Served, full};

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The answer breaks off after so many bytes.
    CutDownload(usize),
    /// The request breaks off, for the registry too, after so many bytes.
    CutUpload(usize),
    /// All of the blob is sent, with 200, where a part was asked for.
    IgnoreRange,
    /// 206 with the part that begins one byte before the one asked for.
    WrongRange,
    /// 307 to another host, which gives the blob without being told who asks.
    Redirect,
    /// A mount is answered as if it were the start of an upload: 202.
    RefuseMount,
    /// An upload is begun with the wish for chunks of so many bytes at least.
    AskForChunks(u64),
    /// The first byte of the answer is another.
    Damage,
    /// The answer goes on for ever.
    Endless,
    /// The answer has so many bytes, and then neither more nor an end.
    Stall(usize),
    /// The answer comes in pieces, each after so much time.
    Slow(Duration),
    /// The answer comes late.
    Delay(Duration),
    /// An answer that the registry never gave, after the request was read.
    Answer(Canned),
}

/// An answer made beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Canned {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: &'static str,
}

impl Canned {
    pub(crate) fn status(status: u16) -> Self {
        Self { status: StatusCode::from_u16(status).unwrap(), headers: Vec::new(), body: "" }
    }

    /// 429, with `Retry-After` as given.
    pub(crate) fn too_many(retry_after: &str) -> Self {
        Self::status(429).header(RETRY_AFTER, retry_after)
    }

    /// 401 with this challenge.
    pub(crate) fn unauthorized(challenge: &str) -> Self {
        Self::status(401).header(WWW_AUTHENTICATE, challenge)
    }

    /// An error in the form of the specification, whose code nobody knows.
    pub(crate) fn unknown_code(status: u16) -> Self {
        let body = r#"{"errors":[{"code":"MOON_PHASE","message":"not\u001b[31m tonight"}]}"#;
        Self { body, ..Self::status(status).header(CONTENT_TYPE, "application/json") }
    }

    /// A page made for people.
    pub(crate) fn html(status: u16) -> Self {
        let body = "<html><head><title>Bad Gateway</title></head><body>so sorry</body></html>";
        Self { body, ..Self::status(status).header(CONTENT_TYPE, "text/html") }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn response(self) -> Response<Body> {
        let mut response = Response::new(full(self.body));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    }
}

/// A request that came by.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
}

impl Seen {
    /// Whether this is such a request: `part` is a part of path and query.
    pub(crate) fn is(&self, method: &str, part: &str) -> bool {
        self.method == method && self.target.contains(part)
    }

    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A fault that waits for its requests.
struct Rule {
    times: usize,
    method: &'static str,
    part: String,
    fault: Fault,
}

/// A running proxy, and the other host that it redirects to. Dropping it ends both.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    front: Served,
    elsewhere: Served,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    rules: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<Seen>>,
    seen_elsewhere: Mutex<Vec<Seen>>,
    uploaded: AtomicU64,
    stalled: Arc<AtomicUsize>,
    crowds: [Arc<Crowd>; 3],
    quota: Mutex<Option<Quota>>,
    /// What a redirected request needs to be let in: the signature in a presigned address.
    grants: Mutex<HashMap<String, HeaderValue>>,
}

impl Proxy {
    /// A proxy before the registry at `address`, without any fault.
    pub(crate) fn before(address: &str) -> Self {
        // Whoever comes first installs it; both would install the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let shared = Arc::new(Shared {
            upstream: address.to_owned(),
            client,
            rules: Mutex::default(),
            seen: Mutex::default(),
            seen_elsewhere: Mutex::default(),
            uploaded: AtomicU64::new(0),
            stalled: Arc::default(),
            crowds: Default::default(),
            quota: Mutex::default(),
            grants: Mutex::default(),
        });
        let there = Arc::clone(&shared);
        let elsewhere = serving::serve(move |request| Arc::clone(&there).elsewhere(request));
        let (here, other) = (Arc::clone(&shared), elsewhere.other_name());
        let front = serving::serve(move |request| Arc::clone(&here).front(request, other.clone()));
        Self { shared, front, elsewhere }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.front.address()
    }

    /// The host that [`Fault::Redirect`] sends to.
    pub(crate) fn elsewhere(&self) -> String {
        self.elsewhere.other_name()
    }

    /// Lets the next `times` requests of this method whose path and query contain `part` meet `fault`. Of several
    /// faults that wait for a request, it meets the one ordered first.
    pub(crate) fn fault(
        &self,
        times: usize,
        method: &'static str,
        part: &str,
        fault: Fault,
    ) -> &Self {
        let part = part.to_owned();
        self.shared.rules.lock().unwrap().push(Rule { times, method, part, fault });
        self
    }

    /// Forgets all faults: requests that come from now on meet none.
    pub(crate) fn heal(&self) {
        self.shared.rules.lock().unwrap().clear();
    }

    /// How many answers have come to where [`Fault::Stall`] holds them.
    pub(crate) fn stalled(&self) -> usize {
        self.shared.stalled.load(Ordering::SeqCst)
    }

    /// All requests up to now.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// All requests to the other host up to now.
    pub(crate) fn seen_elsewhere(&self) -> Vec<Seen> {
        self.shared.seen_elsewhere.lock().unwrap().clone()
    }

    /// How many bytes of requests came by.
    pub(crate) fn uploaded(&self) -> u64 {
        self.shared.uploaded.load(Ordering::Relaxed)
    }

    /// Allows so many manifests to be read in each such time, as Docker Hub does: HEAD costs nothing, and answers tell
    /// what is left.
    pub(crate) fn allow(&self, manifests: usize, window: Duration) {
        let quota = Quota { manifests, window, spent: 0, begun: Instant::now() };
        *self.shared.quota.lock().unwrap() = Some(quota);
    }

    /// The most requests that were under way at once, up to the last byte of their answers: metadata, downloads,
    /// uploads.
    pub(crate) fn most_at_once(&self) -> [usize; 3] {
        self.shared.crowds.each_ref().map(|crowd| crowd.most.load(Ordering::SeqCst))
    }

    /// How many requests of this method and part of path and query there were.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        self.seen().iter().filter(|seen| seen.is(method, part)).count()
    }
}

/// How many manifests may be read.
struct Quota {
    manifests: usize,
    window: Duration,
    spent: usize,
    begun: Instant,
}

/// The requests of a kind that are under way.
#[derive(Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// One of them.
struct Member(Arc<Crowd>);

impl Crowd {
    fn enter(self: &Arc<Self>) -> Member {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Member(Arc::clone(self))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Which crowd a request belongs to: metadata, downloads, uploads.
fn kind(head: &Parts) -> usize {
    let path = head.uri.path();
    match head.method {
        Method::GET if path.contains("/blobs/sha256:") => 1,
        Method::PATCH | Method::PUT if path.contains("/blobs/uploads/") => 2,
        _ => 0,
    }
}

impl Shared {
    async fn front(
        self: Arc<Self>,
        request: Request<Incoming>,
        other: String,
    ) -> Result<Response<Body>, Broken> {
        let (head, body) = request.into_parts();
        let body = Arc::clone(&self).counted(body);
        let member = self.crowds[kind(&head)].enter();
        let answer = self.answer(head, body, other).await?;
        let with_member = move |chunk| {
            let _until_its_end = &member;
            chunk
        };
        Ok(answer.map(|body| streamed(received(body).map(with_member).boxed())))
    }

    async fn answer(
        &self,
        mut head: Parts,
        body: Bytestream,
        other: String,
    ) -> Result<Response<Body>, Broken> {
        let seen = seen(&head);
        self.seen.lock().unwrap().push(seen.clone());
        if let Some(left) = self.spend(&seen) {
            let answer = match left {
                Some(_) => self.pass(head, body).await?,
                None => Canned::status(429).response(),
            };
            return Ok(self.with_quota(answer, left.unwrap_or(0)));
        }
        match self.fault_for(&seen) {
            None => self.pass(head, body).await,
            Some(Fault::Answer(canned)) => {
                drop(body.collect::<Vec<_>>().await);
                Ok(canned.response())
            }
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                self.pass(head, body).await
            }
            Some(Fault::Redirect) => {
                if let Some(grant) = head.headers.get(AUTHORIZATION) {
                    self.grants.lock().unwrap().insert(seen.target.clone(), grant.clone());
                }
                let location = format!("http://{other}{}", seen.target);
                Ok(Canned::status(307).header(LOCATION, &location).response())
            }
            Some(Fault::CutUpload(after)) => self.pass(head, cut(body, after)).await,
            Some(Fault::IgnoreRange) => {
                head.headers.remove(RANGE);
                self.pass(head, body).await
            }
            Some(Fault::WrongRange) => {
                shift_range(&mut head.headers);
                self.pass(head, body).await
            }
            Some(Fault::RefuseMount) => {
                head.uri = Uri::try_from(head.uri.path())?;
                self.pass(head, body).await
            }
            Some(Fault::AskForChunks(least)) => {
                let mut answer = self.pass(head, body).await?;
                answer.headers_mut().insert("oci-chunk-min-length", least.into());
                Ok(answer)
            }
            Some(Fault::CutDownload(after)) => {
                let answer = self.pass(head, body).await?;
                Ok(answer.map(|body| streamed(cut(received(body), after))))
            }
            Some(Fault::Stall(after)) => {
                let stalled = Arc::clone(&self.stalled);
                let answer = self.pass(head, body).await?;
                Ok(answer.map(|body| streamed(stall(received(body), after, stalled))))
            }
            Some(Fault::Slow(pause)) => {
                let answer = self.pass(head, body).await?;
                Ok(answer.map(|body| streamed(slow(received(body), pause))))
            }
            Some(Fault::Damage) => {
                let answer = self.pass(head, body).await?;
                Ok(answer.map(|body| streamed(damage(received(body)))))
            }
            Some(Fault::Endless) => {
                let mut answer = self.pass(head, body).await?;
                answer.headers_mut().remove(CONTENT_LENGTH);
                let more = stream::repeat_with(|| Ok(Bytes::from_static(&[0; 4096])));
                Ok(answer.map(|body| streamed(received(body).chain(more).boxed())))
            }
        }
    }

    fn counted(self: Arc<Self>, body: Incoming) -> Bytestream {
        let counted = sent(body).inspect_ok(move |chunk| {
            self.uploaded.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        });
        counted.boxed()
    }

    async fn elsewhere(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Broken> {
        let (mut head, body) = request.into_parts();
        let seen = seen(&head);
        let grant = self.grants.lock().unwrap().get(&seen.target).cloned();
        self.seen_elsewhere.lock().unwrap().push(seen);
        if let Some(grant) = grant {
            head.headers.insert(AUTHORIZATION, grant);
        }
        self.pass(head, sent(body)).await
    }

    /// What is left after this request: none where it was too much; nothing at all where it is not counted.
    fn spend(&self, seen: &Seen) -> Option<Option<usize>> {
        let mut quota = self.quota.lock().unwrap();
        let quota = quota.as_mut().filter(|_| seen.target.contains("/manifests/"))?;
        if quota.begun.elapsed() >= quota.window {
            (quota.begun, quota.spent) = (Instant::now(), 0);
        }
        match seen.method {
            Method::GET if quota.spent == quota.manifests => return Some(None),
            Method::GET => quota.spent += 1,
            Method::HEAD => {}
            _ => return None,
        }
        Some(Some(quota.manifests - quota.spent))
    }

    fn with_quota(&self, mut answer: Response<Body>, left: usize) -> Response<Body> {
        let quota = self.quota.lock().unwrap();
        let quota = quota.as_ref().unwrap();
        let window = quota.window.as_secs();
        for (name, count) in [("ratelimit-limit", quota.manifests), ("ratelimit-remaining", left)] {
            let value = format!("{count};w={window}").parse().unwrap();
            answer.headers_mut().insert(name, value);
        }
        answer
    }

    fn fault_for(&self, seen: &Seen) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let rule =
            rules.iter_mut().find(|rule| rule.times > 0 && seen.is(rule.method, &rule.part))?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }

    /// Asks the registry. The `Host` header stays as it came, so that the registry names the proxy in its answers.
    async fn pass(&self, head: Parts, body: Bytestream) -> Result<Response<Body>, Broken> {
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let url = format!("http://{}{target}", self.upstream);
        let mut headers = head.headers;
        headers.remove(CONNECTION);
        headers.remove(TRANSFER_ENCODING);
        let mut request = self.client.request(head.method.clone(), url);
        if head.method != Method::GET && head.method != Method::HEAD {
            request = request.body(reqwest::Body::wrap_stream(body));
        }
        let answer = request.headers(headers).send().await?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        headers.remove(CONNECTION);
        headers.remove(TRANSFER_ENCODING);
        let bytes = answer.bytes_stream().map(|chunk| chunk.map_err(Into::into));
        let mut response = Response::new(streamed(bytes.boxed()));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

type Bytestream = Pin<Box<dyn Stream<Item = Result<Bytes, Broken>> + Send>>;

fn seen(head: &Parts) -> Seen {
    Seen {
        method: head.method.clone(),
        target: head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        headers: head.headers.clone(),
    }
}

/// The bytes of a request.
fn sent(body: Incoming) -> Bytestream {
    received(body.map_err(Into::into).boxed_unsync())
}

/// The bytes of a body.
fn received(body: Body) -> Bytestream {
    let frames = BodyStream::new(body);
    let data = frames.filter_map(async |frame| match frame {
        Ok(frame) => frame.into_data().ok().map(Ok),
        Err(error) => Some(Err(error)),
    });
    data.boxed()
}

fn streamed(bytes: Bytestream) -> Body {
    StreamBody::new(bytes.map(|chunk| chunk.map(Frame::data))).boxed_unsync()
}

/// The first `left` bytes, then an error.
fn cut(bytes: Bytestream, left: usize) -> Bytestream {
    let parts = stream::unfold((bytes, Some(left)), |(mut bytes, left)| async move {
        let left = left?;
        if left == 0 {
            // What was sent before is still under way, and an error would overtake it.
            tokio::time::sleep(Duration::from_millis(20)).await;
            return Some((Err("cut as ordered".into()), (bytes, None)));
        }
        let mut chunk = match bytes.next().await? {
            Ok(chunk) => chunk,
            Err(error) => return Some((Err(error), (bytes, None))),
        };
        chunk.truncate(left);
        let left = left - chunk.len();
        Some((Ok(chunk), (bytes, Some(left))))
    });
    parts.boxed()
}

/// The first `left` bytes, then nothing; `stalled` counts it.
fn stall(bytes: Bytestream, left: usize, stalled: Arc<AtomicUsize>) -> Bytestream {
    let parts = stream::unfold((bytes, left, stalled), |(mut bytes, left, stalled)| async move {
        if left == 0 {
            stalled.fetch_add(1, Ordering::SeqCst);
            return std::future::pending().await;
        }
        let mut chunk = match bytes.next().await? {
            Ok(chunk) => chunk,
            Err(error) => return Some((Err(error), (bytes, left, stalled))),
        };
        chunk.truncate(left);
        let left = left - chunk.len();
        Some((Ok(chunk), (bytes, left, stalled)))
    });
    parts.boxed()
}

fn slow(bytes: Bytestream, pause: Duration) -> Bytestream {
    let slowed = bytes.then(move |chunk| async move {
        tokio::time::sleep(pause).await;
        chunk
    });
    slowed.boxed()
}

fn damage(bytes: Bytestream) -> Bytestream {
    let damaged = bytes.enumerate().map(|(at, chunk)| {
        let mut chunk = Vec::from(chunk?);
        if let (0, Some(first)) = (at, chunk.first_mut()) {
            *first ^= 1;
        }
        Ok(Bytes::from(chunk))
    });
    damaged.boxed()
}

/// `bytes=100-` becomes `bytes=99-`.
fn shift_range(headers: &mut HeaderMap) {
    let Some(range) = headers.get(RANGE) else { return };
    let range = range.to_str().unwrap().strip_prefix("bytes=").unwrap();
    let (start, end) = range.split_once('-').unwrap();
    let start: u64 = start.parse().unwrap();
    headers.insert(RANGE, format!("bytes={}-{end}", start - 1).parse().unwrap());
}
