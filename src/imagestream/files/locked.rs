//! Writing below the root: one writer at a time, and readers see the old file or the new one, never a part.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use tempfile::Builder;

use super::{Error, Files, LIMIT};

/// What a killed writer leaves is named so.
const TEMPORARY: (&str, &str) = (".longshore-", ".tmp");

/// Proof that nobody else writes. The lock belongs to the open file, so a killed writer leaves none.
pub(super) struct Lock<'f> {
    files: &'f Files,
    _held: File,
}

impl Files {
    /// Waits for other writers. The root is made if there is none.
    pub(super) fn lock(&self) -> Result<Lock<'_>, Error> {
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
        file.lock().map_err(Error::io("lock", &path))?;
        Ok(Lock { files: self, _held: file })
    }
}

impl Lock<'_> {
    /// Puts a new file in the place of the one at `path`. A link stays, the file behind it is replaced.
    pub(super) fn replace(&self, path: &Path, text: &str) -> Result<(), Error> {
        let target = self.files.contained(path)?;
        let mode = target.metadata().map_err(Error::io("look at", &target))?.permissions().mode();
        self.write(&target, text, mode & 0o777)
    }

    /// Makes a new file, and the folder for it.
    pub(super) fn create(&self, path: &Path, text: &str) -> Result<(), Error> {
        let folder = path.parent().unwrap_or(&self.files.root);
        if !folder.is_dir() {
            self.make(folder)?;
        }
        let name = path.file_name().unwrap_or_default();
        // What the user's umask takes away from this is taken away.
        self.write(&self.files.contained(folder)?.join(name), text, 0o666)
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

    fn write(&self, target: &Path, text: &str, mode: u32) -> Result<(), Error> {
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
        let written = file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all());
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
