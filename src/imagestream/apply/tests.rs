use serde_json::{Value, json};

use super::super::api::{ImageStreamImport, ImportMode, ReferencePolicyType};
use super::*;

const A: &str = "sha256:aaaa";
const B: &str = "sha256:bbbb";
const THEN: &str = "2026-01-01T00:00:00Z";
const NOW: &str = "2026-01-02T00:00:00Z";

fn now() -> Time {
    serde_json::from_value(json!(NOW)).unwrap()
}

fn found(image: &str) -> Value {
    json!({"status": {"status": "Success"}, "image": {"metadata": {"name": image}, "dockerImageReference": format!("quay.io/a/b@{image}")}})
}

fn missing(reason: &str, message: &str) -> Value {
    json!({"status": {"status": "Failure", "reason": reason, "message": message}})
}

/// The import of one image to the tag `v1` of `app`, and its answer.
fn one(answer: &Value) -> ImageStreamImport {
    serde_json::from_value(json!({
        "metadata": {"name": "app", "namespace": "dev"},
        "spec": {"import": true, "images": [{
            "from": {"kind": "DockerImage", "name": "quay.io/a/b:v1"},
            "to": {"name": "v1"},
            "importPolicy": {"importMode": "Legacy"},
            "referencePolicy": {"type": "Source"},
        }]},
        "status": {"images": [answer]},
    }))
    .unwrap()
}

/// The import of all tags of `quay.io/a/b`, with these answers.
fn all(answers: &[(&str, Value)]) -> ImageStreamImport {
    let answer = |(tag, answer): &(&str, Value)| {
        let mut answer = answer.clone();
        answer["tag"] = json!(tag);
        answer
    };
    serde_json::from_value(json!({
        "metadata": {"name": "app", "namespace": "dev"},
        "spec": {"import": true, "repository": {"from": {"kind": "DockerImage", "name": "quay.io/a/b"}}},
        "status": {"repository": {"images": answers.iter().map(answer).collect::<Vec<_>>()}},
    }))
    .unwrap()
}

/// `app`, whose tag `v1` is of generation 4 and points to A since then; some fields of tag, entry and status replaced.
fn app(tag: &Value, entry: &Value, status: &Value) -> ImageStream {
    let with = |mut value: Value, replaced: &Value| {
        for (key, field) in replaced.as_object().unwrap() {
            value[key] = field.clone();
        }
        value
    };
    let tag = with(
        json!({"name": "v1", "from": {"kind": "DockerImage", "name": "quay.io/a/b:v1"}, "generation": 4, "importPolicy": {"importMode": "Legacy"}, "referencePolicy": {"type": "Source"}}),
        tag,
    );
    let entry = with(
        json!({"created": THEN, "dockerImageReference": format!("quay.io/a/b@{A}"), "image": A, "generation": 4}),
        entry,
    );
    let status = with(json!({"tag": "v1", "items": [entry]}), status);
    serde_json::from_value(json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": "app", "namespace": "dev", "generation": 9, "annotations": {REPOSITORY_CHECK: THEN}},
        "spec": {"tags": [tag]},
        "status": {"tags": [status]},
    }))
    .unwrap()
}

fn plain() -> ImageStream {
    app(&json!({}), &json!({}), &json!({}))
}

fn condition(reason: &str, message: &str) -> Value {
    json!({"conditions": [{"type": "ImportSuccess", "status": "False", "lastTransitionTime": THEN, "reason": reason, "message": message, "generation": 4}]})
}

#[test]
fn a_new_stream_begins_at_generation_1() {
    let applied = apply(None, &one(&found(A)), now()).unwrap();
    let stream = &applied.stream;
    assert!(applied.changed);
    assert_eq!(stream.metadata.generation, 1);
    assert_eq!(stream.metadata.creation_timestamp, Some(now()));
    assert_eq!(stream.metadata.annotations[REPOSITORY_CHECK], NOW);
    assert_eq!(stream.spec.tags[0].generation, Some(1));
    let entry = stream.current("v1").unwrap();
    assert_eq!((entry.created, entry.generation, entry.image.as_str()), (now(), 1, A));
    assert_eq!(applied.moved.len(), 1);
}

/// What is looked at of a stream: generation of stream, tag and latest entry; since when that is; how many there are.
fn told(stream: &ImageStream) -> (i64, Option<i64>, i64, String, usize) {
    let entry = stream.current("v1").unwrap();
    let generation = stream.spec_tag("v1").and_then(|tag| tag.generation);
    let len = stream.status_tag("v1").unwrap().items.len();
    (stream.metadata.generation, generation, entry.generation, entry.created.to_string(), len)
}

#[test]
fn a_found_image_is_recorded_when_it_is_news() {
    let none = json!({});
    let short = json!({"dockerImageReference": "quay.io/a/b"});
    let no_history = json!({"items": []});
    let cases = [
        ("nothing new", plain(), found(A), (9, Some(4), 4, THEN, 1)),
        ("another image", plain(), found(B), (10, Some(10), 10, NOW, 2)),
        ("another reference", app(&none, &short, &none), found(A), (10, Some(10), 10, THEN, 1)),
        ("no history", app(&none, &none, &no_history), found(A), (10, Some(10), 10, NOW, 1)),
        (
            "no generation",
            app(&json!({"generation": null}), &none, &none),
            found(A),
            (10, Some(10), 10, THEN, 1),
        ),
        (
            "the tag waits",
            app(&json!({"generation": 5}), &none, &none),
            found(A),
            (10, Some(10), 10, THEN, 1),
        ),
        (
            "no spec tag",
            app(&json!({"name": "v0"}), &none, &none),
            found(A),
            (10, Some(10), 10, THEN, 1),
        ),
        (
            "an entry from a later generation",
            app(&none, &json!({"generation": 6}), &none),
            found(A),
            (9, Some(4), 6, THEN, 1),
        ),
    ];
    for (what, before, answer, (stream, tag, entry, created, len)) in cases {
        let applied = apply(Some(&before), &one(&answer), now()).unwrap();
        assert_eq!(told(&applied.stream), (stream, tag, entry, created.to_owned(), len), "{what}");
        assert_eq!(applied.changed, stream == 10, "{what}");
        if !applied.changed {
            assert_eq!(applied.stream, before, "{what}");
        }
        let again = apply(Some(&applied.stream), &one(&answer), now()).unwrap();
        assert!(!again.changed && again.stream == applied.stream, "{what}: twice is once");
    }
}

#[test]
fn a_stream_that_was_never_imported_is_marked() {
    let mut before = plain();
    before.metadata.annotations.clear();
    let applied = apply(Some(&before), &one(&found(A)), now()).unwrap();
    assert!(applied.changed && applied.moved.is_empty());
    assert_eq!(applied.stream.metadata.annotations[REPOSITORY_CHECK], NOW);
    assert_eq!(applied.stream.metadata.generation, 9);
}

#[test]
fn there_and_back_is_three_entries() {
    let mut stream = plain();
    for image in [B, A] {
        stream = apply(Some(&stream), &one(&found(image)), now()).unwrap().stream;
    }
    let images: Vec<_> =
        stream.status.tags[0].items.iter().map(|entry| entry.image.as_str()).collect();
    assert_eq!(images, [A, B, A]);
    assert_eq!(told(&stream), (11, Some(11), 11, NOW.to_owned(), 3));
}

#[test]
fn of_a_tag_only_what_an_import_may_change_is_changed() {
    let stored = json!({"annotations": {"description": "d"}, "reference": true, "referencePolicy": {"type": "Local"}});
    let none = json!({});
    for answer in [found(A), found(B)] {
        let mut import = one(&answer);
        import.spec.images[0].import_policy.scheduled = true;
        let applied = apply(Some(&app(&stored, &none, &none)), &import, now()).unwrap();
        let tag = applied.stream.spec_tag("v1").unwrap();
        assert_eq!(tag.annotations["description"], "d");
        assert!(tag.reference && tag.import_policy.scheduled);
    }
}

#[test]
fn a_reference_policy_that_is_asked_for_is_set() {
    let none = json!({});
    let mut import = one(&found(A));
    import.spec.images[0].reference_policy.kind = None;
    let local = json!({"referencePolicy": {"type": "Local"}});
    let applied = apply(Some(&app(&local, &none, &none)), &import, now()).unwrap();
    let tag = applied.stream.spec_tag("v1").unwrap();
    assert_eq!(tag.reference_policy.kind, Some(ReferencePolicyType::Local));

    import.spec.images[0].reference_policy.kind = Some(ReferencePolicyType::Source);
    let applied = apply(Some(&app(&local, &none, &none)), &import, now()).unwrap();
    let tag = applied.stream.spec_tag("v1").unwrap();
    assert_eq!(tag.reference_policy.kind, Some(ReferencePolicyType::Source));

    import.spec.images[0].reference_policy.kind = Some(ReferencePolicyType::Local);
    let unset = app(&json!({"referencePolicy": {}, "generation": null}), &none, &none);
    let applied = apply(Some(&unset), &import, now()).unwrap();
    let tag = applied.stream.spec_tag("v1").unwrap();
    assert_eq!(tag.reference_policy.kind, Some(ReferencePolicyType::Local));
}

#[test]
fn a_policy_counts_for_the_stream_and_a_mode_for_the_tag() {
    let mut import = one(&found(A));
    import.spec.images[0].import_policy.scheduled = true;
    let applied = apply(Some(&plain()), &import, now()).unwrap();
    assert_eq!(told(&applied.stream), (10, Some(4), 4, THEN.to_owned(), 1));
    assert!(applied.moved.is_empty());

    import.spec.images[0].import_policy.import_mode = Some(ImportMode::PreserveOriginal);
    let applied = apply(Some(&plain()), &import, now()).unwrap();
    assert_eq!(told(&applied.stream), (10, Some(10), 4, THEN.to_owned(), 1));
}

#[test]
fn a_failure_is_told_once_and_keeps_the_history() {
    let none = json!({});
    let known = app(&none, &none, &condition("NotFound", "gone"));
    let cases = [
        ("first", plain(), missing("NotFound", "gone"), Some("gone")),
        ("the same again", known.clone(), missing("NotFound", "gone"), None),
        ("another reason", known.clone(), missing("Unauthorized", "gone"), Some("gone")),
        ("another message", known.clone(), missing("NotFound", "away"), Some("away")),
        ("without a word", plain(), json!({}), Some("unknown error prevented import")),
        (
            "success without an image",
            plain(),
            json!({"status": {"status": "Success"}}),
            Some("unknown error prevented import"),
        ),
    ];
    for (what, before, answer, message) in cases {
        let applied = apply(Some(&before), &one(&answer), now()).unwrap();
        assert_eq!(applied.changed, message.is_some(), "{what}");
        let status = applied.stream.status_tag("v1").unwrap();
        assert_eq!(status.items, before.status_tag("v1").unwrap().items, "{what}");
        assert!(applied.moved.is_empty(), "{what}");
        let [told] = status.conditions.as_slice() else { panic!("{what}: one condition") };
        let Some(message) = message else {
            assert_eq!(applied.stream, before, "{what}");
            continue;
        };
        assert_eq!((told.message.as_str(), told.generation), (message, 10), "{what}");
        assert_eq!(told.last_transition_time, Some(now()), "{what}");
        assert_eq!(applied.stream.spec_tag("v1").unwrap().generation, Some(10), "{what}");
    }
    let mended = apply(Some(&known), &one(&found(A)), now()).unwrap();
    assert!(mended.changed && mended.stream.status_tag("v1").unwrap().conditions.is_empty());
    assert_eq!(mended.stream.metadata.generation, 9, "the spec is as it was");
}

#[test]
fn a_failed_image_has_a_tag_and_a_failed_tag_of_a_repository_has_none() {
    let gone = || missing("NotFound", "gone");
    let image = apply(None, &one(&gone()), now()).unwrap().stream;
    assert_eq!(image.spec_tag("v1").unwrap().generation, Some(1));
    let repository = apply(None, &all(&[("v1", gone())]), now()).unwrap().stream;
    assert_eq!(repository.spec_tag("v1"), None);
    for stream in [image, repository] {
        assert_eq!(stream.status_tag("v1").unwrap().conditions[0].generation, 1);
    }
    let mut unanswered = one(&gone());
    unanswered.status.images.clear();
    let stream = apply(None, &unanswered, now()).unwrap().stream;
    assert_eq!(stream.status_tag("v1").unwrap().conditions.len(), 1);
}

#[test]
fn an_image_without_a_target_is_not_recorded() {
    let mut import = one(&found(A));
    import.spec.images[0].to = None;
    let applied = apply(Some(&plain()), &import, now()).unwrap();
    assert!(!applied.changed);
}

#[test]
fn tags_of_a_repository_follow_it_one_by_one() {
    let applied = apply(None, &all(&[("v2", found(B)), ("v1", found(A))]), now()).unwrap();
    let from = |tag| applied.stream.spec_tag(tag).unwrap().from.clone().unwrap().name;
    assert_eq!(
        (from("v1"), from("v2")),
        ("quay.io/a/b:v1".to_owned(), "quay.io/a/b:v2".to_owned())
    );
    let names: Vec<_> = applied.stream.status.tags.iter().map(|tag| tag.tag.as_str()).collect();
    assert_eq!(names, ["v1", "v2"]);
    let by_reference = json!({"status": {"status": "Success"}, "image": {"metadata": {"name": A}, "dockerImageReference": "quay.io/a/b:v3"}});
    let mut import = all(&[("", by_reference)]);
    import.status.repository.as_mut().unwrap().images[0].tag.clear();
    let applied = apply(None, &import, now()).unwrap();
    assert_eq!(
        applied.stream.current("v3").unwrap().docker_image_reference,
        format!("quay.io/a/b@{A}")
    );
}

#[test]
fn a_repository_keeps_what_a_tag_has() {
    let stored = json!({"importPolicy": {"importMode": "PreserveOriginal", "scheduled": true}, "referencePolicy": {"type": "Local"}});
    let before = app(&stored, &json!({}), &json!({}));
    let policy = |import: &ImageStreamImport| {
        let applied = apply(Some(&before), import, now()).unwrap();
        applied.stream.spec_tag("v1").unwrap().import_policy.clone()
    };
    let mut import = all(&[("v1", found(B))]);
    assert_eq!(policy(&import), before.spec.tags[0].import_policy);
    let said = &mut import.spec.repository.as_mut().unwrap().import_policy;
    said.import_mode = Some(ImportMode::Legacy);
    assert_eq!(policy(&import).import_mode, Some(ImportMode::Legacy));
}

#[test]
fn a_repository_leaves_tags_alone_that_follow_something_else() {
    for (kind, name) in [("ImageStreamImage", "app@sha256:aaaa"), ("ImageStreamTag", "app:v0")] {
        let before = app(&json!({"from": {"kind": kind, "name": name}}), &json!({}), &json!({}));
        for answer in [found(B), missing("NotFound", "gone")] {
            let applied = apply(Some(&before), &all(&[("v1", answer)]), now()).unwrap();
            assert_eq!((applied.stream, applied.changed), (before.clone(), false), "{kind}");
            assert_eq!(applied.kept, ["v1"]);
        }
    }
}

#[test]
fn tags_that_follow_move_along() {
    let mut before = plain();
    for (name, followed) in [("a", "app:stable"), ("stable", "v1"), ("other", "ruby:v1")] {
        let tag = json!({"name": name, "from": {"kind": "ImageStreamTag", "name": followed}, "generation": 2});
        before.spec.tags.push(serde_json::from_value(tag).unwrap());
    }
    let applied = apply(Some(&before), &one(&found(B)), now()).unwrap();
    let mut moved: Vec<_> = applied.moved.iter().map(|moved| moved.tag.as_str()).collect();
    moved.sort_unstable();
    assert_eq!(moved, ["a", "stable", "v1"]);
    for name in ["a", "stable"] {
        assert_eq!(applied.stream.current(name), applied.stream.current("v1"), "{name}");
        assert_eq!(applied.stream.spec_tag(name).unwrap().generation, Some(2), "{name}");
    }
}

#[test]
fn a_pointer_that_is_imported_points_to_the_image() {
    let entry = json!({"dockerImageReference": "quay.io/a/b:v1", "image": ""});
    let before = app(&json!({"reference": true}), &entry, &json!({}));
    let mut import = one(&found(A));
    import.spec.images[0].import_policy.import_mode = Some(ImportMode::PreserveOriginal);
    let applied = apply(Some(&before), &import, now()).unwrap();
    assert_eq!(applied.stream.current("v1").unwrap().image, A);
}

#[test]
fn fields_left_out_are_no_change_and_are_filled_in_for_what_is_imported() {
    let mut before =
        app(&json!({"importPolicy": {}, "referencePolicy": {}}), &json!({}), &json!({}));
    let by_hand =
        json!({"name": "by-hand", "from": {"kind": "DockerImage", "name": "a"}, "generation": 2});
    before.spec.tags.push(serde_json::from_value(by_hand).unwrap());
    let applied = apply(Some(&before), &one(&found(A)), now()).unwrap();
    assert_eq!((applied.changed, &applied.stream), (false, &before));

    let applied = apply(Some(&before), &one(&found(B)), now()).unwrap();
    assert_eq!(applied.stream.spec_tag("by-hand"), before.spec_tag("by-hand"));
    let filled = applied.stream.spec_tag("v1").unwrap();
    assert_eq!(filled.import_policy.import_mode, Some(ImportMode::Legacy));
    assert_eq!(filled.reference_policy.kind, Some(ReferencePolicyType::Source));
}
