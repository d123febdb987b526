//! An API server that gives recorded answers to the requests that were recorded, and to no others.
//!
//! Each request is to be the recorded one, in order: method, path with its query, and body. Bodies are compared as
//! JSON values, every field of them; `null` is not taken for an absent field, for Go writes it only where it may be
//! written. Each is checked against the server's OpenAPI document besides. When all have come, the stream of the case
//! may be read once more: that state was recorded too. Nothing else is answered.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use longshore::config::Env;
use longshore::http::RetryPolicy;
use longshore::imagestream::Cluster;
use longshore::kube::{Client, Options};
use serde_json::Value;
use tempfile::TempDir;

use super::openapi::OpenApi;
use super::recording::{Exchange, Recording};
use super::responder::{Asked, Reply, Responder};

static API: LazyLock<OpenApi> = LazyLock::new(OpenApi::load);

pub(crate) struct ApiServer {
    responder: Responder,
    script: Arc<Mutex<Script>>,
    home: TempDir,
}

struct Script {
    left: Vec<Exchange>,
    after: Option<Value>,
    faults: Vec<String>,
}

impl ApiServer {
    /// A server that goes through the requests of a recording, from the first.
    pub(crate) fn replaying(recording: &Recording) -> Self {
        let left = recording.exchanges.iter().rev().cloned().collect();
        let after = recording.stream_after();
        let script = Script { left, after, faults: Vec::new() };
        let script = Arc::new(Mutex::new(script));
        let told = Arc::clone(&script);
        let responder = Responder::new(move |asked| told.lock().unwrap().answer(asked));
        Self { responder, script, home: tempfile::tempdir().unwrap() }
    }

    /// Its streams, as seen by one whose requests may take so long.
    pub(crate) fn cluster(&self, timeout: Option<Duration>) -> Cluster {
        let server = format!("http://{}", self.responder.address());
        Cluster::new(client(self.home.path(), &server, &Options { timeout, ..quick() }))
    }

    /// A kubeconfig that leads to it.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        let server = format!("http://{}", self.responder.address());
        write_kubeconfig(self.home.path(), &server)
    }

    /// What was wrong with the requests, and which did not come.
    pub(crate) fn faults(&self) -> Vec<String> {
        let script = self.script.lock().unwrap();
        let missing = script.left.iter().map(|e| format!("not asked: {} {}", e.method, e.path));
        script.faults.iter().cloned().chain(missing).collect()
    }
}

impl Script {
    fn answer(&mut self, asked: &Asked) -> Option<Reply> {
        match self.judge(asked) {
            Ok((status, body)) => {
                let body = serde_json::to_vec(&body).unwrap();
                Some(Reply::new(status).header("content-type", "application/json").body(body))
            }
            Err(fault) => {
                self.faults.push(format!("{} {}: {fault}", asked.method, asked.target));
                None
            }
        }
    }

    fn judge(&mut self, asked: &Asked) -> Result<(u16, Value), String> {
        let body = match asked.body.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).map_err(|error| error.to_string())?,
        };
        API.check(asked.method.as_str(), &asked.target, &body)?;
        let Some(expected) = self.left.pop() else {
            return match &self.after {
                Some(stream) if asked.method == "GET" && is_of(asked.path(), stream) => {
                    Ok((200, stream.clone()))
                }
                _ => Err("nothing was recorded for this".to_owned()),
            };
        };
        if (asked.method.as_str(), &asked.target) != (&expected.method, &expected.path) {
            return Err(format!("expected {} {}", expected.method, expected.path));
        }
        if body != expected.request {
            return Err(format!("sent {body}\n  expected {}", expected.request));
        }
        Ok((expected.status, expected.response))
    }
}

fn is_of(path: &str, stream: &Value) -> bool {
    let field = |name: &str| stream["metadata"][name].as_str().unwrap();
    path.ends_with(&format!("/namespaces/{}/imagestreams/{}", field("namespace"), field("name")))
}

/// Options of one who is quick to try again.
pub(crate) fn quick() -> Options {
    Options {
        retry: RetryPolicy {
            first: Duration::from_millis(2),
            longest: Duration::from_millis(10),
            ..RetryPolicy::default()
        },
        ..Options::default()
    }
}

/// A client for a server that wants no login.
pub(crate) fn client(home: &Path, server: &str, options: &Options) -> Client {
    let file = write_kubeconfig(home, server);
    Client::new(&Env::fake(home, [("KUBECONFIG", file.to_str().unwrap())]), options).unwrap()
}

pub(crate) fn write_kubeconfig(home: &Path, server: &str) -> PathBuf {
    let file = home.join("kubeconfig");
    let text = format!(
        "current-context: test\nclusters: [{{name: c, cluster: {{server: \"{server}\"}}}}]\n\
         contexts: [{{name: test, context: {{cluster: c}}}}]\n"
    );
    std::fs::write(&file, text).unwrap();
    file
}
