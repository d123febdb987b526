//! Uploads of blobs (end-4, end-5, end-6, end-11, end-13).
//!
//! A small blob goes in one request after the one that begins the upload (POST, PUT); a large one as a stream (POST,
//! PATCH, PUT), in chunks when the registry names a smallest chunk (`OCI-Chunk-Min-Length`). After a break the
//! registry is asked how far it got, and the upload goes on there; a registry that forgot the upload begins anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt;
use http::StatusCode;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue, RANGE};
use reqwest::Url;

use super::Remote;
use super::manifests::ascii;
use super::range::received;
use crate::http::{self as wire, Purpose, Request, Response};
use crate::model::{Descriptor, Digest, Hasher, Repository};
use crate::store::{self, Result, Source};

/// Blobs up to this size go in one request.
const MONOLITHIC: u64 = 8 * 1024 * 1024;
/// Chunks are at least this large, whatever less the registry would take.
const CHUNK: u64 = 64 * 1024 * 1024;
/// The largest smallest chunk that a registry may ask for.
const MAX_CHUNK: u64 = 5 * 1024 * 1024 * 1024;
/// How often an upload is begun anew because the registry lost it.
const MAX_LOST: u32 = 4;
const CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

impl Remote {
    /// Takes a blob over from another repository of this registry (end-11). What the registry answers when it cannot
    /// differs; none of it is an error.
    pub(super) async fn mount(&self, blob: &Descriptor, from: &Repository) -> Result<bool> {
        let query = format!("blobs/uploads/?mount={}&from={}", blob.digest, from.path());
        let request = Request::post(self.url(query))
            .scope(self.push())
            .scope(wire::Scope::pull(from))
            .accept(&[StatusCode::CREATED, StatusCode::ACCEPTED]);
        match self.client().send(request).await {
            Ok(response) if response.status == StatusCode::CREATED => Ok(true),
            Ok(response) => {
                if let Ok(session) = Session::begun(&response) {
                    self.begun().insert(blob.digest.clone(), session);
                }
                Ok(false)
            }
            Err(error) if error.is_transient() => {
                Err(self.failed("mount", what(&blob.digest))(error))
            }
            Err(_) => Ok(false),
        }
    }

    /// Uploads a blob from `source`.
    pub(super) async fn upload(&self, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        let session = self.begun().remove(&blob.digest);
        let proof = Arc::new(Mutex::new(Proof::new(blob, source.place())));
        Upload { remote: self, blob, source, proof, session, resumed: 0, farthest: 0 }.run().await
    }

    fn begun(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        self.inner.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn what(digest: &Digest) -> String {
    format!("blob {digest}")
}

/// An upload that the registry knows of.
#[derive(Clone)]
pub(super) struct Session {
    location: Url,
    /// The smallest chunk that the registry takes; without one it takes a stream.
    chunk: Option<u64>,
    /// The bytes that the registry has.
    received: u64,
}

impl Session {
    /// The upload that an answer of 202 began.
    fn begun(response: &Response) -> std::result::Result<Self, wire::Error> {
        let chunk = response
            .header(&CHUNK_MIN_LENGTH)
            .and_then(|text| text.trim().parse().ok())
            .map(|least: u64| least.clamp(CHUNK, MAX_CHUNK));
        Ok(Self { location: response.location()?, chunk, received: 0 })
    }
}

/// Why a step of an upload did not succeed.
enum Failure {
    /// The source failed, or its bytes are not those that the descriptor names: no other try will do better.
    Source(store::Error),
    /// The registry does not go on with the upload, though it may take another.
    Lost(wire::Error),
    /// A request failed.
    Request(wire::Error),
    /// The answer makes no sense.
    Odd(&'static str),
}

impl From<wire::Error> for Failure {
    fn from(error: wire::Error) -> Self {
        match error {
            wire::Error::Source { host, source } => match source.downcast::<store::Error>() {
                Ok(error) => Self::Source(*error),
                Err(source) => Self::Request(wire::Error::Source { host, source }),
            },
            other => Self::Request(other),
        }
    }
}

/// One blob on its way up.
struct Upload<'a> {
    remote: &'a Remote,
    blob: &'a Descriptor,
    source: &'a dyn Source,
    proof: Arc<Mutex<Proof>>,
    session: Option<Session>,
    /// How often the upload went on, or began anew, after a failure.
    resumed: u32,
    /// The most bytes that the registry ever had of it: beginning anew is no progress.
    farthest: u64,
}

impl Upload<'_> {
    async fn run(mut self) -> Result<()> {
        let mut attempts = self.remote.client().attempts();
        loop {
            let failure = match self.send().await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            let received = self.session.as_ref().map_or(0, |session| session.received);
            if received > self.farthest {
                self.farthest = received;
                attempts.reset();
            }
            match failure {
                Failure::Source(error) => {
                    self.cancel().await;
                    return Err(error);
                }
                Failure::Odd(problem) => {
                    return Err(self.remote.odd("write", what(&self.blob.digest), problem));
                }
                Failure::Lost(_) if self.resumed < MAX_LOST => self.session = None,
                Failure::Lost(error) => return Err(self.failed(error)),
                Failure::Request(error) => {
                    attempts.after(error).await.map_err(|error| self.failed(error))?;
                    self.find_out().await;
                }
            }
            self.resumed += 1;
        }
    }

    fn failed(&self, error: wire::Error) -> store::Error {
        self.remote.failed("write", what(&self.blob.digest))(error)
    }

    /// All that is left to send, from wherever the registry is.
    async fn send(&mut self) -> std::result::Result<(), Failure> {
        let begun_before = self.session.take();
        let was_begun = begun_before.is_some();
        let mut session = match begun_before {
            Some(session) => session,
            None => self.begin().await?,
        };
        let result = self.fill(&mut session).await;
        let may_be_lost = was_begun || self.resumed > 0 || session.received > 0;
        self.session = Some(session);
        result.map_err(|failure| match failure {
            Failure::Request(error) if may_be_lost && is_lost(&error) => Failure::Lost(error),
            other => other,
        })
    }

    async fn begin(&self) -> std::result::Result<Session, Failure> {
        let request = Request::post(self.remote.url("blobs/uploads/"))
            .scope(self.remote.push())
            .accept(&[StatusCode::ACCEPTED]);
        let response = self.remote.client().send(request).await?;
        Ok(Session::begun(&response)?)
    }

    async fn fill(&self, session: &mut Session) -> std::result::Result<(), Failure> {
        let size = self.blob.size;
        if size == 0 {
            self.proof().take(0, &Bytes::new()).map_err(Failure::Source)?;
        }
        if session.received == 0 && size <= MONOLITHIC {
            let body = self.body(0, size).await?;
            return self.close(session, Some(body)).await;
        }
        while session.received < size {
            let rest = size - session.received;
            self.patch(session, session.chunk.map_or(rest, |chunk| chunk.min(rest))).await?;
        }
        self.close(session, None).await
    }

    /// Sends `length` bytes and notes what the registry has then.
    async fn patch(&self, session: &mut Session, length: u64) -> std::result::Result<(), Failure> {
        let (first, end) = (session.received, session.received + length);
        let body = self.body(first, length).await?;
        let mut request = Request::patch(session.location.clone())
            .scope(self.remote.push())
            .header(CONTENT_TYPE, OCTETS)
            .stream(Some(length), body)
            .purpose(Purpose::Upload);
        if first > 0 || session.chunk.is_some() {
            request = request.header(CONTENT_RANGE, ascii(&format!("{first}-{}", end - 1)));
        }
        let response = self.remote.client().send(request).await?;
        if let Ok(location) = response.location() {
            session.location = location;
        }
        // One byte of difference is a matter of dialect, see `received`.
        let told = response.header(&RANGE).and_then(received);
        session.received = told.filter(|told| told.saturating_add(1) < end).unwrap_or(end);
        if session.received <= first {
            return Err(Failure::Odd("tells that the bytes sent have not arrived"));
        }
        Ok(())
    }

    /// Ends the upload: from here on the blob is there under its digest.
    async fn close(
        &self,
        session: &Session,
        body: Option<wire::Upload>,
    ) -> std::result::Result<(), Failure> {
        let mut url = session.location.clone();
        url.query_pairs_mut().append_pair("digest", self.blob.digest.as_str());
        let mut request = Request::put(url)
            .scope(self.remote.push())
            .header(CONTENT_TYPE, OCTETS)
            .accept(&[StatusCode::CREATED, StatusCode::OK, StatusCode::NO_CONTENT])
            .purpose(Purpose::Upload);
        if let Some(body) = body {
            request = request.stream(Some(self.blob.size), body);
        }
        self.remote.client().send(request).await?;
        Ok(())
    }

    /// Bytes `first..first + length` of the source, hashed as they pass.
    async fn body(&self, first: u64, length: u64) -> std::result::Result<wire::Upload, Failure> {
        let stream = self.source.blob(self.blob, first).await.map_err(Failure::Source)?;
        let state = (stream, Arc::clone(&self.proof), first, first + length);
        Ok(Box::pin(futures_util::stream::try_unfold(
            state,
            |(mut stream, proof, at, end)| async move {
                if at == end {
                    return Ok::<_, store::Cause>(None);
                }
                let mut chunk = stream.next().await.transpose()?.unwrap_or_default();
                chunk.truncate(usize::try_from(end - at).unwrap_or(usize::MAX));
                lock(&proof).take(at, &chunk)?;
                let at = at + chunk.len() as u64;
                Ok(Some((chunk, (stream, proof, at, end))))
            },
        )))
    }

    fn proof(&self) -> MutexGuard<'_, Proof> {
        lock(&self.proof)
    }

    /// Asks the registry how far the upload got. One that it does not know any more, or tells nonsense about, is begun
    /// anew.
    async fn find_out(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        let request = Request::get(session.location.clone()).scope(self.remote.push());
        let Ok(response) = self.remote.client().send(request).await else { return };
        let told = response.header(&RANGE).and_then(received);
        let Some(told) = told.filter(|told| *told <= self.proof().hashed) else { return };
        session.received = told;
        if let Ok(location) = response.location() {
            session.location = location;
        }
        self.session = Some(session);
    }

    /// Tells the registry to forget the upload. It would do so by itself, later.
    async fn cancel(&mut self) {
        if let Some(session) = self.session.take() {
            let request = Request::delete(session.location).scope(self.remote.push());
            if let Err(error) = self.remote.client().send(request).await {
                tracing::debug!("the upload was not cancelled: {error}");
            }
        }
    }
}

/// Answers of a registry that does not know the upload any more, or has other bytes of it than we think.
fn is_lost(error: &wire::Error) -> bool {
    matches!(
        error.status(),
        Some(StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST | StatusCode::RANGE_NOT_SATISFIABLE)
    )
}

fn lock(proof: &Mutex<Proof>) -> MutexGuard<'_, Proof> {
    proof.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The running proof of the bytes sent. Bytes sent a second time are not hashed again; the registry, which is given
/// the digest, would notice if they were others.
struct Proof {
    descriptor: Descriptor,
    place: String,
    hasher: Option<Hasher>,
    hashed: u64,
}

impl Proof {
    fn new(blob: &Descriptor, place: String) -> Self {
        let hasher = Some(blob.digest.algorithm().hasher());
        Self { descriptor: blob.clone(), place, hasher, hashed: 0 }
    }

    /// Takes in a chunk that begins at `at`. With the last one the blob is proven, before that chunk is sent.
    fn take(&mut self, at: u64, chunk: &Bytes) -> Result<()> {
        let end = at + chunk.len() as u64;
        if chunk.is_empty() && at < self.descriptor.size {
            return Err(store::Error::Size {
                digest: self.descriptor.digest.clone(),
                expected: self.descriptor.size,
                found: at,
                place: self.place.clone(),
            });
        }
        let known = usize::try_from(self.hashed.saturating_sub(at)).unwrap_or(usize::MAX);
        if let (Some(hasher), Some(new)) = (&mut self.hasher, chunk.get(known..)) {
            hasher.update(new);
            self.hashed = self.hashed.max(end);
        }
        if end == self.descriptor.size { self.prove() } else { Ok(()) }
    }

    fn prove(&mut self) -> Result<()> {
        let Some(found) = self.hasher.take().map(Hasher::finish) else { return Ok(()) };
        if found == self.descriptor.digest {
            return Ok(());
        }
        let (expected, place) = (self.descriptor.digest.clone(), self.place.clone());
        Err(store::Error::Digest { expected, found, place })
    }
}
