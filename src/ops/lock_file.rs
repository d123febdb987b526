//! Plans in files: read within bounds, replaced as a whole.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::mirror::plan::{Lock, LockError};
use crate::store;

/// The largest plan that is read: that of some ten thousand images.
const LIMIT: u64 = 128 << 20;

/// What can go wrong with the file of a plan.
#[derive(Debug, thiserror::Error)]
pub enum LockFileError {
    /// It cannot be read.
    #[error("cannot read the plan {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is too large.
    #[error("{} is larger than {LIMIT} bytes", .0.display())]
    TooLarge(PathBuf),
    /// There is a folder, a pipe or a device.
    #[error("{} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// Something else would be lost.
    #[error("{} is there already and is not a plan", .0.display())]
    NotAPlan(PathBuf),
    /// Its text is no plan.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It cannot be written.
    #[error("the plan cannot be written")]
    Write(#[source] store::Error),
}

/// Reads the plan in the file `path`.
///
/// # Errors
/// When it cannot be read, or is no plan.
pub fn read_lock(path: &Path) -> Result<Lock, LockFileError> {
    let failed = |source| LockFileError::Read { path: path.to_owned(), source };
    if path.exists() && !path.is_file() {
        return Err(LockFileError::NotAFile(path.to_owned()));
    }
    let mut text = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LIMIT + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > LIMIT {
        return Err(LockFileError::TooLarge(path.to_owned()));
    }
    Ok(Lock::parse(&path.display().to_string(), &text)?)
}

/// Whether a plan can be written to `path`, as far as can be told before there is one.
///
/// # Errors
/// When its folder is not there, or it is no file, or one of something else.
pub fn writable(path: &Path) -> Result<(), LockFileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let missing = store::Error::Missing { path: folder.to_owned() };
        return Err(LockFileError::Write(missing));
    }
    if path.exists() && !path.is_file() {
        return Err(LockFileError::NotAFile(path.to_owned()));
    }
    match read_lock(path) {
        Err(LockFileError::Lock(LockError::Syntax { .. })) if !is_empty(path) => {
            Err(LockFileError::NotAPlan(path.to_owned()))
        }
        _ => Ok(()),
    }
}

fn is_empty(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.len() == 0)
}

/// Writes `bytes` to the file `path`, so that it shows either what was there before or all of them.
///
/// # Errors
/// When it cannot be written.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), store::Error> {
    store::replace_file(path, bytes)
}

/// Writes `lock` to the file `path`, so that it shows either what was there before or all of it.
///
/// # Errors
/// When it cannot be written, or could not be read again.
pub fn write_lock(path: &Path, lock: &Lock) -> Result<(), LockFileError> {
    let text = lock.to_text();
    Lock::parse(&path.display().to_string(), text.as_bytes())?;
    store::replace_file(path, text.as_bytes()).map_err(LockFileError::Write)
}
