//! An API server that keeps streams and images, as far as changing them needs it.
//!
//! Each request is checked against the OpenAPI document of the real server. A change that was made from another version
//! of a stream than the one that is there is refused («Concurrency control and consistency» of the API conventions of
//! Kubernetes). Objects are those that a test puts there, and what it cannot do is a fault.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use longshore::imagestream::Cluster;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::apiserver::{client, quick, write_kubeconfig};
use super::openapi::OpenApi;
use super::responder::{Asked, Reply, Responder};

static API: LazyLock<OpenApi> = LazyLock::new(OpenApi::load);
const ROOT: &str = "/apis/image.openshift.io/v1";

type Event = Box<dyn FnOnce(&mut Objects) + Send>;

pub(crate) struct Keeper {
    responder: Responder,
    state: Arc<Mutex<State>>,
    home: TempDir,
}

#[derive(Default)]
struct State {
    objects: Objects,
    /// What somebody else does before each next change.
    meanwhile: VecDeque<Event>,
    faults: Vec<String>,
}

/// Streams by `NAMESPACE/NAME`, and images by digest.
#[derive(Default)]
pub(crate) struct Objects {
    pub(crate) streams: BTreeMap<String, Value>,
    pub(crate) images: BTreeMap<String, Value>,
    version: u64,
}

impl Objects {
    /// Changes a stream, which is there or is made.
    pub(crate) fn change(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        let (namespace, own) = name.split_once('/').unwrap();
        let new = || {
            json!({ "kind": "ImageStream", "apiVersion": "image.openshift.io/v1",
                "metadata": { "namespace": namespace, "name": own },
                "spec": { "lookupPolicy": { "local": false }, "tags": [] },
                "status": { "dockerImageRepository": "", "tags": [] } })
        };
        self.version += 1;
        let stream = self.streams.entry(name.to_owned()).or_insert_with(new);
        change(stream);
        stream["metadata"]["resourceVersion"] = self.version.to_string().into();
    }

    /// The digests that a tag has pointed to, the latest first.
    pub(crate) fn point(&mut self, name: &str, tag: &str, digests: &[&str]) {
        let item = |digest: &&str| {
            json!({ "created": "2020-01-01T00:00:00Z", "image": digest,
            "dockerImageReference": format!("q.io/org/app@{digest}"), "generation": 1 })
        };
        let items: Vec<Value> = digests.iter().map(item).collect();
        let from = json!({ "kind": "DockerImage", "name": "q.io/org/app:v1" });
        self.change(name, |stream| {
            stream["spec"]["tags"] = json!([{ "name": tag, "from": from, "generation": 1,
                "importPolicy": {}, "referencePolicy": { "type": "Source" } }]);
            stream["status"]["tags"] = json!([{ "tag": tag, "items": items }]);
        });
        for digest in digests {
            let image = json!({ "kind": "Image", "apiVersion": "image.openshift.io/v1",
                "metadata": { "name": digest, "creationTimestamp": "2020-01-01T00:00:00Z" } });
            self.images.insert((*digest).to_owned(), image);
        }
    }
}

impl Keeper {
    pub(crate) fn new(begin: impl FnOnce(&mut Objects)) -> Self {
        let mut state = State::default();
        begin(&mut state.objects);
        let state = Arc::new(Mutex::new(state));
        let told = Arc::clone(&state);
        let responder = Responder::new(move |asked| Some(told.lock().unwrap().answer(asked)));
        Self { responder, state, home: tempfile::tempdir().unwrap() }
    }

    /// Somebody else is quicker than the next change.
    pub(crate) fn meanwhile(&self, event: impl FnOnce(&mut Objects) + Send + 'static) {
        self.state.lock().unwrap().meanwhile.push_back(Box::new(event));
    }

    /// Somebody else does this now.
    pub(crate) fn change(&self, event: impl FnOnce(&mut Objects)) {
        event(&mut self.state.lock().unwrap().objects);
    }

    pub(crate) fn cluster(&self) -> Cluster {
        Cluster::new(client(self.home.path(), &self.url(), &quick()))
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        write_kubeconfig(self.home.path(), &self.url())
    }

    fn url(&self) -> String {
        format!("http://{}", self.responder.address())
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Objects) -> T) -> T {
        look(&self.state.lock().unwrap().objects)
    }

    /// The requests that change something, as `PUT namespaces/demo/imagestreams/app`.
    pub(crate) fn changes(&self) -> Vec<String> {
        assert_eq!(self.state.lock().unwrap().faults, [""; 0]);
        let lines = self.responder.lines().into_iter().filter(|line| !line.starts_with("GET"));
        lines.map(|line| line.replace(&format!("{ROOT}/"), "")).collect()
    }
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let body = serde_json::from_str(&asked.body).unwrap_or(Value::Null);
        let sound = API.check(asked.method.as_str(), &asked.target, &body);
        let answer = sound.and_then(|()| {
            if asked.method != "GET"
                && let Some(event) = self.meanwhile.pop_front()
            {
                event(&mut self.objects);
            }
            let path = asked.path().strip_prefix(ROOT).unwrap_or_default();
            let parts: Vec<&str> = path.split('/').skip(1).collect();
            let answer = self.objects.answer(asked.method.as_str(), &parts, &body);
            answer.ok_or_else(|| "not kept here".to_owned())
        });
        let (code, body) = answer.unwrap_or_else(|fault| {
            self.faults.push(format!("{} {}: {fault}", asked.method, asked.target));
            refusal(400, "BadRequest", &fault)
        });
        Reply::new(code).body(body.to_string())
    }
}

impl Objects {
    fn answer(&mut self, method: &str, parts: &[&str], body: &Value) -> Option<(u16, Value)> {
        let key = |namespace: &str, name: &str| format!("{namespace}/{name}");
        Some(match (method, parts) {
            ("GET", ["imagestreams"]) => list("ImageStreamList", self.streams.values()),
            ("GET", ["namespaces", namespace, "imagestreams"]) => {
                let is_there = |stream: &&Value| stream["metadata"]["namespace"] == *namespace;
                list("ImageStreamList", self.streams.values().filter(is_there))
            }
            ("GET", ["images"]) => list("ImageList", self.images.values()),
            ("GET", ["namespaces", namespace, "imagestreams", name]) => {
                found(self.streams.get(&key(namespace, name)))
            }
            ("GET", ["images", digest]) => found(self.images.get(*digest)),
            ("DELETE", ["images", digest]) => found(self.images.remove(*digest).as_ref()),
            ("PUT", ["namespaces", namespace, "imagestreams", name, "status"]) => {
                self.replace(&key(namespace, name), body, |stream| {
                    stream["status"] = body["status"].clone();
                })
            }
            ("PUT", ["namespaces", namespace, "imagestreamtags", tag]) => {
                let (name, tag) = tag.split_once(':').unwrap();
                self.replace(&key(namespace, name), body, |stream| {
                    let tags = stream["spec"]["tags"].as_array_mut().unwrap();
                    tags.retain(|known| known["name"] != tag);
                    tags.push(body["tag"].clone());
                })
            }
            _ => return None,
        })
    }

    fn replace(
        &mut self,
        name: &str,
        body: &Value,
        change: impl FnOnce(&mut Value),
    ) -> (u16, Value) {
        let version = &body["metadata"]["resourceVersion"];
        match self.streams.get(name) {
            None => refusal(404, "NotFound", "not found"),
            Some(now) if !version.is_null() && *version != now["metadata"]["resourceVersion"] => {
                refusal(409, "Conflict", "the object has been modified")
            }
            Some(_) => {
                self.change(name, change);
                (200, self.streams[name].clone())
            }
        }
    }
}

fn found(object: Option<&Value>) -> (u16, Value) {
    object.map_or_else(|| refusal(404, "NotFound", "not found"), |object| (200, object.clone()))
}

fn list<'a>(kind: &str, items: impl Iterator<Item = &'a Value>) -> (u16, Value) {
    (200, json!({ "kind": kind, "metadata": {}, "items": items.collect::<Vec<_>>() }))
}

fn refusal(code: u16, reason: &str, message: &str) -> (u16, Value) {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "reason": reason, "message": message, "details": { "name": "x", "kind": "imagestreams" } });
    (code, body)
}
