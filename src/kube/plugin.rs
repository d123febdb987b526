//! Programs that give logins (`client.authentication.k8s.io`, «client-go credential plugins» of the Kubernetes
//! documentation).
//!
//! The program learns what is wanted from the variable `KUBERNETES_EXEC_INFO`, and writes an `ExecCredential` to its
//! standard output. What it writes to its standard error goes to the terminal: it may ask a person to do something.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::LoginError;
use super::deadline::Deadline;
use crate::auth::Secret;
use crate::config::SECRET_VARIABLES;
use crate::model::one_line;

/// The versions of the protocol that are spoken.
pub(super) const VERSIONS: [&str; 2] =
    ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// How long it may take: a person may have to log in with a browser.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long its output is read when it has ended: what it leaves running may hold that open for ever.
const REST: Duration = Duration::from_secs(1);

/// What it may write at most.
const LIMIT: u64 = 1024 * 1024;

/// Whether the program may ask at the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interaction {
    Never,
    IfAvailable,
    Always,
}

/// A program, and how it is to be run.
pub(super) struct Program {
    pub(super) command: PathBuf,
    pub(super) arguments: Vec<String>,
    /// Variables besides those of this process.
    pub(super) variables: Vec<(String, Secret)>,
    /// Where programs are looked for, written like `PATH`.
    pub(super) search: Option<OsString>,
    pub(super) version: &'static str,
    /// What it is told of the cluster.
    pub(super) cluster: Option<Value>,
    pub(super) interaction: Interaction,
    /// How to get it, for people.
    pub(super) hint: String,
}

/// A program with what it gave last.
pub(super) struct Plugin {
    program: Program,
    last: Mutex<Option<Issued>>,
}

/// What a program gave.
#[derive(Clone)]
pub(super) struct Issued {
    pub(super) token: Option<Secret>,
    /// A client certificate and its key, PEM.
    pub(super) identity: Option<Secret>,
    expires: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    client_certificate_data: Option<String>,
    #[serde(default)]
    client_key_data: Option<String>,
    #[serde(default)]
    expiration_timestamp: Option<String>,
}

impl Plugin {
    pub(super) fn new(program: Program) -> Self {
        Self { program, last: Mutex::new(None) }
    }

    /// What the program gave last, or gives now when that has expired. It runs once, however many wait for it.
    pub(super) async fn issued(&self, deadline: Option<Deadline>) -> Result<Issued, LoginError> {
        let mut last = self.last.lock().await;
        if let Some(issued) = last.as_ref().filter(|issued| issued.is_good(Timestamp::now())) {
            return Ok(issued.clone());
        }
        let issued = self.program.run(deadline).await?;
        *last = Some(issued.clone());
        Ok(issued)
    }

    /// Forgets what the program gave last if it is what was `refused`.
    pub(super) async fn forget(&self, refused: impl Fn(&Issued) -> bool) {
        let mut last = self.last.lock().await;
        last.take_if(|issued| refused(issued));
    }
}

impl Issued {
    fn is_good(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

impl Program {
    async fn run(&self, deadline: Option<Deadline>) -> Result<Issued, LoginError> {
        let has_terminal = std::io::stdin().is_terminal();
        let interactive = match self.interaction {
            Interaction::Never => false,
            Interaction::IfAvailable => has_terminal,
            Interaction::Always if has_terminal => true,
            Interaction::Always => return Err(LoginError::NoTerminal { command: self.name() }),
        };
        let mut command = Command::new(&self.command);
        if let Some(search) = &self.search {
            command.env("PATH", search);
        }
        for secret in SECRET_VARIABLES {
            command.env_remove(secret);
        }
        let child = command
            .args(&self.arguments)
            .env("KUBERNETES_EXEC_INFO", self.question(interactive).to_string())
            .envs(self.variables.iter().map(|(name, value)| (name, value.expose())))
            .stdin(if interactive { Stdio::inherit() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| self.not_started(source))?;
        let answer = Deadline::new(PATIENCE).or(deadline).hold(self.answer(child)).await;
        let answer = answer
            .unwrap_or_else(|after| Err(LoginError::TooSlow { command: self.name(), after }))?;
        read(answer.expose(), self.version)
            .map_err(|fault| LoginError::Answer { command: self.name(), fault })
    }

    async fn answer(&self, mut child: Child) -> Result<Secret, LoginError> {
        let broken = |source| LoginError::Pipe { command: self.name(), source };
        let mut answer = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            let mut stdout = stdout.take(LIMIT + 1);
            let over = async {
                // Why it cannot be waited for is told below.
                let _ = child.wait().await;
                tokio::time::sleep(REST).await;
            };
            tokio::select! {
                read = stdout.read_to_end(&mut answer) => drop(read.map_err(broken)?),
                () = over => {}
            }
        }
        let fault = |fault| LoginError::Answer { command: self.name(), fault };
        if answer.len() as u64 > LIMIT {
            return Err(fault("is larger than any login"));
        }
        let status = child.wait().await.map_err(broken)?;
        if !status.success() {
            return Err(LoginError::Failed { command: self.name(), status });
        }
        String::from_utf8(answer).map(Secret::new).map_err(|_| fault("is not UTF-8"))
    }

    /// What it is asked (`ExecCredential` with a `spec`).
    fn question(&self, interactive: bool) -> Value {
        let mut spec = json!({ "interactive": interactive });
        if let Some(cluster) = &self.cluster {
            spec["cluster"] = cluster.clone();
        }
        json!({ "kind": "ExecCredential", "apiVersion": self.version, "spec": spec })
    }

    fn not_started(&self, source: std::io::Error) -> LoginError {
        let hint = if self.hint.is_empty() { String::new() } else { format!(": {}", self.hint) };
        LoginError::Start { command: self.name(), hint, source }
    }

    fn name(&self) -> String {
        one_line(&self.command.display().to_string(), 200)
    }
}

/// Reads what a program wrote. The error is a verb phrase.
fn read(text: &str, version: &str) -> Result<Issued, &'static str> {
    let credential: ExecCredential =
        serde_json::from_str(text).map_err(|_| "is not an ExecCredential")?;
    if credential.kind != "ExecCredential" {
        return Err("is not an ExecCredential");
    }
    if credential.api_version != version {
        return Err("has another apiVersion than the kubeconfig asks for");
    }
    let given = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Secret::new);
    let status = credential.status.ok_or("has no status")?;
    let token = given(status.token);
    let identity = match (given(status.client_certificate_data), given(status.client_key_data)) {
        (Some(certificate), Some(key)) => {
            Some(Secret::new(format!("{}\n{}", certificate.expose(), key.expose())))
        }
        (None, None) => None,
        _ => return Err("has a client certificate or its key, but not both"),
    };
    if token.is_none() && identity.is_none() {
        return Err("has neither a token nor a client certificate");
    }
    let expires = status.expiration_timestamp.map(|text| text.parse()).transpose();
    let expires = expires.map_err(|_| "has an expirationTimestamp that is not a time")?;
    Ok(Issued { token, identity, expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_are_of_no_use_are_told() {
        let answer = |status: Value| {
            let text =
                json!({ "kind": "ExecCredential", "apiVersion": VERSIONS[0], "status": status });
            read(&text.to_string(), VERSIONS[0]).map(drop)
        };
        assert_eq!(
            answer(json!({ "token": "t", "expirationTimestamp": "2030-01-01T00:00:00Z" })),
            Ok(())
        );
        for (status, told) in [
            (json!({}), "neither"),
            (json!({ "token": "" }), "neither"),
            (json!({ "clientKeyData": "k" }), "not both"),
            (json!({ "token": "t", "expirationTimestamp": "soon" }), "not a time"),
            (json!(null), "no status"),
        ] {
            let fault = answer(status).unwrap_err();
            assert!(fault.contains(told), "{fault}");
        }
        let other = r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"t"}}"#;
        assert!(read(other, VERSIONS[0]).err().unwrap().contains("apiVersion"));
        assert!(read("token", VERSIONS[0]).err().unwrap().contains("ExecCredential"));
    }
}
