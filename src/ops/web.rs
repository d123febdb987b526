//! What is read from a place that a person names: an address that is asked, or a path.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Method};

use crate::http::{
    Error, Peer, PeerOptions, Question, Repeat, Response, RetryPolicy, SafeUrl, Trust, Url,
};
use crate::model::{one_line, percent_decoded};

/// An address or a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A server is asked.
    Url(Url),
    /// Something on this machine.
    Path(PathBuf),
}

/// A text that begins like an address and is none that can be asked.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not an address that can be asked: expected http:// or https:// and a host")]
pub struct AddressError(String);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if !text.contains("://") {
            return Ok(Self::Path(PathBuf::from(text)));
        }
        let url: Option<Url> = text.parse().ok();
        let url = url.filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        // It may hold a secret behind the scheme.
        let scheme = text.split("://").next().unwrap_or_default();
        url.map(Self::Url).ok_or_else(|| AddressError(one_line(&format!("{scheme}://…"), 80)))
    }
}

/// How much is waited for and read.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) patience: Duration,
    pub(super) bytes: usize,
}

/// A server of the web that is asked for small things, with the login that may stand in its address.
pub(super) struct Web {
    peer: Peer,
    headers: HeaderMap,
    path: String,
    bounds: Bounds,
}

impl Web {
    /// The server at `url`; what is asked for is below its path.
    pub(super) fn new(url: &Url, retry: RetryPolicy, bounds: Bounds) -> Result<Self, Error> {
        let mut server = url.clone();
        server.set_path("");
        server.set_query(None);
        server.set_fragment(None);
        // Those that have a host can have these.
        let _ = server.set_username("").and_then(|()| server.set_password(None));
        let peer = Peer::new(PeerOptions {
            server,
            trust: Trust::System,
            server_name: None,
            identity: None,
            proxy: None,
            retry,
        })?;
        let headers = login(url).map(|login| (AUTHORIZATION, login)).into_iter().collect();
        Ok(Self { peer, headers, path: url.path().to_owned(), bounds })
    }

    /// What stands at `rest`: a path below that of the address, or a query.
    pub(super) async fn get(
        &self,
        rest: &str,
        accept: &'static str,
    ) -> Result<Response<Bytes>, Error> {
        let mut headers = self.headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        let question = Question {
            method: Method::GET,
            path: self.path_to(rest),
            headers,
            body: None,
            repeat: Repeat::Freely,
            patience: Some(self.bounds.patience),
            limit: self.bounds.bytes,
        };
        Ok(self.peer.ask(&question).await?.response)
    }

    /// The address of `rest` without its secrets, for messages.
    pub(super) fn shown(&self, rest: &str) -> SafeUrl {
        self.peer.shown(&self.path_to(rest))
    }

    fn path_to(&self, rest: &str) -> String {
        let path = if rest.starts_with('/') { self.path.trim_end_matches('/') } else { &self.path };
        format!("{path}{rest}")
    }
}

fn login(url: &Url) -> Option<HeaderValue> {
    let (name, password) = (url.username(), url.password().unwrap_or_default());
    if name.is_empty() && password.is_empty() {
        return None;
    }
    let both = format!("{}:{}", percent_decoded(name)?, percent_decoded(password)?);
    let mut login = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(both))).ok()?;
    login.set_sensitive(true);
    Some(login)
}
