//! What can be wrong with a manifest, and with its file.

use std::io;
use std::path::PathBuf;

use crate::imagestream;
use crate::imagestream::StreamName;
use crate::yaml::{self, Place};

/// Why a manifest, or one of its triggers, was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something that cannot be read and written anew.
    #[error("{} is neither a file nor a folder", .path.display())]
    NoFile {
        /// What.
        path: PathBuf,
    },
    /// A file that is larger than any manifest.
    #[error("{} is larger than {limit} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// More files or folders than anybody has manifests.
    #[error("{} has too many files, or its folders are too deep", .path.display())]
    TooMany {
        /// The folder that was named.
        path: PathBuf,
    },
    /// Not text in UTF-8.
    #[error("{} is no text", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// Not YAML, and not JSON.
    #[error("{}:{}: neither YAML nor JSON", .path.display(), .source.place())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: yaml::Error,
    },
    /// A trigger that cannot be followed.
    #[error("{}:{place}: {object} {reason}", .path.display())]
    Trigger {
        /// The file.
        path: PathBuf,
        /// Where.
        place: Place,
        /// The object that has the trigger: `Deployment/web`.
        object: String,
        /// What is wrong, as a verb phrase.
        reason: String,
    },
    /// The streams cannot be asked.
    #[error("cannot look up the image stream {stream}")]
    Stream {
        /// The stream.
        stream: StreamName,
        /// Why.
        #[source]
        source: imagestream::Error,
    },
    /// Somebody else has changed the file in the meantime.
    #[error("{} has changed in the meantime and was left alone", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}
