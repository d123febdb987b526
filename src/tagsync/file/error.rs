//! What can be wrong with a file of rules.

use std::path::PathBuf;

use crate::mirror::Position;
use crate::mirror::file::FileError;
use crate::yaml;

/// What can be wrong with a file of rules.
#[derive(Debug, thiserror::Error)]
pub enum RuleFileError {
    /// The file is no document, or says what it cannot say.
    #[error("{file}:{}: not a file of rules that can be used", source.place())]
    Document {
        /// The file's name, `-` for standard input.
        file: String,
        /// Where and why.
        #[source]
        source: yaml::Error,
    },
    /// What it says of registries, or a key without a value.
    #[error(transparent)]
    Settings(#[from] FileError),
    /// A file that is named and cannot be read.
    #[error("{position}: cannot read {}", path.display())]
    Unreadable {
        /// Where it is named.
        position: Position,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// There is nothing to do.
    #[error("{file} has no rules")]
    Nothing {
        /// The file's name.
        file: String,
    },
}
