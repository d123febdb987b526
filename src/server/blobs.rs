//! Blobs: given as a whole or in part, and deleted (OCI distribution specification, «Pulling Blobs», «Deleting
//! Blobs»).

use http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, IF_RANGE, RANGE};
use http::request::Parts;
use http::{Method, Response, StatusCode};

use super::answer::{Body, CONTENT_DIGEST, empty, set};
use super::error::{Outcome, Reason, Refusal};
use super::name::Name;
use super::range::Span;
use super::registry::Registry;
use super::request::header;
use crate::model::Digest;

impl Registry {
    pub(super) fn get_blob(&self, name: &Name, digest: &Digest, head: &Parts) -> Outcome {
        let layout = self.layout(name)?;
        let size = layout.blob_size(digest)?.ok_or_else(|| unknown(digest))?;
        let (status, start, left) = match Span::of(range(head), size) {
            Span::Whole => (StatusCode::OK, 0, size),
            Span::Part { start, length } => (StatusCode::PARTIAL_CONTENT, start, length),
            Span::Unsatisfiable => return Err(outside(size)),
        };
        let mut response =
            Response::new(Body::Stream { stream: layout.read_blob(digest, start)?, left });
        *response.status_mut() = status;
        set(&mut response, CONTENT_TYPE, "application/octet-stream");
        set(&mut response, CONTENT_DIGEST, digest.as_str());
        set(&mut response, ACCEPT_RANGES, "bytes");
        if status == StatusCode::PARTIAL_CONTENT {
            let range = format!("bytes {start}-{}/{size}", start + left - 1);
            set(&mut response, CONTENT_RANGE, &range);
        }
        Ok(response)
    }

    pub(super) async fn delete_blob(&self, name: &Name, digest: &Digest) -> Outcome {
        match self.layout(name)?.delete_blob(digest).await? {
            true => Ok(empty(StatusCode::ACCEPTED)),
            false => Err(unknown(digest)),
        }
    }
}

/// The range that a request asks for. HEAD asks for none, and `If-Range` for one only if a validator holds, which a
/// blob does not have (RFC 9110, sections 14.2 and 13.1.5).
fn range(head: &Parts) -> Option<&str> {
    let counts = head.method == Method::GET && !head.headers.contains_key(IF_RANGE);
    header(&head.headers, &RANGE).filter(|_| counts)
}

fn unknown(digest: &Digest) -> Refusal {
    Refusal::new(Reason::BlobUnknown, format!("there is no blob {digest}"))
}

fn outside(size: u64) -> Refusal {
    Refusal::new(Reason::RangeOutside, format!("the blob has {size} bytes"))
        .with(CONTENT_RANGE, format!("bytes */{size}"))
}
