//! What can go wrong with a folder of streams.

use std::io;
use std::path::{Path, PathBuf};

use crate::imagestream::NameError;
use crate::yaml::{self, Place};

/// What can go wrong with a folder of streams.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or a folder could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: `read`, `lock`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is a file where the folder of streams should be.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// There is a folder, a pipe or a device where a stream or an image should be.
    #[error("{} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// A link leads out of the folder of streams.
    #[error("{} is a link out of the folder of streams", .0.display())]
    Outside(PathBuf),
    /// The file is too large, or would be.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What a file may have at most.
        limit: u64,
    },
    /// Two files are for one stream.
    #[error("{} and {} are for one stream", first.display(), second.display())]
    Two {
        /// One of them.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// The name of the file is not that of a stream.
    #[error("{} is not named for a stream", path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: NameError,
    },
    /// The content of the file cannot be read.
    #[error("{}:{}: not an object that can be read", path.display(), source.place())]
    Document {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: yaml::Error,
    },
    /// The file says something about itself that its place does not.
    #[error("{}:{place}: {field} is '{found}' where '{expected}' belongs", path.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        place: Place,
        /// `kind`, `metadata.name`.
        field: &'static str,
        /// What the file says.
        found: String,
        /// What its place says.
        expected: String,
    },
}

impl Error {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Names both files, in the order of their names.
    pub(super) fn two(a: PathBuf, b: PathBuf) -> Self {
        let (first, second) = if a < b { (a, b) } else { (b, a) };
        Self::Two { first, second }
    }
}
