//! The embedded registry among hostile and unlucky clients: torn connections, many at once, requests that should not
//! be.

use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use longshore::model::Digest;
use serde_json::json;

use crate::support::embedded::Embedded;
use crate::support::raw_http::{Answer, Request};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn noise(length: usize) -> Vec<u8> {
    std::iter::repeat_with(|| fastrand::u8(..)).take(length).collect()
}

fn push_blob(registry: &Embedded, name: &str, bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    let target = format!("/v2/{name}/blobs/uploads/?digest={digest}");
    registry.request("POST", &target).body(bytes).send().expect(201);
    digest
}

fn manifest(config: &[u8], note: &str) -> Vec<u8> {
    let media_type = "application/vnd.oci.image.config.v1+json";
    let digest = Digest::of(config);
    let config = json!({"mediaType": media_type, "digest": digest.as_str(), "size": config.len()});
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [],
        "annotations": {"note": note},
    });
    manifest.to_string().into_bytes()
}

fn put(registry: &Embedded, reference: &str, bytes: &[u8]) -> Answer {
    let put = registry.request("PUT", &format!("/v2/a/manifests/{reference}"));
    put.header("Content-Type", MANIFEST).body(bytes).send()
}

/// Waits for what happens soon.
fn wait_until(what: &str, mut happens: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !happens() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until the upload at `location` has as many bytes.
fn wait_for(registry: &Embedded, location: &str, bytes: usize) {
    let wanted = format!("0-{}", bytes - 1);
    wait_until(&wanted, || {
        registry.ask("GET", location).expect(204).header("range") == Some(&wanted)
    });
}

/// Sends the first half of `bytes` as a request that promises all of them, then closes the connection.
fn tear(request: Request, bytes: &[u8]) {
    let length = bytes.len().to_string();
    let mut stream = request.header("Content-Length", &length).begin();
    stream.write_all(&bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn a_torn_upload_goes_on_even_behind_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Embedded::over(folder.path());
    let bytes = noise(4 * 1024 * 1024);
    let half = bytes.len() / 2;
    let location = registry.ask("POST", "/v2/a/blobs/uploads/").expect(202).location("");
    tear(registry.request("PATCH", &location), &bytes);
    wait_for(&registry, &location, half);
    registry.stop();

    let registry = Embedded::over(folder.path());
    wait_for(&registry, &location, half);
    let rest = registry.request("PATCH", &location);
    let rest = rest.header("Content-Range", &format!("{half}-{}", bytes.len() - 1));
    rest.body(&bytes[half..]).send().expect(202);
    let digest = Digest::of(&bytes);
    let done = registry.ask("PUT", &format!("{location}?digest={digest}")).expect(201);
    assert!(registry.ask("GET", &done.location("")).body == bytes);
    assert_eq!(std::fs::read_dir(folder.path().join(".uploads")).unwrap().count(), 0);
}

#[test]
fn a_torn_upload_in_one_piece_leaves_no_blob() {
    let registry = Embedded::new();
    let bytes = noise(1024 * 1024);
    let digest = Digest::of(&bytes);
    tear(registry.request("POST", &format!("/v2/a/blobs/uploads/?digest={digest}")), &bytes);
    registry.ask("HEAD", &format!("/v2/a/blobs/{digest}")).expect(404);
    wait_until("the unfinished upload is forgotten", || {
        std::fs::read_dir(registry.root().join(".uploads")).unwrap().next().is_none()
    });
    let location = registry.ask("POST", "/v2/a/blobs/uploads/").expect(202).location("");
    tear(registry.request("PUT", &format!("{location}?digest={digest}")), &bytes);
    wait_for(&registry, &location, bytes.len() / 2);
    registry.ask("HEAD", &format!("/v2/a/blobs/{digest}")).expect(404);
    assert!(!registry.root().join("a/blobs/sha256").join(digest.hex()).exists());
}

#[test]
fn an_upload_that_is_finished_and_given_up_at_once_does_one_of_both() {
    let registry = Embedded::new();
    let bytes = noise(100_000);
    let digest = Digest::of(&bytes);
    for round in 0..40 {
        let location = registry.ask("POST", "/v2/a/blobs/uploads/").expect(202).location("");
        let finish = registry.request("PUT", &format!("{location}?digest={digest}")).body(&bytes);
        let finished = std::thread::spawn(move || finish.send().status);
        std::thread::sleep(Duration::from_micros(100 * (round % 20)));
        let given_up = registry.ask("DELETE", &location).status;
        let outcome = (finished.join().unwrap(), given_up);
        assert!(matches!(outcome, (201, 404 | 204) | (404, 204)), "{outcome:?}");
        if outcome.0 == 201 {
            registry.ask("DELETE", &format!("/v2/a/blobs/{digest}")).expect(202);
        }
        registry.ask("HEAD", &format!("/v2/a/blobs/{digest}")).expect(404);
    }
}

/// The client here reads nothing before all is sent.
#[test]
fn a_refusal_is_read_behind_a_body_of_any_size() {
    let registry = Embedded::new();
    let bytes = vec![b' '; 48 * 1024 * 1024];
    let put = registry.request("PUT", "/v2/a/manifests/v1").header("Content-Type", MANIFEST);
    put.body(&bytes).send().expect(413);
    let unknown = format!("/v2/a/blobs/uploads/{:032}", 0);
    registry.request("PATCH", &unknown).body(&bytes).send().expect(404);
}

#[test]
fn an_upload_belongs_to_its_repository() {
    let registry = Embedded::new();
    let location = registry.ask("POST", "/v2/a/blobs/uploads/").expect(202).location("");
    let elsewhere = location.replace("/v2/a/", "/v2/b/");
    for method in ["GET", "PATCH", "DELETE"] {
        let answer = registry.ask(method, &elsewhere).expect(404);
        assert_eq!(answer.code(), "BLOB_UPLOAD_UNKNOWN");
    }
    registry.ask("GET", &location).expect(204);
}

#[test]
fn a_chunk_of_another_length_than_it_says_is_refused() {
    let registry = Embedded::new();
    let location = registry.ask("POST", "/v2/a/blobs/uploads/").expect(202).location("");
    let send = |range: &str, body: &[u8]| {
        registry.request("PATCH", &location).header("Content-Range", range).chunked(&[body]).send()
    };
    assert_eq!(send("0-1", b"abc").expect(400).code(), "SIZE_INVALID");
    assert_eq!(send("nonsense", b"abc").expect(400).code(), "BLOB_UPLOAD_INVALID");
    assert_eq!(registry.ask("GET", &location).expect(204).header("range"), Some("0-0"));
    send("0-2", b"abc").expect(202);
    assert_eq!(send("3-9", b"d").expect(400).code(), "SIZE_INVALID");
    wait_for(&registry, &location, 4);
}

#[test]
fn many_clients_push_and_pull_at_once() {
    let registry = Embedded::new();
    let shared = noise(300_000);
    std::thread::scope(|scope| {
        for client in 0..12 {
            let (registry, shared) = (&registry, &shared);
            scope.spawn(move || {
                let own = noise(200_000 + client);
                for bytes in [shared, &own] {
                    let digest = push_blob(registry, "a", bytes);
                    let pulled = registry.ask("GET", &format!("/v2/a/blobs/{digest}")).expect(200);
                    assert!(pulled.body == *bytes);
                }
                let manifest = manifest(&own, "");
                put(registry, &format!("own-{client}"), &manifest).expect(201);
                put(registry, "latest", &manifest).expect(201);
            });
        }
    });
    let tags = registry.ask("GET", "/v2/a/tags/list").expect(200).json();
    assert_eq!(tags["tags"].as_array().unwrap().len(), 13);
    let latest = registry.ask("GET", "/v2/a/manifests/latest").expect(200);
    let digest = latest.header("docker-content-digest").unwrap();
    assert_eq!(Digest::of(&latest.body).as_str(), digest);
    assert_whole(&registry.root().join("a"));
}

#[test]
fn a_tag_is_never_left_without_its_manifest() {
    let registry = Embedded::new();
    push_blob(&registry, "a", b"{}");
    let manifest = manifest(b"{}", "");
    let target = format!("/v2/a/manifests/{}", Digest::of(&manifest));
    for _ in 0..100 {
        std::thread::scope(|scope| {
            scope.spawn(|| put(&registry, "v1", &manifest).expect(201));
            scope.spawn(|| registry.ask("DELETE", &target));
            scope.spawn(|| registry.ask("DELETE", &target));
        });
        let tags = registry.ask("GET", "/v2/a/tags/list").expect(200).json();
        let is_tagged = tags["tags"] == json!(["v1"]);
        let found = registry.ask("GET", "/v2/a/manifests/v1").status;
        assert_eq!(found, if is_tagged { 200 } else { 404 });
    }
}

/// Every blob in a layout is what its name says.
fn assert_whole(layout: &Path) {
    for entry in std::fs::read_dir(layout.join("blobs/sha256")).unwrap() {
        let path = entry.unwrap().path();
        let digest = Digest::of(&std::fs::read(&path).unwrap());
        assert_eq!(path.file_name().unwrap().to_str(), Some(digest.hex()));
    }
}

#[test]
fn nothing_outside_of_the_root_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "a secret").unwrap();
    let registry = Embedded::over(&folder.path().join("root"));
    let digest = push_blob(&registry, "a", b"something");
    let planted = registry.root().join("a/blobs/sha256").join(Digest::of(b"a secret").hex());
    std::os::unix::fs::symlink(&secret, planted).unwrap();
    for target in [
        format!("/v2/a/blobs/{}", Digest::of(b"a secret")),
        "/v2/../secret".to_owned(),
        "/v2/a/blobs/..%2f..%2f..%2f..%2fsecret".to_owned(),
        "/v2/a/blobs/sha256:../../../../secret".to_owned(),
        "/v2/a/manifests/..%2f..%2fsecret".to_owned(),
        "/v2/..%2f..%2fsecret/tags/list".to_owned(),
        "/v2/a/blobs/uploads/..%2f..%2fsecret".to_owned(),
        "/v2/a%00/tags/list".to_owned(),
    ] {
        let answer = registry.ask("GET", &target);
        assert!(answer.status >= 400, "{target}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("a secret"), "{target}");
    }
    registry.ask("GET", &format!("/v2/a/blobs/{digest}")).expect(200);
}

#[test]
fn messages_repeat_nothing_that_acts_on_a_terminal() {
    let registry = Embedded::new();
    for target in ["/v2/a%1b%5b31m/tags/list", "/v2/a/manifests/sha256:%1b%5b31m"] {
        let answer = registry.ask("GET", target).expect(400);
        assert!(!answer.json()["errors"][0]["message"].as_str().unwrap().contains('\x1b'));
    }
}

#[test]
fn requests_out_of_all_measure_are_refused() {
    let registry = Embedded::new();
    let many =
        (0..500).fold(registry.request("GET", "/v2/"), |r, i| r.header(&format!("x-{i}"), "y"));
    many.send().expect(431);
    let mut stream = registry.request("GET", &format!("/v2/{}", "a".repeat(100_000))).begin();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(matches!(Answer::parse(&answer).status, 400..=499));
    registry.ask("GET", "/v2/").expect(200);
}

#[test]
fn a_refusal_is_heard_even_by_those_who_still_send() {
    let registry = Embedded::new();
    let location = registry.ask("POST", "/v2/a/blobs/uploads/").expect(202).location("");
    let late = registry.request("PATCH", &location).header("Content-Range", "9-3000008");
    late.body(vec![0; 3_000_000]).send().expect(416);
}

#[test]
fn a_client_that_waits_to_be_told_is_told() {
    let registry = Embedded::new();
    let digest = Digest::of(b"hello");
    let post = |name: &str| {
        let target = format!("/v2/{name}/blobs/uploads/?digest={digest}");
        let request = registry.request("POST", &target).header("Expect", "100-continue");
        request.header("Content-Length", "5").begin()
    };
    let mut stream = post("a");
    let mut told = [0; 25];
    stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(Answer::parse(&answer).status, 201);

    let mut answer = Vec::new();
    post("BAD").read_to_end(&mut answer).unwrap();
    assert_eq!(Answer::parse(&answer).expect(400).code(), "NAME_INVALID");
}
