//! Blobs: existence (end-2), download that goes on where it broke (end-2 with Range, RFC 9110 §14), deletion (end-10).

use futures_util::StreamExt;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};

use super::Remote;
use super::manifests::{ascii, none_if_not_found};
use super::range::ContentRange;
use crate::http::{Attempts, ByteStream, Place, Purpose, Request, Response};
use crate::model::{Descriptor, Digest};
use crate::store::{BlobStream, Result};

impl Remote {
    /// Whether the blob is there, with the size that its descriptor names. It is asked about a place to write to, so
    /// with the permission to write: some registries make a repository when that is first asked for.
    pub(super) async fn head_blob(&self, blob: &Descriptor) -> Result<bool> {
        let request = Request::head(self.url(format_args!("blobs/{}", blob.digest)))
            .scope(self.push())
            .accept(&[StatusCode::OK]);
        let answer =
            self.client().send(request).await.map_err(self.failed("read", what(&blob.digest)));
        let found = none_if_not_found(answer.map(Some))?;
        Ok(found.is_some_and(|response| {
            let size = response.header(&CONTENT_LENGTH);
            size.is_none_or(|size| size.parse() == Ok(blob.size))
        }))
    }

    /// The bytes of a blob from `offset` on. When the connection breaks the stream goes on at the byte that it
    /// reached, asking the registry anew where the blob is.
    pub(super) async fn download(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        if offset > 0 && offset == blob.size {
            return Ok(Box::pin(futures_util::stream::empty()));
        }
        let mut download = Download {
            remote: self.clone(),
            place: self.client().place(Purpose::Download).await,
            blob: blob.clone(),
            offset,
            ranged: Ranged::Yes,
            body: None,
            attempts: self.client().attempts(),
        };
        download.open().await?;
        Ok(Box::pin(futures_util::stream::try_unfold(download, Download::step)))
    }

    /// Deletes a blob.
    ///
    /// # Errors
    /// When it is not there, or the registry does not let it go.
    pub async fn delete_blob(&self, digest: &Digest) -> Result<()> {
        self.delete_at(format!("blobs/{digest}"), what(digest)).await
    }
}

fn what(digest: &Digest) -> String {
    format!("blob {digest}")
}

/// Whether the server gives a part when asked for one.
#[derive(Clone, Copy, PartialEq)]
enum Ranged {
    Yes,
    /// It gave another part than it was asked for: read from the start and skip.
    No,
}

/// A download under way.
struct Download {
    remote: Remote,
    /// Kept until the last byte: an upload may wait for it.
    place: Place,
    blob: Descriptor,
    offset: u64,
    ranged: Ranged,
    /// The answer being read, and how many bytes of it lie before `offset`.
    body: Option<(ByteStream, u64)>,
    attempts: Attempts,
}

impl Download {
    /// The next bytes, with as many new requests as that takes.
    async fn step(mut self) -> Result<Option<(bytes::Bytes, Self)>> {
        loop {
            let Some((stream, skip)) = &mut self.body else {
                self.open().await?;
                continue;
            };
            match stream.next().await {
                Some(Ok(mut chunk)) => {
                    let before = (*skip).min(chunk.len() as u64);
                    *skip -= before;
                    let _ = chunk.split_to(usize::try_from(before).unwrap_or(chunk.len()));
                    if !chunk.is_empty() {
                        self.offset += chunk.len() as u64;
                        self.attempts.reset();
                        return Ok(Some((chunk, self)));
                    }
                }
                // What ends an answer may be lost after its last byte.
                Some(Err(_)) if self.offset >= self.blob.size => return Ok(None),
                Some(Err(error)) => {
                    self.body = None;
                    self.attempts
                        .after(error)
                        .await
                        .map_err(self.remote.failed("read", what(&self.blob.digest)))?;
                }
                // Too few bytes without an error are told by whoever proves the blob.
                None => return Ok(None),
            }
        }
    }

    /// Asks the registry for the bytes from `offset` on.
    async fn open(&mut self) -> Result<()> {
        let mut request = Request::get(self.remote.url(format_args!("blobs/{}", self.blob.digest)))
            .scope(self.remote.pull())
            .accept(&[StatusCode::OK, StatusCode::PARTIAL_CONTENT])
            .at(&self.place);
        if self.offset > 0 && self.ranged == Ranged::Yes {
            request = request.header(RANGE, ascii(&format!("bytes={}-", self.offset)));
        }
        let failed = self.remote.failed("read", what(&self.blob.digest));
        let response = self.remote.client().send(request).await.map_err(failed)?;
        match self.first_byte(&response) {
            Some(first) => self.body = Some((response.into_stream(), self.offset - first)),
            None if self.ranged == Ranged::Yes => self.ranged = Ranged::No,
            None => {
                let problem = "holds another part of the blob than was asked for";
                return Err(self.remote.odd("read", what(&self.blob.digest), problem));
            }
        }
        Ok(())
    }

    /// Where in the blob an answer begins; `None` when that is not at or before the byte wanted, or not told.
    fn first_byte(&self, response: &Response) -> Option<u64> {
        if response.status == StatusCode::OK {
            return Some(0);
        }
        let range = ContentRange::parse(response.header(&CONTENT_RANGE)?)?;
        let sound =
            range.first == self.offset && range.total.is_none_or(|total| total == self.blob.size);
        sound.then_some(range.first)
    }
}
