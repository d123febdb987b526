//! Signatures of releases: they are fetched with what tells of a mirror, and never cost an image.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use longshore::http::RetryPolicy;
use longshore::model::Digest;
use longshore::ops::{SignedRelease, release_signatures};
use longshore::yaml;
use serde_json::Value;

use crate::support::release::Releases;
use crate::support::responder::{Reply, Responder};
use crate::support::shell::Shell;
use crate::support::site::Site;

const SET: [&str; 4] = ["mirror", "--src-plain-http", "-c", "platform-release.yaml"];

/// A message like those that gpg signs: data, and a signature of it.
fn signature(payload: &str, by: &str) -> Vec<u8> {
    let claim = format!(r#"{{"critical":{{"image":{{"docker-manifest-digest":"{payload}"}}}}}}"#);
    let packet = |kind: u8, body: &[u8]| {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[0x80 | kind << 2 | 1, length[0], length[1]], body].concat()
    };
    let data = [b"b\0\0\0\0\0", claim.as_bytes()].concat();
    [packet(11, &data), packet(2, by.as_bytes())].concat()
}

/// A registry with a release, and where it is mirrored to.
struct Scene {
    _from: Site,
    to: Site,
    shell: Shell,
    payload: String,
}

impl Scene {
    fn new() -> Self {
        let (from, to, shell) = (Site::open(), Site::open(), Shell::new());
        let mut releases = Releases::new(&shell, from.registry.address(), &["linux/amd64"]);
        let payload = releases.make("4.18.1", &["linux/amd64"], "x86_64");
        releases.write_set("platform-release.yaml");
        Self { _from: from, to, shell, payload }
    }

    fn hex(&self) -> &str {
        self.payload.strip_prefix("sha256:").unwrap()
    }

    /// A store with two signatures.
    fn store(&self) -> Responder {
        let (payload, hex) = (self.payload.clone(), self.hex().to_owned());
        Responder::new(move |asked| {
            let file = asked.path().strip_prefix(&format!("/sigs/sha256={hex}/"));
            Some(match file {
                Some("signature-1") => Reply::ok(signature(&payload, "me")),
                Some("signature-2") => Reply::ok(signature(&payload, "you")),
                _ => Reply::new(404),
            })
        })
    }

    /// Mirrors the set to `to`, with signatures of `store`. What is said.
    fn mirror(&self, to: &str, store: &str, out: &str) -> String {
        let flags = ["--dest-plain-http", "--retries", "0", "--release-signatures", store];
        let out = ["--cluster-resources", out, to];
        let ran = self.shell.run(&[&SET[..], &flags, &out].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stderr
    }

    fn data(&self, file: &str) -> Option<Value> {
        let text = fs::read_to_string(self.shell.path(file)).ok()?;
        let object = match file.ends_with(".json") {
            true => serde_json::from_str(&text).unwrap(),
            false => yaml::read_all(&text).unwrap().remove(0),
        };
        assert_eq!(object["kind"], "ConfigMap");
        assert_eq!(object["metadata"]["name"], "mirrored-release-signatures");
        assert_eq!(object["metadata"]["namespace"], "openshift-config-managed");
        assert_eq!(
            object["metadata"]["labels"]["release.openshift.io/verification-signatures"],
            ""
        );
        Some(object["binaryData"].clone())
    }

    fn has_both(&self, out: &str) {
        for form in ["yaml", "json"] {
            let data = self.data(&format!("{out}/signature-configmap.{form}")).unwrap();
            for (number, by) in [(1, "me"), (2, "you")] {
                let key = format!("sha256-{}-{number}", self.hex());
                assert_eq!(data[&key], STANDARD.encode(signature(&self.payload, by)), "{data}");
            }
            assert_eq!(data.as_object().unwrap().len(), 2);
        }
    }
}

#[test]
fn a_cluster_gets_the_signatures_of_what_was_mirrored() {
    need!("docker-registry");
    let scene = Scene::new();
    let (store, to) = (scene.store(), scene.to.image("ns"));
    let url = format!("http://me:s%23cret@{}/sigs/", store.address());
    let said = scene.mirror(&to, &url, "out");
    assert!(!said.contains("signature"), "{said}");
    scene.has_both("out");
    let asked = store.asked();
    assert_eq!(asked.len(), 3);
    let login = format!("Basic {}", STANDARD.encode("me:s#cret"));
    assert_eq!(asked[0].header(AUTHORIZATION), Some(login.as_str()));

    // They are kept as a store has them, and read from there when the store is gone.
    drop(store);
    let said = scene.mirror(&to, &url, "out");
    assert!(!said.contains("cret"), "{said}");
    scene.has_both("out");
    scene.mirror(&to, "out/signatures", "other");
    scene.has_both("other");
}

#[test]
fn a_bundle_is_followed_by_its_signatures() {
    need!("docker-registry");
    let scene = Scene::new();
    let store = scene.store();
    let url = format!("http://{}/sigs", store.address());
    scene.mirror("bundle:usb", &url, "out");
    scene.has_both("out");
    drop(store);
    let import = ["mirror", "--from", "bundle:usb", "--dest-plain-http", "--cluster-resources"];
    scene.shell.ok(&[&import[..], &["out", &scene.to.image("ns")]].concat());
    scene.has_both("out");
    let said = scene.shell.run(&[&import[..], &["empty", &scene.to.image("ns")]].concat()).stderr;
    assert!(said.contains("signatures of the release 4.18.1-x86_64"), "{said}");
    assert!(scene.data("empty/signature-configmap.yaml").is_none());
}

#[test]
fn a_signature_that_cannot_be_had_is_told_and_costs_nothing() {
    need!("docker-registry");
    let scene = Scene::new();
    let other = format!("sha256:{}", "1".repeat(64));
    let cases: [(Reply, &str); 5] = [
        (Reply::new(404), "there is none"),
        (Reply::new(403), "answers 403"),
        (Reply::ok("<html>please log in</html>"), "no OpenPGP message"),
        (Reply::ok(signature(&other, "me")), "it is of another payload: sha256:1111"),
        (Reply::ok(vec![0; 100_000]), "cannot be asked"),
    ];
    let to = scene.to.image("ns");
    for (reply, says) in cases {
        let reply = std::sync::Mutex::new(Some(reply));
        let store = Responder::new(move |_| reply.lock().unwrap().take());
        let url = format!("http://me:hunter2@{}/", store.address());
        let said = scene.mirror(&to, &url, "out");
        assert!(said.contains("signatures of the release 4.18.1-x86_64"), "{said}");
        assert!(said.contains(says) && !said.contains("hunter2"), "{said}");
        assert!(scene.data("out/signature-configmap.json").is_none());
    }
    scene.mirror(&to, "no/such/folder", "out");
}

#[test]
fn a_bad_signature_does_not_cost_a_good_one() {
    need!("docker-registry");
    let scene = Scene::new();
    let payload = scene.payload.clone();
    let store = Responder::new(move |asked| {
        Some(match asked.path().rsplit('/').next() {
            Some("signature-1") => Reply::ok("<html>"),
            Some("signature-2") => Reply::ok(signature(&payload, "you")),
            _ => Reply::new(404),
        })
    });
    let said = scene.mirror(&scene.to.image("ns"), &format!("http://{}/", store.address()), "out");
    assert!(said.contains("not all signatures") && said.contains("no OpenPGP message"), "{said}");
    let data = scene.data("out/signature-configmap.json").unwrap().to_string();
    assert!(data.contains(&STANDARD.encode(signature(&scene.payload, "you"))), "{data}");
}

#[tokio::test]
async fn a_store_that_is_silent_is_not_said_to_have_none() {
    let (store, folder) = ("http://127.0.0.1:1/sigs".parse().unwrap(), Path::new("nowhere"));
    let release = |number| SignedRelease {
        tag: format!("4.18.{number}-x86_64").parse().unwrap(),
        payload: Digest::of(&[number]),
    };
    let releases: Vec<SignedRelease> = (0..8).map(release).collect();
    let retry = RetryPolicy { tries: 1, ..RetryPolicy::default() };
    let collected = release_signatures(Some(&store), folder, &releases, retry).await;
    let missed: Vec<String> = collected.missed.iter().map(|(_, why)| why.to_string()).collect();
    assert_eq!(missed.len(), 8);
    assert!(missed[0].ends_with("/signature-1 cannot be asked"), "{missed:?}");
    assert_eq!(missed[7], "http://127.0.0.1:1/sigs does not answer and is not asked again");
}

#[test]
fn an_address_that_is_none_is_refused_and_not_shown() {
    let shell = Shell::new();
    let signatures = ["--cluster-resources", "out", "--release-signatures"];
    for flags in [&signatures[..], &["--update-graph"]] {
        let args = [&SET[..], flags, &["ftp://me:hunter2@a.io/", "localhost:1"]].concat();
        let said = shell.fails(2, &args);
        assert!(said.contains("ftp://…") && !said.contains("hunter2"), "{said}");
    }
    shell.fails(2, &[&SET[..], &["--release-signatures", "dir", "localhost:1"]].concat());
}
