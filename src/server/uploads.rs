//! Uploads of blobs: in one piece, in chunks or as a stream, or taken over from another repository (OCI distribution
//! specification, «Pushing Blobs»).

use http::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, HeaderName, LOCATION, RANGE};
use http::{Response, StatusCode};
use hyper::body::Incoming;

use super::answer::{Body, created, empty, set};
use super::error::{Outcome, Reason, Refusal};
use super::name::Name;
use super::range::Chunk;
use super::registry::Registry;
use super::request::{header, receive};
use super::sessions::{self, Sessions, Writer};
use super::upload_id::UploadId;
use crate::model::{Algorithm, Digest};

const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");

impl Registry {
    pub(super) fn start_upload(&self, name: &Name, algorithm: Algorithm) -> Outcome {
        let id = self.sessions.start(name, algorithm)?;
        Ok(progress(StatusCode::ACCEPTED, name, &id, 0))
    }

    pub(super) async fn upload_whole(
        &self,
        name: &Name,
        digest: &Digest,
        headers: &HeaderMap,
        body: &mut Incoming,
    ) -> Outcome {
        let id = self.sessions.start(name, digest.algorithm())?;
        let untold = Untold { sessions: &self.sessions, name, id };
        self.finish_upload(name, &untold.id, digest, headers, body).await
    }

    /// Takes a blob over from the repository `from`, or from any that has it; starts an upload where none has.
    pub(super) async fn mount(&self, name: &Name, digest: &Digest, from: Option<&Name>) -> Outcome {
        let sources = match from {
            Some(from) => vec![from.clone()],
            None => self.repositories().await?.iter().flat_map(|name| name.parse()).collect(),
        };
        for source in sources {
            let Ok(source) = self.layout(&source) else { continue };
            if source.blob_size(digest)?.is_none() {
                continue;
            }
            if self.store.create(name.as_str())?.link_blob_from(&source, digest).await? {
                return Ok(created(&blob_location(name, digest), digest));
            }
        }
        self.start_upload(name, digest.algorithm())
    }

    pub(super) fn upload_status(&self, name: &Name, id: &UploadId) -> Outcome {
        let size = self.sessions.find(name, id)?.size()?;
        Ok(progress(StatusCode::NO_CONTENT, name, id, size))
    }

    pub(super) async fn append(
        &self,
        name: &Name,
        id: &UploadId,
        headers: &HeaderMap,
        body: &mut Incoming,
    ) -> Outcome {
        let session = self.sessions.find(name, id)?;
        let mut writer = session.write().await?;
        fill(&mut writer, (name, id), headers, body).await?;
        Ok(progress(StatusCode::ACCEPTED, name, id, writer.written()))
    }

    pub(super) async fn finish_upload(
        &self,
        name: &Name,
        id: &UploadId,
        digest: &Digest,
        headers: &HeaderMap,
        body: &mut Incoming,
    ) -> Outcome {
        let session = self.sessions.find(name, id)?;
        let mut writer = session.write().await?;
        fill(&mut writer, (name, id), headers, body).await?;
        let found = writer.digest(digest.algorithm()).await?;
        if found != *digest {
            self.sessions.end(name, id)?;
            let message = format!("the bytes that were sent have the digest {found}");
            return Err(Refusal::new(Reason::DigestInvalid, message));
        }
        let layout = self.store.create(name.as_str())?;
        if !layout.adopt_blob(writer.path(), digest).await? {
            return Err(sessions::unknown());
        }
        // Whoever gave the upload up meanwhile came too late.
        let _ = self.sessions.end(name, id);
        Ok(created(&blob_location(name, digest), digest))
    }

    pub(super) fn cancel_upload(&self, name: &Name, id: &UploadId) -> Outcome {
        self.sessions.end(name, id)?;
        Ok(empty(StatusCode::NO_CONTENT))
    }
}

/// An upload whose identifier nobody was told, so that nobody can go on with it: it ends with its request, however
/// that ends.
struct Untold<'a> {
    sessions: &'a Sessions,
    name: &'a Name,
    id: UploadId,
}

impl Drop for Untold<'_> {
    fn drop(&mut self) {
        // It is gone already when it has become a blob.
        let _ = self.sessions.end(self.name, &self.id);
    }
}

/// Writes the body of a request behind what is there. With `Content-Range` it has to begin just there, and to have
/// the length that it says.
async fn fill(
    writer: &mut Writer<'_>,
    (name, id): (&Name, &UploadId),
    headers: &HeaderMap,
    body: &mut Incoming,
) -> Outcome<()> {
    let Some(chunk) = chunk(headers)? else {
        return receive(body, |bytes| writer.append(bytes)).await;
    };
    if chunk.start != writer.written() {
        return Err(out_of_order(name, id, writer.written()));
    }
    let end = chunk.start + chunk.length;
    let wrong_size = || {
        let message = format!("'Content-Range' says {} bytes, the body has others", chunk.length);
        Refusal::new(Reason::SizeInvalid, message)
    };
    receive(body, |bytes| {
        if bytes.len() as u64 > end - writer.written() {
            return Err(wrong_size());
        }
        writer.append(bytes)
    })
    .await?;
    if writer.written() == end { Ok(()) } else { Err(wrong_size()) }
}

/// The place that a request names for its body. A request without a body closes the upload and has none.
fn chunk(headers: &HeaderMap) -> Outcome<Option<Chunk>> {
    if header(headers, &CONTENT_LENGTH) == Some("0") {
        return Ok(None);
    }
    header(headers, &CONTENT_RANGE).map(Chunk::parse).transpose()
}

fn blob_location(name: &Name, digest: &Digest) -> String {
    format!("/v2/{name}/blobs/{digest}")
}

fn upload_location(name: &Name, id: &UploadId) -> String {
    format!("/v2/{name}/blobs/uploads/{id}")
}

/// The last byte that is there. Of an upload without any it is told as 0 too, for want of a better number.
fn range(written: u64) -> String {
    format!("0-{}", written.saturating_sub(1))
}

fn progress(status: StatusCode, name: &Name, id: &UploadId, written: u64) -> Response<Body> {
    let mut response = empty(status);
    set(&mut response, LOCATION, &upload_location(name, id));
    set(&mut response, RANGE, &range(written));
    set(&mut response, UPLOAD_ID, id.as_str());
    response
}

fn out_of_order(name: &Name, id: &UploadId, written: u64) -> Refusal {
    Refusal::new(Reason::RangeOutOfOrder, format!("the next byte has the offset {written}"))
        .with(LOCATION, upload_location(name, id))
        .with(RANGE, range(written))
}
