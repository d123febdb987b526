//! What can be wrong with a file of rules.

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
    /// There is nothing to do.
    #[error("{file} has no rules")]
    Nothing {
        /// The file's name.
        file: String,
    },
}
