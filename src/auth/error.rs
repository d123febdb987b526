//! What can go wrong with finding or keeping a credential.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::HelperError;
use crate::config::is_absent;

/// What can go wrong with finding or keeping a credential. No message holds anything of a file's content but its
/// keys: the rest may be secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: `read`, `lock`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is larger than any auth file.
    #[error("{} is larger than {limit} bytes: not an auth file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What an auth file may have at most.
        limit: u64,
    },
    /// The file is neither JSON nor YAML.
    #[error("{}:{line}:{column}: not valid {format}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// `JSON` or `YAML`.
        format: &'static str,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A part of the file is not what it should be.
    #[error("{}: {place} is not {expected}", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Which part: `auths["quay.io"].auth`.
        place: String,
        /// `an object`, `base64 of USER:PASSWORD`.
        expected: &'static str,
    },
    /// A list of Kubernetes objects with no pull secret, or with several.
    #[error("{} holds {count} pull secrets where one is needed", path.display())]
    PullSecrets {
        /// The file.
        path: PathBuf,
        /// How many.
        count: usize,
    },
    /// The file has a form that is read and never written.
    #[error("{} is {form}, which is read only: choose another file to store logins in", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// `a Kubernetes pull secret`.
        form: &'static str,
    },
    /// A credential helper failed.
    #[error("the credential helper docker-credential-{helper} failed for {server}")]
    Helper {
        /// The name in `credHelpers` or `credsStore`.
        helper: String,
        /// What it was asked for.
        server: String,
        /// How it failed.
        #[source]
        source: HelperError,
    },
    /// The operating system's keyring cannot be used.
    #[error("the keyring cannot be used")]
    Keyring(#[from] KeyringError),
    /// Helpers and keyrings know hosts only.
    #[error(
        "logins of {host} are kept by {keeper}, which knows hosts only: leave out the path '{path}'"
    )]
    PathInHelper {
        /// The registry.
        host: String,
        /// The helper that keeps its logins.
        keeper: String,
        /// The path that was asked for.
        path: String,
    },
    /// A helper or keyring that can keep no such credential.
    #[error("{keeper} cannot keep a registry token: store it in an auth file")]
    RegistryToken {
        /// The helper.
        keeper: String,
    },
}

impl Error {
    /// Wraps what the system said about a file.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Whether a file was asked for that does not exist.
    #[must_use]
    pub fn is_missing_file(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_absent(source))
    }
}

impl KeyringError {
    /// Whether there is no keyring to use here, rather than one that says no.
    #[must_use]
    pub fn is_no_keyring(&self) -> bool {
        matches!(self, Self::Absent(_) | Self::Silent(_) | Self::NotBuilt)
    }
}

/// Why the operating system's keyring cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// There is none, as on a machine without a desktop session.
    #[error("no keyring service answers here")]
    Absent(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is one, and it is locked or refuses.
    #[error("the keyring service refused")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It did not answer in time; perhaps it waits for a prompt that nobody sees.
    #[error("the keyring service did not answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// What it holds is not a login that this tool wrote.
    #[error("the keyring's entry is not a login")]
    Foreign,
    /// This program was built without it.
    #[error("this program was built without support for keyrings")]
    NotBuilt,
}
