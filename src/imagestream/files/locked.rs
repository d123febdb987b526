//! Writing below the root: one writer at a time, and readers see the old file or the new one, never a part.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Gid, OFlags, Uid};
use tempfile::Builder;

use super::{Error, Files, LIMIT};

/// How long another writer is waited for without a word.
const SILENT: Duration = Duration::from_secs(1);
/// How long before the lock is tried again in that time.
const AGAIN: Duration = Duration::from_millis(5);
/// What a killed writer leaves is named so.
const TEMPORARY: (&str, &str) = (".longshore-", ".tmp");

/// Whoever may write: there is one at a time, in all processes. The lock belongs to the open file, so a killed writer
/// leaves none.
pub struct Writer<'f> {
    pub(super) files: &'f Files,
    _held: File,
}

impl Files {
    /// Waits for other writers, and says so when that takes long. The root is made if there is none.
    ///
    /// # Errors
    /// When the root cannot be made, or its lock not be had.
    pub fn writer(&self) -> Result<Writer<'_>, Error> {
        fs::create_dir_all(&self.root).map_err(Error::io("create", &self.root))?;
        let path = self.root.join(".lock");
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .custom_flags(i32::try_from(flags.bits()).unwrap_or_default())
            .open(&path)
            .map_err(Error::io("open", &path))?;
        wait_for(&file, &path)?;
        Ok(Writer { files: self, _held: file })
    }
}

/// Locks `file`, which is at `path`.
fn wait_for(file: &File, path: &Path) -> Result<(), Error> {
    let until = Instant::now() + SILENT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(AGAIN),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
        }
    }
    tracing::warn!("waiting for another writer, who has locked {}", path.display());
    file.lock().map_err(Error::io("lock", path))
}

impl Writer<'_> {
    /// Puts a new file in the place of the one at `path`, for the same users. A link stays, the file behind it is
    /// replaced.
    pub(super) fn replace(&self, path: &Path, text: &str) -> Result<(), Error> {
        let target = self.files.contained(path)?;
        let old = target.metadata().map_err(Error::io("look at", &target))?;
        // Until it has its owner and mode, nobody else may read what perhaps only they might.
        self.write(&target, text, 0o600, |file| {
            let mode = Permissions::from_mode(old.mode() & 0o777);
            if rustix::fs::fchown(
                file,
                Some(Uid::from_raw(old.uid())),
                Some(Gid::from_raw(old.gid())),
            )
            .is_err()
            {
                tracing::debug!("{} keeps neither owner nor group", target.display());
            }
            file.set_permissions(mode)
        })
    }

    /// Makes a new file, and the folder for it.
    pub(super) fn create(&self, path: &Path, text: &str) -> Result<(), Error> {
        let folder = path.parent().unwrap_or(&self.files.root);
        if !folder.is_dir() {
            self.make(folder)?;
        }
        let name = path.file_name().unwrap_or_default();
        // What the user's umask takes away from this is taken away.
        self.write(&self.files.contained(folder)?.join(name), text, 0o666, |_| Ok(()))
    }

    /// Removes a file, or a link; tells whether it was there.
    pub(super) fn remove(&self, path: &Path) -> Result<bool, Error> {
        let folder = self.files.contained(path.parent().unwrap_or(&self.files.root))?;
        match fs::remove_file(path) {
            Ok(()) => sync(&folder).map(|()| true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("remove", path)(error)),
        }
    }

    /// Makes the folders from the root to `folder`, one by one, so that none is made behind a link that leads out.
    fn make(&self, folder: &Path) -> Result<(), Error> {
        let root = &self.files.root;
        let mut made = root.clone();
        for name in folder.strip_prefix(root).unwrap_or(Path::new("")) {
            let above = self.files.contained(&made)?;
            made.push(name);
            match fs::create_dir(&made) {
                Ok(()) => sync(&above)?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("create", &made)(error)),
            }
        }
        Ok(())
    }

    fn write(
        &self,
        target: &Path,
        text: &str,
        mode: u32,
        prepare: impl FnOnce(&File) -> io::Result<()>,
    ) -> Result<(), Error> {
        if text.len() as u64 > LIMIT {
            return Err(Error::TooLarge { path: target.to_owned(), limit: LIMIT });
        }
        let folder = target.parent().unwrap_or(&self.files.root);
        sweep(folder)?;
        let mut file = Builder::new()
            .prefix(TEMPORARY.0)
            .suffix(TEMPORARY.1)
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder)
            .map_err(Error::io("create a file in", folder))?;
        let written = prepare(file.as_file())
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.as_file().sync_all());
        written.map_err(Error::io("write", file.path()))?;
        file.persist(target).map_err(|error| Error::io("replace", target)(error.error))?;
        sync(folder)
    }
}

/// Removes what killed writers left. None of it is in use: we have the lock.
fn sweep(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))?.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1) {
            fs::remove_file(entry.path()).map_err(Error::io("remove", &entry.path()))?;
        }
    }
    Ok(())
}

/// Makes the names in a folder durable.
fn sync(folder: &Path) -> Result<(), Error> {
    let done = File::open(folder).and_then(|folder| folder.sync_all());
    done.map_err(Error::io("sync", folder))
}
