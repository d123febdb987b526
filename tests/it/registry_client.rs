//! The client against a registry that somebody else wrote, with and without a proxy where things go wrong.

use std::sync::Arc;

use longshore::auth::Credential;
use longshore::config::Connection;
use longshore::http::Client;
use longshore::model::{Descriptor, Digest, ImageRef, MediaType, RefName};
use longshore::registry::Remote;
use longshore::store::{Layout, Reference, Sink, Source, VerifiedBlob};
use longshore::transfer::{
    Attachments, Copier, CopyOptions, ImageResult, Job, Outcome, Selection, Target,
};
use tempfile::TempDir;

use crate::support::faults::{Canned, Fault, Proxy};
use crate::support::layout::{Layout as Fixture, digest};
use crate::support::registry::Registry;
use crate::support::responder;
use crate::support::skopeo;

fn client(address: &str, login: Option<Credential>) -> Client {
    responder::client(address, login, Connection { plain_http: true, ..Connection::default() })
}

pub(crate) fn remote(address: &str, path: &str) -> Remote {
    let image: ImageRef = format!("{address}/{path}").parse().unwrap();
    Remote::new(client(address, None), image.repository.clone(), image.repository)
}

/// A layout with an image `v1` of one layer of `size` bytes.
pub(crate) fn image_of(size: u64) -> (TempDir, Layout, Descriptor) {
    let dir = TempDir::new().unwrap();
    let fixture = Fixture::new(dir.path());
    let layer = fixture.noise_layer(9, size);
    let image = fixture.image("linux/amd64", std::slice::from_ref(&layer));
    fixture.name("v1", &image);
    let layout = Layout::open(dir.path()).unwrap();
    let descriptor: Descriptor = serde_json::from_value(layer.descriptor).unwrap();
    (dir, layout, descriptor)
}

pub(crate) async fn copy(
    source: impl Source + 'static,
    sink: impl Sink + 'static,
    attachments: Attachments,
) -> ImageResult {
    let name: RefName = "v1".parse().unwrap();
    let job = Job {
        source: Arc::new(source),
        reference: Reference::Name(name.clone()),
        selection: Selection { attachments, ..Selection::default() },
        targets: vec![Target { image: 0, sink: Arc::new(sink), name: Some(name) }],
    };
    let mut results = Copier::new(&CopyOptions::default(), Arc::new(())).copy(job).await;
    results.remove(0)
}

/// Reads a blob to its end, proven.
pub(crate) async fn read(source: &dyn Source, blob: &Descriptor) -> longshore::store::Result<u64> {
    let mut reader = VerifiedBlob::open(source, blob).await?;
    let mut bytes = 0;
    while let Some(chunk) = reader.next().await? {
        bytes += chunk.len() as u64;
    }
    Ok(bytes)
}

#[tokio::test]
async fn an_image_goes_up_and_comes_down_with_its_digest() {
    need!("docker-registry", "skopeo");
    let registry = Registry::open();
    let dir = TempDir::new().unwrap();
    let fixture = Fixture::new(dir.path());
    let images = ["linux/amd64", "linux/arm64"].map(|platform| {
        let layers = [fixture.noise_layer(1, 10 << 20), fixture.layer(&[("etc/arch", platform)])];
        fixture.image(platform, &layers)
    });
    let index = fixture.index(&images);
    fixture.name("v1", &index);
    fixture.referrer(&images[0], "application/spdx+json", "bill of materials");
    fixture.cosign_signature(&index, "signed");

    let repository = remote(registry.address(), "org/app");
    let up = copy(Layout::open(dir.path()).unwrap(), repository.clone(), Attachments::All)
        .await
        .unwrap();
    assert_eq!((up.digest.as_str(), up.referrers.len()), (digest(&index), 2));
    let image = format!("docker://{}/org/app:v1", registry.address());
    let raw = skopeo::run(&["inspect", "--tls-verify=false", "--raw", &image]);
    assert_eq!(Digest::of(&raw).as_str(), digest(&index));

    let back = TempDir::new().unwrap();
    let layout = Layout::create(back.path()).unwrap();
    let down = copy(repository.clone(), layout.clone(), Attachments::All).await.unwrap();
    assert_eq!((down.digest, down.referrers.len()), (up.digest, 2));
    let subject: Digest = digest(&images[0]).parse().unwrap();
    assert_eq!(layout.referrers(&subject).await.unwrap().len(), 1);
    let copied = format!("oci:{}:v1", back.path().display());
    let to = TempDir::new().unwrap();
    skopeo::run(&["copy", "-q", "--all", &copied, &format!("dir:{}", to.path().display())]);
    let names: Vec<String> =
        repository.names().await.unwrap().iter().map(RefName::to_string).collect();
    assert_eq!(names.len(), 3, "the image, its signature, the list of referrers: {names:?}");
}

#[tokio::test]
async fn blobs_are_mounted_between_repositories_of_one_registry() {
    need!("docker-registry");
    let registry = Registry::open();
    let proxy = Proxy::before(registry.address());
    let (_dir, layout, _) = image_of(1 << 20);
    let one = remote(&proxy.address(), "one");
    copy(layout, one.clone(), Attachments::None).await.unwrap();
    let uploads = proxy.count("PUT", "/blobs/uploads/");
    let report = copy(one, remote(&proxy.address(), "deep/two"), Attachments::None).await.unwrap();
    assert_eq!((report.mounted, report.copied), (2, 0));
    assert_eq!(proxy.count("PUT", "/blobs/uploads/"), uploads);
    let again = copy(
        remote(&proxy.address(), "one"),
        remote(&proxy.address(), "deep/two"),
        Attachments::None,
    )
    .await;
    assert_eq!(again.unwrap().outcome, Outcome::Present);
}

#[tokio::test]
async fn a_mount_that_is_answered_with_an_upload_goes_on_with_it() {
    need!("docker-registry");
    let registry = Registry::open();
    let proxy = Proxy::before(registry.address());
    let (_dir, layout, blob) = image_of(1 << 20);
    let repository = remote(&proxy.address(), "app");
    let nowhere: ImageRef = format!("{}/nowhere", proxy.address()).parse().unwrap();
    assert!(!repository.mount_blob(&blob, &nowhere.repository).await.unwrap());
    repository.put_blob(&blob, &layout).await.unwrap();
    assert_eq!(proxy.count("POST", "/blobs/uploads/"), 1);
    assert!(repository.has_blob(&blob).await.unwrap());
}

#[tokio::test]
async fn names_come_in_pages() {
    need!("docker-registry");
    let registry = Registry::open();
    let (_dir, layout, _) = image_of(10);
    let repository = remote(registry.address(), "app");
    copy(layout.clone(), repository.clone(), Attachments::None).await.unwrap();
    let manifest = layout.manifest(&Reference::Only).await.unwrap();
    for tag in ["b", "A", "v1.10", "v1.9"] {
        repository.put_manifest(&manifest, Some(&tag.parse().unwrap())).await.unwrap();
    }
    let names: Vec<String> =
        repository.names().await.unwrap().iter().map(RefName::to_string).collect();
    assert_eq!(names, ["A", "b", "v1", "v1.10", "v1.9"]);
    let catalog = longshore::registry::catalog(&client(registry.address(), None)).await.unwrap();
    assert_eq!(catalog, ["app"]);
}

#[tokio::test]
async fn what_is_not_there_is_told_as_such() {
    need!("docker-registry");
    let registry = Registry::open();
    let repository = remote(registry.address(), "no/such");
    let error = repository.manifest(&Reference::Name("v1".parse().unwrap())).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.to_string(), format!("tag v1 is not in {}/no/such", registry.address()));
    assert!(repository.names().await.unwrap_err().is_not_found());
    let missing = Reference::Digest(Digest::of(b"x"));
    assert_eq!(repository.manifest_digest(&missing).await.unwrap(), None);
    let blob = Descriptor::new(MediaType::ImageLayer, Digest::of(b"x"), 1);
    assert!(!repository.has_blob(&blob).await.unwrap());
    assert!(repository.blob(&blob, 0).await.is_err_and(|error| error.is_not_found()));
    assert!(repository.referrers(&Digest::of(b"x")).await.unwrap().is_empty());
}

#[tokio::test]
async fn manifests_and_tags_are_deleted() {
    need!("docker-registry");
    let registry = Registry::open();
    let (_dir, layout, blob) = image_of(10);
    let repository = remote(registry.address(), "app");
    let report = copy(layout, repository.clone(), Attachments::None).await.unwrap();
    repository.delete_manifest(&report.digest).await.unwrap();
    let gone = repository.manifest_digest(&Reference::Digest(report.digest.clone())).await.unwrap();
    assert_eq!(gone, None);
    assert!(repository.delete_manifest(&report.digest).await.unwrap_err().is_not_found());
    repository.delete_blob(&blob.digest).await.unwrap();
    assert!(!repository.has_blob(&blob).await.unwrap());
}

/// A registry behind a proxy, with an image `app:v1` of one blob.
async fn troubled(size: u64) -> (Registry, Proxy, Remote, Descriptor) {
    let registry = Registry::open();
    let (_dir, layout, blob) = image_of(size);
    copy(layout, remote(registry.address(), "app"), Attachments::None).await.unwrap();
    let proxy = Proxy::before(registry.address());
    let repository = remote(&proxy.address(), "app");
    (registry, proxy, repository, blob)
}

fn ranges(proxy: &Proxy) -> Vec<String> {
    let downloads = proxy.seen().into_iter().filter(|seen| seen.is("GET", "/blobs/"));
    downloads.map(|seen| seen.header(http::header::RANGE).unwrap_or("all").to_owned()).collect()
}

const BIG: u64 = 9 << 20;
const CUT: usize = 3 << 20;

#[tokio::test]
async fn a_download_that_breaks_goes_on_where_it_broke() {
    need!("docker-registry");
    let (_registry, proxy, repository, blob) = troubled(BIG).await;
    proxy.fault(2, "GET", "/blobs/", Fault::CutDownload(CUT));
    assert_eq!(read(&repository, &blob).await.unwrap(), blob.size);
    let ranges = ranges(&proxy);
    assert_eq!(ranges.len(), 3, "{ranges:?}");
    assert!(ranges[1].starts_with("bytes=") && ranges[1] < ranges[2], "{ranges:?}");
}

#[tokio::test]
async fn a_server_that_ignores_ranges_is_read_past_what_is_known() {
    need!("docker-registry");
    let (_registry, proxy, repository, blob) = troubled(BIG).await;
    proxy.fault(1, "GET", "/blobs/", Fault::CutDownload(CUT));
    proxy.fault(1, "GET", "/blobs/", Fault::IgnoreRange);
    assert_eq!(read(&repository, &blob).await.unwrap(), blob.size);
    assert_eq!(ranges(&proxy).len(), 2);
}

#[tokio::test]
async fn a_part_that_was_not_asked_for_is_not_taken() {
    need!("docker-registry");
    let (_registry, proxy, repository, blob) = troubled(BIG).await;
    proxy.fault(1, "GET", "/blobs/", Fault::CutDownload(CUT));
    proxy.fault(1, "GET", "/blobs/", Fault::WrongRange);
    assert_eq!(read(&repository, &blob).await.unwrap(), blob.size);
    assert_eq!(ranges(&proxy).last().unwrap(), "all");
}

#[tokio::test]
async fn damaged_blobs_are_refused() {
    need!("docker-registry");
    let (_registry, proxy, repository, blob) = troubled(BIG).await;
    proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Damage);
    let error = read(&repository, &blob).await.unwrap_err();
    assert!(error.to_string().contains("is damaged: its bytes have the digest"), "{error}");
}

#[tokio::test]
async fn endless_and_short_blobs_are_refused() {
    need!("docker-registry");
    let (_registry, proxy, repository, blob) = troubled(BIG).await;
    let longer = Descriptor { size: blob.size + 1, ..blob.clone() };
    let error = read(&repository, &longer).await.unwrap_err();
    assert!(error.to_string().contains("bytes where its descriptor says"), "{error}");
    proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Endless);
    let error = read(&repository, &blob).await.unwrap_err();
    assert!(error.to_string().contains("bytes where its descriptor says"), "{error}");
}

#[tokio::test]
async fn a_blob_that_breaks_for_ever_is_given_up() {
    need!("docker-registry");
    let (_registry, proxy, repository, blob) = troubled(BIG).await;
    proxy.fault(usize::MAX, "GET", "/blobs/", Fault::CutDownload(0));
    let error = read(&repository, &blob).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot read blob sha256:"), "{error}");
    assert!(ranges(&proxy).len() <= 10, "{}", ranges(&proxy).len());
}

#[tokio::test]
async fn an_upload_that_breaks_is_finished() {
    need!("docker-registry");
    for size in [1 << 20, 20 << 20] {
        let registry = Registry::open();
        let (_dir, layout, blob) = image_of(size);
        let proxy = Proxy::before(registry.address());
        let repository = remote(&proxy.address(), "app");
        let method = if size < 8 << 20 { "PUT" } else { "PATCH" };
        proxy.fault(2, method, "/blobs/uploads/", Fault::CutUpload(500_000));
        repository.put_blob(&blob, &layout).await.unwrap();
        assert_eq!(read(&repository, &blob).await.unwrap(), blob.size);
    }
}

#[tokio::test]
async fn an_upload_whose_source_is_damaged_leaves_nothing() {
    need!("docker-registry");
    for size in [1 << 20, 20 << 20] {
        let registry = Registry::open();
        let (_dir, layout, blob) = image_of(size);
        let other = Descriptor { digest: Digest::of(b"other"), ..blob.clone() };
        std::fs::copy(layout.blob_path(&blob.digest), layout.blob_path(&other.digest)).unwrap();
        let proxy = Proxy::before(registry.address());
        let repository = remote(&proxy.address(), "app");
        let error = repository.put_blob(&other, &layout).await.unwrap_err();
        assert!(error.to_string().contains("is damaged"), "{error}");
        assert!(!repository.has_blob(&other).await.unwrap());
        assert_eq!(proxy.count("DELETE", "/blobs/uploads/"), 1);
        // A large one is left to the registry first, which refuses it.
        let refused = usize::from(size > 8 << 20);
        assert_eq!(proxy.count("POST", "/blobs/uploads/"), 1 + refused);
    }
}

#[tokio::test]
async fn passing_troubles_are_waited_out() {
    need!("docker-registry");
    let registry = Registry::open();
    let (_dir, layout, _) = image_of(1 << 20);
    let proxy = Proxy::before(registry.address());
    proxy
        .fault(1, "HEAD", "/manifests/", Fault::Answer(Canned::status(503)))
        .fault(1, "POST", "/blobs/uploads/", Fault::Answer(Canned::html(502)))
        .fault(1, "PUT", "/blobs/uploads/", Fault::Answer(Canned::too_many("0")))
        .fault(1, "PUT", "/manifests/", Fault::Answer(Canned::status(500)));
    let report = copy(layout, remote(&proxy.address(), "app"), Attachments::None).await.unwrap();
    assert_eq!(report.copied, 2);
    let image = format!("docker://{}/app:v1", registry.address());
    skopeo_agrees(&image, &report.digest);
}

fn skopeo_agrees(image: &str, digest: &Digest) {
    let raw = skopeo::run(&["inspect", "--tls-verify=false", "--raw", image]);
    assert_eq!(Digest::of(&raw), *digest);
}

#[tokio::test]
async fn a_blob_on_another_host_is_fetched_without_the_login() {
    need!("docker-registry");
    let registry = Registry::with_password("robot", "hunter2");
    let (_dir, layout, blob) = image_of(1 << 20);
    let login = || responder::password("robot", "hunter2");
    let image: ImageRef = format!("{}/app", registry.address()).parse().unwrap();
    let direct = Remote::new(
        client(registry.address(), login()),
        image.repository.clone(),
        image.repository,
    );
    copy(layout, direct, Attachments::None).await.unwrap();
    let proxy = Proxy::before(registry.address());
    proxy.fault(1, "GET", "/blobs/", Fault::Redirect);
    let image: ImageRef = format!("{}/app", proxy.address()).parse().unwrap();
    let through =
        Remote::new(client(&proxy.address(), login()), image.repository.clone(), image.repository);
    assert_eq!(read(&through, &blob).await.unwrap(), blob.size);
    let elsewhere = proxy.seen_elsewhere();
    assert_eq!(elsewhere.len(), 1);
    assert_eq!(elsewhere[0].header(http::header::AUTHORIZATION), None);
}
