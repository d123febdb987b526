//! The recordings of a real cluster, without one: what was recorded of an import is done again with a folder of streams,
//! where registries have what they had then. The stream that is in its file afterwards is the recorded one.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use longshore::imagestream::fetch::{Registries, locate};
use longshore::imagestream::requests::import;
use longshore::imagestream::{Fetching, Files, ImageStream, ImageStreamImport, Local, Streams};
use longshore::model::{Descriptor, Digest, Endpoint, Manifest, RefName};
use longshore::store::{self, BlobStream, Error, Open, Reference, Sink, Source};
use longshore::yaml;
use serde_json::{Value, json};

use crate::support::importing::now;
use crate::support::recording::{Exchange, Recording};

/// Where the stream in the folder is another than the recorded one, and what is there instead (`null` for nothing). The
/// decisions name each of these cases.
const BETTER: &[(&str, &str, &str)] = &[
    ("07-all-60-tags", REPOSITORY, r#""localhost:5071/team/sixty""#),
    ("07-all-60-tags", GENERATION, "2"),
    ("11-all-few-from-again-confirm", REPOSITORY, r#""localhost:5071/team/few""#),
    ("11-all-few-from-again-confirm", GENERATION, "2"),
    ("15-all-one-tag-missing-manifest", REPOSITORY, r#""localhost:5071/team/dangling""#),
    ("15-all-one-tag-missing-manifest", GENERATION, "2"),
    ("107-private-all", REPOSITORY, r#""localhost:5072/priv/app""#),
    ("107-private-all", GENERATION, "2"),
    (
        "43-reference-policy-local-on-existing-source",
        "/spec/tags/2/referencePolicy/type",
        r#""Local""#,
    ),
    ("43-reference-policy-local-on-existing-source", GENERATION, "7"),
    (
        "87-tag-preserve-then-import",
        "/spec/tags/2/importPolicy/importMode",
        r#""PreserveOriginal""#,
    ),
    ("113-http-insecure-annotation-flag-false", "/spec/tags/0/importPolicy/insecure", "null"),
    ("113-http-insecure-annotation-flag-false", GENERATION, "3"),
];
const REPOSITORY: &str = "/spec/dockerImageRepository";
const GENERATION: &str = "/metadata/generation";

/// What registries had when a case was recorded. Images are made anew, so their digests are others: [`World::told`] puts
/// those in the place of the recorded ones.
#[derive(Clone, Default)]
struct World {
    /// Manifests and configurations.
    blobs: HashMap<Digest, Bytes>,
    /// What is made for a recorded digest.
    made: BTreeMap<String, Digest>,
    /// What references point to, or why they do not.
    images: HashMap<String, Result<Digest, Value>>,
    /// The tags of repositories, or why they are not told.
    repositories: HashMap<String, Result<Vec<String>, Value>>,
}

impl World {
    fn of(answer: &Value) -> Self {
        let mut world = Self::default();
        let none = Vec::new();
        let list = |value: &Value| value.as_array().unwrap_or(&none).clone();
        let named =
            list(&answer["spec"]["images"]).into_iter().map(|image| image["from"]["name"].clone());
        for (name, status) in named.zip(list(&answer["status"]["images"])) {
            world.serve(name.as_str().unwrap(), &status);
        }
        let repository = &answer["spec"]["repository"]["from"]["name"];
        if let Some(name) = repository.as_str() {
            let status = &answer["status"]["repository"];
            let images = list(&status["images"]);
            let tag =
                |value: &Value| value.get("tag").unwrap_or(value).as_str().unwrap().to_owned();
            let tags = images.iter().chain(&list(&status["additionalTags"])).map(tag).collect();
            let failed = images.is_empty() && status["status"]["status"] == "Failure";
            let listed = if failed { Err(status["status"].clone()) } else { Ok(tags) };
            world.repositories.insert(name.to_owned(), listed);
            for image in &images {
                world.serve(&format!("{name}:{}", tag(image)), image);
            }
        }
        world
    }

    fn serve(&mut self, name: &str, status: &Value) {
        let image = &status["image"];
        let found = match image["metadata"]["name"].as_str() {
            Some(_) => Ok(self.make(image, status["manifests"].as_array())),
            None => Err(status["status"].clone()),
        };
        let name = self.told(&name.into());
        let name = locate(name.as_str().unwrap()).unwrap().to_string();
        self.images.insert(name, found);
    }

    /// An image in the place of the recorded one: with its children when it is an index.
    fn make(&mut self, image: &Value, children: Option<&Vec<Value>>) -> Digest {
        let recorded = image["metadata"]["name"].as_str().unwrap().to_owned();
        for child in children.into_iter().flatten() {
            self.make(child, None);
        }
        let listed = image["dockerImageManifests"].as_array().filter(|listed| !listed.is_empty());
        let manifest = match listed {
            Some(listed) => {
                let manifests: Vec<Value> = listed.iter().map(|child| self.listed(child)).collect();
                json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})
            }
            None => {
                let config = json!({"architecture": "amd64", "os": "linux", "config": {"Labels": {"recorded": recorded}}, "rootfs": {"type": "layers", "diff_ids": []}});
                let config = self.keep(config.to_string());
                json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": config, "size": self.blobs[&config].len(),
                }})
            }
        };
        let made = self.keep(manifest.to_string());
        self.made.insert(recorded, made.clone());
        made
    }

    fn listed(&self, child: &Value) -> Value {
        let made = &self.made[child["digest"].as_str().unwrap()];
        json!({"mediaType": MANIFEST, "digest": made, "size": self.blobs[made].len(),
            "platform": {"os": child["os"], "architecture": child["architecture"]}})
    }

    fn keep(&mut self, text: String) -> Digest {
        let digest = Digest::of(text.as_bytes());
        self.blobs.insert(digest.clone(), text.into());
        digest
    }

    /// What was recorded, of the images that were made.
    fn told(&self, recorded: &Value) -> Value {
        let text = self.made.iter().fold(recorded.to_string(), |text, (recorded, made)| {
            text.replace(recorded, made.as_str())
        });
        serde_json::from_str(&text).unwrap()
    }
}

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn door(world: &Arc<World>) -> Arc<dyn Open> {
    Arc::new(Door(Arc::clone(world)))
}

/// An endpoint of the world.
struct Place {
    name: String,
    world: Arc<World>,
}

/// The recorded failure, as a registry told it.
fn failure(status: &Value, name: &str) -> Error {
    let message = status["message"].as_str().unwrap();
    match status["reason"].as_str().unwrap() {
        "NotFound" => {
            Error::NotFound { what: "tag".to_owned(), place: name.to_owned(), source: None }
        }
        "Unauthorized" => Error::Unauthorized(message.into()),
        "Forbidden" => Error::Blocked(message.into()),
        "InternalError" => {
            let text = message.strip_prefix("Internal error occurred: ").unwrap();
            let of_image = text.strip_prefix(name).and_then(|text| text.strip_prefix(": "));
            Error::Backend(of_image.unwrap_or(text).into())
        }
        other => panic!("{other}"),
    }
}

/// What opens the registries of a world.
struct Door(Arc<World>);

#[async_trait]
impl Open for Door {
    async fn source(&self, endpoint: &Endpoint) -> store::Result<Arc<dyn Source>> {
        Ok(Arc::new(Place { name: endpoint.to_string(), world: Arc::clone(&self.0) }))
    }

    async fn sink(&self, _: &Endpoint) -> store::Result<Arc<dyn Sink>> {
        unreachable!()
    }
}

#[async_trait]
impl Source for Place {
    fn place(&self) -> String {
        self.name.clone()
    }

    async fn manifest(&self, reference: &Reference) -> store::Result<Manifest> {
        let digest = match (reference, self.world.images.get(&self.name)) {
            (Reference::Digest(digest), _) if self.world.blobs.contains_key(digest) => digest,
            (_, Some(Ok(digest))) => digest,
            (_, Some(Err(status))) => return Err(failure(status, &self.name)),
            // Nothing was asked of it in the recording: it is told as a failure, so a stream that needs it is another.
            (_, None) => {
                return Err(Error::NotFound {
                    what: "what was not recorded".to_owned(),
                    place: self.name.clone(),
                    source: None,
                });
            }
        };
        Ok(Manifest::parse(self.world.blobs[digest].clone(), None).unwrap())
    }

    async fn blob(&self, blob: &Descriptor, _: u64) -> store::Result<BlobStream> {
        let bytes = self.world.blobs[&blob.digest].clone();
        Ok(stream::iter([Ok(bytes)]).boxed())
    }

    async fn names(&self) -> store::Result<Vec<RefName>> {
        let repository = self.name.strip_suffix(":latest").unwrap_or(&self.name);
        match &self.world.repositories[repository] {
            Ok(tags) => Ok(tags.iter().map(|tag| tag.parse().unwrap()).collect()),
            Err(status) => Err(failure(status, repository)),
        }
    }

    async fn referrers(&self, _: &Digest) -> store::Result<Vec<Descriptor>> {
        Ok(Vec::new())
    }
}

/// A recorded import, with its stream as it was before.
struct Case {
    recording: Recording,
    /// The question as it was sent, and its answer.
    sent: Option<Exchange>,
    before: Option<Value>,
}

/// All recorded imports. What oc did not read in a case is as it was last seen.
fn cases() -> Vec<Case> {
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    let mut cases = Vec::new();
    for recording in Recording::all() {
        let sent = recording.exchanges.iter().find(|exchange| {
            exchange.method == "POST" && exchange.path.contains("/imagestreamimports")
        });
        let sent = sent.cloned();
        let told: Vec<Value> = recording.exchanges.iter().map(|e| e.response.clone()).collect();
        let after = recording.stream_after();
        if sent.is_some() || recording.command.get(1).is_some_and(|word| word == "import-image") {
            let is_read = recording.exchanges.iter().any(|e| e.path.contains("/imagestreams/"));
            let name = sent.as_ref().and_then(|sent| sent.request["metadata"]["name"].as_str());
            let last = name.and_then(|name| seen.get(name).cloned());
            let before = if is_read { recording.stream_before() } else { last };
            cases.push(Case { recording, sent, before });
        }
        let imported = told.iter().map(|told| &told["status"]["import"]);
        for stream in told.iter().chain(imported).chain(&after) {
            let (name, namespace) = (&stream["metadata"]["name"], &stream["metadata"]["namespace"]);
            if stream["spec"]["lookupPolicy"].is_object() && namespace == "demo" {
                seen.insert(name.as_str().unwrap().to_owned(), stream.clone());
            }
        }
    }
    cases
}

impl Case {
    /// The stream after the case, which was read, or told with the answer; the one before where nothing became of it.
    fn after(&self) -> Option<Value> {
        let told = self.sent.as_ref().map(|sent| sent.response["status"]["import"].clone());
        let told = told.filter(Value::is_object).or_else(|| self.before.clone());
        self.recording.stream_after().or(told)
    }

    /// Does it again in a folder; the stream there afterwards, and whether it was refused.
    async fn again(&self, world: &Arc<World>, root: &Path) -> (Option<Value>, bool) {
        if let Some(before) = &self.before {
            write(root, world.told(before));
        }
        let registries = Registries { verified: door(world), insecure: door(world) };
        let fetching = Fetching {
            registries,
            limit: Some(50),
            observer: Arc::new(()),
            pull_through: None,
            clock: now,
        };
        let local = Local::new(Files::open(root).unwrap(), fetching);
        let (name, done) = match &self.sent {
            Some(sent) if self.recording.command.is_empty() => {
                let mut question: ImageStreamImport =
                    serde_json::from_value(world.told(&sent.request)).unwrap();
                question.metadata.namespace = Some("demo".to_owned());
                // That of a file is another.
                question.metadata.resource_version = None;
                let done = local.import(&question).await.map(drop).map_err(|e| e.to_string());
                (question.metadata.name, done)
            }
            _ => match self.recording.import_options() {
                Err(refused) => (String::new(), Err(refused)),
                Ok((name, mut options)) => {
                    let from = options.from.map(|from| world.told(&from.into()));
                    options.from = from.map(|from| from.as_str().unwrap().to_owned());
                    let done = import(&local, &name, &options).await;
                    (name.name().to_owned(), done.map(drop).map_err(|e| e.to_string()))
                }
            },
        };
        let name = match &self.before {
            Some(before) => before["metadata"]["name"].as_str().unwrap().to_owned(),
            None => name,
        };
        let file = fs::read_to_string(root.join(format!("demo/{name}.yaml"))).ok();
        (file.map(|text| serde_saphyr::from_str(&text).unwrap()), done.is_err())
    }
}

fn write(root: &Path, mut stream: Value) {
    stream["apiVersion"] = "image.openshift.io/v1".into();
    stream["kind"] = "ImageStream".into();
    let path = root.join(format!("demo/{}.yaml", stream["metadata"]["name"].as_str().unwrap()));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, yaml::write(&stream)).unwrap();
}

/// A stream without times, without what only a cluster has, and without what is empty; its keys sorted.
fn settled(stream: &Value) -> String {
    let stream: ImageStream = serde_json::from_value(stream.clone()).unwrap();
    let mut stream = serde_json::to_value(stream).unwrap();
    // That of a status is the registry of the cluster.
    stream["status"]["dockerImageRepository"] = Value::Null;
    let stream = bare(stream);
    serde_json::to_string_pretty(&stream).unwrap()
}

const ASIDE: [&str; 10] = [
    "apiVersion",
    "kind",
    "uid",
    "resourceVersion",
    "managedFields",
    "creationTimestamp",
    "created",
    "lastTransitionTime",
    "openshift.io/image.dockerRepositoryCheck",
    "publicDockerImageRepository",
];

fn bare(value: Value) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    match value {
        Value::Array(items) => items.into_iter().map(bare).collect(),
        Value::Object(mut fields) => {
            // A kind of an object is aside, that of a reference is not.
            let is_object = fields.contains_key("metadata");
            fields.retain(|key, _| !ASIDE.contains(&key.as_str()) || key == "kind" && !is_object);
            let fields: BTreeMap<_, _> = fields.into_iter().map(|(k, v)| (k, bare(v))).collect();
            Value::Object(fields.into_iter().filter(|(_, value)| !is_empty(value)).collect())
        }
        other => other,
    }
}

/// The recorded stream with what is better here.
fn better(case: &str, recorded: &Value) -> Value {
    let mut stream = recorded.clone();
    for (_, place, ours) in BETTER.iter().filter(|(name, ..)| *name == case) {
        let (parent, key) = place.rsplit_once('/').unwrap();
        let ours = serde_json::from_str(ours).unwrap();
        stream.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), ours);
    }
    stream
}

#[tokio::test]
async fn a_folder_reaches_the_state_of_every_recorded_import() {
    let (mut told, mut compared) = (Vec::new(), 0);
    for case in cases() {
        let name = &case.recording.name;
        let world =
            Arc::new(case.sent.as_ref().map(|sent| World::of(&sent.response)).unwrap_or_default());
        let root = tempfile::tempdir().unwrap();
        // What the server does not understand at all is for whoever reads questions, and a folder knows no users.
        if case.recording.exchanges.iter().any(|asked| [400, 403].contains(&asked.status)) {
            continue;
        }
        let (found, is_refused) = case.again(&world, root.path()).await;
        let was_refused = case.sent.as_ref().is_none_or(|sent| sent.status != 201);
        if is_refused != was_refused {
            told.push(format!("{name}: refused here: {is_refused}, there: {was_refused}"));
        }
        let recorded = case.after().map(|after| world.told(&better(name, &after)));
        let (found, recorded) = (found.as_ref().map(settled), recorded.as_ref().map(settled));
        if found != recorded {
            let show = |stream: Option<String>| stream.unwrap_or_else(|| "none".to_owned());
            told.push(format!("{name}:\n{}", difference(&show(recorded), &show(found))));
        }
        compared += 1;
    }
    assert!(told.is_empty(), "\n{}", told.join("\n"));
    assert_eq!(compared, 69, "cases came or went");
}

fn difference(recorded: &str, found: &str) -> String {
    similar::TextDiff::from_lines(recorded, found).unified_diff().to_string()
}

#[test]
fn what_is_better_is_in_a_decision() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/decisions");
    let pages = fs::read_dir(folder).unwrap().map(|page| page.unwrap().path());
    let text: String = pages.map(|page| fs::read_to_string(page).unwrap()).collect();
    for (case, ..) in BETTER {
        let recorded = cases().into_iter().find(|known| known.recording.name == *case).unwrap();
        let after = recorded.after().unwrap();
        assert_ne!(settled(&better(case, &after)), settled(&after), "{case} is no better");
        assert!(text.contains(case), "{case} is in no decision");
    }
}
