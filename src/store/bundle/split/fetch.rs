//! A blob on its way into parts.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;

use super::format::Cut;
use super::parts::{Hold, Parts};
use crate::model::{Descriptor, Hasher};
use crate::store::file::blocking;
use crate::store::{Error, Result, Source};

/// Sizes come from strangers: none may reach the end of what files can be.
const MAX_SIZE: u64 = 1 << 50;

struct Fetch {
    parts: Arc<Parts>,
    blob: Descriptor,
    cut: Cut,
    /// The hash of the bytes that there are.
    hasher: Hasher,
    written: u64,
    hold: Option<Hold>,
    origin: String,
}

impl Parts {
    /// Takes a blob from `source`, where an earlier writer left off. What that left is never trusted: when the blob is
    /// wrong in the end, it is taken once from its start.
    pub(in crate::store::bundle) async fn put(
        self: &Arc<Self>,
        blob: &Descriptor,
        source: &dyn Source,
    ) -> Result<()> {
        let _turn =
            self.turns.acquire().await.map_err(|closed| Error::Backend(Box::new(closed)))?;
        loop {
            let (parts, wanted, origin) = (Arc::clone(self), blob.clone(), source.place());
            let mut fetch = blocking(move || Fetch::begin(parts, wanted, origin)).await?;
            let is_continued = fetch.written > 0;
            match fetch.fill(source).await {
                Ok(()) => return blocking(move || fetch.keep()).await,
                Err(error) if error.is_wrong_bytes() => {
                    blocking(move || fetch.discard()).await?;
                    if !is_continued {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Fetch {
    /// Hashes what is there already.
    fn begin(parts: Arc<Parts>, blob: Descriptor, origin: String) -> Result<Self> {
        if blob.size > MAX_SIZE {
            let why = "has a blob of more than a pebibyte, which no bundle takes";
            return Err(Error::Unsupported { place: origin, why });
        }
        let cut = Cut::new(&blob.digest, blob.size, parts.split);
        let (mut hasher, mut written) = (blob.digest.algorithm().hasher(), 0);
        for (number, piece) in parts.pieces(&blob.digest)? {
            let follows = cut.at(written).is_some_and(|(name, end)| {
                name.piece.unwrap_or(1) == number && end == written + piece.size
            });
            if !follows {
                parts.discard(&blob.digest)?;
                (hasher, written) = (blob.digest.algorithm().hasher(), 0);
                break;
            }
            piece.open()?.for_each(|bytes| hasher.update(bytes))?;
            written += piece.size;
        }
        let mut fetch = Self { parts, blob, cut, hasher, written, hold: None, origin };
        if fetch.written < fetch.blob.size || fetch.blob.size == 0 {
            fetch.open(|_| {})?;
        }
        Ok(fetch)
    }

    /// Opens the member that the next byte goes to.
    fn open(&mut self, prepare: impl FnOnce(&mut Hold)) -> Result<()> {
        let (name, end) = self.cut.at(self.written).ok_or_else(|| Error::Unsupported {
            place: self.origin.clone(),
            why: "has a blob that would be cut into more than 999999 pieces: parts have to be larger",
        })?;
        let size = end - self.written;
        let mut hold = self.parts.hold_for(&name, size)?;
        prepare(&mut hold);
        self.written += hold.begin(name, size, &mut self.hasher)?;
        self.hold = Some(hold);
        Ok(())
    }

    async fn fill(&mut self, source: &dyn Source) -> Result<()> {
        if self.written < self.blob.size {
            let mut stream = source.blob(&self.blob, self.written).await?;
            while let Some(bytes) = stream.next().await.transpose()? {
                self.take(bytes).await?;
            }
        }
        self.check()
    }

    async fn take(&mut self, mut bytes: Bytes) -> Result<()> {
        let seen = self.written + bytes.len() as u64;
        if seen > self.blob.size {
            return Err(self.wrong_size(seen));
        }
        loop {
            let taken = self.hold.as_mut().map_or(Ok(0), |hold| hold.write(&bytes))?;
            self.hasher.update(&bytes[..taken]);
            self.written += taken as u64;
            bytes.advance(taken);
            if bytes.is_empty() {
                return Ok(());
            }
            self.next_piece().await?;
        }
    }

    /// Ends a piece, and with it its part, and begins the next.
    async fn next_piece(&mut self) -> Result<()> {
        let Some(mut hold) = self.hold.take() else { return Ok(()) };
        blocking(move || {
            hold.complete()?;
            hold.seal()
        })
        .await?;
        // What another run left of it does not follow what is there now.
        self.open(Hold::give_up)
    }

    fn check(&self) -> Result<()> {
        if self.written != self.blob.size {
            return Err(self.wrong_size(self.written));
        }
        let (expected, found) = (self.blob.digest.clone(), self.hasher.clone().finish());
        if found == expected {
            return Ok(());
        }
        Err(Error::Digest { expected, found, place: self.origin.clone() })
    }

    fn keep(mut self) -> Result<()> {
        self.hold.as_mut().map_or(Ok(()), Hold::complete)
    }

    fn discard(mut self) -> Result<()> {
        if let Some(mut hold) = self.hold.take() {
            hold.give_up();
        }
        self.parts.discard(&self.blob.digest)
    }

    fn wrong_size(&self, found: u64) -> Error {
        Error::Size {
            digest: self.blob.digest.clone(),
            expected: self.blob.size,
            found,
            place: self.origin.clone(),
        }
    }
}
