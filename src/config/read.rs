//! Reading a file of settings, within bounds.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::Error;

/// Whether nothing is there. Accounts of services have `/dev/null` for a home, and nothing can be below that.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The bytes of the file at `path`, of which there may be at most `limit`.
pub(super) fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Error::read(path))?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(Error::read(path))?;
    if bytes.len() as u64 > limit {
        return Err(Error::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// The text of the file at `path`.
pub(super) fn text(path: &Path, limit: u64) -> Result<String, Error> {
    String::from_utf8(bytes(path, limit)?).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        Error::at(path, &text, valid, "not UTF-8".to_owned())
    })
}
