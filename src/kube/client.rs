//! One API server, asked for JSON.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use http::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::config::{Config, Options};
use super::deadline::Deadline;
use super::duration;
use super::error::{Error, ListFault, Place};
use super::login::Proof;
use super::status::Status;
use crate::auth::Secret;
use crate::config::Env;
use crate::http::{self as net, Answer, Peer, PeerOptions, Question, Repeat, SafeUrl};
use crate::model::one_line;

/// How long one try of a request may take, and any request but those that do work of unknown length, when nobody says otherwise. API servers
/// give up after a minute.
const USUAL: Duration = Duration::from_secs(90);

/// The most that an answer may have.
const LIMIT: usize = 64 * 1024 * 1024;

pub(super) const JSON: &str = "application/json";

/// One API server. A clone shares its connections and its login.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    config: Config,
    place: Place,
    timeout: Option<Duration>,
    /// The connections, and the client certificate that they show.
    peer: Mutex<(Option<Secret>, Peer)>,
}

impl Client {
    /// The server that options and environment lead to. It connects to nobody yet.
    ///
    /// # Errors
    /// When there is none, a file cannot be read or says what it cannot say.
    pub fn new(env: &Env, options: &Options) -> Result<Self, Error> {
        let config = Config::find(env, options)?;
        let server = SafeUrl::new(&config.peer.server);
        let place = Place { server, origin: config.origin.as_str().into() };
        let peer = Mutex::new((config.peer.identity.clone(), connected(&config.peer, &place)?));
        Ok(Self(Arc::new(Inner { config, place, timeout: options.timeout, peer })))
    }

    /// The server's address.
    #[must_use]
    pub fn server(&self) -> String {
        self.0.place.server.to_string()
    }

    /// The namespace that the context, or the account of the pod, is for.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.0.config.namespace.as_deref()
    }

    /// Reads what is at `path`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.call(Call::get(path)).await
    }

    /// Gives `body` to `path`, which may take any time to do what is asked. It is sent again only when the server
    /// surely did nothing.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        self.call(Call::with(Method::POST, path, body)?).await
    }

    /// Puts `body` in the place of what is at `path`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        self.call(Call::with(Method::PUT, path, body)?).await
    }

    /// Removes what is at `path`. What is gone after a try whose answer never came was removed by it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete(&self, path: &str, body: &impl Serialize) -> Result<(), Error> {
        let call = Call { deadline: self.deadline(), ..Call::with(Method::DELETE, path, body)? };
        let answer = self.0.answer(&call).await?;
        let again = answer.tries > 1;
        match self.0.judge(&call, answer) {
            Err(Error::Refused(status)) if again && status.is_not_found() => Ok(()),
            other => other.map(drop),
        }
    }

    async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        let call = Call { deadline: self.deadline(), ..call };
        self.read(&self.body(&call).await?)
    }

    /// The time limit for what begins now.
    pub(super) fn deadline(&self) -> Option<Deadline> {
        self.0.timeout.map(Deadline::new)
    }

    /// The body of the answer, which is a success.
    pub(super) async fn body(&self, call: &Call<'_>) -> Result<Bytes, Error> {
        let answer = self.0.answer(call).await?;
        self.0.judge(call, answer)
    }

    pub(super) fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(body)
            .map_err(|source| Error::Answer { place: self.0.place.clone(), source })
    }

    pub(super) fn of_another_kind(&self, kind: &str, wanted: &str) -> Error {
        let source = serde::de::Error::custom(another_kind(kind, wanted));
        Error::Answer { place: self.0.place.clone(), source }
    }

    pub(super) fn bad_list(&self, fault: ListFault) -> Error {
        Error::List { place: self.0.place.clone(), fault }
    }
}

/// A request before it is known who sends it.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) accept: &'static str,
    pub(super) body: Option<Bytes>,
    /// For the login and all tries.
    pub(super) deadline: Option<Deadline>,
}

impl<'a> Call<'a> {
    pub(super) fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, accept: JSON, deadline: None, body: None }
    }

    fn with(method: Method, path: &'a str, body: &impl Serialize) -> Result<Self, Error> {
        let written = serde_json::to_vec(body).map_err(Error::Body)?;
        Ok(Self { body: Some(written.into()), method, ..Self::get(path) })
    }
}

impl Inner {
    /// Asks, once more with another proof when the first is not taken.
    async fn answer(&self, call: &Call<'_>) -> Result<Answer, Error> {
        let no_login = |source| Error::Login { place: self.place.clone(), source };
        let proof = self.config.login.proof(call.deadline).await.map_err(no_login)?;
        let answer = self.ask(call, &proof).await?;
        if answer.response.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        match self.config.login.another(&proof, call.deadline).await.map_err(no_login)? {
            Some(other) => self.ask(call, &other).await,
            None => Ok(answer),
        }
    }

    async fn ask(&self, call: &Call<'_>, proof: &Proof) -> Result<Answer, Error> {
        let work = call.method == Method::POST;
        let question = Question {
            method: call.method.clone(),
            path: self.timed(call.path),
            headers: self.headers(call, proof),
            body: call.body.clone(),
            repeat: if work { Repeat::IfRefused } else { Repeat::Freely },
            patience: Some(USUAL).filter(|_| !work && call.deadline.is_none()),
            limit: LIMIT,
        };
        let peer = self.peer(proof)?;
        let answer = peer.ask(&question);
        let answer = match call.deadline {
            Some(deadline) => deadline
                .hold(answer)
                .await
                .map_err(|after| self.in_vain(format!("not within {}", duration::go(after))))?,
            None => answer.await,
        };
        answer.map_err(|source| match source {
            net::Error::TooSlow { after, .. } => {
                self.in_vain(format!("nothing came for {}", duration::go(after)))
            }
            source => Error::Unreachable { place: self.place.clone(), source: source.into() },
        })
    }

    /// The path with the time that the request may take, as far as the server is concerned.
    fn timed(&self, path: &str) -> String {
        match self.timeout {
            Some(timeout) => {
                let mark = if path.contains('?') { '&' } else { '?' };
                format!("{path}{mark}timeout={}", duration::go(timeout))
            }
            None => path.to_owned(),
        }
    }

    fn headers(&self, call: &Call<'_>, proof: &Proof) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(call.accept));
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        }
        if let Some(authorization) = &proof.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        for (name, value) in &self.config.impersonation {
            headers.append(name, value.clone());
        }
        headers
    }

    /// Connections that show the client certificate of `proof`, or the one that the kubeconfig has.
    fn peer(&self, proof: &Proof) -> Result<Peer, Error> {
        let wanted = proof.identity.as_ref().or(self.config.peer.identity.as_ref());
        let mut peer = self.peer.lock().unwrap_or_else(PoisonError::into_inner);
        if peer.0.as_ref() != wanted {
            let options = PeerOptions { identity: wanted.cloned(), ..self.config.peer.clone() };
            *peer = (wanted.cloned(), connected(&options, &self.place)?);
        }
        Ok(peer.1.clone())
    }

    /// The body of an answer, if it is one.
    fn judge(&self, call: &Call<'_>, answer: Answer) -> Result<Bytes, Error> {
        let net::Response { status, headers, body, .. } = answer.response;
        if status.is_success() {
            return Ok(body);
        }
        let place = self.place.clone();
        if status.is_redirection() {
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok());
            let to = to.map_or_else(|| "nowhere".to_owned(), |to| self.host_of(to));
            return Err(Error::Redirect { place, to });
        }
        let said = Status::read(&body, status.as_u16());
        Err(match (status, said) {
            (StatusCode::UNAUTHORIZED, _) => {
                Error::Unauthorized { place, had_login: self.has_login() }
            }
            (StatusCode::GATEWAY_TIMEOUT, said) => self.in_vain(
                said.map_or_else(|| "something before it gave up: 504".to_owned(), |s| s.message),
            ),
            (StatusCode::NOT_FOUND, said) if said.as_ref().is_none_or(|s| !s.is_not_found()) => {
                Error::NotServed { place, api: api(call.path) }
            }
            (_, Some(status)) => Error::Refused(Box::new(status)),
            (status, None) => Error::NotApi { place, status: status.as_u16(), said: told(&body) },
        })
    }

    fn has_login(&self) -> bool {
        self.config.peer.identity.is_some() || self.config.login.is_somebody()
    }

    fn in_vain(&self, told: String) -> Error {
        Error::Timeout { place: self.place.clone(), told }
    }

    fn host_of(&self, location: &str) -> String {
        let url = self.config.peer.server.join(location);
        url.map_or_else(|_| "no address".to_owned(), |url| SafeUrl::new(&url).to_string())
    }
}

/// What an answer is, and is not.
pub(crate) fn another_kind(kind: &str, wanted: &str) -> String {
    match one_line(kind, 80).as_str() {
        "" => format!("it does not say that it is of the kind {wanted}"),
        kind => format!("it is of the kind {kind}, not {wanted}"),
    }
}

fn connected(options: &PeerOptions, place: &Place) -> Result<Peer, Error> {
    Peer::new(options.clone())
        .map_err(|source| Error::Unreachable { place: place.clone(), source: source.into() })
}

/// `image.openshift.io/v1` of `/apis/image.openshift.io/v1/…`.
fn api(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty()).skip(1).take(2);
    one_line(&parts.collect::<Vec<_>>().join("/"), 80)
}

/// The beginning of what is no answer of an API server.
fn told(body: &[u8]) -> String {
    match one_line(&String::from_utf8_lossy(&body[..body.len().min(2000)]), 120) {
        said if said.is_empty() => String::new(),
        said => format!(": {said}"),
    }
}

/// `text` as one part of a path.
#[must_use]
pub fn segment(text: &str) -> String {
    let as_it_is = |b: u8| b.is_ascii_alphanumeric() || b"-_.~:@".contains(&b);
    // Names of this kind lead elsewhere however they are written. No object has one.
    if matches!(text, "." | "..") {
        return text.replace('.', "%252E");
    }
    let parts = text
        .bytes()
        .map(|b| if as_it_is(b) { char::from(b).to_string() } else { format!("%{b:02X}") });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_one() {
        for (text, written) in [
            ("sha256:ab", "sha256:ab"),
            ("app:v1", "app:v1"),
            ("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"),
            ("..", "%252E%252E"),
            ("ä%", "%C3%A4%25"),
        ] {
            assert_eq!(segment(text), written);
        }
    }

    #[test]
    fn the_api_is_told_from_the_path() {
        assert_eq!(api("/apis/image.openshift.io/v1/images"), "image.openshift.io/v1");
    }
}
