//! Files and folders that others may have made: no links followed, no pipes waited for, sizes bounded.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{BlobStream, Error, Result};
use crate::model::{Algorithm, Digest};

/// Bytes that are read at once.
const CHUNK: u64 = 256 * 1024;

/// A part of an open file, or all of it: a blob in a folder or in an archive.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) file: Arc<File>,
    pub(super) path: Arc<Path>,
    /// Where it starts in the file.
    pub(super) start: u64,
    /// Its bytes.
    pub(super) length: u64,
}

impl Span {
    /// All of a regular file; `None` when there is none. A link or a device of that name is refused.
    pub(super) fn open(path: &Path) -> Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(Errno::LOOP | Errno::NXIO) => return Err(not_regular(path)),
            Err(errno) => return Err(Error::io("open", path)(errno.into())),
        };
        let metadata = file.metadata().map_err(Error::io("read", path))?;
        if !metadata.is_file() {
            return Err(not_regular(path));
        }
        let (file, path) = (Arc::new(file), Arc::from(path));
        Ok(Some(Self { file, path, start: 0, length: metadata.len() }))
    }

    /// All its bytes.
    pub(super) fn read(&self, limit: u64) -> Result<Bytes> {
        if self.length > limit {
            return Err(Error::TooLarge { path: self.path.to_path_buf(), limit });
        }
        self.read_at(self.start, self.length)
    }

    /// The SHA-256 sum of its bytes.
    pub(super) fn sha256(&self) -> Result<Digest> {
        let mut hasher = Algorithm::Sha256.hasher();
        self.for_each(|bytes| hasher.update(bytes))?;
        Ok(hasher.finish())
    }

    /// Shows all its bytes, piece by piece.
    pub(super) fn for_each(&self, mut show: impl FnMut(&[u8])) -> Result<()> {
        let mut at = 0;
        while at < self.length {
            let length = (self.length - at).min(CHUNK);
            show(&self.read_at(self.start + at, length)?);
            at += length;
        }
        Ok(())
    }

    /// A part of it: what there is of `length` bytes from `start` on.
    pub(super) fn part(&self, start: u64, length: u64) -> Self {
        let start = start.min(self.length);
        let length = length.min(self.length - start);
        Self { start: self.start + start, length, ..self.clone() }
    }

    /// Its bytes from `offset` on. They are read on the thread of the task that asks for them, which lets other tasks
    /// run before each piece.
    pub(super) fn stream(self, offset: u64) -> BlobStream {
        let (start, end) = (self.start.saturating_add(offset), self.start + self.length);
        Box::pin(stream::try_unfold((self, start), move |(span, at)| async move {
            if at >= end {
                return Ok(None);
            }
            tokio::task::yield_now().await;
            let bytes = span.read_at(at, (end - at).min(CHUNK))?;
            let next = at + bytes.len() as u64;
            Ok(Some((bytes, (span, next))))
        }))
    }

    fn read_at(&self, offset: u64, length: u64) -> Result<Bytes> {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut bytes, offset).map_err(Error::io("read", &self.path))?;
        Ok(bytes.into())
    }
}

/// Whether `dir` is a folder below `root`, and no link leads there.
pub(super) fn is_below(root: &Path, dir: &Path) -> bool {
    let is_folder = |folder: &Path| std::fs::symlink_metadata(folder).is_ok_and(|m| m.is_dir());
    folders(root, dir).into_iter().all(is_folder)
}

/// Makes the folder `dir` below `root`, with those between them. A link on the way is refused.
pub(super) fn make_below(root: &Path, dir: &Path) -> Result<()> {
    if !root.as_os_str().is_empty() {
        std::fs::create_dir_all(root).map_err(Error::io("create", root))?;
    }
    for folder in folders(root, dir) {
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(Error::io("create", folder)(error));
            }
            _ => require_folder(folder)?,
        }
    }
    Ok(())
}

/// The folders from below `root` down to `dir`.
fn folders<'a>(root: &Path, dir: &'a Path) -> Vec<&'a Path> {
    let mut folders: Vec<_> = dir.ancestors().take_while(|folder| *folder != root).collect();
    folders.reverse();
    folders
}

fn require_folder(path: &Path) -> Result<()> {
    let metadata = std::fs::symlink_metadata(path).map_err(Error::io("read", path))?;
    if metadata.is_dir() {
        return Ok(());
    }
    Err(Error::NotA { place: path.display().to_string(), expected: "a folder", source: None })
}

fn not_regular(path: &Path) -> Error {
    Error::NotA { place: path.display().to_string(), expected: "a regular file", source: None }
}

/// Runs what waits for the disk or for a lock away from the threads of async tasks.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(cancelled) => Err(Error::Backend(Box::new(cancelled))),
        },
    }
}
