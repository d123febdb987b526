//! Manifests are found, read and written.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

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

/// The files at `paths`: each that is named, and each `*.yaml`, `*.yml` and `*.json` below the folders that are named,
/// by name. Below a folder, links are not followed and what is hidden is not looked at.
pub(super) fn find(paths: &[PathBuf]) -> (Vec<Found>, Vec<Error>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => match below(path) {
                Ok(files) => {
                    found.extend(files.into_iter().map(|path| Found { path, is_named: false }));
                }
                Err(error) => errors.push(error),
            },
            Ok(_) => found.push(Found { path: path.clone(), is_named: true }),
            Err(source) => errors.push(Error::Read { path: path.clone(), source }),
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|file| seen.insert(fs::canonicalize(&file.path).unwrap_or(file.path.clone())));
    (found, errors)
}

fn below(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let mut folders = vec![(root.to_owned(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = folders.pop() {
        let read = |source| Error::Read { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(read)? {
            let entry = entry.map_err(read)?;
            let kind = entry.file_type().map_err(read)?;
            seen += 1;
            if seen > MOST || depth > DEEPEST {
                return Err(Error::TooMany { path: root.to_owned() });
            }
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if kind.is_dir() {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() && is_manifest(&entry.path()) {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    extension
        .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::TooLarge { path: path.to_owned(), limit: LARGEST });
    }
    String::from_utf8(bytes).map_err(|_| Error::NotText { path: path.to_owned() })
}

/// Puts `new` in the place of `old`, wholly or not at all; the file keeps its permissions, and a link stays one.
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
    file.as_file().set_permissions(fs::metadata(target)?.permissions())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn sync_folder(target: &Path) -> io::Result<()> {
    target.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
