use serde_json::{Value, json};

use super::super::api::Time;
use super::super::apply::apply;
use super::super::{Namespace, with_defaults};
use super::*;

/// An import of this name and `spec`.
fn question(name: &str, spec: &Value) -> ImageStreamImport {
    serde_json::from_value(json!({"metadata": {"name": name, "namespace": "dev"}, "spec": spec}))
        .unwrap()
}

/// The question for one sound image, with some of its fields replaced.
fn image(replaced: &Value) -> Value {
    let mut image =
        json!({"from": {"kind": "DockerImage", "name": "quay.io/a/b:v1"}, "to": {"name": "v1"}});
    for (key, value) in replaced.as_object().unwrap() {
        image[key] = value.clone();
    }
    json!({"import": true, "images": [image]})
}

fn repository(from: &Value) -> Value {
    json!({"import": true, "repository": {"from": from}})
}

fn refused(name: &str, spec: &Value) -> Status {
    *import(&question(name, spec)).unwrap_err()
}

#[test]
fn a_sound_question_is_let_through() {
    let sound = image(&json!({}));
    for name in ["app", "a", "app-1.2_x", "0"] {
        import(&question(name, &sound)).unwrap();
    }
    for spec in [
        image(&json!({"to": null})),
        image(&json!({"from": {"kind": "DockerImage", "name": "nginx"}})),
        image(&json!({"importPolicy": {"importMode": ""}})),
        image(&json!({"importPolicy": {"importMode": "PreserveOriginal"}})),
        repository(&json!({"kind": "DockerImage", "name": "quay.io/a/b"})),
    ] {
        import(&question("app", &spec)).unwrap();
    }
}

#[test]
fn every_fault_of_a_question_is_told() {
    let digest = format!("quay.io/a/b@sha256:{}", "a".repeat(64));
    let docker = |name: &str| json!({"kind": "DockerImage", "name": name});
    let no_tag = "you must specify an image repository, not a tag or ID";
    let mode = "invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'";
    let cases = [
        (
            json!({}),
            "spec.images",
            "Invalid value: null: you must specify at least one image or a repository import"
                .to_owned(),
        ),
        (
            repository(&docker("quay.io/a/b:v1")),
            "spec.repository.from.name",
            format!("Invalid value: \"quay.io/a/b:v1\": {no_tag}"),
        ),
        (
            repository(&docker(&digest)),
            "spec.repository.from.name",
            format!("Invalid value: {digest:?}: {no_tag}"),
        ),
        (
            repository(&docker("a//b")),
            "spec.repository.from.name",
            "Invalid value: \"a//b\": invalid reference format".to_owned(),
        ),
        (
            repository(&docker("")),
            "spec.repository.from.name",
            "Required value: container image references require a name".to_owned(),
        ),
        (
            repository(&json!({"kind": "ImageStreamTag", "name": "a"})),
            "spec.repository.from.kind",
            "Invalid value: \"ImageStreamTag\": only DockerImage is supported".to_owned(),
        ),
        (
            image(&json!({"from": {"kind": "", "name": "a"}})),
            "spec.images[0].from.kind",
            "Invalid value: \"\": only DockerImage is supported".to_owned(),
        ),
        (
            image(&json!({"from": docker("")})),
            "spec.images[0].from.name",
            "Required value".to_owned(),
        ),
        (
            image(&json!({"from": docker("a:b:c")})),
            "spec.images[0].from.name",
            "Invalid value: \"a:b:c\": invalid reference format".to_owned(),
        ),
        (
            image(&json!({"to": {"name": ""}})),
            "spec.images[0].to.name",
            "Invalid value: \"\": the name of the target tag must be specified".to_owned(),
        ),
        (
            image(&json!({"importPolicy": {"importMode": "x"}})),
            "spec.images[0].importPolicy.importMode",
            format!("Invalid value: \"x\": {mode}"),
        ),
    ];
    for (mut spec, field, message) in cases {
        if spec["import"].is_null() {
            spec["import"] = json!(true);
        }
        let status = refused("app", &spec);
        assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"));
        let told =
            format!("ImageStreamImport.image.openshift.io \"app\" is invalid: {field}: {message}");
        assert_eq!(status.message, told);
        let cause = &status.details.unwrap().rest["causes"][0];
        assert_eq!((&cause["field"], &cause["message"]), (&json!(field), &json!(message)));
    }
}

#[test]
fn a_name_is_that_of_a_stream() {
    let cases = [
        ("", "Required value: name or generateName is required"),
        ("..", "Invalid value: \"..\": may not be '..'"),
        ("a/b", "Invalid value: \"a/b\": may not contain '/'"),
        ("a%b", "Invalid value: \"a%b\": may not contain '%'"),
        ("App", "Invalid value: \"App\": must match \"[a-z0-9]+(?:[._-][a-z0-9]+)*\""),
        ("a--b", "Invalid value: \"a--b\": must match \"[a-z0-9]+(?:[._-][a-z0-9]+)*\""),
        ("a__b", "Invalid value: \"a__b\": must match \"[a-z0-9]+(?:[._-][a-z0-9]+)*\""),
    ];
    for (name, message) in cases {
        let status = refused(name, &image(&json!({})));
        assert!(
            status.message.ends_with(&format!(": metadata.name: {message}")),
            "{}",
            status.message
        );
    }
}

#[test]
fn several_faults_are_told_together() {
    let spec =
        image(&json!({"from": {"kind": "x", "name": ""}, "importPolicy": {"importMode": "y"}}));
    let status = refused("a/%", &spec);
    assert!(
        status.message.contains(" is invalid: [spec.images[0].from.kind: "),
        "{}",
        status.message
    );
    assert_eq!(status.details.unwrap().rest["causes"].as_array().unwrap().len(), 4);
}

#[test]
fn the_stream_must_be_the_one_that_was_read() {
    let mut asked = question("app", &image(&json!({})));
    let mut stream = ImageStream::new("dev", "app");
    stream.metadata.resource_version = Some("8".to_owned());
    for (wanted, sound) in [(None, true), (Some(""), true), (Some("8"), true), (Some("7"), false)] {
        asked.metadata.resource_version = wanted.map(ToOwned::to_owned);
        assert_eq!(version(Some(&stream), &asked).is_ok(), sound, "{wanted:?}");
    }
    let conflict = version(Some(&stream), &asked).unwrap_err();
    assert_eq!((conflict.code, conflict.reason.as_str()), (409, "Conflict"));
    assert_eq!(
        conflict.message,
        "Operation cannot be fulfilled on imagestream.image.openshift.io \"app\": the image stream was updated from \"7\" to \"8\""
    );
    let gone = version(None, &asked).unwrap_err();
    assert_eq!(
        (gone.code, gone.message.as_str()),
        (404, "imagestreams.image.openshift.io \"app\" not found")
    );
    asked.metadata.resource_version = None;
    version(None, &asked).unwrap();
    asked.metadata.uid = Some("another".to_owned());
    version(Some(&stream), &asked).unwrap();
}

#[test]
fn what_a_tag_would_follow_is_looked_at() {
    let name = StreamTag::parse("app:x", &Namespace::default()).unwrap();
    let from = |kind: &str, name: &str| json!({"from": {"kind": kind, "name": name}});
    let scheduled = json!({"from": {"kind": "ImageStreamTag", "name": "a"}, "importPolicy": {"scheduled": true}});
    let cases = [
        (
            from("", "a"),
            "tag.from.kind: Required value: valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'",
        ),
        (from("DockerImage", ""), "tag.from.name: Required value"),
        (
            from("DockerImage", "a//b"),
            "tag.from.name: Invalid value: \"a//b\": invalid reference format",
        ),
        (from("ImageStreamImage", ""), "tag.from.name: Required value"),
        (
            scheduled,
            "tag.importPolicy.scheduled: Invalid value: true: only tags pointing to Docker repositories may be scheduled for background import",
        ),
        (
            json!({"referencePolicy": {"type": "x"}}),
            "tag.referencePolicy.type: Invalid value: \"x\": valid values are \"Source\", \"Local\"",
        ),
    ];
    for (spec, told) in cases {
        let spec: SpecTag = serde_json::from_value(spec).unwrap();
        let status = tag(&name, &spec).unwrap_err();
        assert_eq!(
            status.message,
            format!("ImageStreamTag.image.openshift.io \"app:x\" is invalid: {told}")
        );
    }
}

#[test]
fn a_tag_that_is_unsound_already_does_not_hinder_others() {
    let now: Time = serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap();
    let mut stream = ImageStream::new("dev", "app");
    let bad = json!({"name": "bad", "from": {"kind": "DockerImag", "name": "a"}});
    stream.spec.tags.push(serde_json::from_value(bad).unwrap());
    let asked = with_defaults(question("app", &image(&json!({}))));
    assert!(apply(Some(&stream), &asked, now).unwrap().changed);
    let asked = question("app", &image(&json!({"referencePolicy": {"type": "Other"}})));
    let status = apply(Some(&stream), &asked, now).unwrap_err();
    assert!(status.message.starts_with(
        "ImageStream.image.openshift.io \"app\" is invalid: spec.tags[v1].referencePolicy.type: "
    ));
}
