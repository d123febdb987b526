//! The tools of the tests do what the tests take for granted.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_RANGE, RANGE, RETRY_AFTER};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use crate::support::certificates::Authority;
use crate::support::faults::{Canned, Fault, Proxy};
use crate::support::layout::{Layout, digest};
use crate::support::registry::Registry;
use crate::support::skopeo;
use crate::support::tokens::{IDENTITY_TOKEN, TokenServer};

const OPEN: [&str; 2] = ["--src-tls-verify=false", "--dest-tls-verify=false"];

/// A small image, and the blob of its layer.
fn image(folder: &std::path::Path) -> String {
    let layout = Layout::new(folder);
    let layer = layout.noise_layer(1, 50_000);
    let blob = digest(&layer.descriptor).to_owned();
    layout.name("v1", &layout.image("linux/amd64", &[layer]));
    blob
}

fn push(folder: &std::path::Path, address: &str, options: &[&str]) {
    let from = format!("oci:{}:v1", folder.display());
    let to = format!("docker://{address}/team/app:v1");
    skopeo::run(&[&["copy", "-q"], options, &[&from, &to]].concat());
}

#[test]
fn a_registry_asks_for_a_password_over_tls() {
    need!("docker-registry", "htpasswd", "skopeo");
    let folder = tempfile::tempdir().unwrap();
    let blob = image(folder.path());
    let authority = Authority::new();
    let registry = Registry::with_tls(&authority, "ann", "s3cret");
    let certificates = format!("--dest-cert-dir={}", authority.certs().display());
    push(folder.path(), registry.address(), &[&certificates, "--dest-creds=ann:s3cret"]);
    let hex = blob.strip_prefix("sha256:").unwrap();
    let stored = registry.storage().join("blobs/sha256").join(&hex[..2]).join(hex).join("data");
    assert!(stored.is_file());
}

#[test]
fn a_registry_asks_for_a_password() {
    need!("docker-registry", "htpasswd", "skopeo");
    let registry = Registry::with_password("ann", "s3cret");
    let image = format!("docker://{}/team/app", registry.address());
    let answer = std::process::Command::new("skopeo")
        .args(["list-tags", "--tls-verify=false", "--creds=ann:wrong", &image])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&answer.stderr).contains("unauthorized"), "{answer:?}");
}

#[test]
fn a_registry_believes_the_token_server() {
    need!("docker-registry", "skopeo");
    let folder = tempfile::tempdir().unwrap();
    image(folder.path());
    let tokens = TokenServer::new("org+robot", "s3cret", 300);
    let registry = Registry::with_tokens(&tokens);
    push(folder.path(), registry.address(), &[OPEN[1], "--dest-creds=org+robot:s3cret"]);
    assert!(tokens.asked().iter().all(|asked| asked.user.as_deref() == Some("org+robot")));
}

#[tokio::test]
async fn a_token_server_takes_identity_tokens_and_refuses_wrong_passwords() {
    let tokens = TokenServer::new("ann", "s3cret", 300);
    let proxy = Proxy::before("127.0.0.1:1");
    assert!(proxy.seen().is_empty());
    let client = Client::builder().no_proxy().build().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", IDENTITY_TOKEN)];
    let answer = client.post(tokens.realm()).form(&form).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert!(answer["access_token"].is_string());
    let refused = client.get(tokens.realm()).basic_auth("ann", Some("no")).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let asked = tokens.asked();
    assert_eq!(asked[0].parameters[0], ("grant_type".to_owned(), "refresh_token".to_owned()));
    assert_eq!((&asked[0].method, &asked[1].user), (&Method::POST, &None));
}

/// A registry that holds [`image`], a proxy before it, the address of its blob at the proxy, and a client.
struct Scene {
    _registry: Registry,
    proxy: Proxy,
    url: String,
    client: Client,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let blob = image(folder.path());
        let registry = Registry::open();
        push(folder.path(), registry.address(), &[OPEN[1]]);
        let proxy = Proxy::before(registry.address());
        let url = format!("http://{}/v2/team/app/blobs/{blob}", proxy.address());
        Self {
            _registry: registry,
            proxy,
            url,
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn get(&self, range: &str) -> reqwest::Response {
        let request = self.client.get(&self.url).header(RANGE, range).header(AUTHORIZATION, "me");
        request.send().await.unwrap()
    }
}

#[tokio::test]
async fn downloads_go_wrong_as_ordered() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let whole = scene.get("bytes=0-").await.bytes().await.unwrap();

    scene.proxy.fault(1, "GET", "/blobs/", Fault::CutDownload(1000));
    let mut answer = scene.get("bytes=0-").await;
    let mut came = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        came += chunk.len();
    }
    assert_eq!(came, 1000);

    scene.proxy.fault(1, "GET", "/blobs/", Fault::IgnoreRange);
    assert_eq!(scene.get("bytes=10-").await.status(), StatusCode::OK);
    scene.proxy.fault(1, "GET", "/blobs/", Fault::WrongRange);
    let wrong = scene.get("bytes=10-").await;
    assert!(wrong.headers()[CONTENT_RANGE].to_str().unwrap().starts_with("bytes 9-"));
    scene.proxy.fault(1, "GET", "/blobs/", Fault::Damage);
    let damaged = scene.get("bytes=0-").await.bytes().await.unwrap();
    assert!(damaged[0] != whole[0] && damaged[1..] == whole[1..]);
    scene.proxy.fault(1, "GET", "/blobs/", Fault::Endless);
    let mut endless = scene.get("bytes=0-").await;
    let mut came = 0;
    while came < whole.len() + 100_000 {
        came += endless.chunk().await.unwrap().unwrap().len();
    }
    assert_eq!(scene.proxy.count("GET", "/blobs/"), 6);
}

#[tokio::test]
async fn answers_are_replaced_as_ordered() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.proxy.fault(1, "GET", "/blobs/", Fault::Answer(Canned::too_many("3")));
    scene.proxy.fault(1, "GET", "/blobs/", Fault::Answer(Canned::html(502)));
    scene.proxy.fault(1, "GET", "/blobs/", Fault::Answer(Canned::unknown_code(400)));
    scene.proxy.fault(1, "GET", "/blobs/", Fault::Answer(Canned::unauthorized("Bearer x")));
    scene.proxy.fault(1, "GET", "/blobs/", Fault::Delay(Duration::from_millis(1)));
    let too_many = scene.get("bytes=0-").await;
    assert_eq!(too_many.headers()[RETRY_AFTER], "3");
    for status in [502, 400, 401, 206] {
        assert_eq!(scene.get("bytes=0-").await.status().as_u16(), status);
    }

    scene.proxy.fault(1, "GET", "/blobs/", Fault::Redirect);
    assert_eq!(scene.get("bytes=0-").await.status(), StatusCode::PARTIAL_CONTENT);
    let elsewhere = scene.proxy.seen_elsewhere();
    assert_eq!(elsewhere.len(), 1);
    assert_eq!(elsewhere[0].header(AUTHORIZATION), None);
    assert!(elsewhere[0].is("GET", "/blobs/") && scene.proxy.elsewhere().starts_with("localhost:"));
}

#[tokio::test]
async fn uploads_go_wrong_as_ordered() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let uploads = format!("http://{}/v2/other/app/blobs/uploads/", scene.proxy.address());
    let mount = format!("{uploads}?mount={}&from=team/app", scene.url.rsplit('/').next().unwrap());
    scene.proxy.fault(1, "POST", "mount=", Fault::RefuseMount);
    let refused = scene.client.post(&mount).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::ACCEPTED);
    assert_eq!(scene.client.post(&mount).send().await.unwrap().status(), StatusCode::CREATED);

    let location = refused.headers()["location"].to_str().unwrap();
    assert!(location.contains(&scene.proxy.address()), "{location}");
    scene.proxy.fault(1, "PATCH", "/uploads/", Fault::CutUpload(1000));
    let body = vec![7; 100_000];
    assert!(scene.client.patch(location).body(body.clone()).send().await.is_err());
    let again = scene.client.post(&uploads).send().await.unwrap();
    let location = again.headers()["location"].to_str().unwrap();
    let whole = scene.client.patch(location).body(body).send().await.unwrap();
    assert_eq!(whole.headers()["range"], "0-99999");
}
