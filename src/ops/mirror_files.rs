//! The files that a mirror file includes, on disk.

use std::fs::{self, File};
use std::io::{self, Error, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::mirror::file::Files;

/// What one file may have at most.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Files on disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct FilesOnDisk;

impl Files for FilesOnDisk {
    fn read(&self, path: &Path) -> io::Result<String> {
        if !fs::metadata(path)?.is_file() {
            return Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
        }
        let mut text = String::new();
        File::open(path)?.take(LIMIT + 1).read_to_string(&mut text)?;
        if text.len() as u64 > LIMIT {
            return Err(Error::new(ErrorKind::FileTooLarge, format!("larger than {LIMIT} bytes")));
        }
        Ok(text)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    fn identity(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }
}
