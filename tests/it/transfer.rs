//! The engine between two layouts: what is moved, what is named, and what is not.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use longshore::model::{Digest, RefName};
use longshore::store::{Error, Layout, Reference, Source};
use longshore::transfer::{
    Attachments, BlobOutcome, Copier, CopyOptions, Event, ImageResult, Job, Observer, Outcome,
    ResolveError, Selection, Target,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::layout::{Layout as Fixture, digest};

/// Two folders: a layout with images in it, and an empty one.
struct Ends {
    from: TempDir,
    to: TempDir,
}

impl Ends {
    fn new() -> Self {
        Self { from: TempDir::new().unwrap(), to: TempDir::new().unwrap() }
    }

    fn fixture(&self) -> Fixture {
        Fixture::new(self.from.path())
    }

    fn sink(&self) -> Layout {
        Layout::create(self.to.path()).unwrap()
    }

    fn job(&self, name: &str, selection: Selection) -> Job {
        let name: RefName = name.parse().unwrap();
        Job {
            source: Arc::new(Layout::open(self.from.path()).unwrap()),
            reference: Reference::Name(name.clone()),
            selection,
            targets: vec![Target { image: 0, sink: Arc::new(self.sink()), name: Some(name) }],
        }
    }

    async fn copy(&self, name: &str, selection: Selection) -> ImageResult {
        only(copier(()).copy(self.job(name, selection)).await)
    }

    async fn names(&self) -> Vec<String> {
        self.sink().names().await.unwrap().iter().map(RefName::to_string).collect()
    }
}

fn copier(observer: impl Observer + 'static) -> Copier {
    Copier::new(&CopyOptions::default(), Arc::new(observer))
}

fn only(mut results: Vec<ImageResult>) -> ImageResult {
    assert_eq!(results.len(), 1);
    results.remove(0)
}

fn platforms(wanted: &[&str]) -> Selection {
    let platforms = wanted.iter().map(|text| text.parse().unwrap()).collect();
    Selection { platforms, ..Selection::default() }
}

fn blob_path(root: &Path, digest: &str) -> std::path::PathBuf {
    root.join("blobs/sha256").join(digest.strip_prefix("sha256:").unwrap())
}

/// An index `v1` of three platforms, each of two layers, one of them shared.
fn multi_arch(fixture: &Fixture) -> (Value, Vec<Value>) {
    let images: Vec<Value> = ["linux/amd64", "linux/arm64", "linux/s390x"]
        .iter()
        .map(|platform| {
            let layers = [
                fixture.layer(&[("etc/base", "shared")]),
                fixture.layer(&[("etc/arch", platform)]),
            ];
            fixture.image(platform, &layers)
        })
        .collect();
    let index = fixture.index(&images);
    fixture.name("v1", &index);
    (index, images)
}

#[tokio::test]
async fn an_index_is_copied_whole_with_its_digest() {
    let ends = Ends::new();
    let (index, _) = multi_arch(&ends.fixture());
    let report = ends.copy("v1", Selection::default()).await.unwrap();
    assert_eq!(report.digest.as_str(), digest(&index));
    assert_eq!((report.outcome, report.copied, report.picked_from), (Outcome::Copied, 7, None));
    let copied = ends.sink().manifest(&Reference::Only).await.unwrap();
    assert_eq!(copied.digest().as_str(), digest(&index));
    for child in copied.children() {
        let child = ends.sink().manifest(&Reference::Digest(child.digest.clone())).await.unwrap();
        assert!(child.blobs().all(|blob| blob_path(ends.to.path(), blob.digest.as_str()).exists()));
    }
}

#[tokio::test]
async fn what_is_there_already_is_left_alone() {
    let ends = Ends::new();
    multi_arch(&ends.fixture());
    ends.copy("v1", Selection::default()).await.unwrap();
    let again = ends.copy("v1", Selection::default()).await.unwrap();
    assert_eq!((again.outcome, again.copied, again.bytes), (Outcome::Present, 0, 0));
}

#[tokio::test]
async fn an_index_that_is_there_without_an_image_gets_it_with_another_name() {
    let ends = Ends::new();
    let (index, images) = multi_arch(&ends.fixture());
    ends.copy("v1", Selection::default()).await.unwrap();
    let image = blob_path(ends.to.path(), digest(&images[0]));
    fs::remove_file(&image).unwrap();
    let mut job = ends.job("v1", Selection::default());
    job.targets[0].name = Some("v2".parse().unwrap());
    let report = only(copier(()).copy(job).await).unwrap();
    assert_eq!(report.digest.as_str(), digest(&index));
    assert!(image.exists());
}

#[tokio::test]
async fn one_platform_takes_the_place_of_the_index() {
    let ends = Ends::new();
    let (index, images) = multi_arch(&ends.fixture());
    let report = ends.copy("v1", platforms(&["linux/arm64"])).await.unwrap();
    assert_eq!(report.digest.as_str(), digest(&images[1]));
    assert_eq!(report.picked_from.unwrap().as_str(), digest(&index));
    assert_eq!(report.copied, 3);
}

#[tokio::test]
async fn several_platforms_get_an_index_of_their_own() {
    let ends = Ends::new();
    let (index, images) = multi_arch(&ends.fixture());
    let report = ends.copy("v1", platforms(&["linux/arm64", "linux/amd64"])).await.unwrap();
    assert_eq!(report.picked_from.as_ref().map(Digest::as_str), Some(digest(&index)));
    let copied = ends.sink().manifest(&Reference::Only).await.unwrap();
    let children: Vec<&str> = copied.children().iter().map(|child| child.digest.as_str()).collect();
    assert_eq!(children, [digest(&images[0]), digest(&images[1])]);
    let again = ends.copy("v1", platforms(&["linux/amd64", "linux/arm64"])).await.unwrap();
    assert_eq!((again.outcome, again.digest), (Outcome::Present, report.digest));
}

#[tokio::test]
async fn all_platforms_picked_leave_the_index_as_it_is() {
    let ends = Ends::new();
    let (index, _) = multi_arch(&ends.fixture());
    let all = platforms(&["linux/amd64", "linux/arm64", "linux/s390x"]);
    let report = ends.copy("v1", all).await.unwrap();
    assert_eq!((report.digest.as_str(), report.picked_from), (digest(&index), None));
}

#[tokio::test]
async fn a_platform_that_is_not_there_is_told_with_those_that_are() {
    let ends = Ends::new();
    multi_arch(&ends.fixture());
    let error = ends.copy("v1", platforms(&["linux/amd64", "windows/amd64"])).await.unwrap_err();
    let place = format!("oci:{}", ends.from.path().display());
    assert_eq!(
        error.to_string(),
        format!(
            "{place} has no image for windows/amd64: it has linux/amd64, linux/arm64, linux/s390x"
        )
    );
}

#[tokio::test]
async fn referrers_and_cosign_signatures_go_along_when_asked_for() {
    let ends = Ends::new();
    let fixture = ends.fixture();
    let (index, images) = multi_arch(&fixture);
    let sbom = fixture.referrer(&images[0], "application/spdx+json", "bill of materials");
    let signed_sbom = fixture.referrer(&sbom, "application/vnd.example.signature", "signed");
    let signature = fixture.cosign_signature(&index, "signed");
    ends.copy("v1", Selection::default()).await.unwrap();
    assert_eq!(ends.names().await, ["v1"]);

    let with_all = Selection { attachments: Attachments::All, ..Selection::default() };
    let report = ends.copy("v1", with_all).await.unwrap();
    let came: Vec<&str> = report.referrers.iter().map(Digest::as_str).collect();
    for wanted in [&sbom, &signed_sbom, &signature] {
        assert!(came.contains(&digest(wanted)), "{came:?}");
    }
    let name = format!("{}.sig", digest(&index).replace(':', "-"));
    assert_eq!(ends.names().await, [name.as_str(), "v1"]);
    let subject: Digest = digest(&images[0]).parse().unwrap();
    let listed = ends.sink().referrers(&subject).await.unwrap();
    assert_eq!(listed[0].digest.as_str(), digest(&sbom));
}

#[tokio::test]
async fn what_is_listed_and_named_keeps_its_name() {
    let ends = Ends::new();
    let fixture = ends.fixture();
    let (index, _) = multi_arch(&fixture);
    let signature = fixture.referrer(&index, "application/vnd.example.signature", "signed");
    let name = format!("{}.sig", digest(&index).replace(':', "-"));
    fixture.name(&name, &signature);
    let with_all = Selection { attachments: Attachments::All, ..Selection::default() };
    let report = ends.copy("v1", with_all).await.unwrap();
    assert_eq!(report.referrers.len(), 1);
    assert_eq!(ends.names().await, [name.as_str(), "v1"]);
}

#[tokio::test]
async fn a_damaged_blob_is_not_kept_and_nothing_is_named() {
    let ends = Ends::new();
    let fixture = ends.fixture();
    let layer = fixture.noise_layer(3, 100_000);
    let image = fixture.image("linux/amd64", std::slice::from_ref(&layer));
    fixture.name("v1", &image);
    let path = blob_path(ends.from.path(), digest(&layer.descriptor));
    let mut bytes = fs::read(&path).unwrap();
    bytes[50_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = ends.copy("v1", Selection::default()).await.unwrap_err();
    assert!(matches!(*error, ResolveError::Store(Error::Digest { .. })), "{error}");
    assert!(ends.names().await.is_empty());
    assert!(!blob_path(ends.to.path(), digest(&layer.descriptor)).exists());
}

#[tokio::test]
async fn a_manifest_that_is_missing_fails_the_image_before_anything_moves() {
    let ends = Ends::new();
    let (_, images) = multi_arch(&ends.fixture());
    fs::remove_file(blob_path(ends.from.path(), digest(&images[2]))).unwrap();
    let error = ends.copy("v1", Selection::default()).await.unwrap_err();
    assert!(matches!(&*error, ResolveError::Store(error) if error.is_not_found()), "{error}");
    assert!(!ends.to.path().join("blobs").exists());
}

#[tokio::test]
async fn indexes_nested_without_end_are_refused() {
    let ends = Ends::new();
    let fixture = ends.fixture();
    let mut inner = fixture.image("linux/amd64", &[]);
    for _ in 0..12 {
        inner = fixture.index(&[inner]);
    }
    fixture.name("v1", &inner);
    let error = ends.copy("v1", Selection::default()).await.unwrap_err().to_string();
    assert!(error.ends_with("it has more than 8 levels of indexes"), "{error}");
}

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Event>>>);

impl Observer for Recorder {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

#[tokio::test]
async fn a_blob_that_two_images_share_moves_once() {
    let ends = Ends::new();
    let fixture = ends.fixture();
    let shared = || fixture.noise_layer(1, 200_000);
    let size = shared().descriptor["size"].as_u64().unwrap();
    for (name, other) in [("a", 2), ("b", 3)] {
        let image = fixture.image("linux/amd64", &[shared(), fixture.noise_layer(other, 10)]);
        fixture.name(name, &image);
    }
    let recorder = Recorder::default();
    let copier = copier(recorder.clone());
    let (a, b) = (ends.job("a", Selection::default()), ends.job("b", Selection::default()));
    let (a, b) = tokio::join!(copier.copy(a), copier.copy(b));
    assert_eq!(only(a).unwrap().copied + only(b).unwrap().copied, 5);
    let events = recorder.0.lock().unwrap();
    let started =
        |event: &&Event| matches!(event, Event::BlobStarted { size: s, .. } if *s == size);
    assert_eq!(events.iter().filter(started).count(), 1);
    let whole =
        events.iter().any(|event| matches!(event, Event::BlobAt { offset, .. } if *offset == size));
    assert!(whole);
    let present =
        |event: &&Event| matches!(event, Event::BlobDone { outcome: BlobOutcome::Present, .. });
    assert_eq!(events.iter().filter(present).count(), 1);
}

#[tokio::test]
async fn fields_that_nobody_knows_keep_their_digest() {
    let ends = Ends::new();
    let fixture = ends.fixture();
    let config = fixture.blob("application/vnd.oci.image.config.v1+json", "{}");
    let manifest = json!({
        "x-first": {"b": 1, "a": 2}, "schemaVersion": 2, "config": config, "layers": [],
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
    });
    let text = serde_json::to_string_pretty(&manifest).unwrap();
    let image = fixture.blob("application/vnd.oci.image.manifest.v1+json", &text);
    fixture.name("odd", &image);
    let report = ends.copy("odd", Selection::default()).await.unwrap();
    assert_eq!(report.digest.as_str(), digest(&image));
    assert_eq!(fs::read_to_string(blob_path(ends.to.path(), digest(&image))).unwrap(), text);
}
