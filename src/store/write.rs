//! How things are written: when they are on the disk, and whether what an earlier run left is continued.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use super::{Error, Result, partial};

/// How a sink writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// When what was written is on the disk.
    pub durability: Durability,
    /// What becomes of work that an earlier run left half-done.
    pub resume: Resume,
}

/// When what was written is on the disk, so that a power failure does not take it away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Each blob, before it gets its name.
    Always,
    /// All blobs of an image, before they get their names when its manifest is put.
    #[default]
    Batch,
    /// Whenever the operating system likes. After a power failure there may be names whose bytes are lost.
    Off,
}

/// What becomes of work that an earlier run left half-done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resume {
    /// It is continued, and what this run leaves half-done can be.
    #[default]
    Continue,
    /// It is left alone, and so is what comes of this run: nothing of it can be continued.
    Afresh,
}

/// Puts `bytes` into the file `path`, so that it shows either what was there before or all of them. A link stays, and the
/// file behind it is replaced.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut file = partial::temporary_beside(&target)?;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Durability::Always.persist(file, &target)?;
    Durability::Always.sync_dir(dir)
}

impl Durability {
    /// Makes the bytes of a file durable.
    pub(super) fn sync(self, file: &File, path: &Path) -> Result<()> {
        match self {
            Self::Always | Self::Batch => file.sync_all().map_err(Error::io("sync", path)),
            Self::Off => Ok(()),
        }
    }

    /// Makes the names in a folder durable.
    pub(super) fn sync_dir(self, dir: &Path) -> Result<()> {
        let file = File::open(dir).map_err(Error::io("open", dir))?;
        self.sync(&file, dir)
    }

    /// Makes the bytes of `file` durable, then gives it its name.
    pub(super) fn persist(self, file: NamedTempFile, target: &Path) -> Result<()> {
        self.sync(file.as_file(), file.path())?;
        file.persist(target).map_err(|e| Error::io("rename a file to", target)(e.error))?;
        Ok(())
    }

    /// Writes a small file so that its name shows either what was there before or all of `bytes`.
    pub(super) fn write_atomically(self, target: &Path, bytes: &[u8]) -> Result<()> {
        let dir = target.parent().unwrap_or(Path::new("."));
        let mut file = partial::temporary(dir)?;
        file.write_all(bytes).map_err(Error::io("write", file.path()))?;
        self.persist(file, target)?;
        self.sync_dir(dir)
    }
}
