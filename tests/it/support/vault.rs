//! A keyring in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use longshore::auth::{KeyringError, Secret, Vault};

/// Keeps logins while the test runs. It takes servers as they come, but for scheme and slashes.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<BTreeMap<String, (String, Secret)>>);

fn bare(server: &str) -> String {
    server.trim_start_matches("https://").trim_end_matches('/').to_owned()
}

impl Vault for Shelf {
    fn probe(&self) -> Result<(), KeyringError> {
        Ok(())
    }

    fn get(&self, server: &str) -> Result<Option<(String, Secret)>, KeyringError> {
        Ok(self.0.lock().unwrap().get(&bare(server)).cloned())
    }

    fn store(&self, server: &str, username: &str, secret: &Secret) -> Result<(), KeyringError> {
        let login = (username.to_owned(), secret.clone());
        self.0.lock().unwrap().insert(bare(server), login);
        Ok(())
    }

    fn erase(&self, server: &str) -> Result<bool, KeyringError> {
        Ok(self.0.lock().unwrap().remove(&bare(server)).is_some())
    }

    fn list(&self) -> Result<Vec<(String, String)>, KeyringError> {
        let logins = self.0.lock().unwrap();
        Ok(logins.iter().map(|(server, (user, _))| (server.clone(), user.clone())).collect())
    }
}

/// A keyring that is not there, and takes its time to say so.
#[derive(Default)]
pub(crate) struct NoVault(pub(crate) Duration);

impl Vault for NoVault {
    fn probe(&self) -> Result<(), KeyringError> {
        std::thread::sleep(self.0);
        Err(KeyringError::Absent("no bus".into()))
    }

    fn get(&self, _: &str) -> Result<Option<(String, Secret)>, KeyringError> {
        unreachable!()
    }

    fn store(&self, _: &str, _: &str, _: &Secret) -> Result<(), KeyringError> {
        unreachable!()
    }

    fn erase(&self, _: &str) -> Result<bool, KeyringError> {
        unreachable!()
    }

    fn list(&self) -> Result<Vec<(String, String)>, KeyringError> {
        unreachable!()
    }
}
