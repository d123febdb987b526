//! Section 1.2 and 1.3 of the specification, row by row.

mod policies;
mod scheduled;

use super::*;
use crate::imagestream::api::{
    IMAGE_STREAM_IMAGE, IMAGE_STREAM_TAG, INSECURE_REPOSITORY, ImageImportStatus, ImportPolicy,
    ReferencePolicy, RepositoryImportStatus, Status, StatusTag, TagEvent,
};

const REPO: &str = "quay.io/team/app";

fn name() -> StreamName {
    StreamName::new("dev".parse().unwrap(), "app").unwrap()
}

fn spec_tag(name: &str, kind: &str, from: &str) -> SpecTag {
    let from = Some(ObjectReference::new(kind, from));
    SpecTag { name: name.to_owned(), from, ..SpecTag::default() }
}

fn stream(repository: &str, tags: Vec<SpecTag>) -> ImageStream {
    let mut stream = ImageStream::new("dev", "app");
    stream.metadata.resource_version = Some("7".to_owned());
    stream.spec.docker_image_repository = repository.to_owned();
    stream.spec.tags = tags;
    stream
}

/// A stream with a tag of each kind.
fn motley(repository: &str) -> ImageStream {
    let pushed = SpecTag { name: "pushed".to_owned(), ..SpecTag::default() };
    stream(
        repository,
        vec![
            spec_tag("v1", DOCKER_IMAGE, "quay.io/team/app:v1"),
            spec_tag("stable", IMAGE_STREAM_TAG, "app:v1"),
            spec_tag("loop", IMAGE_STREAM_TAG, "loop"),
            spec_tag("other", IMAGE_STREAM_TAG, "ruby:2"),
            spec_tag("bad", IMAGE_STREAM_TAG, "app:-"),
            spec_tag("dangling", IMAGE_STREAM_TAG, "app:gone"),
            spec_tag("image", IMAGE_STREAM_IMAGE, "app@sha256:1"),
            pushed,
            spec_tag("10.0", DOCKER_IMAGE, "quay.io/elsewhere/base:10"),
        ],
    )
}

/// Options as on a command line: a tag or `--all`, then flags.
fn options(line: &str) -> ImportOptions {
    let mut words = line.split_whitespace();
    let scope = match words.next().unwrap() {
        "--all" => Scope::All,
        tag => Scope::Tag(tag.parse().unwrap()),
    };
    let mut options = ImportOptions::new(scope);
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("--from", from) => options.from = Some(from.to_owned()),
            ("--confirm", _) => options.confirm = true,
            ("--scheduled", _) => options.scheduled = true,
            ("--dry-run", _) => options.dry_run = true,
            ("--insecure", value) => options.insecure = Some(value != "false"),
            ("--import-mode", mode) => options.import_mode = parse_import_mode(mode).ok(),
            ("--reference-policy", kind) => {
                options.reference_policy = parse_reference_policy(kind).ok();
            }
            _ => panic!("{word}"),
        }
    }
    options
}

fn asked(stream: Option<&ImageStream>, line: &str) -> Import {
    requests(&name(), stream, &options(line)).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// `TAG<FROM` for each image, then the repository.
fn summary(import: &Import) -> String {
    let spec = &import.request.spec;
    let images = spec
        .images
        .iter()
        .map(|image| format!("{}<{}", image.to.as_ref().unwrap().name, image.from.name));
    let repository = spec.repository.iter().map(|repository| repository.from.name.clone());
    images.chain(repository).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_fits_the_stream_is_asked() {
    let (without, with) = (motley(""), motley(REPO));
    for (stream, line, expected, remembered) in [
        (None, "v1 --confirm --from=quay.io/a/b:2", "v1<quay.io/a/b:2", None),
        (None, "--all --confirm --from=quay.io/a/b", "quay.io/a/b", Some("quay.io/a/b")),
        (None, "--all --confirm --from=quay.io/a/b --dry-run", "quay.io/a/b", None),
        (Some(&without), "--all", "10.0<quay.io/elsewhere/base:10 v1<quay.io/team/app:v1", None),
        (Some(&without), "--all --from=quay.io/a/b --confirm", "quay.io/a/b", Some("quay.io/a/b")),
        (Some(&with), "--all", REPO, None),
        (Some(&with), "--all --from=quay.io/team/app", REPO, None),
        (Some(&with), "--all --from=quay.io/team/app --confirm", REPO, None),
        (Some(&with), "--all --from=quay.io/a/b --confirm", "quay.io/a/b", Some("quay.io/a/b")),
        (Some(&without), "v1", "v1<quay.io/team/app:v1", None),
        (Some(&without), "v1 --from=quay.io/team/app:v1", "v1<quay.io/team/app:v1", None),
        (Some(&without), "stable", "v1<quay.io/team/app:v1", None),
        (Some(&without), "stable --from=quay.io/team/app:v1", "v1<quay.io/team/app:v1", None),
        (Some(&without), "new --from=quay.io/a/b:3", "new<quay.io/a/b:3", None),
        (Some(&without), "dangling --from=quay.io/a/b:3", "dangling<quay.io/a/b:3", None),
        (Some(&with), "latest", "latest<quay.io/team/app", None),
        (Some(&with), "latest --from=quay.io/a/b:3", "latest<quay.io/a/b:3", None),
    ] {
        let import = asked(stream, line);
        assert_eq!(summary(&import), expected, "{line}");
        assert_eq!(import.remember.as_deref(), remembered, "{line}");
        assert!(import.request.spec.images.iter().all(|image| image.from.kind == DOCKER_IMAGE));
        assert_eq!(import.request.spec.import, !line.contains("--dry-run"));
    }
}

#[test]
fn what_does_not_fit_is_refused_in_the_words_of_oc() {
    let (without, with, empty) = (motley(""), motley(REPO), stream("", Vec::new()));
    let no_tag = |tag: &str| {
        format!(
            "the tag \"{tag}\" does not exist on the image stream - choose an existing tag to import or use the 'tag' command to create a new tag"
        )
    };
    let (latest, gone, dangling) = (no_tag("latest"), no_tag("gone"), no_tag("dangling"));
    let no_stream = r#"no image stream named "app" exists, pass --confirm to create and import"#;
    for (stream, line, message) in [
        (None, "v1", no_stream),
        (None, "v1 --from=quay.io/a/b", no_stream),
        (None, "--all --from=quay.io/a/b", no_stream),
        (
            None,
            "v1 --confirm",
            r#"no image stream named "app" exists, pass --from with the image or repository to import it from"#,
        ),
        (
            Some(&empty),
            "--all",
            "image stream does not have tags pointing to external container images",
        ),
        (
            Some(&without),
            "--all --from=quay.io/a/b",
            "the image stream does not currently import an entire Docker repository, pass --confirm to update",
        ),
        (
            Some(&with),
            "--all --from=quay.io/a/b",
            r#"the image stream has a different import spec "quay.io/team/app", pass --confirm to update"#,
        ),
        (Some(&without), "bad", r#"tag "bad" points to an invalid imagestreamtag"#),
        (
            Some(&without),
            "other",
            r#"tag "other" points to an imagestreamtag from another ImageStream"#,
        ),
        (Some(&without), "loop", r#"tag "loop" on the image stream is a reference to same tag"#),
        (Some(&without), "latest", &latest),
        (Some(&with), "gone", &gone),
        (Some(&with), "dangling", &dangling),
        (
            Some(&without),
            "image",
            r#"tag "image" points to existing ImageStreamImage "app@sha256:1", it cannot be re-imported"#,
        ),
        (
            Some(&without),
            "pushed",
            r#"tag "pushed" already exists - you must use the 'tag' command if you want to change the source to """#,
        ),
        (
            Some(&without),
            "pushed --from=quay.io/a/b",
            r#"tag "pushed" already exists - you must use the 'tag' command if you want to change the source to "quay.io/a/b""#,
        ),
        (
            Some(&without),
            "stable --from=quay.io/a/b",
            r#"the tag "stable" points to the tag "v1" which points to "quay.io/team/app:v1" - use the 'tag' command if you want to change the source to "quay.io/a/b""#,
        ),
        (
            Some(&without),
            "v1 --from=quay.io/a/b --confirm",
            r#"the tag "v1" points to "quay.io/team/app:v1" - use the 'tag' command if you want to change the source to "quay.io/a/b""#,
        ),
    ] {
        let refused = requests(&name(), stream, &options(line)).unwrap_err();
        assert_eq!(refused.to_string(), message, "{line}");
    }
}

#[test]
fn a_new_stream_is_from_the_registry_that_its_argument_names() {
    let target = parse_target("quay.io/team/app:v2", false, &"dev".parse().unwrap()).unwrap();
    let options = ImportOptions { confirm: true, ..ImportOptions::of(&target) };
    let import = requests(&target.stream, None, &options).unwrap();
    assert_eq!(summary(&import), "v2<quay.io/team/app:v2");
    let there = motley("");
    let refused = requests(&target.stream, Some(&there), &options).unwrap_err();
    assert_eq!(refused, RequestError::NoTag("v2".to_owned()));
}

#[test]
fn a_request_names_the_stream_that_it_was_made_from() {
    let there = motley("");
    let metadata = asked(Some(&there), "v1").request.metadata;
    assert_eq!(metadata.resource_version.as_deref(), Some("7"));
    assert_eq!((metadata.name.as_str(), metadata.namespace.as_deref()), ("app", Some("dev")));
    let metadata = asked(None, "v1 --from=quay.io/a/b --confirm").request.metadata;
    assert_eq!(metadata.resource_version, None);
}

#[test]
fn a_repository_that_cannot_be_read_is_not_remembered() {
    let import = asked(None, "--all --confirm --from=quay.io/a/b");
    let image = ImageImportStatus::default;
    let failure = || Status { status: "Failure".to_owned(), ..Status::default() };
    for (status, images, remembered) in [
        (Status::success(), vec![image()], true),
        (Status::success(), vec![], true),
        (failure(), vec![image()], true),
        (failure(), vec![], false),
    ] {
        let mut answer = import.request.clone();
        let repository = RepositoryImportStatus { status, images, additional_tags: Vec::new() };
        answer.status.repository = Some(repository);
        assert_eq!(import.to_remember(&answer).is_some(), remembered);
    }
    assert_eq!(import.to_remember(&import.request), None);
}
