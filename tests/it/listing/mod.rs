//! Lists in bulk, as a session gets them: of the distribution specification, of Quay, of Docker Hub.

mod hub;
mod marks;
mod quay;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use longshore::auth::Credential;
use longshore::config::{ConnectionOptions, Env, Registries, RegistryOptions};
use longshore::http::RetryPolicy;
use longshore::model::{Endpoint, ListingApi, Registry};
use longshore::session::{Session, SessionOptions};
use longshore::store::{Error, Listing, Mark, Names, Open, Result};

use crate::support::responder::{Asked, Reply, Responder, password};

/// Somebody who asks one registry.
struct Asker {
    session: Session,
    registry: String,
}

impl Asker {
    /// Of a registry without lists of its own.
    fn of(registry: &str) -> Self {
        Self::with(registry, RegistryOptions::default(), None)
    }

    /// Of one that gives lists of this kind, and needs no login.
    fn of_kind(registry: &str, listing: ListingApi) -> Self {
        Self::with(registry, kind(listing), None)
    }

    fn with(registry: &str, options: RegistryOptions, login: Option<Credential>) -> Self {
        let name: Registry = registry.parse().unwrap();
        let options = SessionOptions {
            connection: ConnectionOptions { plain_http: true, ..ConnectionOptions::default() },
            registries: Arc::new(HashMap::from([(name.clone(), options)])),
            given: login.map(|login| (name, login)),
            retry: RetryPolicy {
                tries: 3,
                first: Duration::from_millis(1),
                ..RetryPolicy::default()
            },
            ..SessionOptions::default()
        };
        let nowhere: [(&str, &str); 0] = [];
        let env = Env::fake(std::path::Path::new("/nowhere"), nowhere);
        let session = Session::new(env, Registries::default(), options);
        Self { session, registry: registry.to_owned() }
    }

    async fn names(&self, path: &str, mark: Option<&Mark>) -> Result<Names> {
        let endpoint: Endpoint = format!("{}/{path}", self.registry).parse().unwrap();
        self.session.source(&endpoint).await?.listing(mark).await
    }

    async fn listing(&self, path: &str) -> Listing {
        match self.names(path, None).await.unwrap() {
            Names::Listed(listing) => listing,
            Names::Unchanged => panic!("unchanged since never"),
        }
    }

    /// The names of a repository, each with a `+` where its digest is told.
    async fn shown(&self, path: &str) -> Vec<String> {
        let shown = |listed: longshore::store::Listed| {
            format!("{}{}", listed.name, if listed.digest.is_some() { "+" } else { "" })
        };
        self.listing(path).await.names.into_iter().map(shown).collect()
    }

    async fn below(&self, path: &str) -> Result<Vec<String>> {
        let registry = self.registry.parse().unwrap();
        let paths = self.session.repositories(&registry, Some(path)).await?;
        Ok(paths.iter().map(ToString::to_string).collect())
    }
}

fn kind(listing: ListingApi) -> RegistryOptions {
    RegistryOptions { listing: Some(listing), ..RegistryOptions::default() }
}

/// The digest of an image that there is not.
fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

/// A standard list of tags.
fn tags(tags: &str) -> Option<Reply> {
    Some(Reply::ok(format!(r#"{{"name": "org/app", "tags": [{tags}]}}"#)))
}

fn json(text: impl Into<String>) -> Option<Reply> {
    Some(Reply::ok(text.into()).header("content-type", "application/json"))
}

/// Whether what belongs to no registry was asked without a login.
fn strangers_got_no_login(host: &Responder) -> bool {
    let asked = host.asked();
    let strangers: Vec<&Asked> = asked
        .iter()
        .filter(|asked| {
            asked.path().starts_with("/api/") || asked.path().contains("/repositories/")
        })
        .collect();
    !strangers.is_empty() && strangers.iter().all(|asked| asked.authorization().is_none())
}

fn login() -> Option<Credential> {
    password("org+robot", "hunter2")
}

/// An error with its causes.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
