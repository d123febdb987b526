//! What is asked of a registry, before it is known how it will be authorised or where it will be redirected.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use reqwest::Url;

use super::Scope;
use super::error::Cause;
use super::slot::Slot;

/// Bytes on their way to a registry; what fails in it is handed back as [`Error::Source`](super::Error::Source).
pub type Upload = Pin<Box<dyn Stream<Item = Result<Bytes, Cause>> + Send>>;

/// Where a request goes.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// A path with an optional query on the registry's own host: `/v2/org/app/tags/list?n=100`.
    Path(String),
    /// An address that the registry gave ([`Response::location`](super::Response::location)). It is authorised when
    /// it is on the registry's own host, and never otherwise.
    Location(Url),
}

impl From<String> for Target {
    fn from(path: String) -> Self {
        Self::Path(path)
    }
}

impl From<&str> for Target {
    fn from(path: &str) -> Self {
        Self::Path(path.to_owned())
    }
}

impl From<Url> for Target {
    fn from(url: Url) -> Self {
        Self::Location(url)
    }
}

/// The body of a request.
pub enum Body {
    /// None.
    Empty,
    /// All of it; it can be sent again.
    Bytes(Bytes),
    /// A stream that can be read once. As soon as its first byte was taken, no failure is retried by the loop; it is
    /// given back, and whoever made the stream makes another one. The length is sent as `Content-Length`; without
    /// one the body is sent in chunks.
    Stream {
        /// The number of bytes, when it is known.
        length: Option<u64>,
        /// The bytes.
        stream: Upload,
    },
}

/// What a request is for: which connections it uses, and whom it may have to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Small questions and answers: HTTP/2 where the registry speaks it.
    Metadata,
    /// Bytes in bulk that come: HTTP/1.1, one connection each.
    Download,
    /// Bytes in bulk that go: HTTP/1.1, one connection each.
    Upload,
}

/// Whether a request may be sent again when it is not known what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Sending it twice does no harm.
    Freely,
    /// It is sent again only when it surely was not carried out.
    IfRefused,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Whoever the registry takes us for: its challenges are met, with the credential if there is one.
    Ours,
    /// Nobody: no credential and no token goes along, whatever the answer.
    Nobody,
}

/// One request.
pub struct Request<B = Body> {
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub target: Target,
    /// Who asks.
    pub identity: Identity,
    /// What it needs to be allowed, the most important first: some registries read only one.
    pub scopes: Vec<Scope>,
    /// Headers besides `Authorization`, `Content-Length` and `User-Agent`.
    pub headers: HeaderMap,
    /// The body.
    pub body: B,
    /// The statuses that are an answer rather than an error. Empty: any of 2xx.
    pub accept: &'static [StatusCode],
    /// What it is for.
    pub purpose: Purpose,
    /// The slot that it goes out in. Without one it takes one of its purpose by itself.
    pub slot: Option<Slot>,
    /// Whether a quota that the registry may have is for requests of its kind: the answer tells what is left of it. All
    /// but HEAD spend of it, and wait when nothing is left.
    pub metered: bool,
    /// Whether it may be sent again.
    pub repeat: Repeat,
}

impl Request {
    /// A request without scopes, headers or body that takes any 2xx. `PATCH` is not repeated, all else is.
    #[must_use]
    pub fn new(method: Method, target: impl Into<Target>) -> Self {
        let repeat = if method == Method::PATCH { Repeat::IfRefused } else { Repeat::Freely };
        Self {
            method,
            target: target.into(),
            identity: Identity::Ours,
            scopes: Vec::new(),
            headers: HeaderMap::new(),
            body: Body::Empty,
            accept: &[],
            purpose: Purpose::Metadata,
            slot: None,
            metered: false,
            repeat,
        }
    }

    /// A `GET`.
    #[must_use]
    pub fn get(target: impl Into<Target>) -> Self {
        Self::new(Method::GET, target)
    }

    /// A `HEAD`.
    #[must_use]
    pub fn head(target: impl Into<Target>) -> Self {
        Self::new(Method::HEAD, target)
    }

    /// A `POST`.
    #[must_use]
    pub fn post(target: impl Into<Target>) -> Self {
        Self::new(Method::POST, target)
    }

    /// A `PUT`.
    #[must_use]
    pub fn put(target: impl Into<Target>) -> Self {
        Self::new(Method::PUT, target)
    }

    /// A `PATCH`.
    #[must_use]
    pub fn patch(target: impl Into<Target>) -> Self {
        Self::new(Method::PATCH, target)
    }

    /// A `DELETE`.
    #[must_use]
    pub fn delete(target: impl Into<Target>) -> Self {
        Self::new(Method::DELETE, target)
    }

    /// Adds something that the request needs to be allowed.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }

    /// Is asked without saying who we are.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.identity = Identity::Nobody;
        self
    }

    /// Adds a header; another value of the same header stays.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Body::Bytes(body.into());
        self
    }

    /// Sets a body that can be sent once.
    #[must_use]
    pub fn stream(mut self, length: Option<u64>, stream: Upload) -> Self {
        self.body = Body::Stream { length, stream };
        self
    }

    /// Takes exactly these statuses for an answer.
    #[must_use]
    pub fn accept(mut self, statuses: &'static [StatusCode]) -> Self {
        self.accept = statuses;
        self
    }

    /// Says what it is for, when that is not metadata.
    #[must_use]
    pub fn purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }

    /// Goes out in a slot that [`Client::slot`](super::Client::slot) gave, and is for what that is for.
    #[must_use]
    pub fn in_slot(mut self, slot: &Slot) -> Self {
        self.purpose = slot.purpose();
        self.slot = Some(slot.clone());
        self
    }

    /// Is of a kind that the registry's quota is for, if it has one.
    #[must_use]
    pub fn metered(mut self) -> Self {
        self.metered = true;
        self
    }

    /// Is sent again only when it surely was not carried out.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.repeat = Repeat::IfRefused;
        self
    }
}

impl<B> Request<B> {
    /// Whether `status` is an answer rather than an error.
    pub(super) fn accepts(&self, status: StatusCode) -> bool {
        if self.accept.is_empty() { status.is_success() } else { self.accept.contains(&status) }
    }

    /// Whether it spends of a quota: where there are quotas, as on Docker Hub, HEAD costs nothing.
    pub(super) fn spends(&self) -> bool {
        self.metered && self.method != Method::HEAD
    }

    /// The question whether what it asks for is there, which spends nothing.
    pub(super) fn question(&self) -> Request {
        let (scopes, headers) = (self.scopes.clone(), self.headers.clone());
        let identity = self.identity;
        Request { identity, scopes, headers, ..Request::head(self.target.clone()).metered() }
    }

    /// The same request with another body, and the body that it had.
    pub(super) fn with_body<C>(self, body: C) -> (Request<C>, B) {
        let Self { body: had, method, target, identity, scopes, headers, accept, .. } = self;
        let Self { purpose, slot, metered, repeat, .. } = self;
        let request = Request {
            method,
            target,
            identity,
            scopes,
            headers,
            body,
            accept,
            purpose,
            slot,
            metered,
            repeat,
        };
        (request, had)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no body"),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Stream { length: Some(length), .. } => write!(f, "a stream of {length} bytes"),
            Self::Stream { length: None, .. } => f.write_str("a stream"),
        }
    }
}
