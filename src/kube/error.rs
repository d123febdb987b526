//! What can go wrong on the way to a cluster.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use super::Status;
use super::duration::go;
use crate::http;
use crate::http::SafeUrl;

/// Why it is not known how to reach a cluster. No message holds anything of a file's content but names.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is larger than any of its kind.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that it may have.
        limit: u64,
    },
    /// The file says what it cannot say.
    #[error("{}:{line}:{column}: {what}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column in characters, from 1.
        column: u64,
        /// What is wrong there, and what is expected.
        what: String,
    },
    /// A cluster without an address.
    #[error("the cluster that was chosen has no 'server' in {}", path.display())]
    NoServer {
        /// The file.
        path: PathBuf,
    },
    /// A name that stands for nothing.
    #[error("there is no {kind} '{name}' in {files}{}", known(kind, there))]
    NoEntry {
        /// `context`, `cluster` or `user`.
        kind: &'static str,
        /// The name.
        name: String,
        /// Where it was looked for.
        files: String,
        /// The names that are there.
        there: Vec<String>,
    },
    /// Several contexts may be there, and none is chosen.
    #[error(
        "{files} chooses no context (current-context): name one with --context{}",
        known("context", there)
    )]
    NoContext {
        /// The files.
        files: String,
        /// The names that are there.
        there: Vec<String>,
    },
    /// Nothing tells of a cluster.
    #[error(
        "no cluster is known: {looked}, and this is not a pod of one. Log in (`oc login`), or name a kubeconfig (KUBECONFIG)"
    )]
    NoCluster {
        /// What was looked at.
        looked: String,
    },
    /// What a pod is told of its cluster makes no address.
    #[error("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make no address: '{0}'")]
    Service(String),
}

fn known(kind: &str, there: &[String]) -> String {
    match there {
        [] => format!(", which has no {kind}s"),
        names => format!(" ({})", names.join(", ")),
    }
}

impl ConfigError {
    /// Wraps what the system said about a file.
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}

/// Why there is nothing to log in with.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The file that the token is in cannot be read.
    #[error("cannot read the token in {}", path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A token or password that no header can hold.
    #[error("the token or password has a character that cannot be sent")]
    Unsendable,
    /// The plugin could not be started.
    #[error("cannot start '{command}', which the kubeconfig names to log in{hint}")]
    Start {
        /// The command.
        command: String,
        /// What the kubeconfig says about how to get it, behind a colon.
        hint: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Talking to the plugin broke off.
    #[error("talking to '{command}' broke off")]
    Pipe {
        /// The command.
        command: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The plugin said no, to the terminal.
    #[error("'{command}', which the kubeconfig names to log in, ended with {status}")]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The plugin took too long.
    #[error("'{command}', which the kubeconfig names to log in, did not end within {}", go(*after))]
    TooSlow {
        /// The command.
        command: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The plugin wants to ask a person.
    #[error(
        "'{command}', which the kubeconfig names to log in, needs a terminal (interactiveMode: Always)"
    )]
    NoTerminal {
        /// The command.
        command: String,
    },
    /// The plugin's answer is of no use.
    #[error("the answer of '{command}', which the kubeconfig names to log in, {fault}")]
    Answer {
        /// The command.
        command: String,
        /// A verb phrase.
        fault: &'static str,
    },
}

/// A server, and where its address comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its address.
    pub server: SafeUrl,
    /// `context 'dev' of /home/me/.kube/config`.
    pub origin: Box<str>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.server, self.origin)
    }
}

/// Why a cluster does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not known how to reach it.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nothing to log in with.
    #[error("cannot log in to {place}")]
    Login {
        /// The server.
        place: Place,
        /// Why.
        #[source]
        source: LoginError,
    },
    /// No answer.
    #[error("no answer from {place}")]
    Unreachable {
        /// The server.
        place: Place,
        /// What was met.
        #[source]
        source: Box<http::Error>,
    },
    /// The login is not taken, or there is none.
    #[error("{place} {}{}", if *had_login { "does not take the login" } else { "wants a login" }, remedy(place))]
    Unauthorized {
        /// The server.
        place: Place,
        /// Whether there was a login to send.
        had_login: bool,
    },
    /// It refuses, in the words of the API.
    #[error("{0}")]
    Refused(Box<Status>),
    /// It has no such API.
    #[error("{place} does not serve {api}: it is not OpenShift or OKD")]
    NotServed {
        /// The server.
        place: Place,
        /// The API group and version.
        api: String,
    },
    /// It was waited for in vain. What was asked for may be done all the same.
    #[error(
        "{place} did not answer in time ({told}). It may still be at work: look at the result later, or give it more time with --request-timeout"
    )]
    Timeout {
        /// The server.
        place: Place,
        /// Who says so: the server, something before it, or we.
        told: String,
    },
    /// It sends elsewhere, where no login goes.
    #[error(
        "{place} redirects to {to}, which is not followed: is that the address of the API server?"
    )]
    Redirect {
        /// The server.
        place: Place,
        /// The host that it names.
        to: String,
    },
    /// What answers speaks another language than an API server.
    #[error("{place} answers {status} with what no API server says{said}: is that its address?")]
    NotApi {
        /// The server.
        place: Place,
        /// The status.
        status: u16,
        /// The beginning of it, behind a colon.
        said: String,
    },
    /// The answer is not what was asked for.
    #[error("the answer of {place} is not what was asked for")]
    Answer {
        /// The server.
        place: Place,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A list that is not to be followed to its end.
    #[error("the list that {place} gives {fault}")]
    List {
        /// The server.
        place: Place,
        /// What is wrong with it.
        fault: ListFault,
    },
    /// What is to be sent cannot be written as JSON.
    #[error("this cannot be written as JSON")]
    Body(#[source] serde_json::Error),
}

/// What is wrong with a list that comes in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFault {
    /// A page sends back to one that has come.
    Circular,
    /// There is more than there can be.
    TooLarge,
}

impl fmt::Display for ListFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Circular => "leads back to a page that has come already",
            Self::TooLarge => "is larger than any list of its kind",
        })
    }
}

impl Error {
    /// What the API said, when it is the API that refuses.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Refused(status) => Some(status),
            _ => None,
        }
    }
}

/// A login goes over TLS alone.
fn remedy(place: &Place) -> &'static str {
    if place.server.is_plain_http() {
        ". None is sent over plain HTTP: use an address with https"
    } else {
        ": log in again (`oc login`)"
    }
}
