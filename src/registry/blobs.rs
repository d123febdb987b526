//! Blobs: existence (end-2) and deletion (end-10).

use http::StatusCode;
use http::header::CONTENT_LENGTH;

use super::Remote;
use super::manifests::none_if_not_found;
use crate::http::{Request, Scope};
use crate::model::{Descriptor, Digest};
use crate::store::Result;

impl Remote {
    /// The size that the registry tells of the blob, or where it tells none the one that its descriptor names; `None`
    /// when it is not there.
    pub(super) async fn head_blob(&self, blob: &Descriptor, scope: Scope) -> Result<Option<u64>> {
        let request = Request::head(self.url(format_args!("blobs/{}", blob.digest)))
            .scope(scope)
            .accept(&[StatusCode::OK]);
        let answer =
            self.client().send(request).await.map_err(self.failed("read", what(&blob.digest)));
        Ok(none_if_not_found(answer.map(Some))?.map(|response| {
            let size = response.header(&CONTENT_LENGTH).and_then(|size| size.parse().ok());
            size.unwrap_or(blob.size)
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
