//! Who we are towards one registry: its challenge, the credentials, the tokens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use http::HeaderValue;
use reqwest::Url;
use tokio::sync::OnceCell;

use super::Scope;
use super::challenge::{Bearer, Challenge};
use super::error::Error;
use super::token::{Token, basic, bearer};
use super::tokens::Tokens;
use super::transport::Transport;
use crate::auth::{Credential, Keychain};
use crate::model::{Registry, WireErrors};

/// Authorises requests to one registry.
pub(super) struct Authorizer {
    registry: Registry,
    keychain: Arc<dyn Keychain>,
    challenge: Mutex<Option<Challenge>>,
    credentials: Mutex<HashMap<String, Arc<OnceCell<Option<Credential>>>>>,
    tokens: Tokens,
}

/// What a request goes out with.
pub(super) enum Grant {
    /// Nothing: the registry has not asked yet.
    Unasked,
    /// Nothing, though the registry asks: there is no credential.
    Nothing,
    /// A password, or a token that was given to us as it is.
    Fixed(HeaderValue),
    /// A token from the token server.
    Token(Arc<Token>),
}

impl Grant {
    /// The value of `Authorization`.
    pub(super) fn header(&self) -> Option<&HeaderValue> {
        match self {
            Self::Unasked | Self::Nothing => None,
            Self::Fixed(header) => Some(header),
            Self::Token(token) => Some(&token.header),
        }
    }
}

/// What a request wants to be allowed, and since when. It lives as long as the request.
pub(super) struct Wish {
    scopes: Vec<Scope>,
    since: Instant,
    widened: bool,
}

impl Wish {
    pub(super) fn new(scopes: &[Scope]) -> Self {
        Self { scopes: scopes.to_vec(), since: Instant::now(), widened: false }
    }

    /// Begins anew: a token that was made before now is an older one.
    pub(super) fn begin_again(&mut self) {
        self.since = Instant::now();
    }

    /// Whose credential counts: the repository that is asked for first.
    fn path(&self) -> &str {
        self.scopes.first().map(Scope::path).unwrap_or_default()
    }

    /// Adds what the registry asks for besides, once, and in front: some token servers read only one scope.
    fn widen(&mut self, scopes: Vec<Scope>) -> bool {
        let mut missing = scopes;
        missing.retain(|scope| !self.scopes.iter().any(|have| have.covers(scope)));
        if self.widened || missing.is_empty() {
            return false;
        }
        self.widened = true;
        missing.append(&mut self.scopes);
        self.scopes = missing;
        true
    }
}

impl Authorizer {
    pub(super) fn new(registry: Registry, base: Url, keychain: Arc<dyn Keychain>) -> Self {
        Self {
            tokens: Tokens::new(registry.clone(), base),
            registry,
            keychain,
            challenge: Mutex::default(),
            credentials: Mutex::default(),
        }
    }

    /// Whether the registry ever asked for a login.
    pub(super) fn was_asked(&self) -> bool {
        locked(&self.challenge).is_some()
    }

    /// What a request for `wish` goes out with, as far as is known how the registry wants to be asked.
    pub(super) async fn grant(&self, wish: &Wish, transport: &Transport) -> Result<Grant, Error> {
        let challenge = locked(&self.challenge).clone();
        let Some(challenge) = challenge else { return Ok(Grant::Unasked) };
        let credential = self.credential(wish.path()).await?;
        match (challenge, credential) {
            (_, Some(Credential::RegistryToken(token))) => {
                Ok(bearer(token.expose()).map_or(Grant::Nothing, Grant::Fixed))
            }
            (Challenge::Basic, Some(Credential::Basic { username, password })) => {
                Ok(basic(&username, &password).map_or(Grant::Nothing, Grant::Fixed))
            }
            (Challenge::Basic, _) => Ok(Grant::Nothing),
            (Challenge::Bearer(bearer), credential) => {
                let bearer = Bearer { scopes: wish.scopes.clone(), ..bearer };
                let path = wish.path();
                let token = self.tokens.get(path, bearer, credential.as_ref(), transport).await?;
                Ok(Grant::Token(token))
            }
        }
    }

    /// Learns from a 401: returns when it makes sense to ask again with another [`Authorizer::grant`].
    ///
    /// It ends: a request goes out at most once with nothing, once with an older token, once with one that was made
    /// for it, and once with one for all that the registry asks for besides.
    pub(super) async fn refused(
        &self,
        grant: &Grant,
        wish: &mut Wish,
        challenge: Result<Challenge, String>,
        errors: WireErrors,
    ) -> Result<(), Error> {
        let challenge = challenge
            .map_err(|offered| Error::Challenge { registry: self.registry.clone(), offered })?;
        *locked(&self.challenge) = Some(challenge.clone());
        let token = match grant {
            Grant::Unasked => return Ok(()),
            Grant::Nothing | Grant::Fixed(_) => return Err(self.unauthorized(wish.path(), errors)),
            Grant::Token(token) => token,
        };
        self.tokens.forget(wish.path(), token).await;
        let asked_for = match challenge {
            Challenge::Bearer(bearer) => bearer.scopes,
            Challenge::Basic => Vec::new(),
        };
        if token.since < wish.since || wish.widen(asked_for) {
            return Ok(());
        }
        Err(self.denied(wish, token, errors))
    }

    /// A token that was made for a request and did not help.
    fn denied(&self, wish: &Wish, token: &Token, errors: WireErrors) -> Error {
        let had_credential = self.had_credential(wish.path());
        match wish.scopes.first() {
            Some(scope) if had_credential || token.denies(scope) => Error::NoPermission {
                registry: self.registry.clone(),
                scope: scope.to_string(),
                had_credential,
                errors: Box::new(errors),
            },
            _ => self.unauthorized(wish.path(), errors),
        }
    }

    fn unauthorized(&self, path: &str, errors: WireErrors) -> Error {
        Error::Unauthorized {
            registry: self.registry.clone(),
            had_credential: self.had_credential(path),
            errors: Box::new(errors),
        }
    }

    /// The credential for a repository; each is looked up once.
    async fn credential(&self, path: &str) -> Result<Option<Credential>, Error> {
        let cell = Arc::clone(locked(&self.credentials).entry(path.to_owned()).or_default());
        let found = cell.get_or_try_init(|| self.keychain.credential(&self.registry, path)).await?;
        Ok(found.clone())
    }

    /// Whether there is a credential for a repository.
    pub(super) async fn has_credential(&self, path: &str) -> Result<bool, Error> {
        Ok(self.credential(path).await?.is_some())
    }

    fn had_credential(&self, path: &str) -> bool {
        let credentials = locked(&self.credentials);
        credentials.get(path).and_then(|cell| cell.get()).is_some_and(Option::is_some)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
