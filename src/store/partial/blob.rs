//! A blob on its way to a file: hashed while it grows, and without its name until it is proven.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use futures_util::StreamExt;

use super::early::EarlySync;
use super::kept::KeptFile;
use super::temporary;
use super::work::WorkFile;
use crate::model::{Descriptor, Digest, Hasher};
use crate::store::{Durability, Error, Result, Source};

/// Bytes that are gathered before they go to the file. Larger pieces go there at once.
const BUFFER: usize = 256 * 1024;

/// Bytes after which the hash is written down: so many are read back at most by whoever continues.
const SAVE_EVERY: u64 = 16 * 1024 * 1024;

/// A blob being written.
///
/// The bytes are hashed and written where they come, on the thread of the task that brings them: handing them to
/// another thread costs more than the page cache takes. [`PartialBlob::proven`] consumes the writer. Any number of
/// writers may write the same blob at once, each to a file of its own.
#[derive(Debug)]
pub(in crate::store) struct PartialBlob {
    blob: Descriptor,
    file: BufWriter<WorkFile>,
    hasher: Hasher,
    written: u64,
    /// How many bytes there were when the hash was written down last.
    saved: u64,
    /// Where the bytes are to be durable in the end.
    early: Option<EarlySync>,
    origin: String,
}

impl PartialBlob {
    /// `blob`, of which there is nothing yet, in a private file in `dir`, which is on the file system where it is to
    /// get its name. Dropped before it is proven, the file is gone. `origin` is where the bytes come from, for messages.
    pub(in crate::store) fn create(dir: &Path, blob: &Descriptor, origin: String) -> Result<Self> {
        let hasher = blob.digest.algorithm().hasher();
        Ok(Self::with(WorkFile::Private(temporary(dir)?), blob, hasher, 0, origin))
    }

    /// `blob`, where an earlier writer in `dir` left off. Dropped before it is proven, the file is there for the next.
    ///
    /// What is there is read back as far as its hash was not written down, so this is not for the thread of an async
    /// task. While someone else writes the blob, this is [`PartialBlob::create`].
    pub(in crate::store) fn resume(dir: &Path, blob: &Descriptor, origin: String) -> Result<Self> {
        match KeptFile::open(dir, blob) {
            Some((file, hasher, at)) => {
                Ok(Self::with(WorkFile::Kept(file), blob, hasher, at, origin))
            }
            None => Self::create(dir, blob, origin),
        }
    }

    fn with(file: WorkFile, blob: &Descriptor, hasher: Hasher, at: u64, origin: String) -> Self {
        let file = BufWriter::with_capacity(BUFFER, file);
        Self { blob: blob.clone(), file, hasher, written: at, saved: at, early: None, origin }
    }

    /// The same, made durable in the end as `durability` says: the disk is given the bytes while they come.
    pub(in crate::store) fn durable(self, durability: Durability) -> Self {
        let early = match durability {
            Durability::Always | Durability::Batch => Some(EarlySync::default()),
            Durability::Off => None,
        };
        Self { early, ..self }
    }

    /// Takes all bytes that are missing from `source`, and proves them.
    ///
    /// What an earlier writer left is never trusted: when the blob is wrong in the end, it is taken once from its
    /// start. When the source fails, what has come is kept.
    pub(in crate::store) async fn fetch(mut self, source: &dyn Source) -> Result<ProvenBlob> {
        if self.written > 0 {
            match self.fill(source).await.and_then(|()| self.check()) {
                Err(error) if error.is_wrong_bytes() => self = self.start_over()?,
                filled => return filled.and_then(|()| self.finished()),
            }
        }
        match self.fill(source).await {
            Err(error) if error.is_wrong_bytes() => {
                self.remove();
                Err(error)
            }
            filled => filled.and_then(|()| self.proven()),
        }
    }

    /// Takes further bytes. More than the descriptor names are refused as soon as they come.
    pub(in crate::store) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.written += bytes.len() as u64;
        if self.written > self.blob.size {
            return Err(self.wrong_size());
        }
        self.hasher.update(bytes);
        self.file.write_all(bytes).map_err(Error::io("write", self.file.get_ref().path()))?;
        if self.written - self.saved >= SAVE_EVERY {
            self.flush()?;
            self.file.get_ref().save(&self.hasher, self.written);
            self.saved = self.written;
            if let Some(early) = &mut self.early {
                early.keep_up(self.file.get_ref().path(), self.written);
            }
        }
        Ok(())
    }

    /// The blob, when its bytes are those that its descriptor names; otherwise its file is gone.
    pub(in crate::store) fn proven(self) -> Result<ProvenBlob> {
        match self.check() {
            Ok(()) => self.finished(),
            Err(error) => {
                self.remove();
                Err(error)
            }
        }
    }

    async fn fill(&mut self, source: &dyn Source) -> Result<()> {
        let mut stream = source.blob(&self.blob, self.written).await?;
        while let Some(bytes) = stream.next().await.transpose()? {
            self.write(&bytes)?;
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.written != self.blob.size {
            return Err(self.wrong_size());
        }
        let (expected, found) = (self.blob.digest.clone(), self.hasher.clone().finish());
        if found == expected {
            return Ok(());
        }
        Err(Error::Digest { expected, found, place: self.origin.clone() })
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush().map_err(Error::io("write", self.file.get_ref().path()))
    }

    fn finished(mut self) -> Result<ProvenBlob> {
        self.flush()?;
        Ok(ProvenBlob { digest: self.blob.digest, file: self.file.into_parts().0 })
    }

    /// Throws away what is there of the blob.
    fn start_over(self) -> Result<Self> {
        let file = self.file.into_parts().0;
        let dir = file.path().parent().unwrap_or(Path::new(".")).to_owned();
        file.remove();
        Self::resume(&dir, &self.blob, self.origin)
    }

    fn remove(self) {
        self.file.into_parts().0.remove();
    }

    fn wrong_size(&self) -> Error {
        Error::Size {
            digest: self.blob.digest.clone(),
            expected: self.blob.size,
            found: self.written,
            place: self.origin.clone(),
        }
    }
}

/// A blob whose bytes are all there and proven, and which has not got its name yet.
#[derive(Debug)]
pub(in crate::store) struct ProvenBlob {
    digest: Digest,
    file: WorkFile,
}

impl ProvenBlob {
    pub(in crate::store) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Where its bytes are until it has its name.
    pub(in crate::store) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Another handle of its file, to make it durable while it is in use.
    pub(in crate::store) fn handle(&self) -> Result<File> {
        self.file.file().try_clone().map_err(Error::io("open", self.path()))
    }

    /// Makes the bytes durable, then gives the blob the name `target`. What had that name before is replaced.
    ///
    /// After a crash there is either no such file or the right one. This waits for the disk, so it is not for the
    /// thread of an async task.
    pub(in crate::store) fn persist(self, target: &Path, durability: Durability) -> Result<()> {
        durability.sync(self.file.file(), self.path())?;
        self.rename(target)
    }

    /// Gives the blob the name `target`, when its bytes are durable.
    pub(in crate::store) fn rename(self, target: &Path) -> Result<()> {
        self.file.rename(target)
    }

    /// Removes the file: another has the same bytes.
    pub(in crate::store) fn remove(self) {
        self.file.remove();
    }
}
