//! Files on their way: without their name until all of them is there.
//!
//! What a writer left behind who was killed is continued by the next, or is removed after a while.

mod blob;
mod early;
mod kept;
mod state;
mod work;

pub(super) use blob::{PartialBlob, ProvenBlob};

use std::ffi::{OsStr, OsString};
use std::fs::{DirEntry, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use tempfile::NamedTempFile;

use super::{Error, Result};
use crate::model::{Algorithm, Digest};

/// Names of files that are being written start with this. No blob, repository or file of an image format does.
const PREFIX: &str = "_partial-";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a blob that nobody writes any more can be continued: over a weekend and some days more, no longer, for it
/// takes room on the disk.
const SHELF_LIFE: Duration = DAY.saturating_mul(7);

/// An empty file in `dir` that is removed when it is dropped.
pub(super) fn temporary(dir: &Path) -> Result<NamedTempFile> {
    temporary_as(dir, PREFIX.as_ref())
}

/// A link to `to` in `dir`, under a name that is of no use, which is removed when it is dropped.
pub(super) fn temporary_link(dir: &Path, to: &str) -> Result<NamedTempFile<()>> {
    tempfile::Builder::new()
        .prefix(PREFIX)
        .make_in(dir, |path| std::os::unix::fs::symlink(to, path))
        .map_err(Error::io("create a link in", dir))
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
    let file = tempfile::Builder::new()
        .prefix(prefix)
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(dir)
        .map_err(Error::io("create a file in", dir))?;
    // The lock says that it is in use. Where there are no locks its age says so.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Removes the files in `dir` that writers left behind who were killed.
pub(super) fn remove_stale(dir: &Path) -> Result<()> {
    remove_stale_as(dir, PREFIX.as_ref())
}

/// Whether a file of this name is one that was being written.
pub(super) fn is_leftover(name: &OsStr) -> bool {
    name.as_bytes().starts_with(PREFIX.as_bytes())
}

/// Removes the files in `dir` that nobody can continue, for whoever is the only one that writes there.
pub(super) fn remove_private(dir: &Path) -> Result<()> {
    for entry in std::fs::read_dir(dir).map_err(Error::io("list", dir))?.flatten() {
        if is_leftover(&entry.file_name()) && !can_be_continued(&entry) {
            remove_unused(&entry.path());
        }
    }
    Ok(())
}

fn remove_stale_as(dir: &Path, prefix: &OsStr) -> Result<()> {
    for entry in std::fs::read_dir(dir).map_err(Error::io("list", dir))?.flatten() {
        if entry.file_name().as_bytes().starts_with(prefix.as_bytes()) && is_stale(&entry) {
            remove_unused(&entry.path());
        }
    }
    Ok(())
}

fn is_stale(entry: &DirEntry) -> bool {
    let age = entry.metadata().ok().and_then(|m| m.modified().ok()?.elapsed().ok());
    age.is_some_and(|age| age > if can_be_continued(entry) { SHELF_LIFE } else { DAY })
}

fn can_be_continued(entry: &DirEntry) -> bool {
    [Algorithm::Sha256, Algorithm::Sha512].into_iter().any(|algorithm| {
        let prefix = format!("{PREFIX}{}-", algorithm.as_str());
        entry.file_name().as_bytes().starts_with(prefix.as_bytes())
    })
}

/// Removes a file that is stale, and what was saved of it, unless someone writes it nevertheless.
fn remove_unused(path: &Path) {
    // The lock is held until the file is gone.
    let file = open_own(path, OFlags::RDWR);
    let is_in_use = file.as_ref().is_some_and(|f| f.try_lock().is_err() || !has_name(f, path));
    if !is_in_use {
        // Someone else may remove it at the same time; that it is gone is all that counts.
        let _ = std::fs::remove_file(state_path(path));
        let _ = std::fs::remove_file(path);
    }
}

/// The file of a blob on its way.
fn blob_path(dir: &Path, digest: &Digest) -> PathBuf {
    dir.join(format!("{PREFIX}{}-{}", digest.algorithm().as_str(), digest.hex()))
}

/// The file beside it, with what is known of it.
fn state_path(path: &Path) -> PathBuf {
    let mut path = OsString::from(path);
    path.push(".state");
    path.into()
}

/// Opens a file of ours; `None` when it is anything else. It may be read by others but is ours alone to write: no link
/// leads to it or from it, and no one else owns it.
pub(super) fn open_own(path: &Path, flags: OFlags) -> Option<File> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o644)).ok()?);
    let metadata = file.metadata().ok()?;
    let is_ours = metadata.is_file()
        && metadata.nlink() == 1
        && metadata.uid() == rustix::process::geteuid().as_raw();
    is_ours.then_some(file)
}

/// Whether the open file is the one that is called `path` now.
fn has_name(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn made(dir: &Path, name: &str, age: Duration) -> File {
        let file = File::create(dir.join(name)).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
        file
    }

    #[test]
    fn what_killed_writers_of_an_archive_left_is_removed_after_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("app.tar");
        let old = DAY + Duration::from_secs(60);
        made(dir.path(), "_partial-app.tar-dead", old);
        made(dir.path(), "_partial-app.tar-alive", Duration::ZERO);
        made(dir.path(), "_partial-other.tar-dead", old);
        let file = temporary_beside(&target).unwrap();
        assert!(file.path().exists());
        let left = |name: &str| dir.path().join(name).exists();
        assert!(!left("_partial-app.tar-dead"));
        assert!(left("_partial-app.tar-alive") && left("_partial-other.tar-dead"));
    }

    #[test]
    fn a_blob_can_be_continued_for_a_week_and_is_not_removed_while_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let [old, young] = [8, 6].map(|days| DAY * days);
        made(dir.path(), "_partial-sha256-dead", old);
        made(dir.path(), "_partial-sha256-dead.state", Duration::ZERO);
        made(dir.path(), "_partial-sha256-young", young);
        made(dir.path(), "_partial-sha256-young.state", young);
        made(dir.path(), "_partial-private", young);
        let written = made(dir.path(), "_partial-sha256-written", old);
        written.lock().unwrap();
        remove_stale(dir.path()).unwrap();
        let names = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        left.sort_unstable();
        let expected =
            ["_partial-sha256-written", "_partial-sha256-young", "_partial-sha256-young.state"];
        assert_eq!(left, expected);
    }
}
