//! What is imported from time to time.

use super::policies::{ALL_SET, Stored, stored, told};
use super::*;

fn found(stream: &mut ImageStream, tag: &str) {
    let event: TagEvent = serde_json::from_value(serde_json::json!({
        "created": "2024-01-01T00:00:00Z", "dockerImageReference": "a@b", "image": "b", "generation": 1
    }))
    .unwrap();
    let tag = tag.to_owned();
    let items = vec![event];
    stream.status.tags.push(StatusTag { tag, items, ..Default::default() });
}

#[test]
fn scheduled_tags_are_asked_for_again() {
    let on = |name: &str, kind: &str, from: &str| SpecTag {
        import_policy: ImportPolicy { scheduled: true, ..ImportPolicy::default() },
        ..spec_tag(name, kind, from)
    };
    let mut there = stream(
        "",
        vec![
            on("b", DOCKER_IMAGE, "quay.io/a/b:1"),
            on("alias", IMAGE_STREAM_TAG, "app:b"),
            SpecTag { reference: true, ..on("pointer", DOCKER_IMAGE, "quay.io/a/b:2") },
            on("first", DOCKER_IMAGE, "quay.io/a/b@sha256:1"),
            on("found", DOCKER_IMAGE, "quay.io/a/b@sha256:2"),
            spec_tag("manual", DOCKER_IMAGE, "quay.io/a/b:3"),
            SpecTag {
                import_policy: stored("x", ALL_SET).import_policy,
                ..on("latest", DOCKER_IMAGE, "quay.io/a/b:4")
            },
        ],
    );
    found(&mut there, "found");
    found(&mut there, "b");
    let request = scheduled(&name(), &there).unwrap();
    assert!(request.spec.import && request.metadata.resource_version.as_deref() == Some("7"));
    let images: Vec<String> = request
        .spec
        .images
        .iter()
        .map(|image| {
            let policies = told(&image.import_policy, &image.reference_policy);
            format!("{}: {policies}", image.to.as_ref().unwrap().name)
        })
        .collect();
    assert_eq!(
        images,
        [
            "latest: insecure scheduled PreserveOriginal Source",
            "b: scheduled Legacy Source",
            "first: scheduled Legacy Source"
        ]
    );
    assert_eq!(request.spec.repository, None);
    assert_eq!(scheduled(&name(), &motley(REPO)), None);
}

#[test]
fn a_repository_is_asked_for_new_tags_when_all_of_its_tags_are_alike() {
    let scheduled_and = |rest: &str| format!("--scheduled {rest}");
    let preserved = scheduled_and("--import-mode=PreserveOriginal");
    let cases: [(Stored, Option<&str>); 5] = [
        (&[], None),
        (&[("1", "--scheduled"), ("2", "--scheduled")], Some("scheduled Legacy Source")),
        (&[("1", &preserved)], Some("scheduled PreserveOriginal Source")),
        (&[("1", "--scheduled"), ("2", "")], None),
        (&[("1", "--scheduled"), ("2", &preserved)], None),
    ];
    for (tags, expected) in cases {
        let tags: Vec<SpecTag> = tags.iter().map(|(name, line)| stored(name, line)).collect();
        let known = tags.iter().filter(|tag| tag.import_policy.scheduled).count();
        let request = scheduled(&name(), &stream(REPO, tags));
        let repository = request.as_ref().and_then(|request| request.spec.repository.as_ref());
        let got = repository.map(|r| told(&r.import_policy, &r.reference_policy));
        assert_eq!(got.as_deref(), expected);
        assert_eq!(request.map_or(0, |request| request.spec.images.len()), known);
    }
}
