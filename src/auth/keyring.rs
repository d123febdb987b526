//! Logins in the operating system's keyring: the Secret Service on Linux and BSD, the keychain of macOS, the
//! credential manager of Windows.
//!
//! The kernel's key store does not stand in for an absent Secret Service: what it holds is gone after a restart, often
//! with the session, and containers refuse it. Without a keyring, logins go to the auth file.

/// The name by which auth files refer to the keyring: `"credHelpers": {"quay.io": "longshore"}`.
pub(super) const HELPER: &str = "longshore";

/// The keyring of the user who runs this.
#[derive(Clone, Copy, Debug)]
pub struct Keyring;

#[cfg(feature = "keyring")]
mod system {
    use std::collections::HashMap;

    use keyring::{Entry, Error};

    use super::Keyring;
    use crate::auth::helper::Login;
    use crate::auth::key::Key;
    use crate::auth::vault::Vault;
    use crate::auth::{KeyringError, Secret};

    /// The name under which the keyring shows our entries.
    const SERVICE: &str = "longshore";

    impl Vault for Keyring {
        /// Reads an entry that nobody writes: a service may report health and yet answer no question.
        fn probe(&self) -> Result<(), KeyringError> {
            self.get("probe").map(drop)
        }

        fn get(&self, server: &str) -> Result<Option<(String, Secret)>, KeyringError> {
            let Some(text) = present(entry(server)?.get_password())? else { return Ok(None) };
            let login: Login = serde_json::from_str(&text).map_err(|_| KeyringError::Foreign)?;
            Ok(Some((login.username, Secret::new(login.secret))))
        }

        fn store(&self, server: &str, username: &str, secret: &Secret) -> Result<(), KeyringError> {
            let login = Login {
                server_url: server_name(server),
                username: username.to_owned(),
                secret: secret.expose().to_owned(),
            };
            entry(server)?.set_password(&login.to_json()).map_err(refused)
        }

        fn erase(&self, server: &str) -> Result<bool, KeyringError> {
            Ok(present(entry(server)?.delete_credential())?.is_some())
        }

        fn list(&self) -> Result<Vec<(String, String)>, KeyringError> {
            status()?;
            let found = keyring_core::Entry::search(&HashMap::from([("service", SERVICE)]));
            let logins = found.map_err(refused)?.into_iter().filter_map(|entry| {
                let text = entry.get_password().ok()?;
                serde_json::from_str::<Login>(&text).ok()
            });
            Ok(logins.map(|login| (login.server_url, login.username)).collect())
        }
    }

    fn status() -> Result<(), KeyringError> {
        match Entry::store_status() {
            Ok(()) => Ok(()),
            Err(error) => Err(KeyringError::Absent(error.to_string().into())),
        }
    }

    /// How a server is called in the keyring, however the caller writes it.
    fn server_name(server: &str) -> String {
        Key::parse(server).map_or_else(|| server.to_owned(), |key| key.to_string())
    }

    fn entry(server: &str) -> Result<Entry, KeyringError> {
        status()?;
        Entry::new(SERVICE, &server_name(server)).map_err(refused)
    }

    fn present<T>(answer: Result<T, Error>) -> Result<Option<T>, KeyringError> {
        match answer {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    fn refused(error: Error) -> KeyringError {
        KeyringError::Refused(Box::new(error))
    }
}

#[cfg(not(feature = "keyring"))]
mod system {
    use super::Keyring;
    use crate::auth::vault::Vault;
    use crate::auth::{KeyringError, Secret};

    impl Vault for Keyring {
        fn probe(&self) -> Result<(), KeyringError> {
            Err(KeyringError::NotBuilt)
        }

        fn get(&self, _server: &str) -> Result<Option<(String, Secret)>, KeyringError> {
            Err(KeyringError::NotBuilt)
        }

        fn store(&self, _: &str, _: &str, _: &Secret) -> Result<(), KeyringError> {
            Err(KeyringError::NotBuilt)
        }

        fn erase(&self, _server: &str) -> Result<bool, KeyringError> {
            Err(KeyringError::NotBuilt)
        }

        fn list(&self) -> Result<Vec<(String, String)>, KeyringError> {
            Err(KeyringError::NotBuilt)
        }
    }
}
