//! Manifests are found, read and written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tempfile::NamedTempFile;

use super::Error;

/// What a manifest may have at most.
const LARGEST: u64 = 4 * 1024 * 1024;
/// How many files and folders are looked at below one path.
const MOST: usize = 50_000;
/// How deep folders may be.
const DEEPEST: usize = 32;

/// A file that may hold manifests.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// It was named, not found in a folder: what is wrong with it is told whatever it holds.
    pub(super) is_named: bool,
}

/// Refuses paths at which there is neither a file nor a folder.
///
/// # Errors
/// Of the first such path.
pub fn check(paths: &[PathBuf]) -> Result<(), Error> {
    paths.iter().try_for_each(|path| match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() || metadata.is_file() => Ok(()),
        Ok(_) => Err(Error::NoFile { path: path.clone() }),
        Err(source) => Err(Error::Read { path: path.clone(), source }),
    })
}

/// The files at `paths`: each that is named, and each `*.yaml`, `*.yml` and `*.json` below the folders that are named,
/// by name. Below a folder, links are not followed and what is hidden is not looked at.
pub(super) fn find(paths: &[PathBuf]) -> (Vec<Found>, Vec<Error>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let files = below(path, &mut errors).into_iter();
                found.extend(files.map(|path| Found { path, is_named: false }));
            }
            Ok(_) => found.push(Found { path: path.clone(), is_named: true }),
            Err(source) => errors.push(Error::Read { path: path.clone(), source }),
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|file| seen.insert(fs::canonicalize(&file.path).unwrap_or(file.path.clone())));
    (found, errors)
}

/// The files below a folder, by name, as far as its folders can be read.
fn below(root: &Path, errors: &mut Vec<Error>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![(root.to_owned(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = folders.pop() {
        let entries = match entries(&folder) {
            Ok(entries) => entries,
            Err(source) => {
                errors.push(Error::Read { path: folder, source });
                continue;
            }
        };
        seen += entries.len();
        if seen > MOST || depth > DEEPEST {
            errors.push(Error::TooMany { path: root.to_owned() });
            break;
        }
        for (path, kind) in entries {
            if kind.is_dir() {
                folders.push((path, depth + 1));
            } else if kind.is_file() && is_manifest(&path) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// What is in a folder and not hidden.
fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, fs::FileType)>> {
    let entries = fs::read_dir(folder)?.take(MOST + 1).filter(|entry| {
        let name = entry.as_ref().map(fs::DirEntry::file_name);
        !name.is_ok_and(|name| name.as_encoded_bytes().starts_with(b"."))
    });
    entries.map(|entry| entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))).collect()
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    extension
        .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    // A pipe that nobody writes to would be waited for, and cannot be written anew.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::NoFile { path: path.to_owned() });
    }
    if metadata.len() > LARGEST {
        return Err(Error::TooLarge { path: path.to_owned(), limit: LARGEST });
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::TooLarge { path: path.to_owned(), limit: LARGEST });
    }
    String::from_utf8(bytes).map_err(|_| Error::NotText { path: path.to_owned() })
}

/// Puts `new` in the place of `old`, wholly or not at all; the file keeps its permissions and, as
/// far as that is allowed, its owner; a link stays one.
pub(super) fn replace(path: &Path, old: &str, new: &str) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let target = fs::canonicalize(path).map_err(failed)?;
    let beside = write_beside(&target, new).map_err(failed)?;
    if read(&target)? != old {
        return Err(Error::Changed { path: path.to_owned() });
    }
    beside.persist(&target).map_err(|error| failed(error.error))?;
    sync_folder(&target).map_err(failed)
}

fn write_beside(target: &Path, text: &str) -> io::Result<NamedTempFile> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".longshore-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    let before = fs::metadata(target)?;
    // Only root may give files away. It comes before the permissions, some of which it takes away.
    let _ = fchown(file.as_file(), Some(before.uid()), Some(before.gid()));
    file.as_file().set_permissions(before.permissions())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn sync_folder(target: &Path) -> io::Result<()> {
    target.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
