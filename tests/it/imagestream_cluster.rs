//! The streams of a cluster: every recorded request of the real oc is sent as it was, and its answer is understood.

use std::time::Duration;

use longshore::imagestream::api::{ImageStreamImportStatus, SpecTag};
use longshore::imagestream::{
    Cluster, Error, ImageStream, ImageStreamImport, Namespace, StreamName, StreamTag, Streams,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::apiserver::ApiServer;
use crate::support::recording::{Exchange, Recording};

/// Cases with requests that are not sent, and why.
const NOT_SENT: [(&str, &str); 12] = [
    ("89-tag-source-docker-digest", "oc asks what the server serves, which its answers tell"),
    ("131-api-wrong-uid", BY_HAND),
    ("133-api-nothing-asked", BY_HAND),
    ("135-api-bad-name", "a name that is none does not leave this program"),
    ("137-api-kind-istag", BY_HAND),
    ("139-api-no-to", BY_HAND),
    ("141-api-bad-reference-policy", BY_HAND),
    ("143-api-include-manifest-no-import", BY_HAND),
    ("145-api-no-policies", BY_HAND),
    ("147-api-images-and-repository", BY_HAND),
    ("149-api-discovery", "what the server serves is told by its answers"),
    ("151-api-unknown-field", "only known fields are sent, so none need to be refused"),
];
const BY_HAND: &str = "written by hand, with less than oc and this program always write";

#[tokio::test]
async fn recorded_requests_are_sent_and_their_answers_understood() {
    let mut told = Vec::new();
    let mut replayed = 0;
    for recording in Recording::all() {
        let name = &recording.name;
        if NOT_SENT.iter().any(|(case, _)| case == name) || recording.exchanges.is_empty() {
            continue;
        }
        let server = ApiServer::replaying(&recording);
        let timed = recording.exchanges.iter().any(|e| e.path.contains("timeout=10m0s"));
        let cluster = server.cluster(timed.then_some(Duration::from_secs(600)));
        for exchange in &recording.exchanges {
            if let Err(fault) = replay(&cluster, exchange, &recording).await {
                told.push(format!("{name}: {} {}: {fault}", exchange.method, exchange.path));
            }
        }
        told.extend(server.faults().into_iter().map(|fault| format!("{name}: {fault}")));
        replayed += 1;
    }
    assert!(told.is_empty(), "\n{}", told.join("\n"));
    assert_eq!(replayed, 65, "cases came or went");
}

#[tokio::test]
async fn requests_that_are_not_sent_would_be_others() {
    for (case, _) in NOT_SENT {
        let recording = Recording::named(case);
        let server = ApiServer::replaying(&recording);
        let cluster = server.cluster(None);
        for exchange in &recording.exchanges {
            drop(replay(&cluster, exchange, &recording).await);
        }
        assert!(!server.faults().is_empty(), "{case} can be replayed");
    }
}

/// Makes the call that leads to a recorded request. The error tells how its result is not the recorded one.
async fn replay(cluster: &Cluster, exchange: &Exchange, all: &Recording) -> Result<(), String> {
    let path = exchange.path.split('?').next().unwrap();
    let parts: Vec<&str> = path.split('/').skip(4).collect();
    match (exchange.method.as_str(), parts.as_slice()) {
        ("GET", ["namespaces", namespace, "imagestreams", name]) => {
            let got = cluster.get(&stream(namespace, name)).await;
            compare(got, exchange, |found| written(&found), Value::clone)
        }
        ("GET", ["images", digest]) => {
            let got = cluster.image(digest).await;
            compare(got, exchange, |found| written(&found), Value::clone)
        }
        ("POST", ["namespaces", _, "imagestreamimports"]) => {
            let import: ImageStreamImport = read(&exchange.request);
            let got = cluster.import(&import).await.map(Some);
            let status =
                |answer: &Value| written(&read::<ImageStreamImportStatus>(&answer["status"]));
            compare(got, exchange, |answer| written(&answer.status), status)
        }
        ("PUT", ["namespaces", namespace, "imagestreamtags", name]) => {
            let spec: SpecTag = read(&exchange.request["tag"]);
            let got = cluster.set_tag(&tag(namespace, name), &spec, None).await.map(Some);
            let after = all.stream_after().unwrap();
            compare(
                got,
                exchange,
                |stream| written(&stream),
                |_| written(&read::<ImageStream>(&after)),
            )
        }
        ("DELETE", ["namespaces", namespace, "imagestreamtags", name]) => {
            match cluster.delete_tag(&tag(namespace, name)).await {
                Err(Error::NoTag(gone)) if exchange.status == 404 => {
                    assert_eq!(gone, tag(namespace, name));
                    Ok(())
                }
                other => Err(format!("{other:?}")),
            }
        }
        _ => Err("no call leads to this".to_owned()),
    }
}

/// Compares the result of a call with the recorded answer.
fn compare<T>(
    got: Result<Option<T>, Error>,
    exchange: &Exchange,
    shown: impl Fn(T) -> Value,
    expected: impl Fn(&Value) -> Value,
) -> Result<(), String> {
    match (got, exchange.status) {
        (Ok(Some(found)), 200 | 201) => {
            let (found, expected) =
                (without_nulls(shown(found)), without_nulls(expected(&exchange.response)));
            if found == expected {
                Ok(())
            } else {
                Err(format!("got {found}\n  expected {expected}"))
            }
        }
        (Ok(None), 404) => Ok(()),
        (Err(Error::Status(status)), code @ 400..) => {
            let expected = &exchange.response;
            let same = status.code == code
                && status.message == expected["message"].as_str().unwrap()
                && status.reason == expected["reason"].as_str().unwrap();
            if same { Ok(()) } else { Err(format!("{status:?}")) }
        }
        (Err(error), _) => Err(format!("{error:?}")),
        (Ok(_), code) => Err(format!("no error for {code}")),
    }
}

fn stream(namespace: &str, name: &str) -> StreamName {
    StreamName::new(namespace.parse().unwrap(), name).unwrap()
}

fn tag(namespace: &str, name: &str) -> StreamTag {
    StreamTag::parse(name, &namespace.parse::<Namespace>().unwrap()).unwrap()
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn written(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// Answers hold `null` where there is nothing, lists too; our objects leave it out, or hold an empty list.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let nothing = |value: &Value| value.is_null() || *value == json!([]);
            let fields = fields.into_iter().filter(|(_, value)| !nothing(value));
            fields.map(|(key, value)| (key, without_nulls(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
