//! A registry with one image of large layers, where each connection brings only so many bytes per second, and parts
//! of a blob are given as a test tells it.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use longshore::model::{Algorithm, Descriptor, Digest, MediaType};
use serde_json::json;
use tokio::time::Instant;

use super::serving::{self, Body, Broken, Served, full};

const CHUNK: u64 = 64 << 10;
/// How many bytes of noise there are. Parts of a blob that are swapped make another blob: it is a prime.
const NOISE: usize = 1_000_003;

/// How a part of a blob is given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given {
    /// As it was asked for.
    Rightly,
    /// All of the blob, with 200.
    Whole,
    /// With this status and nothing else.
    Refused(u16),
    /// With a `Content-Range` in which `FIRST`, `LAST` and `SIZE` stand for what would be right, `BEFORE` and
    /// `AFTER` for the bytes beside the first.
    Labelled(&'static str),
    /// Up to so many bytes, then the connection breaks.
    Cut(u64),
    /// Up to so many bytes, as if there were no more.
    Short(u64),
    /// With more bytes than it has.
    Long,
    /// Never: the head of the answer comes, and nothing after it.
    Hanging,
}

/// A running registry. Dropping it ends it.
pub(crate) struct Paced {
    served: Served,
    shared: Arc<Shared>,
}

struct Shared {
    layers: Vec<Descriptor>,
    config: Bytes,
    manifest: Bytes,
    noise: Bytes,
    given: Box<dyn Fn(usize) -> Given + Send + Sync>,
    asked: Mutex<Vec<Option<Range<u64>>>>,
    under_way: AtomicUsize,
    rate: u64,
}

impl Paced {
    /// A registry with `app:v1`, whose layers have these sizes. A connection brings `rate` bytes per second. `given`
    /// says how the part is given that is asked for as which of all parts, from 0.
    pub(crate) fn new(
        rate: u64,
        sizes: &[u64],
        given: impl Fn(usize) -> Given + Send + Sync + 'static,
    ) -> Self {
        let noise = Bytes::from(noise());
        let layers: Vec<Descriptor> =
            sizes.iter().enumerate().map(|(layer, &size)| describe(&noise, layer, size)).collect();
        let config = Bytes::from_static(b"{}");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::ImageManifest.to_string(),
            "config": {
                "mediaType": "application/vnd.example+json", "size": 2, "digest": Digest::of(&config),
            },
            "layers": layers,
        });
        let manifest = Bytes::from(manifest.to_string());
        let (given, asked, under_way) = (Box::new(given), Mutex::default(), AtomicUsize::new(0));
        let shared = Shared { layers, config, manifest, noise, given, asked, under_way, rate };
        let shared = Arc::new(shared);
        let there = Arc::clone(&shared);
        let served = serving::serve(move |request| {
            let there = Arc::clone(&there);
            async move { Ok(there.answer(&request)) }
        });
        Self { served, shared }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.served.address()
    }

    /// The layers of the image.
    pub(crate) fn layers(&self) -> &[Descriptor] {
        &self.shared.layers
    }

    /// What of layers was asked for up to now: a part, or all.
    pub(crate) fn asked(&self) -> Vec<Option<Range<u64>>> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// The parts among them that have an end.
    pub(crate) fn segments(&self) -> Vec<Range<u64>> {
        self.asked().into_iter().flatten().filter(|range| range.end < u64::MAX).collect()
    }

    /// How many layers, or parts of them, are being sent.
    pub(crate) fn under_way(&self) -> usize {
        self.shared.under_way.load(Ordering::SeqCst)
    }
}

fn noise() -> Vec<u8> {
    let mut state = 1u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(NOISE)
    .collect()
}

fn describe(noise: &Bytes, layer: usize, size: u64) -> Descriptor {
    let mut hasher = Algorithm::Sha256.hasher();
    let mut at = 0;
    while at < size {
        let piece = piece(noise, layer, at..size);
        hasher.update(&piece);
        at += piece.len() as u64;
    }
    Descriptor::new(MediaType::ImageLayer, hasher.finish(), size)
}

/// Some bytes from the beginning of a span of a layer.
fn piece(noise: &Bytes, layer: usize, span: Range<u64>) -> Bytes {
    let start = usize::try_from((span.start + 7 * layer as u64) % NOISE as u64).unwrap();
    let length = (span.end - span.start).min(CHUNK).min((NOISE - start) as u64);
    noise.slice(start..start + usize::try_from(length).unwrap())
}

impl Shared {
    fn answer(self: Arc<Self>, request: &Request<Incoming>) -> Response<Body> {
        let path = request.uri().path();
        let known = |layer: &Descriptor| path.ends_with(layer.digest.as_str());
        if let Some(layer) = self.layers.iter().position(known) {
            let range = request.headers().get(RANGE).map(|range| parse(range.to_str().unwrap()));
            return self.layer(layer, range);
        }
        let answer = Response::builder();
        if path.ends_with(Digest::of(&self.config).as_str()) {
            answer.body(full(self.config.clone())).unwrap()
        } else if path.contains("/manifests/") {
            let kind = MediaType::ImageManifest.to_string();
            answer.header(CONTENT_TYPE, kind).body(full(self.manifest.clone())).unwrap()
        } else {
            answer.status(404).body(full("")).unwrap()
        }
    }

    fn layer(self: Arc<Self>, layer: usize, range: Option<Range<u64>>) -> Response<Body> {
        let number = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(range.clone());
            asked.iter().flatten().filter(|range| range.end < u64::MAX).count()
        };
        let size = self.layers[layer].size;
        let Some(range) = range else {
            return self.sent(Response::builder(), layer, 0..size, End::Proper);
        };
        let is_part = range.end < u64::MAX;
        let span = range.start..range.end.min(size);
        let given = if is_part { (self.given)(number - 1) } else { Given::Rightly };
        let label = |text: &str| {
            text.replace("FIRST", &span.start.to_string())
                .replace("LAST", &(span.end - 1).to_string())
                .replace("SIZE", &size.to_string())
                .replace("BEFORE", &(span.start - 1).to_string())
                .replace("AFTER", &(span.start + 1).to_string())
        };
        let part = |text: &str| {
            let builder = Response::builder().status(StatusCode::PARTIAL_CONTENT);
            builder.header(CONTENT_RANGE, label(text))
        };
        let right = || part("bytes FIRST-LAST/SIZE");
        match given {
            Given::Rightly => self.sent(right(), layer, span, End::Proper),
            Given::Whole => self.sent(Response::builder(), layer, 0..size, End::Proper),
            Given::Refused(status) => Response::builder().status(status).body(full("no")).unwrap(),
            Given::Labelled(text) => self.sent(part(text), layer, span, End::Proper),
            Given::Cut(after) => {
                let builder = right().header(CONTENT_LENGTH, span.end - span.start);
                self.sent(builder, layer, span.start..span.start + after, End::Broken)
            }
            Given::Short(after) => {
                self.sent(right(), layer, span.start..span.start + after, End::Proper)
            }
            Given::Long => self.sent(right(), layer, span.start..size, End::Proper),
            Given::Hanging => self.sent(right(), layer, span.start..span.start, End::Silence),
        }
    }

    /// A body that comes as fast as a connection is.
    fn sent(
        self: Arc<Self>,
        head: http::response::Builder,
        layer: usize,
        span: Range<u64>,
        end: End,
    ) -> Response<Body> {
        let (begun, first, rate) = (Instant::now(), span.start, self.rate);
        let sending = Sending::new(self);
        let frames = stream::unfold((sending, first), move |(sending, at)| {
            let end_of_span = span.end;
            async move {
                if at >= end_of_span {
                    return end.after().await.map(|error| (Err(error), (sending, at)));
                }
                let due = Duration::from_millis((at - first) * 1000 / rate);
                tokio::time::sleep_until(begun + due).await;
                let bytes = piece(&sending.0.noise, layer, at..end_of_span);
                let next = at + bytes.len() as u64;
                Some((Ok(Frame::data(bytes)), (sending, next)))
            }
        });
        head.body(StreamBody::new(frames.boxed()).boxed_unsync()).unwrap()
    }
}

/// What comes after the bytes.
#[derive(Clone, Copy)]
enum End {
    Proper,
    Broken,
    Silence,
}

impl End {
    async fn after(self) -> Option<Broken> {
        match self {
            Self::Proper => None,
            Self::Broken => {
                // What was sent before is still under way, and an error would overtake it.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some("cut as ordered".into())
            }
            Self::Silence => std::future::pending().await,
        }
    }
}

/// Counts an answer as long as it is sent.
struct Sending(Arc<Shared>);

impl Sending {
    fn new(shared: Arc<Shared>) -> Self {
        shared.under_way.fetch_add(1, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// `bytes=5-9` is 5..10; without an end it has the largest there is.
fn parse(range: &str) -> Range<u64> {
    let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let end = if last.is_empty() { u64::MAX } else { last.parse::<u64>().unwrap() + 1 };
    first.parse().unwrap()..end
}
