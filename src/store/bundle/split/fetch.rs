//! A blob on its way into parts.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use tokio::sync::SemaphorePermit;

use super::format::{Cut, MemberName};
use super::hold::Hold;
use super::parts::Parts;
use crate::model::{Descriptor, Hasher};
use crate::store::file::blocking;
use crate::store::{Error, Result, Source, collect};

/// Sizes come from strangers: none may reach the end of what files can be.
const MAX_SIZE: u64 = 1 << 50;
/// Blobs of so many bytes do not wait for the network while others wait for a part: a few of them are in memory.
const SMALL: u64 = 256 * 1024;

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
    /// Takes a blob that is not there from `source`, where an earlier writer left off. What that left is never trusted: when the blob is
    /// wrong in the end, it is taken once from its start.
    pub(in crate::store::bundle) async fn put(
        self: &Arc<Self>,
        blob: &Descriptor,
        source: &dyn Source,
    ) -> Result<()> {
        if self.has(blob).await? {
            return Ok(());
        }
        if blob.size <= SMALL {
            return self.put_small(blob, source).await;
        }
        let _turn = self.turn().await?;
        loop {
            let mut fetch = self.begin(blob, source.place()).await?;
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

    /// The same for a blob that nobody's turn is to wait for: it is taken first, and then written.
    async fn put_small(self: &Arc<Self>, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        let bytes = collect(source, blob, SMALL).await?;
        let _turn = self.turn().await?;
        let mut fetch = self.begin(blob, source.place()).await?;
        let there = usize::try_from(fetch.written).unwrap_or_default().min(bytes.len());
        fetch.take(bytes.slice(there..)).await?;
        if fetch.check().is_err() {
            // What was there was wrong.
            blocking(move || fetch.discard()).await?;
            fetch = self.begin(blob, source.place()).await?;
            fetch.take(bytes).await?;
        }
        blocking(move || fetch.keep()).await
    }

    async fn has(self: &Arc<Self>, blob: &Descriptor) -> Result<bool> {
        let (parts, wanted) = (Arc::clone(self), blob.clone());
        blocking(move || Ok(parts.size_of(&wanted.digest)? == Some(wanted.size))).await
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        self.turns.acquire().await.map_err(|closed| Error::Backend(Box::new(closed)))
    }

    async fn begin(self: &Arc<Self>, blob: &Descriptor, origin: String) -> Result<Fetch> {
        let (parts, blob) = (Arc::clone(self), blob.clone());
        blocking(move || Fetch::begin(parts, blob, origin)).await
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
            if number == 0 {
                // Its bytes are proven: it is the size that is wrong.
                let (digest, expected, found) = (blob.digest, blob.size, piece.size);
                return Err(Error::Size { digest, expected, found, place: origin });
            }
            let follows = cut
                .at(written)
                .is_some_and(|(name, end)| name.number() == number && end == written + piece.size);
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
            let (name, size) = fetch.member()?;
            let mut hold = fetch.parts.hold_for(&name, size)?;
            fetch.written += hold.begin(name, size, &mut fetch.hasher)?;
            fetch.hold = Some(hold);
        }
        Ok(fetch)
    }

    /// The member that the next byte goes to, and its size.
    fn member(&self) -> Result<(MemberName, u64)> {
        let (name, end) = self.cut.at(self.written).ok_or_else(|| Error::Unsupported {
            place: self.origin.clone(),
            why: "has a blob that would be cut into more than 999999 pieces: parts have to be larger",
        })?;
        Ok((name, end - self.written))
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
        let (name, size) = self.member()?;
        let (parts, mut hasher) = (Arc::clone(&self.parts), self.hasher.clone());
        let next = blocking(move || {
            hold.complete()?;
            hold.seal()?;
            let mut next = parts.hold_for(&name, size)?;
            // What another run left of it does not follow what is there now.
            next.give_up();
            next.begin(name, size, &mut hasher).map(|_| next)
        });
        self.hold = Some(next.await?);
        Ok(())
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
