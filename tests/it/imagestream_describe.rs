//! Streams and images are described as the real oc describes them: see `fixtures/openshift/README.md`.

use longshore::imagestream::api::Time;
use longshore::imagestream::describe::{
    describe_image, describe_import, describe_stream, has_failed, headline, left_out, outcomes,
};
use longshore::imagestream::{Image, ImageStream, ImageStreamImport};
use serde_json::json;

use crate::support::recording::Recording;

/// The answer to the import of a recording, and the moment of it.
fn answer(recording: &Recording) -> Option<(ImageStreamImport, Time)> {
    let post = recording.exchanges.iter().find(|exchange| {
        exchange.status == 201 && exchange.path.ends_with("/imagestreamimports")
    })?;
    let import: ImageStreamImport = serde_json::from_value(post.response.clone()).unwrap();
    let now = import.metadata.creation_timestamp.unwrap();
    Some((import, now))
}

/// oc calls an image by the tag that it has on its registry, by `latest` when it has none, and a failure by nothing
/// then.
fn as_oc_calls_them(mut import: ImageStreamImport) -> ImageStreamImport {
    for (asked, status) in import.spec.images.iter_mut().zip(&import.status.images) {
        let is_found = status.image.is_some();
        let tag = if is_found && status.tag.is_empty() { "latest" } else { &status.tag };
        tag.clone_into(&mut asked.to.as_mut().unwrap().name);
    }
    import
}

/// Seconds that went by between an answer and its description are as good as none, and so is the end of a line at the
/// end of an annotation.
fn without_seconds(text: &str) -> String {
    let line = |line: &str| {
        let Some(before) = line.strip_suffix(" ago") else { return line.to_owned() };
        let start = before.find(|c: char| c.is_ascii_digit() || c == 'L').unwrap_or(0);
        match before.contains("second") {
            true => format!("{}moments ago", &line[..start]),
            false => line.to_owned(),
        }
    };
    let lines = text.trim_end().lines().filter(|line| line.is_empty() || !line.trim().is_empty());
    lines.map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_are_described_as_oc_does() {
    let mut described = 0;
    for recording in Recording::all() {
        let Some((import, now)) = answer(&recording) else { continue };
        if !recording.stdout.starts_with("imagestream.image.openshift.io/") {
            continue;
        }
        let import = as_oc_calls_them(import);
        let name = &recording.name;
        let text = describe_import(&import, now);
        assert_eq!(without_seconds(&text), without_seconds(&recording.stdout), "{name}");
        let mut said: Vec<String> = outcomes(&import)
            .filter_map(|image| Some(format!("error: {}", image.failure()?)))
            .collect();
        if has_failed(&import) {
            said.push("error: imported completed with errors".to_owned());
        }
        assert_eq!(said, recording.stderr.lines().collect::<Vec<_>>(), "{name}");
        assert_eq!(recording.exit, i32::from(has_failed(&import)), "{name}");
        described += 1;
    }
    assert!(described >= 39, "{described}");
}

#[test]
fn an_image_has_the_tag_of_the_stream() {
    let (import, now) = answer(&Recording::named("163-limitrange-one-tag")).unwrap();
    assert!(describe_import(&import, now).contains("Image Name:\tlimited2:a\n"));
}

#[test]
fn a_tag_is_described_as_oc_does() {
    let recording = Recording::named("33-index-docker-preserve-new-stream");
    let (import, now) = answer(&recording).unwrap();
    let image = import.status.images[0].image.as_ref().unwrap();
    let text = describe_image(&image.metadata.name, image, now);
    let described = recording.file("describe-istag.txt").unwrap();
    assert_eq!(without_seconds(&text), without_seconds(&described));
}

/// What no recording shows: described by hand after the rules of oc's describer.
#[test]
fn all_that_a_stream_can_hold_is_told() {
    let stream: ImageStream = serde_json::from_value(json!({
        "metadata": {
            "name": "s", "namespace": "demo",
            "labels": {"b": "2", "a": "1"},
            "annotations": {"description": "one\ntwo", "z": "\u{1b}[31mred"},
        },
        "spec": {
            "lookupPolicy": {"local": true},
            "tags": [
                {"name": "alias", "from": {"kind": "ImageStreamTag", "name": "1.0"}},
                {"name": "bare"},
                {"name": "1.0", "from": {"kind": "DockerImage", "name": "reg/app:1.0"}, "generation": 3,
                 "annotations": {"description": "d", "tags": "a,b", "supports": "c,d", "sampleRepo": "r"}},
                {"name": "other", "from": {"kind": "ImageStreamTag", "namespace": "else", "name": "x:y"},
                 "importPolicy": {"scheduled": true}},
                {"name": "pointer", "reference": true, "generation": 9,
                 "from": {"kind": "ImageStreamImage", "namespace": "demo", "name": "s@sha256:aa"}},
                {"name": "strange", "from": {"kind": "Thing", "name": "t"}},
            ],
        },
        "status": {
            "publicDockerImageRepository": "public/s",
            "dockerImageRepository": "private/s",
            "tags": [
                {"tag": "1.0", "items": [
                    {"created": "2026-01-01T00:00:00Z", "dockerImageReference": "reg/app:1.0",
                     "image": "sha256:bb", "generation": 2},
                ]},
                {"tag": "old", "items": [], "conditions": [
                    {"type": "ImportSuccess", "status": "False", "reason": "NotFound", "message": "a\u{7}b",
                     "generation": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"},
                ]},
            ],
        },
    }))
    .unwrap();
    let now = Time::new("2026-01-01T02:00:00Z".parse().unwrap());
    let wanted = "\
Name:\t\t\ts
Namespace:\t\tdemo
Labels:\t\t\ta=1
\t\t\tb=2
Description:\t\tone
\t\t\ttwo
Annotations:\t\tz= [31mred
Image Repository:\tpublic/s
Image Lookup:\t\tlocal=true
Unique Images:\t\t1
Tags:\t\t\t7

1.0 (alias)
  tagged from reg/app:1.0

  d
  Tags: a, b
  Supports: c, d
  Example Repo: r

  ~ importing latest image ...
  * reg/app:1.0
      2 hours ago\tsha256:bb

bare
  tag without source image


old
  no spec tag

  ! error: Import failed (NotFound): a b
      2 hours ago

other
  updates automatically from else/x:y


pointer
  reference to image s@sha256:aa


strange
  updates from Thing t

";
    assert_eq!(describe_stream(&stream, now), wanted);
    let empty = ImageStream::new("demo", "e");
    assert!(describe_stream(&empty, now).ends_with("Tags:\t\t\t<none>\n"));
}

#[test]
fn all_that_an_image_can_hold_is_told() {
    let image: Image = serde_json::from_value(json!({
        "metadata": {"name": "sha256:aa", "labels": {"l": "1"}, "annotations": {"a": "2"}},
        "dockerImageReference": "reg/app@sha256:aa",
        "dockerImageMetadata": {
            "Size": 28_640_000, "Author": "me", "Architecture": "arm",
            "Config": {
                "Entrypoint": ["/entry", "-x"], "Cmd": ["serve"], "WorkingDir": "/srv", "User": "1000",
                "ExposedPorts": {"8080/tcp": {}, "443/tcp": {}},
                "Labels": {"b": "2", "a": "1"}, "Env": ["A=1", "B=\u{1b}2"], "Volumes": {"/b": {}, "/a": {}},
            },
        },
        "dockerImageLayers": [
            {"name": "sha256:l1", "size": 28_000_000, "mediaType": ""},
            {"name": "sha256:l2", "size": 640, "mediaType": ""},
        ],
        "dockerImageManifests": [
            {"digest": "sha256:m1", "mediaType": "", "manifestSize": 1, "os": "linux", "architecture": "arm", "variant": "v7"},
        ],
        "signatures": [
            {"metadata": {"name": "s1"}, "type": "atomic"},
            {"metadata": {"name": "s2"}, "type": "atomic", "issuedBy": {"commonName": "me"}},
        ],
    }))
    .unwrap();
    let now = Time::new("2026-01-01T02:00:00Z".parse().unwrap());
    let wanted = "\
Docker Image:\t\treg/app@sha256:aa
Name:\t\t\tsha256:aa
Labels:\t\t\tl=1
Annotations:\t\ta=2
Image Size:\t\t28.64MB in 2 layers
Layers:\t\t\t28MB\tsha256:l1
\t\t\t640B\tsha256:l2
Image Signatures:\t\x20
\t\t\tName:\ts1
\t\t\tType:\tatomic
\t\t\tStatus:\tUnverified
Image Signatures:\t\x20
\t\t\tName:\t\ts2
\t\t\tType:\t\tatomic
\t\t\tStatus:\t\tVerified
\t\t\tIssued By:\tme
Image Created:\t\t<none>
Author:\t\t\tme
Arch:\t\t\tarm
Manifests:\t\tlinux/arm/v7\tsha256:m1
Entrypoint:\t\t/entry -x
Command:\t\tserve
Working Dir:\t\t/srv
User:\t\t\t1000
Exposes Ports:\t\t443/tcp, 8080/tcp
Docker Labels:\t\ta=1
\t\t\tb=2
Environment:\t\tA=1
\t\t\tB= 2
Volumes:\t\t/a
\t\t\t/b
";
    assert_eq!(describe_image("", &image, now), wanted);
}

#[test]
fn what_an_import_says_holds_no_control_characters() {
    let import: ImageStreamImport = serde_json::from_value(json!({
        "metadata": {"name": "s"},
        "spec": {"import": false, "images": [{"from": {"kind": "DockerImage", "name": "x"}, "to": {"name": "t"}}]},
        "status": {
            "images": [{"status": {"status": "Failure", "message": "no\u{1b}[2J\nway"}, "tag": "y"}],
            "repository": {"status": {"status": "Failure"}, "additionalTags": ["a\u{1b}b", "c"]},
        },
    }))
    .unwrap();
    assert_eq!(
        headline(&import),
        "imagestream.image.openshift.io/s imported with errors (dry run)"
    );
    let failures: Vec<_> = outcomes(&import).filter_map(|image| image.failure()).collect();
    assert_eq!(failures, ["tag t failed: no [2J way"]);
    assert!(
        left_out(&import).unwrap().ends_with("2 additional tags which were not imported: a b, c")
    );
}
