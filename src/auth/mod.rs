//! Credentials: what they are, and where they are found. Files, credential helpers, the operating system's keyring.
//!
//! Nothing here knows HTTP, challenges, tokens' scopes, prompts, or which verb runs.

mod authfile;
mod document;
mod edit;
mod entry;
mod error;
mod helper;
mod key;
mod keyring;
mod locked;
mod login_store;
mod lookup;
mod protocol;
mod secret;
mod vault;

pub use error::{Error, KeyringError};
pub use helper::{HelperError, Helpers};
pub use keyring::Keyring;
pub use login_store::LoginStore;
pub use lookup::{Found, Lookup, Origin};
pub use protocol::{HelperAction, ProtocolError, answer_helper};
pub use secret::Secret;
pub use vault::Vault;

use async_trait::async_trait;

use crate::model::Registry;

/// A proof of identity for a registry.
#[derive(Clone, Debug)]
pub enum Credential {
    /// User name and password. Robot names such as `12345678|robot` and `org+robot` are user names like any other.
    Basic {
        /// The user name, exactly as stored.
        username: String,
        /// The password or application token.
        password: Secret,
    },
    /// An OAuth2 refresh token (`identitytoken` of auth files), to be exchanged at the token server.
    IdentityToken(Secret),
    /// A bearer token (`registrytoken` of auth files), used as it is.
    RegistryToken(Secret),
}

/// Finds the credential for a repository, when it is needed and not before.
#[async_trait]
pub trait Keychain: Send + Sync {
    /// The credential for repository `path` on `registry`; an empty path asks for the registry as a whole. `None`
    /// means: go on without one.
    async fn credential(
        &self,
        registry: &Registry,
        path: &str,
    ) -> Result<Option<Credential>, Error>;
}

/// A keychain without a credential.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

#[async_trait]
impl Keychain for Nobody {
    async fn credential(&self, _: &Registry, _: &str) -> Result<Option<Credential>, Error> {
        Ok(None)
    }
}
