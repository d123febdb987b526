//! What can go wrong with a registry, beyond what can go wrong with any store.

use crate::http;
use crate::model::ErrorCode;
use crate::store;

/// A request that failed, or an answer that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A request did not come to a good end.
    #[error("cannot {action} {what} of {place}")]
    Request {
        /// What was tried: `read`, `write`, `delete`.
        action: &'static str,
        /// On what: `tag v1`, `blob sha256:…`.
        what: String,
        /// The repository.
        place: String,
        /// What happened.
        #[source]
        source: http::Error,
    },
    /// The registry's answer is not what the distribution specification asks for.
    #[error("cannot {action} {what} of {place}: the answer {problem}")]
    Answer {
        /// What was tried.
        action: &'static str,
        /// On what.
        what: String,
        /// The repository.
        place: String,
        /// A verb phrase: `has no Location`.
        problem: String,
    },
    /// The registry deletes nothing of this kind.
    #[error("{place} does not delete {what}")]
    NoDeletion {
        /// On what: `tag v1`, `manifest sha256:…`.
        what: String,
        /// The repository.
        place: String,
        /// What it said.
        #[source]
        source: http::Error,
    },
    /// The registry now has other bytes than those that were sent.
    #[error("{place} stored {sent} as {stored}: it changes what it is given")]
    Altered {
        /// The repository.
        place: String,
        /// The digest of what was sent.
        sent: crate::model::Digest,
        /// The digest that the registry tells.
        stored: crate::model::Digest,
    },
}

impl From<Error> for store::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Request { what, place, source, .. } if is_not_found(&source) => {
                Self::NotFound { what, place, source: Some(Box::new(source)) }
            }
            Error::Request { ref source, .. } if is_unauthorized(source) => {
                Self::Unauthorized(Box::new(error))
            }
            Error::Request {
                source: http::Error::Certificate { .. } | http::Error::PlainHttp { .. },
                ..
            } => Self::Untrusted(Box::new(error)),
            Error::NoDeletion { .. } => Self::Irremovable(Box::new(error)),
            other => Self::Backend(Box::new(other)),
        }
    }
}

/// Whether whoever asks may have to log in, or as somebody else. A registry that says `DENIED` knows who asks.
fn is_unauthorized(error: &http::Error) -> bool {
    match error {
        http::Error::Unauthorized { .. } => true,
        http::Error::NoPermission { errors, .. } => !errors.has(ErrorCode::DENIED),
        http::Error::Status { errors, .. } => errors.has(ErrorCode::UNAUTHORIZED),
        _ => false,
    }
}

/// A 404, or what stands for it: some registries tell an unknown name with another status.
fn is_not_found(error: &http::Error) -> bool {
    let http::Error::Status { status, errors, .. } = error else { return false };
    let unknown = [ErrorCode::MANIFEST_UNKNOWN, ErrorCode::NAME_UNKNOWN];
    status.as_u16() == 404
        || (status.is_client_error() && unknown.into_iter().any(|code| errors.has(code)))
}
