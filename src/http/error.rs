//! What can go wrong between here and a registry.

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};

use super::allowance::Allowance;
use super::redact::SafeUrl;
use super::retry::shown;
use super::tls::tls_error;
use super::trust;
use crate::auth;
use crate::model::{Registry, WireErrors};

/// The cause of an error of another layer.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong with a request. No variant holds a secret, or an address with one in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The TLS settings for a host cannot be used: a certificate or key that is none, no trusted roots.
    #[error("cannot set up the connection to {host}")]
    Setup {
        /// The host.
        host: String,
        /// What is wrong.
        #[source]
        source: Cause,
    },
    /// What should be a host is none.
    #[error("'{0}' is not a host: expected HOST or HOST:PORT")]
    Host(String),
    /// A registry gives an address that cannot be used.
    #[error("{host} points {why}")]
    Address {
        /// Who gave it.
        host: String,
        /// Where to, and what is wrong with it: `to …, which is plain HTTP while the registry is HTTPS`.
        why: String,
    },
    /// No connection.
    #[error("cannot connect to {host}")]
    Connect {
        /// The host.
        host: String,
        /// What the system said.
        #[source]
        source: Failure,
    },
    /// The host's certificate is not trusted.
    #[error("the certificate of {host} is not trusted")]
    Certificate {
        /// The host.
        host: String,
        /// What is wrong with it.
        #[source]
        source: Failure,
    },
    /// No TLS connection came about, for another reason than the host's certificate.
    #[error("no TLS connection to {host}")]
    Tls {
        /// The host.
        host: String,
        /// What was met.
        #[source]
        source: Failure,
    },
    /// The host answers to TLS with plain HTTP.
    #[error("{host} speaks plain HTTP, not HTTPS")]
    PlainHttp {
        /// The host.
        host: String,
    },
    /// Nothing came or went for too long.
    #[error("{host} was silent for {} s", after.as_secs_f32())]
    Stalled {
        /// The host.
        host: String,
        /// For how long.
        after: Duration,
    },
    /// The connection broke before the answer came.
    #[error("the connection to {host} broke")]
    Broken {
        /// The host.
        host: String,
        /// What was met.
        #[source]
        source: Failure,
    },
    /// The answer broke off.
    #[error("the answer of {url} broke off")]
    BrokenBody {
        /// What was asked.
        url: SafeUrl,
        /// What was met.
        #[source]
        source: Failure,
    },
    /// The answer comes, but so slowly that nobody waits for its end.
    #[error("the answer of {url} was not whole after {} s", after.as_secs_f32())]
    TooSlow {
        /// What was asked.
        url: SafeUrl,
        /// How long it was waited for.
        after: Duration,
    },
    /// The answer is larger than anything of its kind.
    #[error("the answer of {url} is larger than {limit} bytes")]
    TooLarge {
        /// What was asked.
        url: SafeUrl,
        /// The most that is taken.
        limit: usize,
    },
    /// The source of a body could not be read to its end.
    #[error("what was to be sent to {host} could not be read")]
    Source {
        /// The host.
        host: String,
        /// What the source said.
        #[source]
        source: Cause,
    },
    /// The registry answers with an error.
    #[error("{method} {url}: {}", told(*status, errors))]
    Status {
        /// The host that answers: the registry's, or one that it redirected to.
        host: String,
        /// The status.
        status: StatusCode,
        /// The method of the request.
        method: Method,
        /// What was asked.
        url: SafeUrl,
        /// What the body says.
        errors: Box<WireErrors>,
        /// How long to wait, when the answer says so.
        retry_after: Option<Duration>,
    },
    /// The registry wants a login, or does not take the one it was given.
    #[error("{registry} {}{}", refusal(*had_credential), aside(errors))]
    Unauthorized {
        /// The registry.
        registry: Registry,
        /// Whether there was a login to give.
        had_credential: bool,
        /// What the registry or its token server says.
        errors: Box<WireErrors>,
    },
    /// The login is taken, but does not allow this.
    #[error("no permission for {scope} on {registry}{}", aside(errors))]
    NoPermission {
        /// The registry.
        registry: Registry,
        /// What was asked for.
        scope: String,
        /// Whether there was a login to give.
        had_credential: bool,
        /// What the registry or its token server says.
        errors: Box<WireErrors>,
    },
    /// The host that the registry redirected to refuses: presigned addresses expire. Another try asks the registry for
    /// a new one.
    #[error("{url}, where {registry} redirected to, answers {}", named(*status))]
    Expired {
        /// The registry.
        registry: Registry,
        /// Where it redirected to.
        url: SafeUrl,
        /// The status.
        status: StatusCode,
    },
    /// A token was refused while a body was being sent. It is forgotten; another try gets a new one.
    #[error("{host} refused the token while it was being sent to")]
    TokenRefused {
        /// The host.
        host: String,
    },
    /// The token server gives no token.
    #[error("no token from {realm} for {registry}")]
    Token {
        /// The registry.
        registry: Registry,
        /// The token server.
        realm: SafeUrl,
        /// What was met.
        #[source]
        source: Cause,
    },
    /// The registry names a token server that must not be trusted.
    #[error("{registry} names the token server '{realm}', which {why}")]
    Realm {
        /// The registry.
        registry: Registry,
        /// The token server as named.
        realm: String,
        /// A verb phrase.
        why: &'static str,
    },
    /// The registry asks for a login in no known way.
    #[error("{registry} asks for a login in a way that is not known: {offered}")]
    Challenge {
        /// The registry.
        registry: Registry,
        /// The schemes that it names.
        offered: String,
    },
    /// A redirect that is not followed.
    #[error("{url} redirects {why}")]
    Redirect {
        /// What was asked.
        url: SafeUrl,
        /// Where to, and why it is not followed: `to … over plain HTTP`.
        why: String,
    },
    /// The registry allows no more requests for longer than anybody waits.
    #[error("{registry} allows no further requests for {} ({allowance})", shown(*pause))]
    Quota {
        /// The registry.
        registry: Registry,
        /// What is left, and of what.
        allowance: Allowance,
        /// How long it will take until there is more, as far as is known.
        pause: Duration,
    },
    /// The credential could not be read.
    #[error(transparent)]
    Keychain(#[from] auth::Error),
}

impl Error {
    /// Whether another try may succeed. Token servers are already tried again before an error is made of them.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::Stalled { .. }
            | Self::Broken { .. }
            | Self::BrokenBody { .. }
            | Self::Expired { .. }
            | Self::TokenRefused { .. } => true,
            Self::Status { status, .. } => is_transient(*status),
            _ => false,
        }
    }

    /// Whether the registry refuses: it wants a login, does not take the one it was given, or does not allow this to it.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status.as_u16(), 401 | 403),
            Self::Unauthorized { .. } | Self::NoPermission { .. } => true,
            _ => false,
        }
    }

    /// The status of the registry's answer, when it is the answer that is the error.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What the registry said, when it said something.
    #[must_use]
    pub fn wire_errors(&self) -> Option<&WireErrors> {
        match self {
            Self::Status { errors, .. }
            | Self::Unauthorized { errors, .. }
            | Self::NoPermission { errors, .. } => Some(errors),
            _ => None,
        }
    }

    /// How long the registry asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Statuses that pass: request timeout, too many requests, and the server's own troubles.
fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// `404 not found` and what the body says besides.
fn told(status: StatusCode, errors: &WireErrors) -> String {
    format!("{}{}", named(status), aside(errors))
}

/// `429 (too many requests)`.
pub(super) fn named(status: StatusCode) -> String {
    status.canonical_reason().map_or_else(
        || status.as_str().to_owned(),
        |reason| format!("{} ({})", status.as_str(), reason.to_ascii_lowercase()),
    )
}

fn aside(errors: &WireErrors) -> String {
    if errors.is_empty() { String::new() } else { format!(": {errors}") }
}

fn refusal(had_credential: bool) -> &'static str {
    if had_credential { "does not take the login" } else { "wants a login" }
}

/// What the HTTP stack met, told by its innermost cause: the layers above it only repeat that there was an error.
pub struct Failure(reqwest::Error);

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self(error.without_url())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rustls::Error::InvalidCertificate(fault)) = tls_error(&self.0) {
            return f.write_str(&trust::told(&fault));
        }
        let mut innermost: &dyn std::error::Error = &self.0;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        write!(f, "{innermost}")
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for Failure {}
