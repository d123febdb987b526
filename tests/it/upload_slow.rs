//! A destination that takes its time does not cost the copy: the source may lose its patience meanwhile.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_RANGE, HOST, LOCATION, RANGE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use longshore::model::{Descriptor, Digest, Hasher, MediaType};
use longshore::store::Sink;
use tokio::sync::{Notify, mpsc};

use crate::registry_client::remote;
use crate::support::serving::{self, Body, Broken, Served, full};

/// More than all buffers on the way take.
const SIZE: usize = 48 << 20;
const PIECE: usize = 256 << 10;
/// How long the source waits for a client that does not read.
const PATIENCE: Duration = Duration::from_millis(100);

/// A registry with one blob, which drops whoever stops reading; it tells when it did.
fn impatient_source(blob: Bytes, dropped: Arc<Notify>) -> Served {
    serving::serve(move |request| {
        let (blob, dropped) = (blob.clone(), Arc::clone(&dropped));
        async move { Ok(download(&request, &blob, dropped)) }
    })
}

fn download(request: &Request<Incoming>, blob: &Bytes, dropped: Arc<Notify>) -> Response<Body> {
    let first = first_byte(request.headers());
    let mut rest = blob.slice(first..);
    let (give, mut take) = mpsc::channel::<Bytes>(1);
    tokio::spawn(async move {
        while !rest.is_empty() {
            let piece = rest.split_to(PIECE.min(rest.len()));
            if tokio::time::timeout(PATIENCE, give.send(piece)).await.is_err() {
                dropped.notify_one();
                return;
            }
        }
    });
    let range = format!("bytes {first}-{}/{}", blob.len() - 1, blob.len());
    let frames = stream::poll_fn(move |context| {
        take.poll_recv(context).map(|piece| piece.map(|piece| Ok::<_, Broken>(Frame::data(piece))))
    });
    let status = if first == 0 { StatusCode::OK } else { StatusCode::PARTIAL_CONTENT };
    Response::builder()
        .status(status)
        .header("content-length", blob.len() - first)
        .header(CONTENT_RANGE, range)
        .body(StreamBody::new(frames).boxed_unsync())
        .unwrap()
}

fn first_byte(headers: &HeaderMap) -> usize {
    let Some(range) = headers.get(RANGE) else { return 0 };
    let range = range.to_str().unwrap();
    range.strip_prefix("bytes=").unwrap().trim_end_matches('-').parse().unwrap()
}

/// A registry that takes one upload, and stops in the middle until the source has dropped the connection. What it got
/// is what the closing request must name.
fn slow_destination(dropped: Arc<Notify>) -> Served {
    let got = Arc::new(tokio::sync::Mutex::new(Some(Digest::of(b"").algorithm().hasher())));
    serving::serve(move |request| {
        let (got, dropped) = (Arc::clone(&got), Arc::clone(&dropped));
        async move {
            let host = request.headers()[HOST].to_str().unwrap().to_owned();
            let status = match *request.method() {
                Method::POST => StatusCode::ACCEPTED,
                Method::PATCH => {
                    receive(request.into_body(), got.lock().await.as_mut().unwrap(), &dropped)
                        .await;
                    StatusCode::ACCEPTED
                }
                _ => {
                    let digest = got.lock().await.take().map(Hasher::finish).unwrap();
                    let named = request.uri().query().unwrap().replace("%3A", ":");
                    assert_eq!(named, format!("digest={digest}"));
                    StatusCode::CREATED
                }
            };
            let location = format!("http://{host}/upload");
            Ok(Response::builder()
                .status(status)
                .header(LOCATION, location)
                .body(full(""))
                .unwrap())
        }
    })
}

async fn receive(mut body: Incoming, got: &mut Hasher, dropped: &Notify) {
    let (mut seen, mut waited) = (0, false);
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        got.update(&data);
        seen += data.len();
        if seen > SIZE / 8 && !waited {
            dropped.notified().await;
            waited = true;
        }
    }
}

#[tokio::test]
async fn a_source_that_drops_the_connection_meanwhile_is_asked_again() {
    let bytes = Bytes::from_iter(std::iter::repeat_with(|| fastrand::u8(..)).take(SIZE));
    let blob = Descriptor::new(MediaType::from("x/y"), Digest::of(&bytes), SIZE as u64);
    let dropped = Arc::new(Notify::new());
    let source = impatient_source(bytes, Arc::clone(&dropped));
    let destination = slow_destination(dropped);
    let from = remote(&source.address(), "app");
    remote(&destination.address(), "app").put_blob(&blob, &from).await.unwrap();
}
