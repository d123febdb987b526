//! Streams of blob bytes, and the proof that they are the right ones.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};

use super::{Error, Result, Source};
use crate::model::{Descriptor, Hasher};

/// The bytes of a blob as they come.
pub type BlobStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// A blob being read once from start to end, proven against its descriptor.
///
/// More bytes than the descriptor names are refused as soon as they come; fewer, or others, at the end.
pub struct VerifiedBlob {
    descriptor: Descriptor,
    place: String,
    stream: BlobStream,
    hasher: Option<Hasher>,
    seen: u64,
}

impl VerifiedBlob {
    /// Opens `descriptor` on `source`.
    ///
    /// # Errors
    /// When the source does not give it.
    pub async fn open(source: &dyn Source, descriptor: &Descriptor) -> Result<Self> {
        Ok(Self {
            stream: source.blob(descriptor, 0).await?,
            descriptor: descriptor.clone(),
            place: source.place(),
            hasher: Some(descriptor.digest.algorithm().hasher()),
            seen: 0,
        })
    }

    /// The next bytes; `None` when the blob is whole and proven.
    ///
    /// # Errors
    /// When the source fails, or when the bytes are not those that the descriptor names.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        match self.stream.next().await.transpose()? {
            Some(chunk) => {
                self.seen += chunk.len() as u64;
                if self.seen > self.descriptor.size {
                    return Err(self.wrong_size());
                }
                if let Some(hasher) = &mut self.hasher {
                    hasher.update(&chunk);
                }
                Ok(Some(chunk))
            }
            None => self.prove().map(|()| None),
        }
    }

    fn prove(&mut self) -> Result<()> {
        if self.seen != self.descriptor.size {
            return Err(self.wrong_size());
        }
        let Some(found) = self.hasher.take().map(Hasher::finish) else { return Ok(()) };
        if found == self.descriptor.digest {
            return Ok(());
        }
        Err(Error::Digest {
            expected: self.descriptor.digest.clone(),
            found,
            place: self.place.clone(),
        })
    }

    fn wrong_size(&self) -> Error {
        Error::Size {
            digest: self.descriptor.digest.clone(),
            expected: self.descriptor.size,
            found: self.seen,
            place: self.place.clone(),
        }
    }
}

/// A small blob, whole and proven: a configuration, never a layer. `limit` bounds what a hostile descriptor can ask.
///
/// # Errors
/// When the blob is larger than `limit`, cannot be read, or is not what its descriptor says.
pub async fn collect(source: &dyn Source, descriptor: &Descriptor, limit: u64) -> Result<Bytes> {
    if descriptor.size > limit {
        return Err(Error::Size {
            digest: descriptor.digest.clone(),
            expected: limit,
            found: descriptor.size,
            place: source.place(),
        });
    }
    let mut blob = VerifiedBlob::open(source, descriptor).await?;
    let mut whole = BytesMut::new();
    while let Some(chunk) = blob.next().await? {
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}
