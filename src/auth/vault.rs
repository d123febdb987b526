//! A keeper of one login per server whose calls block, and how it is called without waiting for ever.

use std::sync::Arc;
use std::time::Duration;

use super::{KeyringError, Secret};

/// How long the first sign of life may take. A service that is silent for longer shows no prompt to anyone.
const PROBE: Duration = Duration::from_secs(2);

/// How long a call may take: long enough to answer a prompt that asks to unlock.
const PATIENCE: Duration = Duration::from_secs(30);

/// A keeper of one login per server. Calls block. Each fails when the keeper cannot be reached or refuses.
#[expect(clippy::missing_errors_doc, reason = "told once, above")]
pub trait Vault: Send + Sync {
    /// Shows that the keeper is there, without a prompt.
    fn probe(&self) -> Result<(), KeyringError>;
    /// The user name and secret kept for `server`.
    fn get(&self, server: &str) -> Result<Option<(String, Secret)>, KeyringError>;
    /// Keeps a login for `server` in place of any other.
    fn store(&self, server: &str, username: &str, secret: &Secret) -> Result<(), KeyringError>;
    /// Forgets the login for `server`; `false` when there is none.
    fn erase(&self, server: &str) -> Result<bool, KeyringError>;
    /// All servers, each with its user name.
    fn list(&self) -> Result<Vec<(String, String)>, KeyringError>;
}

/// Makes a call to `vault` once it has shown that it is there.
pub(super) async fn ask<T: Send + 'static>(
    vault: &Arc<dyn Vault>,
    call: impl FnOnce(&dyn Vault) -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let probed = vault.clone();
    on_thread(PROBE, move || probed.probe()).await?;
    let vault = vault.clone();
    on_thread(PATIENCE, move || call(vault.as_ref())).await
}

/// Runs a blocking call on a thread of its own. One that never comes back ends with the process and holds nothing up,
/// as a thread of the runtime would.
async fn on_thread<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || sender.send(call()));
    match tokio::time::timeout(limit, receiver).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(lost)) => Err(KeyringError::Refused(Box::new(lost))),
        Err(_) => Err(KeyringError::Silent(limit)),
    }
}
