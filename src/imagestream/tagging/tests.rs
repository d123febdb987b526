//! Section 3 of the specification, rule by rule.

use super::*;
use crate::imagestream::api::{StatusTag, TagEvent};

const HEX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Options as on a command line, in the namespace `dev`; `@` stands for `@sha256:…`.
fn options(line: &str) -> TagOptions {
    let mut options = TagOptions { namespace: "dev".parse().unwrap(), ..TagOptions::default() };
    for word in line.split_whitespace() {
        match word.split_once('=').unwrap_or((word, "")) {
            ("-d", _) => options.delete = true,
            ("--alias", _) => options.alias = true,
            ("--reference", _) => options.reference = true,
            ("--scheduled", _) => options.scheduled = true,
            ("--insecure", _) => options.insecure = true,
            ("--source", kind) => options.source_kind = Some(kind.to_owned()),
            ("--reference-policy", kind) => options.reference_policy = Some(kind.to_owned()),
            ("--import-mode", mode) => options.import_mode = Some(mode.to_owned()),
            _ => options.arguments.push(word.replace('@', &format!("@sha256:{HEX}"))),
        }
    }
    options
}

/// A stream whose tag `v1` points to an image, and `old` to one without a name.
fn source() -> ImageStream {
    let mut stream = ImageStream::new("dev", "app");
    let event = |reference: &str, image: &str| -> TagEvent {
        serde_json::from_value(serde_json::json!({
            "created": "2024-01-01T00:00:00Z", "dockerImageReference": reference, "image": image, "generation": 1
        }))
        .unwrap()
    };
    let tag = |tag: &str, items| StatusTag { tag: tag.to_owned(), items, ..StatusTag::default() };
    stream.status.tags = vec![
        tag(
            "v1",
            vec![event("quay.io/a/b@x", "sha256:now"), event("quay.io/a/b@y", "sha256:before")],
        ),
        tag("latest", vec![event("quay.io/a/b@z", "sha256:latest")]),
        tag("old", vec![event("quay.io/a/b:1", "")]),
        tag("broken", vec![event("A B", "")]),
        tag("failed", vec![]),
    ];
    stream
}

fn resolved(line: &str) -> Result<Vec<TagChange>, TagError> {
    match parse(&options(line))? {
        Tagging::Set(setting) => setting.resolve(setting.needs().map(|_| source()).as_ref()),
        Tagging::Delete(_) => panic!("{line} deletes"),
    }
}

#[test]
fn a_source_is_copied_followed_or_imported() {
    // The command, then kind, namespace and name of what the tag follows, and what is said.
    for (line, from, said) in [
        ("app:v1 web:x", "ImageStreamImage / app@sha256:now", "Tag web:x set to app@sha256:now."),
        (
            "dev/app:v1 web:x",
            "ImageStreamImage dev/ app@sha256:now",
            "Tag web:x set to dev/app@sha256:now.",
        ),
        (
            "app:v1 prod/web:x",
            "ImageStreamImage dev/ app@sha256:now",
            "Tag prod/web:x set to app@sha256:now.",
        ),
        ("app:old web:x", "DockerImage / quay.io/a/b:1", "Tag web:x set to quay.io/a/b:1."),
        ("--alias app:v1 app:x", "ImageStreamTag / app:v1", "Tag app:x set up to track app:v1."),
        (
            "--alias prod/app:v1 prod/app:x",
            "ImageStreamTag prod/ app:v1",
            "Tag prod/app:x set up to track prod/app:v1.",
        ),
        ("quay.io/a/b:1 web:x", "DockerImage / quay.io/a/b:1", "Tag web:x set to quay.io/a/b:1."),
        (
            "docker.io/nginx web:x",
            "DockerImage / docker.io/nginx",
            "Tag web:x set to docker.io/nginx.",
        ),
        ("nginx web:x", "DockerImage / nginx", "Tag web:x set to nginx."),
        (
            "--source=docker a/nginx:1 web:x",
            "DockerImage / a/nginx:1",
            "Tag web:x set to a/nginx:1.",
        ),
        (
            "--source=DockerImage --scheduled nginx:1 web:x",
            "DockerImage / nginx:1",
            "Tag web:x set to import nginx:1 periodically.",
        ),
        (
            "--scheduled quay.io/a/b:1 prod/web:x",
            "DockerImage / quay.io/a/b:1",
            "Tag prod/web:x set to quay.io/a/b:1 periodically.",
        ),
    ] {
        let [change] = resolved(line).unwrap().try_into().unwrap();
        let reference = change.spec.from.unwrap();
        let got = format!("{} {}/ {}", reference.kind, reference.namespace, reference.name);
        assert_eq!(got, from, "{line}");
        assert_eq!(change.said, said, "{line}");
        // A zero asks for an import.
        let is_imported = reference.kind == "DockerImage";
        assert_eq!(change.spec.generation, is_imported.then_some(0), "{line}");
        assert_eq!(change.spec.name, "x");
    }
}

#[test]
fn a_digest_is_an_image_of_a_stream() {
    let digest = format!("app@sha256:{HEX}");
    for line in
        ["app@ web:x", "--source=isimage app@ web:x", "--source=imagestreamimage app@ web:x"]
    {
        let [change] = resolved(line).unwrap().try_into().unwrap();
        assert_eq!(
            change.spec.from,
            Some(ObjectReference::new(IMAGE_STREAM_IMAGE, digest.as_str()))
        );
    }
    let [change] = resolved("--source=docker app:v1@ web:x").unwrap().try_into().unwrap();
    assert_eq!(change.spec.from, Some(ObjectReference::new(DOCKER_IMAGE, digest.as_str())));
}

#[test]
fn every_destination_gets_the_policies() {
    let line = "--reference --scheduled --insecure --reference-policy=local --import-mode=PreserveOriginal quay.io/a/b:1 web:x prod/web:y";
    let changes = resolved(line).unwrap();
    let tags: Vec<String> = changes.iter().map(|change| change.tag.to_string()).collect();
    assert_eq!(tags, ["dev/web:x", "prod/web:y"]);
    for change in changes {
        let SpecTag { reference, import_policy, reference_policy, .. } = change.spec;
        assert!(reference && import_policy.scheduled && import_policy.insecure);
        assert_eq!(import_policy.import_mode, Some(ImportMode::PreserveOriginal));
        assert_eq!(reference_policy.kind, Some(ReferencePolicyType::Local));
    }
    let [change] = resolved("--import-mode= quay.io/a/b:1 web:x").unwrap().try_into().unwrap();
    assert_eq!(change.spec.import_policy.import_mode, Some(ImportMode::Legacy));
    assert_eq!(change.spec.reference_policy.kind, Some(ReferencePolicyType::Source));
}

#[test]
fn tags_are_deleted() {
    let Tagging::Delete(removals) = parse(&options("-d web:x prod/web:y --reference")).unwrap()
    else {
        panic!("not deleted")
    };
    let said: Vec<&str> = removals.iter().map(|removal| removal.said.as_str()).collect();
    assert_eq!(said, ["Deleted tag dev/web:x.", "Deleted tag prod/web:y."]);
    assert_eq!(removals[1].tag.to_string(), "prod/web:y");
}

#[test]
fn what_makes_no_sense_is_refused_in_the_words_of_oc() {
    let long = format!("app:v1 web:{}", "x".repeat(129));
    let bad_tag = |tag: &str| {
        format!(
            "invalid tag \"{tag}\" format, tags must start with an alphanumeric character followed by alphanumeric, '.' or '-' characters, and have a maximum of 128 characters"
        )
    };
    let (bad, too_long) = (bad_tag("-bad"), bad_tag(&"x".repeat(129)));
    let modes = "valid ImportMode values are Legacy or PreserveOriginal";
    let imports = "only container images can have importing flags set";
    let deleting = "cannot set flags for importing images when deleting a tag";
    for (line, message) in [
        (
            "",
            "you must specify a source and at least one destination or one or more tags to delete",
        ),
        ("app:v1", "at least a destination is required"),
        ("-d", "at least a destination is required"),
        ("--alias -d web:x", "--alias and --delete may not be both specified"),
        (
            "--reference-policy=Local app:v1 web:x",
            "reference policy must be set to 'source' or 'local'",
        ),
        ("-d --reference-policy=x web:x", "reference policy must be set to 'source' or 'local'"),
        ("-d --source=docker web:x", "cannot specify a source kind when deleting"),
        ("-d --scheduled web:x", deleting),
        ("-d --insecure web:x", deleting),
        ("-d --import-mode=Legacy web:x", "cannot specify an import mode when deleting"),
        ("-d web", r#""web" must be of the form <stream_name>:<tag>"#),
        ("--scheduled app:v1 web:x", imports),
        ("--insecure app@ web:x", imports),
        ("--scheduled --alias app:v1 app:x", imports),
        (
            "--scheduled --alias quay.io/a/app:v1 app:x",
            "cannot set a container image tag as an alias and also set import flags",
        ),
        ("--alias app:v1 web:x", "cannot set alias across different Image Streams"),
        ("--alias app:v1 app:x web:x", "cannot set alias across different Image Streams"),
        ("--alias app:v1 prod/app:x", "cannot set alias across different Image Streams"),
        ("--alias prod/app:v1 app:x", "cannot set alias across different Image Streams"),
        ("--alias quay.io/a/app:v1 app:x", "cannot set alias across different Image Streams"),
        (
            "--source=istag quay.io/a/b:1 web:x",
            "server in SOURCE is only allowed when providing a container image",
        ),
        (
            "--source=isimage quay.io/a/b@ web:x",
            "server in SOURCE is only allowed when providing a container image",
        ),
        (
            "--source=istag app web:x",
            "--source=ImageStreamTag requires a valid <name>:<tag> in SOURCE",
        ),
        (
            "--source=isimage app:v1 web:x",
            "--source=ImageStreamImage requires a valid <name>@<id> in SOURCE",
        ),
        (
            "--source=pod app:v1 web:x",
            r#"invalid source "pod"; valid values are docker, dockerimage, imagestreamimage, imagestreamtag, isimage, istag"#,
        ),
        ("App:v1 web:x", "invalid SOURCE"),
        ("--import-mode=preserve quay.io/a/b:1 web:x", modes),
        ("app:v1 web", r#""web" must be of the form <stream_name>:<tag>"#),
        ("app:v1 prod/web", r#""web" must be of the form <stream_name>:<tag>"#),
        ("app:v1 a/b/web:x", r#"invalid image stream "a/b/web:x""#),
        ("app:v1 /web:x", r#"invalid namespace "" for image stream "/web:x""#),
        ("app:v1 dev/", r#"invalid name "" for image stream "dev/""#),
        ("app:v1 web:-bad", &bad),
        (&long, &too_long),
        (
            "app:none web:x",
            r#""app:none" is not currently pointing to an image, cannot use it as the source of a tag"#,
        ),
        (
            "app:failed web:x",
            r#""app:failed" is not currently pointing to an image, cannot use it as the source of a tag"#,
        ),
        (
            "app:broken web:x",
            r#"the image stream tag "app:broken" has an invalid pull spec and cannot be used to tag"#,
        ),
    ] {
        let refused = match parse(&options(line)) {
            Err(error) => error,
            Ok(_) => resolved(line).unwrap_err(),
        };
        assert_eq!(refused.to_string(), message, "{line}");
    }
}

#[test]
fn only_a_tag_that_is_copied_needs_its_stream() {
    for (line, needs) in [
        ("app:v1 web:x", Some("dev/app")),
        ("prod/app:v1 web:x", Some("prod/app")),
        ("--alias app:v1 app:x", None),
        ("app@ web:x", None),
        ("quay.io/a/b:1 web:x", None),
    ] {
        let Tagging::Set(setting) = parse(&options(line)).unwrap() else { panic!("{line}") };
        assert_eq!(setting.needs().map(ToString::to_string).as_deref(), needs, "{line}");
    }
    let Tagging::Set(setting) = parse(&options("app:v1 web:x")).unwrap() else { panic!() };
    let missing = setting.resolve(None).unwrap_err();
    assert_eq!(missing.to_string(), "no image stream named \"dev/app\" exists");
}
