//! Registries that speak the specification with an accent of their own.

use std::sync::Mutex;

use http::header::{CONTENT_RANGE, RANGE};
use longshore::model::{Descriptor, Digest, ImageRef, MediaType, RefName};
use longshore::store::{Layout, Sink, Source};
use tempfile::TempDir;

use crate::registry_client::{image_of, read, remote};
use crate::support::embedded::Embedded;
use crate::support::faults::{Fault, Proxy};
use crate::support::responder::{Asked, Reply, Responder};

const MIB: u64 = 1 << 20;

/// A layout with the one blob `text`.
fn blob_of(text: &[u8]) -> (TempDir, Layout, Descriptor) {
    let dir = TempDir::new().unwrap();
    let layout = Layout::create(dir.path()).unwrap();
    let digest = Digest::of(text);
    std::fs::create_dir_all(dir.path().join("blobs/sha256")).unwrap();
    std::fs::write(layout.blob_path(&digest), text).unwrap();
    let blob = Descriptor::new(MediaType::ImageLayer, digest, text.len() as u64);
    (dir, layout, blob)
}

#[tokio::test]
async fn a_registry_that_asks_for_chunks_gets_chunks() {
    let registry = Embedded::new();
    let proxy = Proxy::before(&registry.address());
    proxy.fault(1, "POST", "/blobs/uploads/", Fault::AskForChunks(MIB));
    let (_dir, layout, blob) = image_of(150 * MIB);
    let repository = remote(&proxy.address(), "app");
    repository.put_blob(&blob, &layout).await.unwrap();
    assert_eq!(read(&repository, &blob).await.unwrap(), blob.size);
    let patches = proxy.seen().into_iter().filter(|seen| seen.is("PATCH", "/blobs/uploads/"));
    let ranges: Vec<String> =
        patches.map(|seen| seen.header(CONTENT_RANGE).unwrap().to_owned()).collect();
    assert_eq!(ranges[0], format!("0-{}", 64 * MIB - 1));
    assert_eq!(ranges[1], format!("{}-{}", 64 * MIB, 128 * MIB - 1));
    assert_eq!(ranges[2], format!("{}-{}", 128 * MIB, blob.size - 1));
}

#[tokio::test]
async fn an_upload_that_breaks_goes_on_where_the_registry_is() {
    let registry = Embedded::new();
    let proxy = Proxy::before(&registry.address());
    let (_dir, layout, blob) = image_of(20 * MIB);
    proxy.fault(1, "PATCH", "/blobs/uploads/", Fault::CutUpload(5 << 20));
    let repository = remote(&proxy.address(), "app");
    repository.put_blob(&blob, &layout).await.unwrap();
    assert_eq!(read(&repository, &blob).await.unwrap(), blob.size);
    assert_eq!(proxy.count("POST", "/blobs/uploads/"), 1);
    let patches: Vec<_> =
        proxy.seen().into_iter().filter(|seen| seen.is("PATCH", "/blobs/uploads/")).collect();
    let range = patches[1].header(CONTENT_RANGE).unwrap();
    let first: u64 = range.split_once('-').unwrap().0.parse().unwrap();
    assert!(first > 0 && range.ends_with(&format!("-{}", blob.size - 1)), "{range}");
}

#[tokio::test]
async fn quay_counts_bytes_and_names_no_place_when_asked_for_the_status() {
    let (_dir, layout, blob) = blob_of(&vec![b'a'; 9 << 20]);
    let kept = 3 * MIB;
    let broken = Mutex::new(false);
    let registry = Responder::new(move |asked: &Asked| match asked.method.as_str() {
        "POST" => Some(Reply::new(202).header("location", "/v2/app/blobs/uploads/1")),
        "PATCH" if !std::mem::replace(&mut *broken.lock().unwrap(), true) => None,
        "PATCH" => {
            assert_eq!(asked.body.len() as u64, (9 << 20) - kept);
            Some(Reply::new(202).header("location", "/v2/app/blobs/uploads/2"))
        }
        "GET" => Some(Reply::new(204).header("range", format!("bytes=0-{kept}"))),
        "PUT" => Some(Reply::new(201)),
        other => panic!("{other}"),
    });
    remote(&registry.address(), "app").put_blob(&blob, &layout).await.unwrap();
    let asked = registry.asked();
    let patch = asked.iter().rfind(|asked| asked.method == "PATCH").unwrap();
    let range = format!("{kept}-{}", (9 << 20) - 1);
    assert_eq!(patch.header(CONTENT_RANGE), Some(range.as_str()));
    assert_eq!(patch.header(RANGE), None);
    assert!(asked.last().unwrap().target.starts_with("/v2/app/blobs/uploads/2?digest=sha256"));
}

#[tokio::test]
async fn an_upload_in_another_place_is_not_given_the_blob_over_a_weaker_connection() {
    let (_dir, layout, blob) = blob_of(b"a blob");
    let registry = Responder::new(|asked: &Asked| match asked.method.as_str() {
        "POST" => Some(Reply::new(202).header("location", "ftp://elsewhere/1")),
        _ => Some(Reply::new(201)),
    });
    let error = remote(&registry.address(), "app").put_blob(&blob, &layout).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot write blob"), "{error}");
    assert_eq!(registry.asked().len(), 1);
}

#[tokio::test]
async fn an_upload_begun_by_a_mount_and_forgotten_is_begun_anew() {
    let (_dir, layout, blob) = blob_of(b"a blob");
    let registry = Responder::new(|asked: &Asked| {
        let upload =
            |id: u8| Reply::new(202).header("location", format!("/v2/app/blobs/uploads/{id}"));
        Some(match (asked.method.as_str(), asked.path()) {
            ("POST", _) if asked.target.contains("mount=") => upload(1),
            ("POST", _) => upload(2),
            ("PUT", "/v2/app/blobs/uploads/2") => Reply::new(201),
            _ => Reply::new(404),
        })
    });
    let repository = remote(&registry.address(), "app");
    let from: ImageRef = format!("{}/other", registry.address()).parse().unwrap();
    assert!(!repository.mount_blob(&blob, &from.repository).await.unwrap());
    repository.put_blob(&blob, &layout).await.unwrap();
    assert_eq!(registry.lines().iter().filter(|line| line.starts_with("POST")).count(), 2);
}

#[tokio::test]
async fn pages_are_followed_in_every_form_of_link() {
    let registry = Responder::new(|asked: &Asked| {
        let query = asked.target.split_once('?').map_or("", |(_, query)| query);
        let page = |tags: &str| Reply::ok(format!(r#"{{"name":"app","tags":{tags}}}"#));
        let host = asked.headers["host"].to_str().unwrap();
        Some(match query {
            "n=1000" => {
                page(r#"["b","a"]"#).header("link", r#"</v2/app/tags/list?last=b&n=2>; rel="next""#)
            }
            "last=b&n=2" => page(r#"["c"]"#).header(
                "link",
                format!(r#"<http://{host}/v2/app/tags/list?next_page=gAAAA%3D&n=2>; rel="next""#),
            ),
            "next_page=gAAAA%3D&n=2" => page("null").header("link", "<?last=d>"),
            "last=d" => page(r#"["d","../x","a"]"#),
            other => panic!("{other}"),
        })
    });
    let names = remote(&registry.address(), "app").names().await.unwrap();
    assert_eq!(names.iter().map(RefName::as_str).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn pages_that_go_in_a_circle_come_to_an_end() {
    let registry = Responder::new(|_: &Asked| {
        let page = Reply::ok(r#"{"tags":["a"]}"#);
        Some(page.header("link", r#"</v2/app/tags/list?n=1000>; rel="next""#))
    });
    let error = remote(&registry.address(), "app").names().await.unwrap_err();
    assert!(error.to_string().contains("as its own next page"), "{error}");
}

#[tokio::test]
async fn the_referrers_api_is_used_where_there_is_one() {
    let registry = Embedded::new();
    let proxy = Proxy::before(&registry.address());
    let dir = TempDir::new().unwrap();
    let fixture = crate::support::layout::Layout::new(dir.path());
    let image = fixture.image("linux/amd64", &[fixture.layer(&[("a", "b")])]);
    fixture.name("v1", &image);
    let sbom = fixture.referrer(&image, "application/spdx+json", "bill of materials");
    let repository = remote(&proxy.address(), "app");
    let all = longshore::transfer::Attachments::All;
    let layout = Layout::open(dir.path()).unwrap();
    crate::registry_client::copy(layout, repository.clone(), all).await.unwrap();
    let subject: Digest = crate::support::layout::digest(&image).parse().unwrap();
    let listed = repository.referrers(&subject).await.unwrap();
    assert_eq!(listed[0].digest.as_str(), crate::support::layout::digest(&sbom));
    assert_eq!(listed[0].artifact_type.as_ref().unwrap().as_ref(), "application/spdx+json");
    let names = repository.names().await.unwrap();
    assert_eq!(names.len(), 1, "no fallback tag is needed: {names:?}");
}

#[tokio::test]
async fn a_registry_that_stores_something_else_has_failed() {
    let (_dir, layout, blob) = blob_of(b"a blob");
    let registry = Responder::new(|asked: &Asked| match asked.method.as_str() {
        "POST" => Some(Reply::new(202).header("location", "/v2/app/blobs/uploads/1")),
        _ => Some(Reply::new(201).header("docker-content-digest", Digest::of(b"b").as_str())),
    });
    let error = remote(&registry.address(), "app").put_blob(&blob, &layout).await.unwrap_err();
    assert!(error.to_string().ends_with("the answer tells another digest"), "{error}");
}
