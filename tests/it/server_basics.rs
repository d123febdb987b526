//! The embedded registry, endpoint by endpoint, by HTTP written by hand: what the conformance suite leaves open.

use longshore::model::Digest;
use longshore::server::{Htpasswd, Options, Tls};
use serde_json::{Value, json};

use crate::support::certificates::Authority;
use crate::support::embedded::Embedded;
use crate::support::raw_http::Answer;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn push_blob(registry: &Embedded, name: &str, bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    let target = format!("/v2/{name}/blobs/uploads/?digest={digest}");
    registry.request("POST", &target).body(bytes).send().expect(201);
    digest
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::of(bytes).as_str(), "size": bytes.len()})
}

fn image(config: &[u8]) -> Vec<u8> {
    let config = descriptor("application/vnd.oci.image.config.v1+json", config);
    let manifest =
        json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []});
    manifest.to_string().into_bytes()
}

fn put(registry: &Embedded, target: &str, media_type: &str, bytes: &[u8]) -> Answer {
    registry.request("PUT", target).header("Content-Type", media_type).body(bytes).send()
}

fn push_image(registry: &Embedded, name: &str, tag: &str, config: &[u8]) -> Vec<u8> {
    push_blob(registry, name, config);
    let manifest = image(config);
    put(registry, &format!("/v2/{name}/manifests/{tag}"), MANIFEST, &manifest).expect(201);
    manifest
}

#[test]
fn the_base_says_that_this_is_a_registry() {
    let registry = Embedded::new();
    let answer = registry.ask("GET", "/v2/").expect(200);
    assert_eq!(answer.header("docker-distribution-api-version"), Some("registry/2.0"));
    registry.ask("HEAD", "/v2").expect(200);
    assert_eq!(registry.ask("POST", "/v2/").expect(405).header("allow"), Some("GET, HEAD"));
    assert_eq!(registry.ask("GET", "/").expect(404).code(), "UNSUPPORTED");
}

#[test]
fn an_image_is_a_plain_layout_on_the_disk() {
    let registry = Embedded::new();
    let manifest = push_image(&registry, "org/app", "v1", b"{}");
    let dir = registry.root().join("org/app");
    let blob = dir.join("blobs/sha256").join(Digest::of(&manifest).hex());
    assert_eq!(std::fs::read(blob).unwrap(), manifest);
    let index: Value =
        serde_json::from_slice(&std::fs::read(dir.join("index.json")).unwrap()).unwrap();
    let entry = &index["manifests"][0];
    assert_eq!(entry["digest"], Digest::of(&manifest).as_str());
    assert_eq!(entry["annotations"]["org.opencontainers.image.ref.name"], "v1");
}

#[test]
fn images_are_refused_until_their_blobs_are_there() {
    let registry = Embedded::new();
    let refused = put(&registry, "/v2/a/manifests/v1", MANIFEST, &image(b"{}")).expect(404);
    assert_eq!(refused.code(), "MANIFEST_BLOB_UNKNOWN");
    registry.ask("GET", "/v2/a/manifests/v1").expect(404);
    push_image(&registry, "a", "v1", b"{}");
}

#[test]
fn an_index_may_be_sparse_and_be_filled_later() {
    let registry = Embedded::new();
    let (here, missing) = (push_image(&registry, "a", "v1", b"{}"), image(b"{ }"));
    let listed = [descriptor(MANIFEST, &here), descriptor(MANIFEST, &missing)];
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed});
    let index = index.to_string().into_bytes();
    put(&registry, "/v2/a/manifests/list", INDEX, &index).expect(201);
    assert_eq!(registry.ask("GET", "/v2/a/manifests/list").expect(200).body, index);
    let target = format!("/v2/a/manifests/{}", Digest::of(&missing));
    assert_eq!(registry.ask("GET", &target).expect(404).code(), "MANIFEST_UNKNOWN");

    push_image(&registry, "a", "v2", b"{ }");
    assert_eq!(registry.ask("GET", &target).expect(200).body, missing);
    registry.ask("DELETE", &target).expect(202);
    registry.ask("GET", "/v2/a/manifests/list").expect(200);
    registry.ask("DELETE", "/v2/a/manifests/list").expect(202);
}

#[test]
fn manifests_that_cannot_be_are_refused() {
    let registry = Embedded::new();
    push_image(&registry, "a", "v1", b"{}");
    for (body, media_type) in [
        (b"".to_vec(), MANIFEST),
        (b"{}".to_vec(), MANIFEST),
        (b"no json".to_vec(), MANIFEST),
        (image(b"{}"), INDEX),
        (image(b"{}"), "text/plain; charset=\"\x01"),
    ] {
        let answer = put(&registry, "/v2/a/manifests/x", media_type, &body);
        if media_type.starts_with("text") {
            // What no header can hold is refused by the HTTP layer.
            assert_eq!(answer.status, 400);
        } else {
            assert_eq!(answer.expect(400).code(), "MANIFEST_INVALID");
        }
    }
    let large = vec![b' '; 4 * 1024 * 1024 + 1];
    let refused = put(&registry, "/v2/a/manifests/x", MANIFEST, &large).expect(413);
    assert_eq!(refused.code(), "SIZE_INVALID");
    let chunked = registry.request("PUT", "/v2/a/manifests/x").chunked(&[&large]).send();
    assert_eq!(chunked.expect(413).code(), "SIZE_INVALID");
    assert_eq!(registry.ask("GET", "/v2/a/manifests/x").expect(404).code(), "MANIFEST_UNKNOWN");
}

#[test]
fn a_manifest_is_given_to_those_who_accept_its_type() {
    let registry = Embedded::new();
    let manifest = push_image(&registry, "a", "v1", b"{}");
    let get = |accept: &str| {
        registry.request("GET", "/v2/a/manifests/v1").header("Accept", accept).send()
    };
    assert_eq!(get(INDEX).expect(404).code(), "MANIFEST_UNKNOWN");
    for accept in [MANIFEST, "*/*", &format!("{INDEX}, {MANIFEST}")] {
        let answer = get(accept).expect(200);
        assert_eq!(answer.header("content-type"), Some(MANIFEST));
        assert_eq!(answer.header("docker-content-digest"), Some(Digest::of(&manifest).as_str()));
        assert_eq!(answer.body, manifest);
    }
}

#[test]
fn a_blob_that_is_no_manifest_is_not_given_as_one() {
    let registry = Embedded::new();
    let digest = push_blob(&registry, "a", b"not a manifest");
    let answer = registry.ask("GET", &format!("/v2/a/manifests/{digest}"));
    assert_eq!(answer.expect(404).code(), "MANIFEST_UNKNOWN");
}

#[test]
fn a_listed_manifest_cannot_be_deleted_as_a_blob() {
    let registry = Embedded::new();
    let digest = Digest::of(&push_image(&registry, "a", "v1", b"{}"));
    registry.ask("DELETE", &format!("/v2/a/blobs/{digest}")).expect(404);
    registry.ask("GET", "/v2/a/manifests/v1").expect(200);
    registry.ask("DELETE", &format!("/v2/a/manifests/{digest}")).expect(202);
    registry.ask("GET", "/v2/a/manifests/v1").expect(404);
}

#[test]
fn tags_and_repositories_come_in_pages() {
    let registry = Embedded::new();
    for name in ["b", "a/x", "c"] {
        push_image(&registry, name, "v1", b"{}");
    }
    for tag in ["v2", "V3", "a", "v10"] {
        push_image(&registry, "c", tag, b"{}");
    }
    let tags = registry.ask("GET", "/v2/c/tags/list").expect(200).json();
    assert_eq!(tags, json!({"name": "c", "tags": ["V3", "a", "v1", "v10", "v2"]}));

    let mut target = "/v2/c/tags/list?n=2".to_owned();
    let mut pages = Vec::new();
    loop {
        let answer = registry.ask("GET", &target).expect(200);
        pages.push(answer.json()["tags"].clone());
        let Some(link) = answer.header("link") else { break };
        target = link.split(['<', '>']).nth(1).unwrap().to_owned();
    }
    assert_eq!(pages, [json!(["V3", "a"]), json!(["v1", "v10"]), json!(["v2"])]);

    let none = registry.ask("GET", "/v2/c/tags/list?n=0").expect(200);
    assert_eq!((none.json()["tags"].clone(), none.header("link")), (json!([]), None));
    let first = registry.ask("GET", "/v2/_catalog?n=1").expect(200);
    assert_eq!(first.json(), json!({"repositories": ["a/x"]}));
    assert_eq!(first.header("link"), Some("</v2/_catalog?n=1&last=a/x>; rel=\"next\""));
    let all = registry.ask("GET", "/v2/_catalog").expect(200);
    assert_eq!(all.json(), json!({"repositories": ["a/x", "b", "c"]}));
    assert_eq!(registry.ask("GET", "/v2/none/tags/list").expect(404).code(), "NAME_UNKNOWN");
}

#[test]
fn a_mounted_blob_takes_no_further_room() {
    use std::os::unix::fs::MetadataExt;
    let registry = Embedded::new();
    let digest = push_blob(&registry, "a", b"shared");
    for query in [format!("mount={digest}&from=a"), format!("mount={digest}")] {
        let name = format!("to-{}", query.len());
        let answer =
            registry.ask("POST", &format!("/v2/{name}/blobs/uploads/?{query}")).expect(201);
        assert_eq!(registry.ask("GET", &answer.location("")).expect(200).body, b"shared");
        let file = registry.root().join(name).join("blobs/sha256").join(digest.hex());
        assert!(std::fs::metadata(file).unwrap().nlink() > 1);
    }
    let missing = Digest::of(b"missing");
    for from in ["&from=a", "&from=none", ""] {
        let target = format!("/v2/b/blobs/uploads/?mount={missing}{from}");
        let answer = registry.ask("POST", &target).expect(202);
        let put = registry.request("PUT", &answer.location(&format!("digest={missing}")));
        put.body("missing").send().expect(201);
        registry.ask("DELETE", &format!("/v2/b/blobs/{missing}")).expect(202);
    }
}

#[test]
fn users_are_asked_for_their_password() {
    let folder = tempfile::tempdir().unwrap();
    // `htpasswd -nbB -C 4 robot secret`
    let hash = bcrypt::hash("secret", 4).unwrap();
    let users = Some(Htpasswd::parse(&format!("robot:{hash}")).unwrap());
    let registry = Embedded::with(Options { users, ..Options::new(folder.path()) });
    let answer = registry.ask("GET", "/v2/").expect(401);
    assert_eq!(answer.header("www-authenticate"), Some(r#"Basic realm="longshore""#));
    assert_eq!(answer.code(), "UNAUTHORIZED");
    let with = |login: &str| {
        registry.request("GET", "/v2/").header("Authorization", &format!("Basic {login}")).send()
    };
    with("cm9ib3Q6c2VjcmV0").expect(200);
    with("cm9ib3Q6d3Jvbmc=").expect(401);
    // Nothing is told to strangers, not even which names are sound.
    registry.ask("GET", "/v2/BAD/tags/list").expect(401);
    registry.request("POST", "/v2/a/blobs/uploads/").body(vec![0; 300_000]).send().expect(401);
}

#[test]
fn a_read_only_registry_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let writable = Embedded::over(folder.path());
    let manifest = push_image(&writable, "a", "v1", b"{}");
    writable.stop();
    let registry = Embedded::with(Options { read_only: true, ..Options::new(folder.path()) });
    assert_eq!(registry.ask("GET", "/v2/a/manifests/v1").expect(200).body, manifest);
    let digest = Digest::of(&manifest);
    for (method, target) in [
        ("POST", "/v2/a/blobs/uploads/".to_owned()),
        ("POST", format!("/v2/b/blobs/uploads/?mount={digest}&from=a")),
        ("DELETE", "/v2/a/manifests/v1".to_owned()),
        ("DELETE", format!("/v2/a/blobs/{digest}")),
        ("PUT", "/v2/a/manifests/v2".to_owned()),
    ] {
        assert_eq!(registry.ask(method, &target).expect(405).code(), "UNSUPPORTED");
    }
    assert_eq!(registry.ask("GET", "/v2/_catalog").json(), json!({"repositories": ["a"]}));
}

#[tokio::test]
async fn https_speaks_both_versions_of_http() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let tls = Some(Tls::read(&authority.certificate(), &authority.key()).unwrap());
    let registry = Embedded::with(Options { tls, ..Options::new(folder.path()) });
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = std::fs::read(authority.certs().join("ca.crt")).unwrap();
    let root = reqwest::Certificate::from_pem(&root).unwrap();
    let client = || reqwest::Client::builder().tls_certs_only([root.clone()]).no_proxy();
    let port = registry.address().rsplit_once(':').unwrap().1.to_owned();
    for (client, version) in [
        (client().http1_only().build().unwrap(), http::Version::HTTP_11),
        (client().build().unwrap(), http::Version::HTTP_2),
    ] {
        let url = format!("https://localhost:{port}/v2/");
        let answer = client.get(&url).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
        let head = client.head(&url).send().await.unwrap();
        assert_eq!(head.headers()["content-length"], "2");
    }
}
