//! A blob on its way to a file: hashed while it grows, and without a name until it is proven.

use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::io::{BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use tempfile::NamedTempFile;

use super::{Durability, Error, Result, Source};
use crate::model::{Descriptor, Hasher};

/// Names of files that are being written start with this. No blob, repository or file of an image format does.
pub(super) const PREFIX: &str = "_partial-";

/// Bytes that are gathered before they go to the file. Larger pieces go there at once.
const BUFFER: usize = 256 * 1024;

/// How long a file has not been written to when nobody writes it any more.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// A blob being written to a private file.
///
/// The bytes are hashed and written where they come, on the thread of the task that brings them: handing them to
/// another thread costs more than the page cache takes. [`PartialBlob::complete_verified_as`] consumes the writer;
/// dropped without it, the file is gone. Any number of writers may write the same blob at once.
#[derive(Debug)]
pub(super) struct PartialBlob {
    blob: Descriptor,
    file: BufWriter<NamedTempFile>,
    hasher: Hasher,
    written: u64,
    origin: String,
}

impl PartialBlob {
    /// `blob`, of which there is nothing yet, in `dir`, which is on the file system where it is to get its name.
    /// `origin` is where the bytes come from, for messages.
    pub(super) fn create(dir: &Path, blob: &Descriptor, origin: String) -> Result<Self> {
        Ok(Self {
            blob: blob.clone(),
            file: BufWriter::with_capacity(BUFFER, temporary(dir)?),
            hasher: blob.digest.algorithm().hasher(),
            written: 0,
            origin,
        })
    }

    /// Takes further bytes. More than the descriptor names are refused as soon as they come.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.written += bytes.len() as u64;
        if self.written > self.blob.size {
            return Err(self.wrong_size());
        }
        self.hasher.update(bytes);
        self.file.write_all(bytes).map_err(Error::io("write", self.file.get_ref().path()))
    }

    /// Takes all bytes from `source`.
    pub(super) async fn fill(&mut self, source: &dyn Source) -> Result<()> {
        let mut stream = source.blob(&self.blob, self.written).await?;
        while let Some(bytes) = stream.next().await.transpose()? {
            self.write(&bytes)?;
        }
        Ok(())
    }

    /// Gives the blob the name `target`, when its bytes are those that its descriptor names. What had that name before
    /// is replaced.
    ///
    /// The bytes are on the disk before the name is: after a crash there is either no such file or the right one.
    /// This waits for the disk, so it is not for the thread of an async task.
    pub(super) fn complete_verified_as(self, target: &Path, durability: Durability) -> Result<()> {
        if self.written != self.blob.size {
            return Err(self.wrong_size());
        }
        let Self { blob, file, hasher, origin, .. } = self;
        let found = hasher.finish();
        if found != blob.digest {
            return Err(Error::Digest { expected: blob.digest, found, place: origin });
        }
        let path = file.get_ref().path().to_owned();
        let file = file.into_inner().map_err(|e| Error::io("write", &path)(e.into_error()))?;
        durability.persist(file, target)
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

/// An empty file in `dir` that is removed when it is dropped.
pub(super) fn temporary(dir: &Path) -> Result<NamedTempFile> {
    temporary_as(dir, PREFIX.as_ref())
}

/// An empty file for what is to be called `target`, beside it. Those that killed writers of `target` left behind are
/// removed.
pub(super) fn temporary_beside(target: &Path) -> Result<NamedTempFile> {
    let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut prefix = OsString::from(PREFIX);
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push("-");
    remove_stale_as(dir, &prefix)?;
    temporary_as(dir, &prefix)
}

fn temporary_as(dir: &Path, prefix: &OsStr) -> Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(prefix)
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(dir)
        .map_err(Error::io("create a file in", dir))
}

/// Removes the files in `dir` that writers left behind who were killed: none is silent for a day.
pub(super) fn remove_stale(dir: &Path) -> Result<()> {
    remove_stale_as(dir, PREFIX.as_ref())
}

fn remove_stale_as(dir: &Path, prefix: &OsStr) -> Result<()> {
    for entry in std::fs::read_dir(dir).map_err(Error::io("list", dir))?.flatten() {
        let is_ours = entry.file_name().as_bytes().starts_with(prefix.as_bytes());
        let age = entry.metadata().ok().and_then(|m| m.modified().ok()?.elapsed().ok());
        if is_ours && age.is_some_and(|age| age > STALE) {
            // Someone else may remove it at the same time; that it is gone is all that counts.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_killed_writers_of_an_archive_left_is_removed_after_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("app.tar");
        let old = SystemTime::now() - STALE - Duration::from_secs(60);
        for (name, time) in [
            ("_partial-app.tar-dead", old),
            ("_partial-app.tar-alive", SystemTime::now()),
            ("_partial-other.tar-dead", old),
        ] {
            File::create(dir.path().join(name)).unwrap().set_modified(time).unwrap();
        }
        let file = temporary_beside(&target).unwrap();
        assert!(file.path().exists());
        let left = |name: &str| dir.path().join(name).exists();
        assert!(!left("_partial-app.tar-dead"));
        assert!(left("_partial-app.tar-alive") && left("_partial-other.tar-dead"));
    }
}
