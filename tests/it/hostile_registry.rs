//! Registries that mean harm, or are only odd: everything ends, within bounds, and is told.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use longshore::config::Connection;
use longshore::http::{Error, Request, Scope};
use longshore::model::{Algorithm, Descriptor, Digest, Manifest, MediaType, Repository};
use longshore::registry::Remote;
use longshore::store::{Layout, Reference, Sink, Source, collect};
use longshore::transfer::{Attachments, ImageGraph, ResolveError, Selection, resolve};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::registry::Registry;
use crate::support::responder::{Asked, Reply, Responder, client, impatient, password};
use crate::support::tokens::TokenServer;

fn repository(path: &str) -> Repository {
    Repository::new("127.0.0.1:1".parse().unwrap(), path).unwrap()
}

fn remote(host: &Responder) -> Remote {
    Remote::new(host.client(password("ann", "pw")), repository("org/app"), repository("org/app"))
}

fn blob_of(bytes: &[u8]) -> Descriptor {
    Descriptor::new(MediaType::ImageLayer, Digest::of(bytes), bytes.len() as u64)
}

/// A layout with one blob.
fn layout_with(bytes: &[u8]) -> (TempDir, Layout, Descriptor) {
    let dir = TempDir::new().unwrap();
    let layout = Layout::create(dir.path()).unwrap();
    let blob = blob_of(bytes);
    let path = layout.blob_path(&blob.digest);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    (dir, layout, blob)
}

/// A registry that takes the token `TOKEN` for all it is asked.
fn guarded(
    tokens: &Responder,
    token: &'static str,
    open: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
) -> Responder {
    let challenge = format!("Bearer realm=\"http://{}/token\",service=\"s\"", tokens.address());
    Responder::new(move |asked| {
        Some(if asked.authorization() == Some(&format!("Bearer {token}")) {
            open(asked)
        } else {
            Reply::new(401).header("www-authenticate", &challenge)
        })
    })
}

/// Quay makes a repository when a token for pushing to it is asked for; until then nobody may read there.
#[tokio::test]
async fn what_is_written_to_is_looked_at_with_the_permission_to_write() {
    let tokens = Responder::new(|asked| {
        let token = if asked.target.contains("push") { "all" } else { "none" };
        Some(Reply::ok(json!({ "token": token }).to_string()))
    });
    let registry = guarded(&tokens, "all", |_| Reply::new(404));
    let sink = remote(&registry);
    let tag = Reference::Name("v1".parse().unwrap());
    assert_eq!(sink.manifest_digest(&tag).await.unwrap(), None);
    assert!(!sink.has_blob(&blob_of(b"x")).await.unwrap());
    assert_eq!(tokens.asked().len(), 1);
}

/// Quay's token server knows no action but `pull`, `push` and `*`; docker-registry wants one called `delete`.
#[tokio::test]
async fn deleting_asks_for_what_the_registry_wants() {
    need!("docker-registry");
    let tokens = Responder::new(|asked| {
        Some(match asked.target.contains("delete") {
            true => Reply::new(400),
            false => Reply::ok(r#"{"token":"all"}"#),
        })
    });
    let registry = guarded(&tokens, "all", |_| Reply::new(202));
    remote(&registry).delete_manifest(&Digest::of(b"x")).await.unwrap();

    let tokens = TokenServer::new("ann", "pw", 300);
    let registry = Registry::with_tokens(&tokens);
    let plain = Connection { plain_http: true, ..Connection::default() };
    let client = client(registry.address(), password("ann", "pw"), plain);
    let remote = Remote::new(client, repository("org/app"), repository("org/app"));
    let (_dir, layout, blob) = layout_with(b"some bytes");
    remote.put_blob(&blob, &layout).await.unwrap();
    remote.delete_blob(&blob.digest).await.unwrap();
    assert!(!remote.has_blob(&blob).await.unwrap());
}

#[tokio::test]
async fn a_scope_from_the_registry_cannot_reach_the_terminal() {
    let tokens = Responder::new(|_| Some(Reply::ok(r#"{"token":"t"}"#)));
    let challenge = format!(
        "Bearer realm=\"http://{}/token\",scope=\"repository:\u{9b}31mred\u{202e}:pull{}\"",
        tokens.address(),
        ",x".repeat(5000)
    );
    let registry =
        Responder::new(move |_| Some(Reply::new(401).header("www-authenticate", &challenge)));
    let request = Request::get("/v2/a").scope(Scope::pull(&repository("a")));
    let error = registry.client(password("ann", "pw")).send(request).await.err().unwrap();
    let text = error.to_string();
    assert!(!text.contains(['\u{9b}', '\u{202e}']) && text.len() < 500, "{text:?}");
}

/// Under a tag a registry knows a manifest by its sha256 digest alone.
#[tokio::test]
async fn a_manifest_with_another_digest_is_there_under_that_digest_too() {
    let registry = Responder::new(|_| Some(Reply::new(201)));
    let text = Made::index(&[]).to_string();
    let manifest = Manifest::parse_as(text.into(), None, Algorithm::Sha512).unwrap();
    let name = "v1".parse().unwrap();
    remote(&registry).put_manifest(&manifest, Some(&name)).await.unwrap();
    let put = |last: &str| format!("PUT /v2/org/app/manifests/{last}");
    assert_eq!(registry.lines(), [put(manifest.digest().as_str()), put("v1")]);
}

#[tokio::test]
async fn an_upload_that_is_never_closed_is_given_up() {
    let registry = Responder::new(|asked| {
        Some(match asked.method.as_str() {
            "POST" | "PATCH" => Reply::new(202).header("location", "/v2/org/app/blobs/uploads/1"),
            "PUT" => Reply::new(503),
            _ => Reply::new(404),
        })
    });
    let (_dir, layout, blob) = layout_with(&vec![7; 9 << 20]);
    let sink = remote(&registry);
    let upload = sink.put_blob(&blob, &layout);
    let ended = tokio::time::timeout(Duration::from_secs(60), upload).await;
    assert!(ended.expect("it goes on for ever").is_err());
    let sent = registry.asked().iter().filter(|asked| asked.method == "PATCH").count();
    assert!((2..=8).contains(&sent), "{sent}");
}

#[tokio::test]
async fn an_upload_that_has_more_bytes_than_there_are_is_no_overflow() {
    let registry = Responder::new(|asked| {
        Some(match asked.method.as_str() {
            "POST" | "PATCH" => Reply::new(202)
                .header("location", "/v2/org/app/blobs/uploads/1")
                .header("range", "bytes=0-18446744073709551615"),
            _ => Reply::new(201),
        })
    });
    let (_dir, layout, blob) = layout_with(&vec![7; 9 << 20]);
    remote(&registry).put_blob(&blob, &layout).await.unwrap();
}

#[tokio::test]
async fn a_download_that_breaks_after_its_last_byte_is_whole() {
    let registry = Responder::new(|asked| {
        Some(match asked.headers.contains_key("range") {
            true => Reply::new(416),
            false => Reply::ok("all of it").cut(),
        })
    });
    let bytes = collect(&remote(&registry), &blob_of(b"all of it"), 100).await.unwrap();
    assert_eq!(bytes, "all of it");
}

/// A registry of manifests that are made up as they are asked for.
#[derive(Clone, Default)]
struct Made(Arc<Mutex<HashMap<String, String>>>);

impl Made {
    /// Keeps a manifest and gives its descriptor.
    fn keep(&self, manifest: &Value) -> Value {
        let text = manifest.to_string();
        let (digest, size) = (Digest::of(text.as_bytes()), text.len());
        self.0.lock().unwrap().insert(digest.to_string(), text);
        json!({"mediaType": manifest["mediaType"], "digest": digest, "size": size})
    }

    fn image(&self, note: &str, subject: Option<&Value>) -> Value {
        let empty = json!({
            "mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": Digest::of(b"{}"),
        });
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": MediaType::ImageManifest.to_string(),
            "artifactType": "application/x", "config": empty, "layers": [],
            "annotations": {"note": note},
        });
        if let Some(subject) = subject {
            manifest["subject"] = subject.clone();
        }
        self.keep(&manifest)
    }

    fn index(manifests: &[Value]) -> Value {
        json!({
            "schemaVersion": 2, "mediaType": MediaType::ImageIndex.to_string(),
            "manifests": manifests,
        })
    }

    /// The manifest at a path, as a registry gives it.
    fn get(&self, asked: &Asked) -> Reply {
        let digest = asked.path().rsplit('/').next().unwrap();
        self.0
            .lock()
            .unwrap()
            .get(digest)
            .map_or_else(|| Reply::new(404), |text| Reply::ok(text.clone()))
    }
}

async fn resolved(
    host: &Responder,
    root: &Value,
    attachments: Attachments,
) -> Result<ImageGraph, ResolveError> {
    let reference = Reference::Digest(root["digest"].as_str().unwrap().parse().unwrap());
    let selection = Selection { attachments, ..Selection::default() };
    resolve(&remote(host), &reference, &selection).await
}

#[tokio::test]
async fn referrers_of_referrers_without_end_are_refused() {
    let made = Made::default();
    let root = made.image("root", None);
    let registry = Responder::new(move |asked| {
        Some(match asked.path().split_once("/referrers/") {
            Some((_, digest)) => {
                let subject = json!({
                    "mediaType": MediaType::ImageManifest.to_string(), "size": 1, "digest": digest,
                });
                Reply::ok(Made::index(&[made.image("referrer", Some(&subject))]).to_string())
            }
            None => made.get(asked),
        })
    });
    let walk = resolved(&registry, &root, Attachments::All);
    let ended = tokio::time::timeout(Duration::from_secs(20), walk).await;
    let graph = ended.expect("it goes on for ever").unwrap();
    let [left] = graph.left_behind.as_slice() else { panic!("{:?}", graph.left_behind) };
    assert!(matches!(*left.error, ResolveError::TooLarge { .. }), "{}", left.error);
}

#[tokio::test]
async fn a_referrer_that_is_listed_a_thousand_times_is_read_once() {
    let made = Made::default();
    let root = made.image("root", None);
    let referrer = made.image("referrer", Some(&root));
    let subject = root["digest"].as_str().unwrap().to_owned();
    let registry = Responder::new(move |asked| {
        Some(match asked.path().split_once("/referrers/") {
            Some((_, digest)) => {
                let times = if digest == subject { 1000 } else { 0 };
                Reply::ok(Made::index(&vec![referrer.clone(); times]).to_string())
            }
            None => made.get(asked),
        })
    });
    let graph = resolved(&registry, &root, Attachments::All).await.unwrap();
    assert_eq!(graph.attached.len(), 1);
    assert!(registry.asked().len() < 20, "{}", registry.asked().len());
}

#[tokio::test]
async fn manifests_have_a_bound_all_together() {
    let made = Made::default();
    let padding = "x".repeat(4_000_000);
    let children: Vec<Value> =
        (0..10).map(|number| made.image(&format!("{number}{padding}"), None)).collect();
    let root = made.keep(&Made::index(&children));
    let registry = Responder::new(move |asked| Some(made.get(asked)));
    let error = resolved(&registry, &root, Attachments::None).await.unwrap_err();
    assert!(matches!(error, ResolveError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_list_has_a_bound_over_all_its_pages() {
    let registry = Responder::new(|asked| {
        let next = format!("</v2/org/app/tags/list?last={}>; rel=\"next\"", asked.number);
        let page = format!("{{\"tags\":[]{}}}", " ".repeat(12 << 20));
        Some(if asked.number < 10 { Reply::ok(page).header("link", next) } else { Reply::new(400) })
    });
    remote(&registry).names().await.unwrap_err();
    assert!(registry.asked().len() < 5, "{}", registry.asked().len());
}

#[tokio::test]
async fn an_answer_that_drips_is_not_waited_for() {
    let drops = Duration::from_millis(50);
    let registry = Responder::new(move |asked| {
        let status = if asked.path() == "/v2/x" { 200 } else { 404 };
        Some(Reply::new(status).body("{}").then_drops(drops))
    });
    let plain = Connection { plain_http: true, ..Connection::default() };
    let client = impatient(&registry.address(), None, plain, drops * 4);
    let error = client.fetch(Request::get("/v2/x"), 100_000).await.unwrap_err();
    assert!(matches!(error, Error::TooSlow { .. }), "{error:?}");
    let error = client.send(Request::get("/v2/y")).await.err().unwrap();
    assert_eq!(error.status().unwrap(), 404);
    assert_eq!(registry.asked().len(), 2);
}

/// A request that is held back gets its token when it goes out, not before: it would be too old by then.
#[tokio::test]
async fn a_token_does_not_wait_with_its_request() {
    let issued: Arc<Mutex<HashMap<String, Instant>>> = Arc::default();
    let record = Arc::clone(&issued);
    let tokens = Responder::new(move |asked| {
        let token = format!("t{}", asked.number);
        record.lock().unwrap().insert(format!("Bearer {token}"), Instant::now());
        Some(Reply::ok(json!({"token": token, "expires_in": 1}).to_string()))
    });
    let challenge = format!("Bearer realm=\"http://{}/token\"", tokens.address());
    let busy = Mutex::new(true);
    let registry = Responder::new(move |asked| {
        let issued = issued.lock().unwrap();
        let token = asked.authorization().and_then(|token| issued.get(token));
        Some(match token {
            Some(token) if token.elapsed() < Duration::from_secs(1) => {
                match std::mem::take(&mut *busy.lock().unwrap()) {
                    true => Reply::new(429).header("retry-after", "2"),
                    false => Reply::ok("fine"),
                }
            }
            _ => Reply::new(401).header("www-authenticate", &challenge),
        })
    });
    let client = registry.client(None);
    let get = |path: &str| {
        Request::get(format!("/v2/{path}/tags/list")).scope(Scope::pull(&repository(path)))
    };
    let first = client.send(get("one"));
    let second = async {
        while registry.asked().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        client.send(get("two")).await
    };
    let (first, second) = tokio::join!(first, second);
    first.unwrap();
    second.unwrap();
}
