//! Where streams and images are below the root, and how their files are read: within bounds, and nowhere else.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{Error, Files, LIMIT};
use crate::imagestream::{Namespace, StreamName};

/// The forms that are read, the one that is written first.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

impl Files {
    pub(super) fn folder(&self, namespace: &Namespace) -> PathBuf {
        self.root.join(namespace.as_str())
    }

    pub(super) fn place(&self, name: &StreamName, extension: &str) -> PathBuf {
        self.folder(name.namespace()).join(format!("{}.{extension}", name.name()))
    }

    /// The file in `folder` whose name without its extension is `stem`.
    pub(super) fn find(&self, folder: &Path, stem: &str) -> Result<Option<PathBuf>, Error> {
        let mut there = EXTENSIONS
            .iter()
            .map(|extension| folder.join(format!("{stem}.{extension}")))
            .filter(|path| path.symlink_metadata().is_ok());
        match (there.next(), there.next()) {
            (Some(first), Some(second)) => Err(Error::two(first, second)),
            (found, _) => Ok(found),
        }
    }

    /// The text of a file below the root; `None` when it is gone.
    pub(super) fn read(&self, path: &Path) -> Result<Option<String>, Error> {
        if path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return Ok(None);
        }
        let path = self.contained(path)?;
        let file = open(&path)?;
        let metadata = file.metadata().map_err(Error::io("read", &path))?;
        if !metadata.is_file() {
            return Err(Error::NotAFile(path));
        }
        let mut text = String::new();
        file.take(LIMIT + 1).read_to_string(&mut text).map_err(Error::io("read", &path))?;
        if text.len() as u64 > LIMIT {
            return Err(Error::TooLarge { path, limit: LIMIT });
        }
        Ok(Some(text))
    }

    /// What is behind the links of `path`, which is there.
    pub(super) fn contained(&self, path: &Path) -> Result<PathBuf, Error> {
        let root = fs::canonicalize(&self.root).map_err(Error::io("open", &self.root))?;
        let target = fs::canonicalize(path).map_err(Error::io("follow the link", path))?;
        if target.starts_with(root) { Ok(target) } else { Err(Error::Outside(path.to_owned())) }
    }
}

/// Opens what is no link, without waiting for the other end of a pipe.
fn open(path: &Path) -> Result<File, Error> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => Ok(File::from(file)),
        Err(Errno::LOOP | Errno::NXIO) => Err(Error::NotAFile(path.to_owned())),
        Err(errno) => Err(Error::io("read", path)(errno.into())),
    }
}

/// The names in a folder, sorted, without hidden ones and those that are not UTF-8; none when it is not there.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io("list", folder))?;
        names.extend(entry.file_name().into_string().ok().filter(|name| !name.starts_with('.')));
    }
    names.sort();
    Ok(names)
}

/// The name of a file of ours, parted from its extension.
pub(super) fn split(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('.').filter(|(_, extension)| EXTENSIONS.contains(extension))
}
