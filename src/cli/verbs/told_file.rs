//! Files that a person names for what is to be told of a run.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use longshore::mirror::is_list_of_failures;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::cli::args::UsageError;

/// A file that was to be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", .path.display())]
pub(crate) struct Unwritten {
    path: PathBuf,
    #[source]
    source: io::Error,
}

pub(super) fn unwritten(path: &Path) -> impl FnOnce(io::Error) -> Unwritten {
    let path = path.to_owned();
    |source| Unwritten { path, source }
}

/// Refuses a file that cannot be written, as far as that can be told beforehand.
pub(super) fn check(path: &Path) -> Result<(), Unwritten> {
    if path.is_dir() {
        return Err(unwritten(path)(ErrorKind::IsADirectory.into()));
    }
    fs::metadata(folder(path)).map(drop).map_err(unwritten(path))
}

/// Refuses a file that is there and holds something else than a list of failures: it would be lost.
pub(super) fn check_failures(path: &Path) -> anyhow::Result<()> {
    check(path)?;
    if holds_something_else(path).map_err(unwritten(path))? {
        let text = format!("{} is there already, and is no list of what failed", path.display());
        return Err(UsageError(text).into());
    }
    Ok(())
}

/// Puts `bytes` where `path` leads. A file is replaced as a whole; what is none, as a pipe or a device, is written to.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<(), Unwritten> {
    put_with(path, bytes, 0o666)
}

/// The same for what may hold secrets: nobody else can read it.
pub(super) fn put_private(path: &Path, bytes: &[u8]) -> Result<(), Unwritten> {
    put_with(path, bytes, 0o600)
}

fn put_with(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Unwritten> {
    let put = match fs::metadata(path) {
        Ok(there) if !there.is_file() || path.starts_with("/dev") => pour(path, bytes),
        Ok(_) => fs::canonicalize(path).and_then(|path| replace(&path, bytes, mode)),
        Err(_) => replace(path, bytes, mode),
    };
    put.map_err(unwritten(path))
}

/// Writes to a pipe or a device. A pipe that nobody reads is an error: waiting for a reader could take for ever.
fn pour(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut file = OpenOptions::new().write(true).custom_flags(nonblocking).open(path)?;
    let flags = fcntl_getfl(&file)?;
    fcntl_setfl(&file, flags.difference(OFlags::NONBLOCK))?;
    file.write_all(bytes)
}

/// Takes a file away that an earlier run wrote. What is no file stays.
pub(super) fn remove(path: &Path) -> Result<(), Unwritten> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_file() => fs::remove_file(path).map_err(unwritten(path)),
        _ => Ok(()),
    }
}

/// The same for a list of failures: what holds something else stays.
pub(super) fn remove_failures(path: &Path) -> Result<(), Unwritten> {
    match holds_something_else(path) {
        Ok(false) => remove(path),
        Ok(true) | Err(_) => Ok(()),
    }
}

fn holds_something_else(path: &Path) -> io::Result<bool> {
    if !path.is_file() {
        return Ok(false);
    }
    let mut beginning = Vec::new();
    File::open(path)?.take(256).read_to_end(&mut beginning)?;
    Ok(!beginning.is_empty() && !is_list_of_failures(&beginning))
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(".longshore-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
