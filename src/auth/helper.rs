//! Programs that keep logins: the client side of the `docker-credential-NAME` protocol (docker-credential-helpers,
//! README «Development»).
//!
//! The program is given a verb as its argument and a server, or a login as JSON, on its standard input. Its answer and
//! its complaints come on its standard output.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::entry::{from_pair, to_pair};
use super::{Credential, Error, Secret};
use crate::config::SECRET_VARIABLES;
use crate::model::one_line;

/// What a helper may write at most.
const LIMIT: u64 = 1024 * 1024;

/// A login as helpers write and read it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Login {
    #[serde(rename = "ServerURL", default)]
    pub(super) server_url: String,
    #[serde(default)]
    pub(super) username: String,
    #[serde(default)]
    pub(super) secret: String,
}

impl Login {
    pub(super) fn to_json(&self) -> String {
        let Self { server_url, username, secret } = self;
        json!({ "ServerURL": server_url, "Username": username, "Secret": secret }).to_string()
    }
}

/// How a helper failed.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// A name that could mean a program elsewhere.
    #[error("'{0}' is not a name of a helper")]
    Name(String),
    /// It could not be started.
    #[error("it cannot be started; is it installed, and on the PATH?")]
    Start(#[source] std::io::Error),
    /// It broke off.
    #[error("talking to it broke off")]
    Pipe(#[source] std::io::Error),
    /// It took too long and was stopped.
    #[error("it did not answer within {} s and was stopped", .0.as_secs())]
    Timeout(Duration),
    /// It said no.
    #[error("it ended with {status} and said: {message}")]
    Refused {
        /// How it ended.
        status: ExitStatus,
        /// What it said, in one line.
        message: String,
    },
    /// Its answer is not a login.
    #[error("its answer is not a login")]
    Answer,
}

/// Where helpers are found, and how long one may take.
#[derive(Clone, Debug)]
pub struct Helpers {
    path: Option<OsString>,
    timeout: Duration,
}

impl Helpers {
    /// Helpers in the folders of `path`, written like the variable `PATH`; they may take 10 seconds.
    #[must_use]
    pub fn new(path: Option<OsString>) -> Self {
        Self { path, timeout: Duration::from_secs(10) }
    }

    /// With another limit of time.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The login that helper `name` keeps for `server`.
    pub(super) async fn get(&self, name: &str, server: &str) -> Result<Option<Credential>, Error> {
        let answer = self.run(name, "get", server.as_bytes()).await;
        let login = match answer {
            Ok(text) => serde_json::from_slice(&text).map_err(|_| HelperError::Answer),
            Err(HelperError::Refused { message, .. }) if is_not_found(&message) => return Ok(None),
            Err(error) => Err(error),
        };
        let login: Login = login.map_err(|source| failure(name, server, source))?;
        Ok(from_pair(login.username, Secret::new(login.secret)))
    }

    /// Lets helper `name` keep `credential` for `server`.
    pub(super) async fn store(
        &self,
        name: &str,
        server: &str,
        credential: &Credential,
    ) -> Result<(), Error> {
        let (username, secret) = to_pair(credential)
            .ok_or_else(|| Error::RegistryToken { keeper: format!("docker-credential-{name}") })?;
        let login = Login {
            server_url: server.to_owned(),
            username: username.to_owned(),
            secret: secret.expose().to_owned(),
        };
        let stored = self.run(name, "store", login.to_json().as_bytes()).await;
        stored.map(drop).map_err(|source| failure(name, server, source))
    }

    /// Lets helper `name` forget `server`; `false` when it kept nothing for it.
    pub(super) async fn erase(&self, name: &str, server: &str) -> Result<bool, Error> {
        match self.run(name, "erase", server.as_bytes()).await {
            Ok(_) => Ok(true),
            Err(HelperError::Refused { message, .. }) if is_not_found(&message) => Ok(false),
            Err(source) => Err(failure(name, server, source)),
        }
    }

    async fn run(&self, name: &str, verb: &str, input: &[u8]) -> Result<Vec<u8>, HelperError> {
        let sound = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || !name.chars().all(sound) {
            return Err(HelperError::Name(one_line(name, 80)));
        }
        let mut command = Command::new(format!("docker-credential-{name}"));
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        for secret in SECRET_VARIABLES {
            command.env_remove(secret);
        }
        let child = command
            .arg(verb)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(HelperError::Start)?;
        tokio::time::timeout(self.timeout, converse(child, input))
            .await
            .unwrap_or(Err(HelperError::Timeout(self.timeout)))
    }
}

/// Writes while it reads, so that neither side can wait for the other.
async fn converse(mut child: Child, input: &[u8]) -> Result<Vec<u8>, HelperError> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A helper may answer without reading what it was asked.
            let _ = stdin.write_all(input).await;
        }
    };
    let read = async {
        let mut answer = Vec::new();
        match stdout {
            Some(stdout) => stdout.take(LIMIT + 1).read_to_end(&mut answer).await.map(|_| answer),
            None => Ok(answer),
        }
    };
    let (answer, ()) = tokio::join!(read, write);
    let answer = answer.map_err(HelperError::Pipe)?;
    if answer.len() as u64 > LIMIT {
        return Err(HelperError::Answer);
    }
    let status = child.wait().await.map_err(HelperError::Pipe)?;
    if status.success() {
        return Ok(answer);
    }
    Err(HelperError::Refused { status, message: complaint(&answer, input) })
}

/// What a helper said when it failed; not shown when it says back the login that it was given, or prints one.
fn complaint(answer: &[u8], input: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let given = serde_json::from_slice::<Login>(input).map(|login| login.secret);
    let is_said_back = given.is_ok_and(|secret| !secret.is_empty() && text.contains(&secret));
    if is_said_back || text.contains("\"Secret\"") {
        return "(not shown, it may hold a secret)".to_owned();
    }
    match one_line(&text, 200) {
        message if message.is_empty() => "nothing".to_owned(),
        message => message,
    }
}

fn is_not_found(message: &str) -> bool {
    message.to_ascii_lowercase().contains("credentials not found")
}

fn failure(helper: &str, server: &str, source: HelperError) -> Error {
    Error::Helper { helper: one_line(helper, 80), server: one_line(server, 200), source }
}
