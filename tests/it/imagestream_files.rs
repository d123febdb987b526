//! A folder of streams, as people, git, `oc` and other processes see it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use longshore::imagestream::api::{ObjectReference, SpecTag, StatusTag, TagEvent};
use longshore::imagestream::files::Error;
use longshore::imagestream::{Files, Image, ImageStream, Namespace, StreamName};
use longshore::model::Digest;

const STREAM: &str = "\
# what we follow
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: app
  annotations: {team/note: 'kept'}   # ours
  resourceVersion: \"820\"
spec:
  tags:
  # the stable one
  - name: v1
    from: {kind: DockerImage, name: q.io/team/app:v1}
    importPolicy: {importMode: null}
  futureField: [1, 2]
";

fn name(text: &str) -> StreamName {
    let (namespace, name) = text.split_once('/').unwrap();
    StreamName::new(namespace.parse().unwrap(), name).unwrap()
}

fn event(digest: &str, at: &str) -> TagEvent {
    TagEvent {
        created: serde_json::from_value(at.into()).unwrap(),
        docker_image_reference: format!("q.io/team/app@{digest}"),
        image: digest.to_owned(),
        generation: 1,
        rest: serde_json::Map::new(),
    }
}

/// A folder that holds these files.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Files) {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("streams");
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let files = Files::open(&root).unwrap();
    (temp, files)
}

fn edit(files: &Files, stream: &str, change: impl FnOnce(&mut ImageStream)) -> Result<(), Error> {
    let name = name(stream);
    files.writer().unwrap().edit(&name, |before| {
        let new = || ImageStream::new(name.namespace().as_str(), name.name());
        let mut stream = before.cloned().unwrap_or_else(new);
        change(&mut stream);
        Ok((Some(stream), ()))
    })
}

fn remember(stream: &mut ImageStream, event: TagEvent) {
    if stream.status_tag("v1").is_none() {
        let tag = StatusTag { tag: "v1".to_owned(), ..StatusTag::default() };
        stream.status.tags.push(tag);
    }
    let tag = stream.status.tags.iter_mut().find(|tag| tag.tag == "v1").unwrap();
    tag.items.insert(0, event);
}

fn text(files: &Files, path: &str) -> String {
    fs::read_to_string(files.root().join(path)).unwrap()
}

fn names_in(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_change_leaves_everything_else_as_people_wrote_it() {
    let (_temp, files) = folder(&[("dev/app.yaml", STREAM)]);
    edit(&files, "dev/app", |stream| remember(stream, event("sha256:aa", "2026-11-24T10:00:00Z")))
        .unwrap();
    let expected = STREAM.replace("  resourceVersion: \"820\"\n", "")
        + "status:
  dockerImageRepository: ''
  tags:
  - items:
    - created: \"2026-11-24T10:00:00Z\"
      dockerImageReference: q.io/team/app@sha256:aa
      generation: 1
      image: sha256:aa
    tag: v1
";
    assert_eq!(text(&files, "dev/app.yaml"), expected.replace("''", "\"\""));
    edit(&files, "dev/app", |stream| stream.spec.tags[0].reference = true).unwrap();
    let expected =
        expected.replace("importMode: null}\n", "importMode: null}\n    reference: true\n");
    assert_eq!(text(&files, "dev/app.yaml"), expected.replace("''", "\"\""));
}

#[test]
fn without_a_change_the_file_is_not_touched() {
    let (_temp, files) = folder(&[("dev/app.yaml", STREAM)]);
    let path = files.root().join("dev/app.yaml");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o444)).unwrap();
    let before = fs::metadata(&path).unwrap();
    edit(&files, "dev/app", |_| ()).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!(before.ino(), after.ino());
    edit(&files, "dev/app", |stream| stream.metadata.generation = 1).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions(), before.permissions());
    assert_eq!(text(&files, "dev/app.yaml").lines().next(), Some("# what we follow"));
}

#[test]
fn a_new_stream_is_printed_as_kubectl_does() {
    let (_temp, files) = folder(&[]);
    assert_eq!(files.get(&name("dev/app")).unwrap(), None);
    assert!(files.list(None).unwrap().is_empty());
    edit(&files, "dev/app", |stream| {
        stream.metadata.annotations.insert("a".to_owned(), "true".to_owned());
        stream.spec.tags.push(SpecTag {
            name: "4.10".to_owned(),
            from: Some(ObjectReference::new("DockerImage", "q.io/a:4.10")),
            ..SpecTag::default()
        });
    })
    .unwrap();
    assert_eq!(
        text(&files, "dev/app.yaml"),
        "\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  annotations:
    a: \"true\"
  name: app
  namespace: dev
spec:
  lookupPolicy:
    local: false
  tags:
  - from:
      kind: DockerImage
      name: q.io/a:4.10
    importPolicy: {}
    name: \"4.10\"
    referencePolicy: {}
status:
  dockerImageRepository: \"\"
"
    );
    assert_eq!(names_in(files.root()), [".lock", "dev"]);
    assert_eq!(names_in(&files.root().join("dev")), ["app.yaml"]);
}

#[test]
fn every_recorded_stream_survives_a_change_and_its_undoing() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/openshift");
    let mut seen = 0;
    for case in fs::read_dir(fixtures).unwrap() {
        let Ok(recorded) = fs::read_to_string(case.unwrap().path().join("stream.yaml")) else {
            continue;
        };
        let Ok(value) = longshore::yaml::read(&recorded) else { continue };
        if value["kind"] != "ImageStream" {
            continue;
        }
        seen += 1;
        let place = format!(
            "{}/{}",
            value["metadata"]["namespace"].as_str().unwrap(),
            value["metadata"]["name"].as_str().unwrap()
        );
        let (_temp, files) = folder(&[(&format!("{place}.yaml"), &recorded)]);
        let path = format!("{place}.yaml");
        edit(&files, &place, |stream| {
            remember(stream, event("sha256:new", "2026-11-24T10:00:00Z"));
        })
        .unwrap();
        assert!(text(&files, &path).contains("image: sha256:new"));
        edit(&files, &place, |stream| {
            let tag = stream.status.tags.iter_mut().find(|tag| tag.tag == "v1").unwrap();
            tag.items.remove(0);
            stream.status.tags.retain(|tag| tag.tag != "v1" || !tag.items.is_empty());
        })
        .unwrap();
        let version = |line: &&str| !line.starts_with("  resourceVersion:");
        let kept: Vec<&str> = recorded.lines().filter(version).collect();
        assert_eq!(text(&files, &path).lines().collect::<Vec<_>>(), kept, "{place}");
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn the_version_is_that_of_the_file_and_is_not_written() {
    let (_temp, files) = folder(&[("dev/app.yaml", STREAM)]);
    let version =
        || files.get(&name("dev/app")).unwrap().unwrap().metadata.resource_version.unwrap();
    let first = version();
    assert_eq!(first, version());
    fs::write(files.root().join("dev/app.yaml"), format!("{STREAM}# by hand\n")).unwrap();
    assert_ne!(first, version());
    edit(&files, "dev/app", |stream| stream.metadata.generation = 7).unwrap();
    assert!(!text(&files, "dev/app.yaml").contains("resourceVersion"));
}

#[test]
fn json_and_other_names_are_read_and_kept() {
    let json = serde_json::to_string_pretty(&longshore::yaml::read(STREAM).unwrap()).unwrap();
    let (_temp, files) = folder(&[
        ("dev/app.json", &json),
        (
            "dev/kustomization.yaml",
            "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\n",
        ),
        ("dev/README.md", "text"),
        ("dev/.hidden.yaml", "text"),
        ("dev/sub/app.yaml", "text"),
        ("images/app.yml", STREAM),
        ("images/sha256/x.yaml", "text"),
        ("Not_a_namespace/app.yaml", "text"),
    ]);
    let list = |namespace: Option<&str>| -> Vec<String> {
        let namespace = namespace.map(|n| n.parse::<Namespace>().unwrap());
        let streams = files.list(namespace.as_ref()).unwrap();
        streams
            .iter()
            .map(|s| &s.as_ref().unwrap().metadata)
            .map(|meta| format!("{}/{}", meta.namespace.as_ref().unwrap(), meta.name))
            .collect()
    };
    assert_eq!(list(None), ["dev/app", "images/app"]);
    assert_eq!(list(Some("images")), ["images/app"]);
    assert_eq!(list(Some("none")), [""; 0]);
    edit(&files, "dev/app", |stream| stream.metadata.generation = 7).unwrap();
    let expected = json.replace("  \"resourceVersion\": \"820\"\n", "  \"generation\": 7\n");
    assert_eq!(text(&files, "dev/app.json"), expected);
    assert!(files.writer().unwrap().delete(&name("images/app")).unwrap());
    assert!(!files.writer().unwrap().delete(&name("images/app")).unwrap());
    assert_eq!(list(None), ["dev/app"]);
}

#[test]
fn a_fault_is_told_with_its_place_and_nothing_changes() {
    let root = |error: &Error, files: &Files| {
        let told = format!(
            "{error}{}",
            std::error::Error::source(error).map(|e| format!(": {e}")).unwrap_or_default()
        );
        told.replace(&format!("{}/", files.root().display()), "")
    };
    let replaced = |from: &str, to: &str| STREAM.replacen(from, to, 1);
    let table = [
        ("not yaml", "a: b: c\n".to_owned(), "app.yaml:1:5: not an object that can be read: "),
        (
            "empty",
            String::new(),
            "app.yaml:1:1: not an object that can be read: invalid type: null, expected a mapping",
        ),
        (
            "a list",
            "- 1\n".to_owned(),
            "app.yaml:1:1: not an object that can be read: invalid type: list, expected a mapping",
        ),
        (
            "two",
            format!("{STREAM}---\n{STREAM}"),
            "app.yaml:17:1: not an object that can be read: only single YAML document expected",
        ),
        (
            "kind",
            replaced("ImageStream", "Image"),
            "app.yaml:3:7: kind is 'Image' where 'ImageStream' belongs",
        ),
        (
            "no kind",
            replaced("kind: ImageStream\n", ""),
            "app.yaml:2:1: kind is '' where 'ImageStream' belongs",
        ),
        (
            "version",
            replaced("image.openshift.io/v1", "v1"),
            "app.yaml:2:13: apiVersion is 'v1' where 'image.openshift.io/v1' belongs",
        ),
        (
            "name",
            replaced("name: app", "name: other"),
            "app.yaml:5:9: metadata.name is 'other' where 'app' belongs",
        ),
        (
            "namespace",
            replaced("  name: app\n", "  name: app\n  namespace: prod\n"),
            "app.yaml:6:14: metadata.namespace is 'prod' where 'dev' belongs",
        ),
        (
            "a field",
            replaced("name: v1", "name: 4.10"),
            "app.yaml:11:11: not an object that can be read: spec.tags[0].name: invalid type: floating point `4.1`, expected a string: put it in quotes",
        ),
        ("an alias bomb", bomb(), "app.yaml:"),
        ("too large", "#".repeat(16 * 1024 * 1024 + 1), "app.yaml is larger than 16777216 bytes"),
    ];
    for (what, text, expected) in table {
        let (_temp, files) = folder(&[("dev/app.yaml", &text)]);
        let error = files.get(&name("dev/app")).unwrap_err();
        let told = root(&error, &files);
        assert!(told.trim_start_matches("dev/").starts_with(expected), "{what}: {told}");
        assert!(edit(&files, "dev/app", |_| panic!("{what}")).is_err());
        assert_eq!(fs::read_to_string(files.root().join("dev/app.yaml")).unwrap(), text);
    }
    let (_temp, files) = folder(&[("dev/app.yaml", STREAM), ("dev/app.json", "{}")]);
    for error in [
        files.get(&name("dev/app")).unwrap_err(),
        files.list(None).unwrap().remove(0).unwrap_err(),
        files.writer().unwrap().delete(&name("dev/app")).unwrap_err(),
    ] {
        assert_eq!(root(&error, &files), "dev/app.json and dev/app.yaml are for one stream");
    }
    let (_temp, files) = folder(&[("dev/App.yaml", STREAM)]);
    assert!(
        root(files.list(None).unwrap()[0].as_ref().unwrap_err(), &files)
            .starts_with("dev/App.yaml is not named for a stream")
    );
}

fn bomb() -> String {
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..9 {
        let below = format!("*a{},", level - 1).repeat(10);
        bomb += &format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(','));
    }
    bomb
}

#[test]
fn links_stay_within_the_root() {
    let (temp, files) = folder(&[("dev/real.yaml", STREAM)]);
    let root = files.root();
    fs::rename(root.join("dev/real.yaml"), root.join("dev/shared")).unwrap();
    symlink("shared", root.join("dev/app.yaml")).unwrap();
    edit(&files, "dev/app", |stream| stream.metadata.generation = 7).unwrap();
    assert!(root.join("dev/app.yaml").is_symlink());
    assert!(text(&files, "dev/shared").contains("generation: 7"));

    let outside = temp.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("app.yaml"), STREAM).unwrap();
    symlink(&outside, root.join("prod")).unwrap();
    symlink(outside.join("app.yaml"), root.join("dev/other.yaml")).unwrap();
    symlink(outside.join("none"), root.join("dev/dangling.yaml")).unwrap();
    symlink(&outside, root.join("images")).unwrap();
    for stream in ["prod/app", "prod/new", "dev/other", "dev/dangling"] {
        assert!(edit(&files, stream, |stream| stream.metadata.generation = 7).is_err(), "{stream}");
    }
    let digest = Digest::of(b"x");
    assert!(files.writer().unwrap().put_image(&digest, &Image::new(digest.as_str())).is_err());
    assert!(files.writer().unwrap().delete(&name("prod/app")).is_err());
    assert!(files.writer().unwrap().delete(&name("dev/other")).unwrap());
    assert_eq!(fs::read_to_string(outside.join("app.yaml")).unwrap(), STREAM);
    assert_eq!(names_in(&outside), ["app.yaml"]);
}

#[test]
fn what_is_no_file_is_refused_without_waiting() {
    let (temp, files) = folder(&[("dev/app.yaml", STREAM)]);
    rustix::fs::mknodat(
        rustix::fs::CWD,
        files.root().join("dev/pipe.yaml"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    fs::create_dir(files.root().join("dev/folder.yaml")).unwrap();
    for stream in ["dev/pipe", "dev/folder"] {
        assert!(matches!(files.get(&name(stream)), Err(Error::NotAFile(_))), "{stream}");
        assert!(edit(&files, stream, |_| ()).is_err());
    }
    let file = temp.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(Files::open(&file), Err(Error::NotAFolder(_))));
}

#[test]
fn images_are_kept_by_their_digest() {
    let (_temp, files) = folder(&[("dev/app.yaml", STREAM)]);
    let digests = [Digest::of(b"a"), Digest::with(longshore::model::Algorithm::Sha512, b"b")];
    for digest in &digests {
        assert_eq!(files.image(digest).unwrap(), None);
        let mut image = Image::new(digest.as_str());
        image.docker_image_reference = "q.io/a:1".to_owned();
        assert!(files.writer().unwrap().put_image(digest, &image).unwrap());
        image.docker_image_reference = "q.io/a:2".to_owned();
        assert!(!files.writer().unwrap().put_image(digest, &image).unwrap());
        assert_eq!(files.image(digest).unwrap().unwrap().docker_image_reference, "q.io/a:1");
    }
    assert_eq!(files.images().unwrap(), digests);
    assert_eq!(files.list(None).unwrap().len(), 1);
    let path = files.root().join(format!("images/sha256/{}.yaml", digests[0].hex()));
    let lie = fs::read_to_string(&path).unwrap().replace(digests[0].hex(), Digest::of(b"c").hex());
    fs::write(&path, lie).unwrap();
    assert!(matches!(
        files.image(&digests[0]),
        Err(Error::Misplaced { field: "metadata.name", .. })
    ));
    assert!(files.writer().unwrap().delete_image(&digests[0]).unwrap());
    assert!(!files.writer().unwrap().delete_image(&digests[0]).unwrap());
    assert_eq!(files.images().unwrap(), digests[1..]);
}

#[test]
fn a_change_that_fails_changes_nothing() {
    let (_temp, files) = folder(&[("dev/app.yaml", STREAM)]);
    let refused: Result<(), Error> = files
        .writer()
        .unwrap()
        .edit(&name("dev/app"), |_| Err(Error::NotAFile(PathBuf::from("x"))));
    assert!(refused.is_err());
    let left: Result<u8, Error> = files.writer().unwrap().edit(&name("dev/new"), |before| {
        assert!(before.is_none());
        Ok((None, 7))
    });
    assert_eq!(left.unwrap(), 7);
    assert_eq!(text(&files, "dev/app.yaml"), STREAM);
    assert_eq!(names_in(&files.root().join("dev")), ["app.yaml"]);
}

#[test]
fn a_file_that_is_replaced_stays_its_owners_and_as_open_as_it_was() {
    let (_temp, files) = folder(&[("dev/app.yaml", STREAM)]);
    let path = files.root().join("dev/app.yaml");
    // Root alone can give a file away.
    let is_given = std::os::unix::fs::chown(&path, Some(1234), Some(2345)).is_ok();
    for mode in [0o666, 0o660, 0o604] {
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        edit(&files, "dev/app", |stream| stream.metadata.generation += 1).unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!(after.permissions().mode() & 0o777, mode);
        assert!(!is_given || (after.uid(), after.gid()) == (1234, 2345));
    }
}
