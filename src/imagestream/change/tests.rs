use serde_json::{Value, json};

use super::super::Namespace;
use super::super::api::REPOSITORY_CHECK;
use super::*;

const A: &str = "sha256:aaaa1";
const A2: &str = "sha256:aaaa2";
const B: &str = "sha256:bbbb1";

fn time(text: &str) -> Time {
    serde_json::from_value(json!(text)).unwrap()
}

fn now() -> Time {
    time("2026-01-02T00:00:00Z")
}

fn item(image: &str, generation: i64) -> Value {
    json!({"created": "2026-01-01T00:00:00Z", "dockerImageReference": format!("quay.io/a/b@{image}"), "image": image, "generation": generation})
}

/// `dev/app` of generation 7: `v1` is at B and was at A, `v2` is at A2, and `stable` follows `v1`.
fn app() -> ImageStream {
    let docker = |name: &str, generation: i64| json!({"name": name, "from": {"kind": "DockerImage", "name": format!("quay.io/a/b:{name}")}, "generation": generation});
    serde_json::from_value(json!({
        "metadata": {"name": "app", "namespace": "dev", "generation": 7, "annotations": {REPOSITORY_CHECK: "x"}},
        "spec": {"tags": [
            {"name": "stable", "from": {"kind": "ImageStreamTag", "name": "app:v1"}, "generation": 3},
            docker("v1", 1),
            docker("v2", 2),
        ]},
        "status": {"tags": [
            {"tag": "stable", "items": [item(B, 3)]},
            {"tag": "v1", "items": [item(B, 3), item(A, 1)]},
            {"tag": "v2", "items": [item(A2, 2)]},
        ]},
    }))
    .unwrap()
}

fn tag(text: &str) -> StreamTag {
    StreamTag::parse(text, &"dev".parse::<Namespace>().unwrap()).unwrap()
}

fn spec(value: &Value) -> SpecTag {
    serde_json::from_value(value.clone()).unwrap()
}

fn from(kind: &str, name: &str) -> SpecTag {
    spec(&json!({"from": {"kind": kind, "name": name}}))
}

/// What the tag `x` of `app` points to after it was set: reference, image, since when.
fn pointed(spec: &SpecTag) -> Option<(String, String, Time)> {
    let made = set_tag(Some(&app()), &tag("app:x"), spec, None, now()).unwrap();
    let generation = made.spec_tag("x").unwrap().generation;
    assert_eq!((made.metadata.generation, generation), (8, Some(8)));
    let current = made.current("x")?;
    assert_eq!(current.generation, 8);
    Some((current.docker_image_reference.clone(), current.image.clone(), current.created))
}

#[test]
fn a_source_that_is_in_a_stream_is_recorded_at_once() {
    let image = |image: &str, at| Some((format!("quay.io/a/b@{image}"), image.to_owned(), at));
    let then = time("2026-01-01T00:00:00Z");
    let pointer =
        json!({"from": {"kind": "DockerImage", "name": "quay.io/c:1"}, "reference": true});
    let cases = [
        (from("ImageStreamTag", "app:v1"), image(B, then)),
        (from("ImageStreamTag", "v2"), image(A2, then)),
        (from("ImageStreamTag", "app:later"), None),
        (from("ImageStreamImage", "app@sha256:bbbb1"), image(B, now())),
        (from("ImageStreamImage", "sha256:bbbb1"), image(B, now())),
        (from("ImageStreamImage", "app@bbbb"), image(B, now())),
        (from("DockerImage", "quay.io/c:1"), None),
        (spec(&pointer), Some(("quay.io/c:1".to_owned(), String::new(), now()))),
        (spec(&json!({})), None),
    ];
    for (spec, expected) in cases {
        assert_eq!(pointed(&spec), expected, "{:?}", spec.from);
    }
}

#[test]
fn a_source_of_another_stream_is_looked_up_there() {
    let cases = [
        (from("ImageStreamTag", "app:v1"), None),
        (from("ImageStreamTag", "v1"), None),
        (from("ImageStreamTag", "ruby:v1"), Some("dev/ruby")),
        (from("ImageStreamImage", "ruby@sha256:1"), Some("dev/ruby")),
        (
            spec(&json!({"from": {"kind": "ImageStreamTag", "namespace": "prod", "name": "v1"}})),
            Some("prod/app"),
        ),
        (
            spec(
                &json!({"from": {"kind": "ImageStreamTag", "namespace": "dev", "name": "app:v1"}}),
            ),
            None,
        ),
        (from("ImageStreamTag", "../x:v1"), None),
        (from("DockerImage", "ruby:v1"), None),
    ];
    for (spec, other) in cases {
        let named = source_stream(&tag("app:x"), &spec).map(|stream| stream.to_string());
        assert_eq!(named.as_deref(), other, "{:?}", spec.from);
    }
    let alias = from("ImageStreamTag", "app:v1");
    let made = set_tag(None, &tag("new:x"), &alias, Some(&app()), now()).unwrap();
    assert_eq!(made.current("x").unwrap().image, B);
    assert_eq!((made.metadata.generation, made.spec.tags[0].generation), (1, Some(1)));
    assert_eq!(made.metadata.creation_timestamp, Some(now()));
}

#[test]
fn a_source_that_is_not_there_is_refused() {
    let cases = [
        (from("ImageStreamTag", "ruby:v1"), "Not found: \"ruby:v1\""),
        (
            from("ImageStreamTag", "a:b:c"),
            "Invalid value: \"a:b:c\": must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>",
        ),
        (
            from("ImageStreamImage", "app@cccc"),
            "Invalid value: \"app@cccc\": error generating tag event: imagestreamimage.image.openshift.io \"cccc\" not found",
        ),
        (
            from("ImageStreamImage", "app@aaaa"),
            "Invalid value: \"app@aaaa\": error generating tag event: Operation cannot be fulfilled on imagestreamimage.image.openshift.io \"aaaa\": multiple images match the prefix \"aaaa\": sha256:aaaa1, sha256:aaaa2",
        ),
    ];
    for (spec, told) in cases {
        let status = set_tag(Some(&app()), &tag("app:x"), &spec, None, now()).unwrap_err();
        let told = format!(
            "ImageStream.image.openshift.io \"app\" is invalid: spec.tags[x].from.name: {told}"
        );
        assert_eq!(status.message, told);
    }
}

#[test]
fn generations_count_what_is_followed() {
    let stored = from("DockerImage", "quay.io/a/b:v1");
    let with = |replaced: Value| {
        let mut value = serde_json::to_value(&stored).unwrap();
        for (key, field) in replaced.as_object().unwrap() {
            value[key] = field.clone();
        }
        spec(&value)
    };
    let cases = [
        ("the same", stored.clone(), 7, 1),
        ("a generation that is not theirs to choose", with(json!({"generation": 99})), 7, 1),
        ("an import is asked for", with(json!({"generation": 0})), 8, 8),
        ("a policy", with(json!({"importPolicy": {"scheduled": true}})), 8, 1),
        ("an annotation", with(json!({"annotations": {"a": "b"}})), 8, 1),
        (
            "the mode that is the default",
            with(json!({"importPolicy": {"importMode": "Legacy"}})),
            7,
            1,
        ),
        ("another mode", with(json!({"importPolicy": {"importMode": "PreserveOriginal"}})), 8, 8),
        ("a pointer", with(json!({"reference": true})), 8, 8),
        ("another image", from("DockerImage", "quay.io/a/b:v9"), 8, 8),
        ("another tag", from("ImageStreamTag", "v2"), 8, 8),
    ];
    for (what, spec, stream, of_tag) in cases {
        let made = set_tag(Some(&app()), &tag("app:v1"), &spec, None, now()).unwrap();
        let generation = made.spec_tag("v1").unwrap().generation;
        assert_eq!((made.metadata.generation, generation), (stream, Some(of_tag)), "{what}");
        assert_eq!(made.spec_tag("v2"), app().spec_tag("v2"), "{what}");
    }
}

#[test]
fn a_stream_written_by_hand_begins_to_count() {
    let mut stream = app();
    stream.metadata.generation = 0;
    stream.spec.tags.iter_mut().for_each(|tag| tag.generation = None);
    let made =
        set_tag(Some(&stream), &tag("app:x"), &from("ImageStreamTag", "v2"), None, now()).unwrap();
    assert_eq!(made.metadata.generation, 1);
    assert!(made.spec.tags.iter().all(|tag| tag.generation == Some(1)));
}

#[test]
fn tags_that_follow_move_along_however_many() {
    let mut stream = app();
    for (name, followed) in [("a", "z"), ("z", "stable"), ("b", "a")] {
        stream = set_tag(
            Some(&stream),
            &tag(&format!("app:{name}")),
            &from("ImageStreamTag", followed),
            None,
            now(),
        )
        .unwrap();
    }
    let image = from("ImageStreamImage", "app@sha256:aaaa2");
    let made = set_tag(Some(&stream), &tag("app:v1"), &image, None, now()).unwrap();
    let current = made.current("v1").unwrap();
    for name in ["stable", "z", "a", "b"] {
        assert_eq!(made.current(name), Some(current), "{name}");
    }
    assert_eq!(made.status_tag("v1").unwrap().items.len(), 3);
}

#[test]
fn tags_that_follow_each_other_end() {
    let mut stream = app();
    for (name, followed) in [("a", "v1"), ("b", "a"), ("a", "b")] {
        stream = set_tag(
            Some(&stream),
            &tag(&format!("app:{name}")),
            &from("ImageStreamTag", followed),
            None,
            now(),
        )
        .unwrap();
    }
    assert_eq!(stream.current("a").unwrap().image, B);
    assert_eq!(stream.current("b").unwrap().image, B);
}

#[test]
fn a_deleted_tag_leaves_those_that_follow_it_where_they_are() {
    let made = delete_tag(Some(&app()), &tag("app:v1")).unwrap();
    assert_eq!((made.spec_tag("v1"), made.status_tag("v1")), (None, None));
    assert_eq!(made.current("stable").unwrap().image, B);
    assert_eq!(made.metadata.generation, 8);

    let mut of_status = app();
    of_status.spec.tags.clear();
    let made = delete_tag(Some(&of_status), &tag("app:v1")).unwrap();
    assert_eq!(made.metadata.generation, 7, "the spec is as it was");

    let gone = delete_tag(None, &tag("app:v1")).unwrap_err();
    assert_eq!(gone.message, "imagestreams.image.openshift.io \"app\" not found");
}

#[test]
fn a_repository_is_remembered() {
    let name = tag("app:x").stream;
    let made = set_repository(Some(&app()), &name, "quay.io/a/b", now()).unwrap();
    assert_eq!(
        (made.spec.docker_image_repository.as_str(), made.metadata.generation),
        ("quay.io/a/b", 8)
    );
    let again = set_repository(Some(&made), &name, "quay.io/a/b", now()).unwrap();
    assert_eq!(again, made);
    let digest = format!("quay.io/a@sha256:{}", "a".repeat(64));
    for (bad, why) in [
        ("quay.io/a/b:v1", "the repository name may not contain a tag"),
        (&digest, "the repository name may not contain an ID"),
        ("a//b", "invalid reference format"),
    ] {
        let status = set_repository(None, &name, bad, now()).unwrap_err();
        assert_eq!(
            status.message,
            format!(
                "ImageStream.image.openshift.io \"app\" is invalid: spec.dockerImageRepository: Invalid value: {bad:?}: {why}"
            )
        );
    }
}
