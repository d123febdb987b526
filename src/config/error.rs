//! What can go wrong with settings.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::ReferenceError;

/// What can go wrong with settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is larger than any file of its kind.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What it may have at most.
        limit: u64,
    },
    /// The file says what it cannot say.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A file of certificates without any.
    #[error("{} holds no certificate in PEM form", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A client certificate without its key, or a key without its certificate.
    #[error("{} needs {} beside it", present.display(), missing.display())]
    HalfPair {
        /// The file that is there.
        present: PathBuf,
        /// The file that is not.
        missing: PathBuf,
    },
    /// `registries.conf` forbids this image.
    #[error("pulling {image} is forbidden: {} blocks '{prefix}'", path.display())]
    Blocked {
        /// The image.
        image: String,
        /// The prefix that is blocked.
        prefix: String,
        /// The file that blocks it.
        path: PathBuf,
    },
    /// A short name, and nothing that tells which registry is meant.
    #[error(
        "'{0}' names no registry, and registries.conf has neither an alias nor a search registry for it"
    )]
    NoRegistry(String),
    /// A short name that may mean several images, where `short-name-mode` allows no guess.
    #[error("'{name}' may mean {}: write out which", candidates.join(" or "))]
    Ambiguous {
        /// The short name.
        name: String,
        /// What it may mean.
        candidates: Vec<String>,
    },
    /// A location or alias that makes no image name.
    #[error("'{name}', which {} makes of '{image}', names no image", path.display())]
    Rewrite {
        /// What was made.
        name: String,
        /// What it was made of.
        image: String,
        /// The file that says so.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ReferenceError,
    },
}

impl Error {
    /// Wraps what the system said about a file.
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    /// A fault at `offset` bytes of `text`.
    pub(super) fn at(path: &Path, text: &str, offset: usize, message: String) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self::Syntax {
            path: path.to_owned(),
            line: 1 + before.matches('\n').count(),
            column: 1 + before[line_start..].chars().count(),
            message,
        }
    }
}
