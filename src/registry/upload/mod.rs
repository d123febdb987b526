//! Uploads of blobs (end-4, end-5, end-6, end-11, end-13).
//!
//! A small blob goes in one request after the one that begins the upload (POST, PUT); a large one as a stream (POST,
//! PATCH, PUT), in chunks when the registry names a smallest chunk (`OCI-Chunk-Min-Length`). After a break the
//! registry is asked how far it got, and the upload goes on there; a registry that forgot the upload begins anew.
//!
//! Who hashes: a small blob is proven before its last bytes are sent; a large one by the registry, which is given the
//! digest and refuses anything else (`DIGEST_INVALID`). One that was refused is sent once more, hashed here as well.
//!
//! A large blob's upload stands in the [journal](super::journal) while it is under way, so that after a break of this
//! process the next one goes on with it in the same way.

mod proof;
mod session;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt;
use http::StatusCode;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderValue};

use self::proof::Proof;
use self::session::Standing;
use super::Remote;
use super::blobs::what;
use super::journal::Entry;
use super::manifests::{ascii, told_digest};
use crate::http::{self as wire, Purpose, Request};
use crate::model::{Descriptor, Digest, Repository};
use crate::store::{self, Result, Source};

pub(super) use self::session::Session;

/// Blobs up to this size go in one request.
const MONOLITHIC: u64 = 8 * 1024 * 1024;
/// How often an upload is begun anew because the registry lost it.
const MAX_LOST: u32 = 4;
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
        let mut upload = Upload::new(self, blob, source);
        let result = upload.run().await;
        if result.is_ok() || upload.session.is_none() {
            upload.forget();
        }
        result
    }

    fn begun(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        self.inner.begun.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// Where the next process finds the upload.
    entry: Option<Entry>,
    /// How often the upload went on, or began anew, after a failure.
    resumed: u32,
    /// The most bytes that the registry ever had of it: beginning anew is no progress.
    farthest: u64,
}

impl<'a> Upload<'a> {
    /// An upload that goes on with what an earlier process began, or a refused mount.
    fn new(remote: &'a Remote, blob: &'a Descriptor, source: &'a dyn Source) -> Self {
        let entry = (blob.size > MONOLITHIC).then(|| remote.journal_entry(blob)).flatten();
        let record = entry.as_ref().and_then(Entry::recall);
        let recalled = record.and_then(|record| Session::recalled(remote.client(), &record));
        let proof = match &recalled {
            Some(_) => Proof::left_to_registry(blob, source.place(), blob.size),
            None => first_proof(blob, source.place()),
        };
        let (proof, begun) = (Arc::new(Mutex::new(proof)), remote.begun().remove(&blob.digest));
        let session = recalled.or(begun);
        Self { remote, blob, source, proof, session, entry, resumed: 0, farthest: 0 }
    }

    async fn run(&mut self) -> Result<()> {
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
                    // With wrong bytes no other process can do better.
                    if self.entry.is_none() || error.is_wrong_bytes() {
                        self.cancel().await;
                    }
                    return Err(error);
                }
                Failure::Odd(problem) => {
                    self.session = None;
                    return Err(self.remote.odd("write", what(&self.blob.digest), problem));
                }
                Failure::Lost(_) if self.resumed < MAX_LOST => self.doubt(Standing::Refused),
                Failure::Lost(error) => {
                    self.session = None;
                    return Err(self.failed(error));
                }
                Failure::Request(error) => {
                    attempts.after(error).await.map_err(|error| self.failed(error))?;
                    self.doubt(Standing::Broken);
                }
            }
            self.resumed += 1;
        }
    }

    /// How far the upload got is to be asked.
    fn doubt(&mut self, standing: Standing) {
        if let Some(session) = &mut self.session {
            session.standing = standing;
        }
    }

    fn failed(&self, error: wire::Error) -> store::Error {
        self.remote.failed("write", what(&self.blob.digest))(error)
    }

    /// All that is left to send, from wherever the registry is.
    async fn send(&mut self) -> std::result::Result<(), Failure> {
        self.find_out().await?;
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

    /// Asks the registry how far the upload got, unless it has told. One that it does not know any more, or tells
    /// nonsense about, is begun anew.
    async fn find_out(&mut self) -> std::result::Result<(), wire::Error> {
        let Some(session) = self.session.take_if(|session| session.standing != Standing::Told)
        else {
            return Ok(());
        };
        let request = Request::get(session.location.clone()).scope(self.remote.push());
        match self.remote.client().send(request).await {
            Ok(status) => {
                let sent = self.proof().sent();
                self.session = session.told(&status, sent);
            }
            Err(error) if error.is_transient() => {
                self.session = Some(session);
                return Err(error);
            }
            Err(error) => tracing::debug!("the upload is begun anew: {error}"),
        }
        Ok(())
    }

    async fn begin(&mut self) -> std::result::Result<Session, Failure> {
        let request = Request::post(self.remote.url("blobs/uploads/"))
            .scope(self.remote.push())
            .accept(&[StatusCode::ACCEPTED]);
        let response = self.remote.client().send(request).await?;
        let prove = if self.resumed == 0 { first_proof } else { Proof::new };
        self.proof = Arc::new(Mutex::new(prove(self.blob, self.source.place())));
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
        self.note(session);
        while session.received < size {
            let rest = size - session.received;
            self.patch(session, session.chunk.map_or(rest, |chunk| chunk.min(rest))).await?;
            self.note(session);
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
        session.advance(&response, end);
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
        let response = self.remote.client().send(request).await?;
        let (digest, told) = (&self.blob.digest, told_digest(&response));
        match told.filter(|told| told.algorithm() == digest.algorithm()) {
            Some(told) if told != *digest => Err(Failure::Odd("tells another digest")),
            _ => Ok(()),
        }
    }

    /// Bytes `first..first + length` of the source, proven as they pass.
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

    /// Keeps for the next process how far the upload got; only at this registry itself.
    fn note(&self, session: &Session) {
        let Some(entry) = &self.entry else { return };
        match self.remote.client().own_address(session.location.as_str()) {
            Some(location) => entry.note(location.as_str(), session.chunk, session.received),
            None => entry.forget(),
        }
    }

    /// There is nothing for the next process to go on with.
    fn forget(&self) {
        if let Some(entry) = &self.entry {
            entry.forget();
        }
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

/// Who proves a blob that is sent for the first time. Of a large one each hash takes as long as sending it does: the
/// registry has to make one, and refuses what is not the digest that it is given. Only if it does the blob is sent
/// again, hashed here, to know whether it is the source that is wrong.
fn first_proof(blob: &Descriptor, place: String) -> Proof {
    if blob.size > MONOLITHIC {
        Proof::left_to_registry(blob, place, 0)
    } else {
        Proof::new(blob, place)
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
