//! Blobs: existence (end-2) and deletion (end-10).

use http::StatusCode;
use http::header::CONTENT_LENGTH;

use super::Remote;
use super::manifests::none_if_not_found;
use crate::http::Request;
use crate::model::{Descriptor, Digest};
use crate::store::Result;

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

    /// Deletes a blob.
    ///
    /// # Errors
    /// When it is not there, or the registry does not let it go.
    pub async fn delete_blob(&self, digest: &Digest) -> Result<()> {
        self.delete_at(format!("blobs/{digest}"), what(digest)).await
    }
}

pub(super) fn what(digest: &Digest) -> String {
    format!("blob {digest}")
}
