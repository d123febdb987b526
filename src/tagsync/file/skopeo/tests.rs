use std::error::Error as _;

use proptest::prelude::*;

use super::*;
use crate::mirror::Place;

/// The example of skopeo-sync(1), with its range.
const EXAMPLE: &str = r#"registry.example.com:
    images:
        busybox: []
        redis:
            - "1.0"
            - "2.0"
            - "sha256:0000000000000000000000000000000011111111111111111111111111111111"
    images-by-tag-regex:
        nginx: ^1\.13\.[12]-alpine-perl$
    images-by-semver:
        alpine: ">= 3.12.0"
    credentials:
        username: john
        password: this is a secret
    tls-verify: true
    cert-dir: /home/john/certs
quay.io:
    tls-verify: false
    images:
        coreos/etcd:
            - latest
"#;

fn target(root: &str, naming: Naming) -> SkopeoTarget {
    let Ok(Place::Below(root)) = root.parse() else { panic!("{root}") };
    SkopeoTarget { root, naming }
}

fn read(text: &str) -> std::result::Result<RuleFile, RuleFileError> {
    RuleFile::skopeo(Path::new("sync.yaml"), text, &target("r.io/repo/", Naming::LastPart))
}

/// The rules as they would be written here, without what all of them say.
fn rules(text: &str) -> Vec<Value> {
    let mut file =
        read(text).unwrap_or_else(|error| panic!("{text}: {error} {:?}", error.source()));
    let rules = file.document["rules"].as_array_mut().unwrap();
    for rule in rules.iter_mut() {
        assert_eq!(rule.as_object_mut().unwrap().shift_remove("referrers"), Some(false.into()));
    }
    rules.clone()
}

#[test]
fn the_example_of_the_manual_is_read() {
    assert_eq!(
        rules(EXAMPLE),
        [
            json!({"name": "quay.io/coreos/etcd:latest", "source": "quay.io/coreos/etcd:latest", "to": "r.io/repo/etcd"}),
            json!({"name": "registry.example.com/busybox", "source": "registry.example.com/busybox", "to": "r.io/repo/busybox"}),
            json!({"name": "registry.example.com/redis:1.0", "source": "registry.example.com/redis:1.0", "to": "r.io/repo/redis"}),
            json!({"name": "registry.example.com/redis:2.0", "source": "registry.example.com/redis:2.0", "to": "r.io/repo/redis"}),
            json!({"name": "registry.example.com/redis by digest", "source": "registry.example.com/redis", "to": "r.io/repo/redis",
                "tags": {"deny": ["*"]},
                "digests": ["sha256:0000000000000000000000000000000011111111111111111111111111111111"]}),
            json!({"name": "registry.example.com/nginx by regex", "source": "registry.example.com/nginx", "to": "r.io/repo/nginx",
                "tags": {"allow": [r"/1\.13\.[12]-alpine-perl/"]}}),
            json!({"name": "registry.example.com/alpine by semver", "source": "registry.example.com/alpine", "to": "r.io/repo/alpine",
                "tags": {"deny": ["/V.*/", "/.*_.*/"], "semver": ">=3.12.0"}}),
        ]
    );
}

#[test]
fn registries_are_reached_as_the_example_says() {
    let file = read(EXAMPLE).unwrap();
    let [example, quay]: [Registry; 2] =
        ["registry.example.com", "quay.io"].map(|r| r.parse().unwrap());
    assert!(file.reach[&quay].is_unverified && file.reach[&quay].login.is_none());
    assert!(!file.reach[&example].is_unverified);
    match &file.reach[&example].login {
        Some(Credential::Basic { username, password }) => {
            assert_eq!((username.as_str(), password.expose()), ("john", "this is a secret"));
        }
        other => panic!("{other:?}"),
    }
    let cert_dir = file.settings.registries[&example].value.cert_dir.as_ref().unwrap();
    assert_eq!(cert_dir.value, Path::new("/home/john/certs"));
    assert_eq!(cert_dir.position.to_string(), "sync.yaml:16:15");
    assert_eq!(
        file.document["registries"],
        json!({"quay.io": {"insecure": true}, "registry.example.com": {"cert-dir": "/home/john/certs"}})
    );
    assert!(!format!("{file:?}").contains("this is a secret"));
}

#[test]
fn rules_stand_where_the_file_has_them() {
    let places: Vec<String> =
        read(EXAMPLE).unwrap().rules.iter().map(|rule| rule.position.to_string()).collect();
    let expected = [
        "sync.yaml:21:15",
        "sync.yaml:3:18",
        "sync.yaml:5:15",
        "sync.yaml:6:15",
        "sync.yaml:5:13",
        "sync.yaml:9:16",
        "sync.yaml:11:17",
    ];
    assert_eq!(places, expected);
}

#[test]
fn names_are_the_last_part_or_all_of_it() {
    for (root, naming, registry, repository, expected) in [
        ("r.io", Naming::LastPart, "quay.io", "coreos/etcd", "r.io/etcd"),
        ("r.io/a/b", Naming::LastPart, "quay.io", "coreos/etcd", "r.io/a/b/etcd"),
        (
            "localhost:5000",
            Naming::Scoped,
            "quay.io",
            "coreos/etcd",
            "localhost:5000/quay.io/coreos/etcd",
        ),
        ("r.io/a", Naming::Scoped, "docker.io", "busybox", "r.io/a/docker.io/library/busybox"),
        ("r.io", Naming::LastPart, "docker.io", "busybox", "r.io/busybox"),
        ("r.io", Naming::LastPart, "quay.io/team", "x/app", "r.io/app"),
    ] {
        let text = format!("{registry}: {{images: {{{repository}: []}}}}");
        let target = target(&format!("{root}/"), naming);
        let file = RuleFile::skopeo(Path::new("s.yaml"), &text, &target).unwrap();
        assert_eq!(file.rules[0].targets[0].to_string(), expected);
    }
}

#[test]
fn scalars_are_taken_as_they_are_written() {
    let rules =
        rules("q.io:\n  images:\n    a: [1.10, 3, v1]\n    b:\n  images-by-semver: {c: 1.10}\n");
    let sources: Vec<&str> = rules.iter().map(|rule| rule["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["q.io/a:1.10", "q.io/a:3", "q.io/a:v1", "q.io/b", "q.io/c"]);
    assert_eq!(rules[4]["tags"]["semver"], "1.10");
    let flags = |word: &str| read(&format!("q.io: {{images: {{a: []}}, tls-verify: {word}}}"));
    let is_unverified = |word| flags(word).unwrap().reach.values().any(|reach| reach.is_unverified);
    assert!(is_unverified("no") && is_unverified("false") && !is_unverified("true"));
}

#[test]
fn pre_releases_count_where_the_constraint_names_one() {
    let tags = |constraint: &str| {
        rules(&format!("q.io: {{images-by-semver: {{a: '{constraint}'}}}}"))[0]["tags"].clone()
    };
    assert_eq!(tags(">=1.2")["prerelease"], Value::Null);
    assert_eq!(tags(">=1.2.0-0")["prerelease"], "ordered");
    assert_eq!(tags("!=1.4.0")["semver"], "<1.4.0 || >1.4.0");
}

#[test]
fn what_is_done_otherwise_is_told_with_its_place() {
    let many = "sync.yaml:1:1: images for several platforms go with all of them, as with 'skopeo sync --all'";
    for (text, expected) in [
        ("q.io: {images: {a: []}}", &[][..]),
        ("q.io: {images: {a: []}}\nr.io: {}\n", &["sync.yaml:2:1: r.io: no images are named"]),
        ("q.io: {images: {a: []}}\nr.io:\n", &["sync.yaml:2:1: r.io: no images are named"]),
        (
            "q.io:\n  images:\n    a/app: []\n    b/app: []\n",
            &[
                "sync.yaml:4:5: q.io.images.b/app: q.io/b/app goes to r.io/repo/app, as q.io/a/app does: --scoped keeps them apart",
            ],
        ),
        (
            "q.io:\n  images-by-semver:\n    a: '>=1.2.0-0 <2'\n",
            &[
                "sync.yaml:3:5: q.io.images-by-semver.a: pre-releases of all versions in the range are taken; not all versions of skopeo do so, unless each part of it names one",
            ],
        ),
    ] {
        let notes: Vec<String> =
            read(text).unwrap().notes.iter().map(ToString::to_string).collect();
        assert_eq!(notes, [expected, &[many]].concat(), "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, place, told, snippet) in [
        ("[]", "1:1", "invalid type: list, expected a mapping", "[]"),
        ("q.io: [a]", "1:7", "q.io: invalid type: list, expected a mapping", "q.io: [a]"),
        (
            "q.io:\n  image: {a: []}\n",
            "2:3",
            "q.io.image: unknown field `image`: `images` may be meant, expected one of `images`, `images-by-tag-regex`, `images-by-semver`",
            "image: {a: []}",
        ),
        (
            "q.io:\n  images: {a: v1}\n",
            "2:15",
            "q.io.images.a: invalid type: string \"v1\", expected a list",
            "images: {a: v1}",
        ),
        (
            "q.io:\n  images:\n    a: ['v 1']\n",
            "3:9",
            "q.io.images.a[0]: 'v 1' is not a tag: expected up to 128 of",
            "a: ['v 1']",
        ),
        ("q.io:\n  images:\n    A: []\n", "3:8", "q.io.images.A: 'A' is not a repository", "A: []"),
        (
            "team: {images: {app: []}}",
            "1:22",
            "team.images.app: 'team/app' names no registry: write it as REGISTRY/team/app",
            "team: {images: {app: []}}",
        ),
        (
            "a b: {images: {app: []}}",
            "1:1",
            "a b: 'a b' is not a registry: expected HOST or HOST:PORT",
            "a b: {images: {app: []}}",
        ),
        (
            "q.io:\n  images-by-tag-regex: {a: '('}\n",
            "2:28",
            "q.io.images-by-tag-regex.a: '/.*(.*/' is no regular expression: unclosed group",
            "images-by-tag-regex: {a: '('}",
        ),
        (
            "q.io:\n  images-by-semver: {a: latest}\n",
            "2:25",
            "q.io.images-by-semver.a: 'latest' is no range of versions",
            "images-by-semver: {a: latest}",
        ),
        (
            "q.io:\n  images: {a: []}\n  tls-verify: maybe\n",
            "3:15",
            "q.io.tls-verify: 'maybe' is neither true nor false",
            "tls-verify: maybe",
        ),
        (
            "r.io: {images: {repo/app: []}}",
            "1:27",
            "r.io.images.repo/app: the tags would go where they come from",
            "r.io: {images: {repo/app: []}}",
        ),
        (
            "q.io: {images: {a: []}, cert-dir: x}\nq.io/t: {images: {b: []}, tls-verify: false}\n",
            "2:1",
            "q.io/t: q.io is there already: write all that is for it in one place",
            "q.io/t: {images: {b: []}, tls-verify: false}",
        ),
    ] {
        let Err(RuleFileError::Document { file, source }) = read(text) else { panic!("{text}") };
        assert_eq!(file, "sync.yaml");
        let message = source.to_string();
        assert!(message.starts_with(told), "{text}: {message}");
        assert_eq!(
            (source.place().to_string().as_str(), source.snippet()),
            (place, snippet),
            "{text}: {message}"
        );
    }
    for text in ["", "{}", "q.io:\n"] {
        assert!(matches!(read(text), Err(RuleFileError::Nothing { .. })), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_file_or_an_error(
        key in "\\PC{0,12}", repository in "[a-z/:*.@ ]{0,8}", value in "\\PC{0,16}",
        kind in prop::sample::select(vec!["images", "images-by-tag-regex", "images-by-semver"]),
    ) {
        let value = if kind == "images" { json!([value]) } else { json!(value) };
        let _ = read(&json!({ key: { kind: { repository: value } } }).to_string());
    }
}

#[test]
fn secrets_are_in_no_message() {
    for text in [
        "q.io:\n  images: {a: []}\n  credentials: john:hunter2\n",
        "q.io:\n  images: {a: []}\n  credentials: [hunter2]\n",
        "q.io:\n  images: {a: []}\n  credentials:\n    password: [hunter2]\n",
        "q.io:\n  images: {a: []}\n  credentials: {passwort: hunter2}\n",
    ] {
        let Err(RuleFileError::Document { source, .. }) = read(text) else { panic!("{text}") };
        assert!(!format!("{source} {}", source.snippet()).contains("hunter2"), "{source}");
        assert!(source.to_string().contains("credentials"), "{source}");
    }
}
