//! The blob files of a layout.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{BLOBS, Files, Layout, pending};
use crate::model::{Algorithm, Descriptor, Digest};
use crate::store::file::blocking;
use crate::store::partial::{self, PartialBlob, ProvenBlob};
use crate::store::{BlobStream, Durability, Error, Result, Resume, Sink};

impl Layout {
    /// The file of a blob, whether it is there or not.
    #[must_use]
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.blob_dir(digest.algorithm()).join(digest.hex())
    }

    /// The size of a blob; `None` when it is not there.
    ///
    /// # Errors
    /// When its file cannot be opened.
    pub fn blob_size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(Files::blob(self, digest)?.map(|span| span.length))
    }

    /// The bytes of a blob from `offset` on, not proven.
    ///
    /// # Errors
    /// When it is not there or cannot be opened.
    pub fn read_blob(&self, digest: &Digest, offset: u64) -> Result<BlobStream> {
        match Files::blob(self, digest)? {
            Some(span) => Ok(span.stream(offset)),
            None => Err(self.no_blob(digest)),
        }
    }

    /// Makes a file a blob. Whoever calls has proven its bytes against `digest`, and has made them durable. A file on
    /// another file system is copied, and is still there afterwards. `false` when the file is not there.
    ///
    /// # Errors
    /// When the file can be neither renamed nor copied.
    pub async fn adopt_blob(&self, file: &Path, digest: &Digest) -> Result<bool> {
        let (layout, file, digest) = (self.clone(), file.to_owned(), digest.clone());
        blocking(move || {
            layout.make_blob_dir(digest.algorithm())?;
            let target = layout.blob_path(&digest);
            match std::fs::rename(&file, &target) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                    layout.copy_file(&file, &target)
                }
                Err(error) => Err(Error::io("rename a file to", &target)(error)),
            }
        })
        .await
    }

    /// Deletes a blob. Tells whether it was there; a listed manifest is no blob.
    ///
    /// # Errors
    /// When its file cannot be deleted.
    pub async fn delete_blob(&self, digest: &Digest) -> Result<bool> {
        let (layout, digest) = (self.clone(), digest.clone());
        blocking(move || {
            layout.edit(|index| match index.find(&digest) {
                Some(_) => Ok(false),
                None => layout.remove_file(&digest),
            })
        })
        .await
    }

    /// Takes a blob over from another layout, by a link where both are on one file system. `false` when it is not
    /// there.
    ///
    /// # Errors
    /// When it can be neither linked nor copied.
    pub async fn link_blob_from(&self, other: &Self, digest: &Digest) -> Result<bool> {
        let Some(size) = other.blob_size(digest)? else { return Ok(false) };
        self.make_blob_dir(digest.algorithm())?;
        match std::fs::hard_link(other.blob_path(digest), self.blob_path(digest)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(_) => {
                let blob = Descriptor::new("application/octet-stream".into(), digest.clone(), size);
                self.put_blob(&blob, other).await.map(|()| true)
            }
        }
    }

    /// Begins a blob, or goes on with it.
    pub(super) fn begin_blob(&self, blob: &Descriptor, origin: String) -> Result<PartialBlob> {
        self.make()?;
        let begun = match self.inner.options.resume {
            Resume::Continue => PartialBlob::resume(self.dir(), blob, origin),
            Resume::Afresh => PartialBlob::create(self.dir(), blob, origin),
        };
        Ok(begun?.durable(self.durability()))
    }

    /// Keeps a blob that was written: under its name, or where it is until an image needs it.
    pub(super) fn keep_blob(&self, blob: ProvenBlob) -> Result<()> {
        match self.durability() {
            Durability::Always | Durability::Off => self.name_blob(blob),
            Durability::Batch if self.inner.pending.add(blob) > pending::MAX => {
                self.name_blobs(&self.inner.pending.digests())
            }
            Durability::Batch => Ok(()),
        }
    }

    /// Gives a blob its name.
    pub(super) fn name_blob(&self, blob: ProvenBlob) -> Result<()> {
        self.make_blob_dir(blob.digest().algorithm())?;
        let target = self.blob_path(blob.digest());
        blob.persist(&target, self.durability())
    }

    /// Gives those of these blobs their names that have none yet. The bytes of all are on the disk before.
    pub(super) fn name_blobs(&self, digests: &[Digest]) -> Result<()> {
        let pending = &self.inner.pending;
        let waiting: Vec<_> = digests.iter().filter(|digest| pending.holds(digest)).collect();
        pending.sync(&waiting, self.durability())?;
        for digest in waiting {
            self.make_blob_dir(digest.algorithm())?;
            pending.rename(digest, &self.blob_path(digest))?;
        }
        Ok(())
    }

    pub(super) fn no_blob(&self, digest: &Digest) -> Error {
        Error::NotFound { what: format!("blob {digest}"), place: Files::place(self), source: None }
    }

    pub(super) fn remove_file(&self, digest: &Digest) -> Result<bool> {
        let path = self.blob_path(digest);
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("delete", &path)(error)),
        }
    }

    pub(super) fn blob_dir(&self, algorithm: Algorithm) -> PathBuf {
        self.dir().join(BLOBS).join(algorithm.as_str())
    }

    fn copy_file(&self, file: &Path, target: &Path) -> Result<bool> {
        let mut file = match File::open(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            opened => opened.map_err(Error::io("open", file))?,
        };
        let mut copy = partial::temporary(self.dir())?;
        std::io::copy(&mut file, copy.as_file_mut()).map_err(Error::io("write", copy.path()))?;
        self.durability().persist(copy, target).map(|()| true)
    }

    fn make_blob_dir(&self, algorithm: Algorithm) -> Result<()> {
        let dir = self.blob_dir(algorithm);
        std::fs::create_dir_all(&dir).map_err(Error::io("create", &dir))
    }
}
