//! `login`: a credential is proven against the registry before it is kept.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::auth::{self, Credential, Helpers, KeyringError, LoginStore, Lookup, Origin};
use crate::config::{AuthFiles, Connection};
use crate::http::{self, Client, ClientOptions, Proof, Request, RetryPolicy, Scope};
use crate::model::{ReferenceError, Registry, Repository};

/// What a login is for: `quay.io`, `quay.io/org`, `quay.io/org/app`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginTarget {
    /// The registry.
    pub registry: Registry,
    /// A namespace or repository; empty for the registry as a whole.
    pub path: String,
}

impl FromStr for LoginTarget {
    type Err = ReferenceError;

    /// Takes addresses too, `https://quay.io/`, as people copy them.
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let bare = bare.unwrap_or(text).trim_end_matches('/');
        let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
        let registry: Registry = host.parse()?;
        if !path.is_empty() {
            Repository::new(registry.clone(), path)?;
        }
        Ok(Self { registry, path: path.to_owned() })
    }
}

impl fmt::Display for LoginTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "{}", self.registry),
            path => write!(f, "{}/{path}", self.registry),
        }
    }
}

/// Where a login is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the auth file, or the helper that it names for the registry.
    File,
    /// In the keyring; where there is none, as [`Place::File`].
    Keyring,
}

/// What to prove and keep.
pub struct LoginOptions {
    /// What the login is for.
    pub target: LoginTarget,
    /// The credential.
    pub credential: Credential,
    /// Where to keep it.
    pub place: Place,
    /// How to reach the registry that is to prove it; `None` keeps it unproven.
    pub prove: Option<Connection>,
}

/// What became of a login.
#[derive(Debug)]
pub struct LoginReport {
    /// Where it is kept.
    pub kept: Origin,
    /// What the registry said of it, if it was asked.
    pub proof: Option<Proof>,
    /// Why it is not in the keyring, if that was wanted.
    pub no_keyring: Option<KeyringError>,
}

/// Why a login is not kept.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The registry did not prove it.
    #[error("the login for {target} is not proven, and so not kept")]
    Unproven {
        /// What it is for.
        target: LoginTarget,
        /// What the registry said.
        #[source]
        source: http::Error,
    },
    /// It could not be written.
    #[error("the login for {target} cannot be kept")]
    NotKept {
        /// What it is for.
        target: LoginTarget,
        /// Why not.
        #[source]
        source: auth::Error,
    },
}

/// Proves a credential, then keeps it.
///
/// # Errors
/// When the registry does not take it, cannot be reached, or it cannot be kept. Then nothing has changed.
pub async fn login(options: LoginOptions, store: &LoginStore) -> Result<LoginReport, LoginError> {
    let LoginOptions { target, credential, place, prove } = options;
    let proof = match prove {
        None => None,
        Some(connection) => match proof(&target, &credential, connection).await {
            Ok(proof) => Some(proof),
            Err(source) => return Err(LoginError::Unproven { target, source }),
        },
    };
    match keep(&target, &credential, place, store).await {
        Ok((kept, no_keyring)) => Ok(LoginReport { kept, proof, no_keyring }),
        Err(source) => Err(LoginError::NotKept { target, source }),
    }
}

/// Asks the registry with this credential and no other; and for a path, whether it gives a token to pull from there.
async fn proof(
    target: &LoginTarget,
    credential: &Credential,
    connection: Connection,
) -> Result<Proof, http::Error> {
    let nowhere = Lookup::new(AuthFiles::Search(Vec::new()), Helpers::new(None));
    let keychain = nowhere.with_given(target.registry.clone(), credential.clone());
    let client = Client::new(ClientOptions {
        registry: target.registry.clone(),
        host: target.registry.host().to_owned(),
        connection,
        keychain: Arc::new(keychain),
        retry: RetryPolicy::default(),
        stall: http::STALL,
        traffic: Arc::default(),
    })?;
    let proof = client.ping().await?;
    let repository = Repository::new(target.registry.clone(), &target.path).ok();
    // A namespace of Docker Hub would be read as a repository in `library/`.
    if let Some(repository) = repository.filter(|repository| repository.path() == target.path) {
        client.send(Request::get("/v2/").scope(Scope::pull(&repository))).await?;
    }
    Ok(proof)
}

async fn keep(
    target: &LoginTarget,
    credential: &Credential,
    place: Place,
    store: &LoginStore,
) -> Result<(Origin, Option<KeyringError>), auth::Error> {
    let LoginTarget { registry, path } = target;
    let no_keyring = match place {
        Place::File => None,
        Place::Keyring => match store.store_in_keyring(registry, path, credential).await {
            Ok(kept) => return Ok((kept, None)),
            Err(auth::Error::Keyring(error)) if error.is_no_keyring() => Some(error),
            Err(error) => return Err(error),
        },
    };
    Ok((store.store(registry, path, credential).await?, no_keyring))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_registry_with_or_without_a_path() {
        let parse = |text: &str| text.parse::<LoginTarget>().map(|target| target.to_string());
        assert_eq!(parse("quay.io").unwrap(), "quay.io");
        assert_eq!(parse("https://Quay.io/org/").unwrap(), "quay.io/org");
        assert_eq!(parse("index.docker.io/org").unwrap(), "docker.io/org");
        assert_eq!(parse("[::1]:5000").unwrap(), "[::1]:5000");
        for bad in ["", "quay.io/Org", "quay.io//x", "quay.io/org:v1", "quay io"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
