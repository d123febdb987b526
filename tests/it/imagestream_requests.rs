//! What is asked for is what the real oc asked for, and what is refused is refused in its words: every recording of
//! `oc import-image` and `oc tag` in `fixtures/openshift`.

use longshore::imagestream::order::{BULK_LIMIT, Bulk};
use longshore::imagestream::requests::requests;
use longshore::imagestream::tagging::{self, TagChange, TagOptions, Tagging};
use longshore::imagestream::{ImageStream, Namespace, StreamName};
use serde_json::Value;

use crate::support::recording::Recording;

/// Where a request is a better one than that of oc: the case, the place in the request, what is asked here, and why.
/// `docs/decisions/0016-better-requests.md` has the same list.
const BETTER: [(&str, &str, &str, &str); 4] = [
    (
        "13-all-few-new-upstream-tag",
        "/spec/images/*/to/name",
        r#"["latest", "2.0", "1.0"]"#,
        "images are in the order of tags, not in that of a hash table",
    ),
    (
        "85-tag-insecure-then-import",
        "/spec/images/0/referencePolicy/type",
        r#""Local""#,
        "a tag keeps its reference policy",
    ),
    (
        "87-tag-preserve-then-import",
        "/spec/images/0/importPolicy/importMode",
        r#""PreserveOriginal""#,
        "a tag keeps its mode",
    ),
    (
        "113-http-insecure-annotation-flag-false",
        "/spec/images/0/importPolicy/insecure",
        "null",
        "--insecure=false is heeded",
    ),
];

/// Cases in which the API server refuses what oc did before there was anything to decide.
const REFUSED_BY_SERVER: [&str; 1] = ["165-user-new"];

#[test]
fn every_recording_is_looked_at() {
    let (mut imports, mut tags, mut others) = (0, 0, Vec::new());
    for recording in Recording::all() {
        match recording.command.get(1).map(String::as_str) {
            Some("import-image") => imports += 1,
            Some("tag") => tags += 1,
            _ if recording.name.contains("-api-") => {}
            _ => others.push(recording.name),
        }
    }
    assert_eq!((imports, tags), (61, 11));
    assert_eq!(others, ["167-user-get-image"]);
}

#[test]
fn imports_ask_what_oc_asked() {
    let mut failures = Vec::new();
    let recordings = Recording::all().into_iter().filter(|r| is(r, "import-image"));
    for recording in recordings.filter(|r| !REFUSED_BY_SERVER.contains(&r.name.as_str())) {
        let sent = recording.exchanges.iter().find(|exchange| exchange.method == "POST");
        let expected = match sent {
            Some(post) => Ok(better(&recording.name, &post.request)),
            None => Err(recording.stderr.clone()),
        };
        let got = asked(&recording).map_err(|message| format!("error: {message}\n"));
        if got != expected {
            failures.push(format!("{}:\n  got  {got:?}\n  want {expected:?}", recording.name));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn what_is_better_is_in_its_decision() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/decisions/0016-better-requests.md");
    let page = std::fs::read_to_string(page).unwrap();
    for (case, ..) in BETTER {
        let sent = Recording::named(case).exchanges[1].request.clone();
        assert_ne!(better(case, &sent), sent, "{case} is no better");
        assert!(page.contains(case), "{case}");
    }
}

#[test]
fn tags_are_set_to_what_oc_set_them_to() {
    for recording in Recording::all().into_iter().filter(|r| is(r, "tag")) {
        let name = &recording.name;
        match tagged(&recording) {
            Err(message) => {
                assert_eq!(recording.stderr, format!("error: {message}\n"), "{name}");
                assert!(!recording.exchanges.iter().any(|e| e.method == "PUT"), "{name}");
            }
            Ok(Changes::Set(changes)) => {
                let puts: Vec<&Value> = recording
                    .exchanges
                    .iter()
                    .filter(|e| e.method == "PUT")
                    .map(|e| &e.request)
                    .collect();
                let expected: Vec<Value> =
                    puts.iter().map(|put| without_nulls(&put["tag"])).collect();
                let got: Vec<Value> =
                    changes.iter().map(|c| serde_json::to_value(&c.spec).unwrap()).collect();
                assert_eq!(got, expected, "{name}");
                for (change, put) in changes.iter().zip(puts) {
                    let stream = &change.tag.stream;
                    assert_eq!(put["metadata"]["namespace"], stream.namespace().as_str());
                    let tag = format!("{}:{}", stream.name(), change.tag.tag);
                    assert_eq!(put["metadata"]["name"], tag.as_str());
                }
                let said: String = changes.iter().map(|c| format!("{}\n", c.said)).collect();
                assert_eq!(recording.stdout, said, "{name}");
            }
            Ok(Changes::Delete(paths)) => {
                let deletes = recording.exchanges.iter().filter(|e| e.method == "DELETE");
                assert_eq!(deletes.map(|e| e.path.clone()).collect::<Vec<_>>(), paths, "{name}");
            }
        }
    }
}

#[test]
fn many_tags_are_taken_in_the_order_of_the_server() {
    let recording = Recording::named("07-all-60-tags");
    let found = &recording.exchanges[1].response["status"]["repository"];
    let names = |value: &Value| -> Vec<String> {
        let name = |v: &Value| v.get("tag").unwrap_or(v).as_str().unwrap().to_owned();
        value.as_array().unwrap().iter().map(name).collect()
    };
    let (taken, additional) = (names(&found["images"]), names(&found["additionalTags"]));
    assert_eq!((taken.len(), additional.len()), (BULK_LIMIT, 10));
    let mut all = [taken.clone(), additional.clone()].concat();
    all.sort();
    assert_eq!(Bulk::of(all, Some(BULK_LIMIT)), Bulk { taken, additional });
}

fn is(recording: &Recording, verb: &str) -> bool {
    recording.command.get(1).is_some_and(|word| word == verb)
}

fn namespace() -> Namespace {
    "demo".parse().unwrap()
}

/// The request for a recorded command, or the message with which it is refused.
fn asked(recording: &Recording) -> Result<Value, String> {
    let (name, options) = recording.import_options()?;
    let stream = stream_before(recording, &name);
    let import = requests(&name, stream.as_ref(), &options).map_err(|e| e.to_string())?;
    Ok(serde_json::to_value(import.request).unwrap())
}

/// The stream that oc read, which has to be this one.
fn stream_before(recording: &Recording, name: &StreamName) -> Option<ImageStream> {
    let read = recording.exchanges.iter().find(|e| e.path.contains("/imagestreams/"));
    let path = read.map(|read| read.path.split('?').next().unwrap().to_owned());
    let expected = format!("/namespaces/{}/imagestreams/{}", name.namespace(), name.name());
    assert!(path.is_none_or(|path| path.ends_with(&expected)), "{}", recording.name);
    recording.stream_before().map(|stream| serde_json::from_value(stream).unwrap())
}

/// The request of oc with what is better here.
fn better(case: &str, request: &Value) -> Value {
    let mut request = request.clone();
    for (_, place, ours, _) in BETTER.iter().filter(|(name, ..)| *name == case) {
        let ours: Value = serde_json::from_str(ours).unwrap();
        if let Some((list, key)) = place.split_once("/*") {
            let list = request.pointer_mut(list).unwrap().as_array_mut().unwrap();
            list.sort_by_key(|item| {
                ours.as_array().unwrap().iter().position(|wanted| Some(wanted) == item.pointer(key))
            });
        } else if ours.is_null() {
            let (parent, key) = place.rsplit_once('/').unwrap();
            request.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
        } else {
            *request.pointer_mut(place).unwrap() = ours;
        }
    }
    request
}

enum Changes {
    Set(Vec<TagChange>),
    /// The paths of the API.
    Delete(Vec<String>),
}

/// What a recorded `oc tag` comes to, or the message with which it is refused.
fn tagged(recording: &Recording) -> Result<Changes, String> {
    let mut options = TagOptions { namespace: namespace(), ..TagOptions::default() };
    for word in &recording.command[2..] {
        match word.split_once('=').unwrap_or((word, "")) {
            ("-d", _) => options.delete = true,
            ("--alias", _) => options.alias = true,
            ("--scheduled", _) => options.scheduled = true,
            ("--source", kind) => options.source_kind = Some(kind.to_owned()),
            ("--import-mode", mode) => options.import_mode = Some(mode.to_owned()),
            _ if word.starts_with('-') => panic!("{word} is not tested"),
            _ => options.arguments.push(word.clone()),
        }
    }
    match tagging::parse(&options).map_err(|e| e.to_string())? {
        Tagging::Delete(removals) => {
            let path = |tag: &longshore::imagestream::StreamTag| {
                let (namespace, name) = (tag.stream.namespace(), tag.stream.name());
                format!(
                    "/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreamtags/{name}:{}",
                    tag.tag
                )
            };
            Ok(Changes::Delete(removals.iter().map(|removal| path(&removal.tag)).collect()))
        }
        Tagging::Set(setting) => {
            let source = setting.needs().and_then(|name| stream_before(recording, name));
            Ok(Changes::Set(setting.resolve(source.as_ref()).map_err(|e| e.to_string())?))
        }
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
