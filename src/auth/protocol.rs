//! The keyring as a credential helper of other programs: the server side of the `docker-credential-NAME` protocol, so
//! that podman, skopeo and docker find a login that `longshore login --keyring` kept.

use std::io::{self, Read};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::helper::Login;
use super::vault::{Vault, ask};
use super::{KeyringError, Secret};

/// What the caller may write at most.
const LIMIT: u64 = 1024 * 1024;

/// What a caller asks for: the argument of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelperAction {
    /// Print the login for the server on standard input.
    Get,
    /// Keep the login on standard input.
    Store,
    /// Forget the login for the server on standard input.
    Erase,
    /// Print all servers with their user names.
    List,
}

/// Why a caller gets no answer. The protocol wants the message on standard output, and an exit code other than 0.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// No login is kept. Callers know this by its exact words (docker-credential-helpers,
    /// `credentials.errCredentialsNotFoundMessage`).
    #[error("credentials not found in native keychain")]
    NotFound,
    /// Nothing was asked for.
    #[error("no credentials server URL")]
    NoServer,
    /// What was to be kept is not a login.
    #[error("the input is not a login: expected ServerURL, Username and Secret as JSON")]
    NotALogin,
    /// It is longer than any login.
    #[error("the input has more than {} MiB", LIMIT >> 20)]
    TooLong,
    /// Standard input broke off.
    #[error("cannot read what is asked for")]
    Input(#[source] io::Error),
    /// The keyring cannot be used.
    #[error("the keyring cannot be used")]
    Keyring(#[from] KeyringError),
}

/// The answer to a caller: what to write to standard output.
///
/// # Errors
/// When there is no answer; its message, with its causes, is for standard output too.
pub async fn answer_helper(
    action: HelperAction,
    input: impl Read,
    vault: &Arc<dyn Vault>,
) -> Result<String, ProtocolError> {
    match action {
        HelperAction::Get => get(server(input)?, vault).await,
        HelperAction::Store => store(login(input)?, vault).await,
        HelperAction::Erase => {
            let server = server(input)?;
            ask(vault, move |vault| vault.erase(&server)).await?;
            Ok(String::new())
        }
        HelperAction::List => {
            let logins = ask(vault, |vault| vault.list()).await?;
            let pairs = logins.into_iter().map(|(server, user)| (server, Value::from(user)));
            Ok(Value::Object(pairs.collect::<Map<_, _>>()).to_string())
        }
    }
}

async fn get(server: String, vault: &Arc<dyn Vault>) -> Result<String, ProtocolError> {
    let wanted = server.clone();
    let found = ask(vault, move |vault| vault.get(&wanted)).await?;
    let (username, secret) = found.ok_or(ProtocolError::NotFound)?;
    Ok(Login { server_url: server, username, secret: secret.expose().to_owned() }.to_json())
}

async fn store(login: Login, vault: &Arc<dyn Vault>) -> Result<String, ProtocolError> {
    let Login { server_url, username, secret } = login;
    let secret = Secret::new(secret);
    ask(vault, move |vault| vault.store(&server_url, &username, &secret)).await?;
    Ok(String::new())
}

fn server(input: impl Read) -> Result<String, ProtocolError> {
    let text = text(input)?;
    match text.trim() {
        "" => Err(ProtocolError::NoServer),
        server => Ok(server.to_owned()),
    }
}

fn login(input: impl Read) -> Result<Login, ProtocolError> {
    let login: Login = serde_json::from_str(&text(input)?).map_err(|_| ProtocolError::NotALogin)?;
    match login.server_url.as_str() {
        "" => Err(ProtocolError::NoServer),
        _ if login.username.is_empty() => Err(ProtocolError::NotALogin),
        _ => Ok(login),
    }
}

fn text(input: impl Read) -> Result<String, ProtocolError> {
    let mut text = String::new();
    input.take(LIMIT + 1).read_to_string(&mut text).map_err(ProtocolError::Input)?;
    if text.len() as u64 > LIMIT {
        return Err(ProtocolError::TooLong);
    }
    Ok(text)
}
