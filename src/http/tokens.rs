//! The tokens for one registry: each is fetched once, kept while it lives, and shared by all requests it is good for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use http::StatusCode;
use http::header::AUTHORIZATION;
use reqwest::Url;

use super::challenge::Bearer;
use super::error::Error;
use super::redact::SafeUrl;
use super::redirect;
use super::retry::server_time;
use super::token::{Ask, Form, Token};
use super::transport::{Transport, refusal};
use crate::auth::Credential;
use crate::model::{Registry, one_line};

/// Larger than any token server's answer.
const MAX_ANSWER: usize = 1024 * 1024;

/// Fetches and keeps tokens.
pub(super) struct Tokens {
    registry: Registry,
    base: Url,
    /// By the path of the repository whose credential they were fetched with.
    entries: Mutex<HashMap<String, Vec<Arc<Entry>>>>,
}

/// The place of one token. Whoever fetches it holds the lock, so that nobody else fetches the same.
struct Entry {
    bearer: Bearer,
    token: tokio::sync::Mutex<Option<Arc<Token>>>,
}

impl Entry {
    /// Whether its token is good for all that `bearer` asks for.
    fn covers(&self, bearer: &Bearer) -> bool {
        let covered = |wanted| self.bearer.scopes.iter().any(|scope| scope.covers(wanted));
        self.bearer.realm == bearer.realm
            && self.bearer.service == bearer.service
            && !bearer.scopes.is_empty()
            && bearer.scopes.iter().all(covered)
    }
}

impl Tokens {
    pub(super) fn new(registry: Registry, base: Url) -> Self {
        Self { registry, base, entries: Mutex::default() }
    }

    /// A token for `bearer`: one that is there, or a new one.
    pub(super) async fn get(
        &self,
        path: &str,
        bearer: Bearer,
        credential: Option<&Credential>,
        transport: &Transport,
    ) -> Result<Arc<Token>, Error> {
        if let Some(token) = self.covering(path, &bearer) {
            return Ok(token);
        }
        let entry = self.entry(path, bearer);
        let mut held = entry.token.lock().await;
        if let Some(token) = held.as_ref().filter(|token| token.is_live()) {
            return Ok(Arc::clone(token));
        }
        let token = Arc::new(self.fetch(&entry.bearer, credential, transport).await?);
        *held = Some(Arc::clone(&token));
        Ok(token)
    }

    /// Drops a token that was refused.
    pub(super) async fn forget(&self, path: &str, token: &Arc<Token>) {
        for entry in self.of(path) {
            entry.token.lock().await.take_if(|held| Arc::ptr_eq(held, token));
        }
    }

    /// A token that is there and allows at least as much. One that is just being fetched does not count: it may be
    /// refused for the more that it asks for.
    fn covering(&self, path: &str, bearer: &Bearer) -> Option<Arc<Token>> {
        self.of(path).into_iter().filter(|entry| entry.covers(bearer)).find_map(|entry| {
            let held = entry.token.try_lock().ok()?;
            held.as_ref().filter(|token| token.is_live()).cloned()
        })
    }

    fn of(&self, path: &str) -> Vec<Arc<Entry>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(path).cloned().unwrap_or_default()
    }

    fn entry(&self, path: &str, bearer: Bearer) -> Arc<Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = entries.entry(path.to_owned()).or_default();
        if let Some(entry) = entries.iter().find(|entry| entry.bearer == bearer) {
            return Arc::clone(entry);
        }
        let entry = Arc::new(Entry { bearer, token: tokio::sync::Mutex::default() });
        entries.push(Arc::clone(&entry));
        entry
    }

    /// Asks the token server in the first way, and in the second where it does not know the first.
    async fn fetch(
        &self,
        bearer: &Bearer,
        credential: Option<&Credential>,
        transport: &Transport,
    ) -> Result<Token, Error> {
        let realm = self.realm(&bearer.realm)?;
        let (service, scopes) = (bearer.service.as_deref(), bearer.scopes.as_slice());
        let ask = Ask { realm: &realm, service, scopes, credential };
        let mut answer = self.submit(&ask.first(), &realm, transport).await;
        if answer.as_ref().err().and_then(Error::status).is_some_and(is_unknown_way)
            && let Some(form) = ask.second()
        {
            answer = self.submit(&form, &realm, transport).await;
        }
        answer.map_err(|error| self.explain(error, &ask))
    }

    /// The token server's address, if it may be trusted with a password.
    fn realm(&self, text: &str) -> Result<Url, Error> {
        let refused = |realm, why| Error::Realm { registry: self.registry.clone(), realm, why };
        let url = self.base.join(text).map_err(|_| refused(one_line(text, 80), "is no address"))?;
        let safe = || SafeUrl::new(&url).to_string();
        redirect::check(&self.base, &url).map_err(|why| refused(safe(), why))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(safe(), "brings a login of its own"));
        }
        Ok(url)
    }

    async fn submit(
        &self,
        form: &Form,
        realm: &Url,
        transport: &Transport,
    ) -> Result<Token, Error> {
        let mut attempts = transport.attempts();
        loop {
            match self.submit_once(form, realm, transport).await {
                Ok(token) => return Ok(token),
                Err(error) => attempts.after(error).await?,
            }
        }
    }

    async fn submit_once(
        &self,
        form: &Form,
        realm: &Url,
        transport: &Transport,
    ) -> Result<Token, Error> {
        let pool = &transport.pools.metadata;
        let request = match form {
            Form::Get(url, None) => pool.get(url.clone()),
            Form::Get(url, Some(login)) => pool.get(url.clone()).header(AUTHORIZATION, login),
            Form::Post(url, form) => pool.post(url.clone()).form(form),
        };
        let request = request.build().map_err(|error| self.no_token(realm, error.without_url()))?;
        let (asked, method) = (Instant::now(), request.method().clone());
        let silence = async {
            tokio::time::sleep(transport.stall).await;
            transport.stall
        };
        let response = transport.exchange(pool, request, silence).await?;
        if !response.status.is_success() {
            return Err(refusal(method, response).await);
        }
        let response = response.read(MAX_ANSWER).await?;
        let now = server_time(&response.headers).unwrap_or_else(SystemTime::now);
        Token::read(&response.body, asked, now).map_err(|error| self.no_token(realm, error))
    }

    fn no_token(
        &self,
        realm: &Url,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Error {
        Error::Token {
            registry: self.registry.clone(),
            realm: SafeUrl::new(realm),
            source: Box::new(source),
        }
    }

    /// What an error of the token server means for whoever wants to use the registry.
    fn explain(&self, error: Error, ask: &Ask<'_>) -> Error {
        let had_credential = ask.credential.is_some();
        let registry = self.registry.clone();
        match (error, ask.credential, ask.scopes.first()) {
            (Error::Status { status: StatusCode::UNAUTHORIZED, errors, .. }, ..)
            | (Error::Status { status: StatusCode::FORBIDDEN, errors, .. }, _, None)
            | (
                Error::Status { status: StatusCode::BAD_REQUEST, errors, .. },
                Some(Credential::IdentityToken(_)),
                _,
            ) => Error::Unauthorized { registry, had_credential, errors },
            (Error::Status { status: StatusCode::FORBIDDEN, errors, .. }, _, Some(scope)) => {
                let scope = scope.to_string();
                Error::NoPermission { registry, scope, had_credential, errors }
            }
            (error, ..) if error.is_transient() || error.status().is_some() => {
                self.no_token(ask.realm, error)
            }
            (error, ..) => error,
        }
    }
}

/// Whether a token server says that it does not know a way to ask.
fn is_unknown_way(status: StatusCode) -> bool {
    matches!(status.as_u16(), 404 | 405 | 501)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_go_to_sound_token_servers_alone() {
        let base = "https://quay.io/".parse().unwrap();
        let tokens = Tokens::new("quay.io".parse().unwrap(), base);
        assert_eq!(tokens.realm("/v2/auth").unwrap().as_str(), "https://quay.io/v2/auth");
        assert!(tokens.realm("https://auth.example/token").is_ok());
        assert_eq!(
            tokens.realm("http://auth.example/token?key=secret").unwrap_err().to_string(),
            "quay.io names the token server 'http://auth.example/token?key=…', \
             which is plain HTTP while the registry is HTTPS"
        );
        for realm in ["https://169.254.169.254/token", "https://10.0.0.1/", "ldap://x", "https://"]
        {
            assert!(matches!(tokens.realm(realm), Err(Error::Realm { .. })), "{realm}");
        }
    }
}
