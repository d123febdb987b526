//! The recordings of a real API server: the stream that follows from an import, or from setting a tag, is the one that
//! the server made, with every generation and time.

use std::collections::BTreeMap;

use longshore::imagestream::api::{REPOSITORY_CHECK, SpecTag, Status, Time};
use longshore::imagestream::apply::apply;
use longshore::imagestream::change::{delete_tag, set_tag, source_stream};
use longshore::imagestream::{
    ImageStream, ImageStreamImport, Namespace, StreamTag, validate, with_defaults,
};
use serde_json::{Value, json};

use crate::support::recording::{Exchange, Recording};

/// What an exchange is for these tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// An import that is kept.
    Import,
    /// An import that is not kept.
    DryRun,
    /// An import that the server refuses.
    Refused,
    /// An import that is no sound document: which fields there are is for who reads it.
    Unreadable,
    SetTag,
    DeleteTag,
    /// A stream, or something else, is only read.
    Read,
}

fn kind(exchange: &Exchange) -> Kind {
    let import = exchange.path.contains("/imagestreamimports");
    match (exchange.method.as_str(), exchange.status) {
        ("POST", 201) if import && exchange.request["spec"]["import"] == json!(true) => {
            Kind::Import
        }
        ("POST", 201) if import => Kind::DryRun,
        ("POST", 422) if import => Kind::Refused,
        ("POST", 400) if import => Kind::Unreadable,
        ("PUT", 200 | 201) if exchange.path.contains("/imagestreamtags/") => Kind::SetTag,
        ("DELETE", _) if exchange.path.contains("/imagestreamtags/") => Kind::DeleteTag,
        ("GET", _) => Kind::Read,
        other => panic!("{other:?} {} is for no test here", exchange.path),
    }
}

/// One exchange, with what is known of streams before it.
struct Case<'a> {
    recording: &'a Recording,
    exchange: &'a Exchange,
    /// The streams as they were last seen, in this case or an earlier one.
    seen: &'a BTreeMap<String, ImageStream>,
}

/// Every exchange of every recording, each of which is of some kind.
fn each(mut check: impl FnMut(Kind, &Case)) {
    let mut seen = BTreeMap::new();
    for recording in &Recording::all() {
        for exchange in &recording.exchanges {
            check(kind(exchange), &Case { recording, exchange, seen: &seen });
            let told = [&exchange.response, &exchange.response["status"]["import"]];
            for stream in told.into_iter().filter(|value| value["spec"]["lookupPolicy"].is_object())
            {
                if stream["kind"] == "ImageStream" || stream["kind"].is_null() {
                    see(&mut seen, stream);
                }
            }
        }
        if let Some(after) = recording.stream_after() {
            see(&mut seen, &after);
        }
    }
}

fn see(seen: &mut BTreeMap<String, ImageStream>, stream: &Value) {
    let stream = read(stream);
    let key = stream.metadata.name.clone();
    if stream.metadata.namespace.as_deref() == Some("demo") {
        seen.insert(key, stream);
    }
}

fn read(stream: &Value) -> ImageStream {
    serde_json::from_value(stream.clone()).unwrap()
}

fn import_of(value: &Value) -> ImageStreamImport {
    serde_json::from_value(value.clone()).unwrap()
}

/// An answer as it was when the stream was made from it. The server answers with the images as it keeps them, and one
/// that several were asked for is kept with the reference of the first.
fn as_found(mut answer: ImageStreamImport) -> ImageStreamImport {
    for (question, answer) in answer.spec.images.iter().zip(&mut answer.status.images) {
        if let Some(image) = &mut answer.image {
            let name = question.from.name.split('@').next().unwrap();
            let tag = name.rfind(':').filter(|colon| !name[*colon..].contains('/'));
            let repository = &name[..tag.unwrap_or(name.len())];
            image.docker_image_reference = format!("{repository}@{}", image.metadata.name);
        }
    }
    answer
}

/// A stream without what only a cluster has, and without what is empty.
fn settled(stream: &Value) -> Value {
    let mut stream = serde_json::to_value(read(stream)).unwrap();
    for field in ["apiVersion", "kind"] {
        stream.as_object_mut().unwrap().remove(field);
    }
    for field in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
        stream["metadata"].as_object_mut().unwrap().remove(field);
    }
    for field in ["dockerImageRepository", "publicDockerImageRepository"] {
        stream["status"].as_object_mut().unwrap().remove(field);
    }
    without_empty(stream)
}

fn without_empty(value: Value) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    match value {
        Value::Array(items) => items.into_iter().map(without_empty).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (key, without_empty(value)));
            Value::Object(fields.filter(|(_, value)| !is_empty(value)).collect())
        }
        other => other,
    }
}

fn assert_same(made: &ImageStream, recorded: &Value, what: &str) {
    let made = settled(&serde_json::to_value(made).unwrap());
    let recorded = settled(recorded);
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap();
    assert_eq!(pretty(&sorted(made)), pretty(&sorted(recorded)), "{what}");
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            Value::Object(sorted.into_iter().collect())
        }
        other => other,
    }
}

impl Case<'_> {
    /// The stream before the exchange: what oc read in this case, else what was last seen of it.
    fn before(&self, name: &str) -> Option<ImageStream> {
        let read_here = self.recording.exchanges.iter().find(|exchange| {
            exchange.path.split('?').next().unwrap().ends_with(&format!("/imagestreams/{name}"))
        });
        match read_here {
            Some(exchange) => (exchange.status == 200).then(|| read(&exchange.response)),
            None => self.seen.get(name).cloned(),
        }
    }

    /// The stream after the case, of this name.
    fn after(&self, name: &str) -> Option<Value> {
        self.recording.stream_after().filter(|after| after["metadata"]["name"] == name)
    }
}

#[test]
fn every_recorded_exchange_is_of_a_kind() {
    let mut counts = BTreeMap::new();
    each(|kind, _| *counts.entry(kind).or_insert(0) += 1);
    let expected = [
        (Kind::Import, 45),
        (Kind::DryRun, 4),
        (Kind::Refused, 5),
        (Kind::Unreadable, 1),
        (Kind::SetTag, 6),
        (Kind::DeleteTag, 1),
        (Kind::Read, 64),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
}

#[test]
fn an_import_makes_the_recorded_stream() {
    let mut compared = 0;
    each(|kind, case| {
        let name = &case.recording.name;
        if kind != Kind::Import || POLICY_DROPPED.contains(&name.as_str()) {
            return;
        }
        let answer = as_found(import_of(&case.exchange.response));
        let recorded = &case.exchange.response["status"]["import"];
        let before = case.before(&answer.metadata.name);
        let now = time(&recorded["metadata"]["annotations"][REPOSITORY_CHECK]);
        validate::import(&answer).unwrap();

        let applied = apply(before.as_ref(), &answer, now).unwrap();
        assert_same(&applied.stream, recorded, name);
        if let Some(after) = case.after(&answer.metadata.name) {
            assert_same(&applied.stream, &after, name);
            compared += 1;
        }
        let version = before.as_ref().and_then(|stream| stream.metadata.resource_version.clone());
        let is_another = version.as_deref() != recorded["metadata"]["resourceVersion"].as_str();
        assert_eq!(applied.changed, is_another, "{name}");
        assert_eq!(applied.kept, [""; 0], "{name}");
    });
    assert_eq!(compared, 42, "cases with a stream afterwards");
}

/// The imports that make another stream here: of a tag that is there, the server keeps the reference policy whatever an
/// import says. In the first it drops what a flag says; in the others oc sends its default, which is not sent here.
const POLICY_DROPPED: [&str; 2] =
    ["43-reference-policy-local-on-existing-source", "85-tag-insecure-then-import"];

#[test]
fn a_reference_policy_that_an_import_names_is_set_where_the_server_drops_it() {
    let mut compared = Vec::new();
    each(|kind, case| {
        let name = case.recording.name.as_str();
        if kind != Kind::Import || !POLICY_DROPPED.contains(&name) {
            return;
        }
        let answer = as_found(import_of(&case.exchange.response));
        let asked = &answer.spec.images[0];
        let mut better = case.exchange.response["status"]["import"].clone();
        let now = time(&better["metadata"]["annotations"][REPOSITORY_CHECK]);
        let before = case.before(&answer.metadata.name);
        let applied = apply(before.as_ref(), &answer, now).unwrap();
        let tags = better["spec"]["tags"].as_array_mut().unwrap();
        let tag = tags.iter_mut().find(|tag| tag["name"] == asked.to.as_ref().unwrap().name);
        let policy = &mut tag.unwrap()["referencePolicy"];
        let said = serde_json::to_value(&asked.reference_policy).unwrap();
        assert_ne!(*policy, said, "{name}");
        *policy = said;
        better["metadata"]["generation"] = applied.stream.metadata.generation.into();
        assert!(applied.changed && applied.stream.metadata.generation > 0);
        assert_same(&applied.stream, &better, name);
        compared.push(name.to_owned());
    });
    assert_eq!(compared, POLICY_DROPPED);
}

#[test]
fn the_recorded_question_has_the_defaults_of_the_server() {
    each(|kind, case| {
        if matches!(kind, Kind::Import | Kind::DryRun) {
            let asked = with_defaults(import_of(&case.exchange.request)).spec;
            assert_eq!(asked, import_of(&case.exchange.response).spec, "{}", case.recording.name);
        }
    });
}

#[test]
fn a_dry_run_changes_nothing() {
    each(|kind, case| {
        if kind == Kind::DryRun
            && let Some(after) = case.recording.stream_after()
        {
            let before = case.before(after["metadata"]["name"].as_str().unwrap()).unwrap();
            assert_same(&before, &after, &case.recording.name);
        }
    });
}

#[test]
fn a_refusal_is_the_recorded_one() {
    each(|kind, case| {
        if kind != Kind::Refused {
            return;
        }
        let import = with_defaults(import_of(&case.exchange.request));
        let before = case.before(&import.metadata.name);
        let made = validate::import(&import)
            .and_then(|()| {
                apply(before.as_ref(), &import, time(&json!("2026-11-23T10:56:00Z"))).map(drop)
            })
            .unwrap_err();
        let recorded: Status = serde_json::from_value(case.exchange.response.clone()).unwrap();
        assert_eq!(*made, recorded, "{}", case.recording.name);
    });
}

#[test]
fn a_tag_that_is_set_makes_the_recorded_stream() {
    each(|kind, case| {
        if kind != Kind::SetTag {
            return;
        }
        let name = &case.recording.name;
        let spec: SpecTag = serde_json::from_value(case.exchange.request["tag"].clone()).unwrap();
        let tag = tag_of(case.exchange);
        let after = case.after(tag.stream.name()).expect(name);
        let before = before_tag(case.before(tag.stream.name()), &read(&after), tag.tag.as_str());
        let other = source_stream(&tag, &spec);
        let other = other.map(|stream| case.before(stream.name()).expect(name));
        let written = read(&after).current(tag.tag.as_str()).map(|event| event.created);
        let now = written.unwrap_or_else(|| time(&json!("2026-11-23T10:56:00Z")));

        let made = set_tag(before.as_ref(), &tag, &spec, other.as_ref(), now).unwrap();
        assert_same(&made, &after, name);
        assert_eq!(made.spec_tag(tag.tag.as_str()), read(&after).spec_tag(tag.tag.as_str()));
    });
}

/// The stream before a tag was set: as it was last seen, if nothing came between. Otherwise the one afterwards, with the
/// tag as it was last seen and one change less.
fn before_tag(seen: Option<ImageStream>, after: &ImageStream, tag: &str) -> Option<ImageStream> {
    let seen = seen?;
    if seen.metadata.generation + 1 == after.metadata.generation {
        return Some(seen);
    }
    let mut before = after.clone();
    before.metadata.generation -= 1;
    before.spec.tags.retain(|spec| spec.name != tag);
    before.spec.tags.extend(seen.spec_tag(tag).cloned());
    before.spec.tags.sort_by(|a, b| a.name.cmp(&b.name));
    before.status.tags.retain(|status| status.tag != tag);
    before.status.tags.extend(seen.status_tag(tag).cloned());
    before.status.tags.sort_by(|a, b| a.tag.cmp(&b.tag));
    Some(before)
}

#[test]
fn a_tag_that_is_deleted_leaves_the_recorded_stream() {
    each(|kind, case| {
        if kind != Kind::DeleteTag {
            return;
        }
        let refusal: Status = serde_json::from_value(case.exchange.response.clone()).unwrap();
        let tag = tag_of(case.exchange);
        // The stream was last seen before the tag was deleted for the first time.
        let stream = delete_tag(case.before(tag.stream.name()).as_ref(), &tag).unwrap();
        assert_same(&stream, &case.after(tag.stream.name()).unwrap(), &case.recording.name);
        assert_eq!(*delete_tag(Some(&stream), &tag).unwrap_err(), refusal);
    });
}

#[test]
fn who_only_reads_changes_nothing() {
    for recording in Recording::all() {
        let asks = |exchange: &Exchange| kind(exchange) != Kind::Read;
        if recording.exchanges.iter().any(asks) {
            continue;
        }
        if let (Some(before), Some(after)) = (recording.stream_before(), recording.stream_after())
            && before["metadata"]["name"] == after["metadata"]["name"]
        {
            assert_same(&read(&before), &after, &recording.name);
        }
    }
}

fn tag_of(exchange: &Exchange) -> StreamTag {
    let (_, name) = exchange.path.rsplit_once('/').unwrap();
    let namespace: Namespace = "demo".parse().unwrap();
    StreamTag::parse(name, &namespace).unwrap()
}

fn time(value: &Value) -> Time {
    serde_json::from_value(value.clone()).unwrap()
}
