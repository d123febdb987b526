//! Download of blobs (end-2) that goes on where it broke, and over several connections where one is the limit.
//!
//! Whoever reads a blob gets its bytes in order and knows nothing of how many connections bring them. How the number
//! is found: `docs/decisions/0014-several-connections-for-one-blob.md`.

mod connections;
mod cursor;
mod part;
mod room;
mod segment;
mod striped;
mod watch;

use std::sync::Arc;

use futures_util::stream;

use super::Remote;
use crate::http::Slot;
use crate::model::Descriptor;
use crate::store::{BlobStream, Result};
use part::{Blob, Part, Wanted};
use striped::Striped;

/// Less than this comes over one connection: it is there before more would pay.
const WORTHWHILE: u64 = 64 * 1024 * 1024;

impl Remote {
    /// The bytes of a blob from `offset` on. When the connection breaks the stream goes on at the byte that it
    /// reached, asking the registry anew where the blob is. It keeps its `slot` all the time.
    pub(super) async fn download(
        &self,
        blob: &Descriptor,
        offset: u64,
        slot: impl Future<Output = Slot> + Send,
    ) -> Result<BlobStream> {
        if offset > 0 && offset == blob.size {
            return Ok(Box::pin(stream::empty()));
        }
        let slot = Arc::new(slot.await);
        let blob = Blob { remote: self.clone(), descriptor: blob.clone() };
        let left = blob.descriptor.size.saturating_sub(offset);
        if left < WORTHWHILE || self.client().width().best().is_none() {
            let mut part = Part::new(blob.clone(), offset, Wanted::Rest, slot);
            part.open().await.map_err(|failure| blob.told(failure))?;
            return Ok(Box::pin(stream::try_unfold(part, Part::step)));
        }
        let striped = Striped::open(blob, offset, slot).await?;
        Ok(Box::pin(stream::try_unfold(striped, Striped::step)))
    }
}
