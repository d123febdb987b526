//! The file that a blob on its way is written to.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::kept::KeptFile;
use crate::model::Hasher;
use crate::store::{Error, Result};

/// The file that a blob is written to.
#[derive(Debug)]
pub(super) enum WorkFile {
    /// One of the writer's own, gone when the writer is.
    Private(NamedTempFile),
    /// One that stays, for the next writer to continue.
    Kept(KeptFile),
}

impl WorkFile {
    pub(super) fn file(&self) -> &File {
        match self {
            Self::Private(file) => file.as_file(),
            Self::Kept(kept) => kept.file(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Private(file) => file.path(),
            Self::Kept(kept) => kept.path(),
        }
    }

    /// Writes down, where that is of use, the hash of all that is in the file.
    pub(super) fn save(&self, hasher: &Hasher, offset: u64) {
        if let Self::Kept(kept) = self {
            kept.save(hasher, offset);
        }
    }

    /// Gives the file another name.
    pub(super) fn rename(self, target: &Path) -> Result<()> {
        let renamed = match self {
            Self::Private(file) => file.persist(target).map(drop).map_err(|e| e.error),
            Self::Kept(kept) => kept.rename(target),
        };
        renamed.map_err(Error::io("rename a file to", target))
    }

    /// Removes the file.
    pub(super) fn remove(self) {
        match self {
            Self::Private(file) => drop(file),
            Self::Kept(kept) => kept.remove(),
        }
    }
}

impl Write for WorkFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Private(file) => file.write(bytes),
            Self::Kept(kept) => kept.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
