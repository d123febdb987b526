//! skopeo reads what was written, and writes what is read.

use std::sync::Arc;

use longshore::model::{Content, Digest, Manifest};
use longshore::store::{Layout, Reference, Source, collect};
use longshore::transfer::{Copier, CopyOptions, Job, Selection, Target};
use serde_json::Value;
use tempfile::TempDir;

use super::kinds::Kind;
use crate::support::layout::{Layout as Fixture, digest};
use crate::support::skopeo;

/// A folder with the image `v1` for two platforms, and the image `one` for one.
fn fixture() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(folder.path());
    let images = ["amd64", "arm64"].map(|architecture| {
        let shared = fixture.layer(&[("etc/base", "shared")]);
        let own = fixture.noise_layer(architecture.len() as u64, 300_000);
        fixture.image(&format!("linux/{architecture}"), &[shared, own])
    });
    fixture.name("v1", &fixture.index(&images));
    fixture.name("one", &images[0]);
    folder
}

/// Copies the image `tag` of the fixture to `kind`.
async fn copy_to(kind: &Kind, fixture: &TempDir, tag: &str) -> Manifest {
    let sink = kind.sink().await;
    let source = Arc::new(Layout::open(fixture.path()).unwrap());
    let reference = Reference::Name(tag.parse().unwrap());
    let image = source.manifest(&reference).await.unwrap();
    let (selection, name) = (Selection::default(), kind.name(tag));
    let targets = vec![Target { image: 0, sink: Arc::clone(&sink), name }];
    let job = Job { source, reference, selection, targets };
    let copied = Copier::new(&CopyOptions::default(), Arc::new(())).copy(job).await;
    copied.into_iter().for_each(|result| drop(result.unwrap()));
    sink.finish().await.unwrap();
    image
}

/// What skopeo says of an image, as bytes of its manifest.
fn raw(image: &str) -> bytes::Bytes {
    skopeo::run(&["inspect", "--raw", image]).into()
}

/// skopeo copies all of `image`, which proves every digest, and finds the same manifest at the end.
fn assert_skopeo_copies(image: &str, manifest: &Manifest) {
    let copy = tempfile::tempdir().unwrap();
    let to = format!("dir:{}", copy.path().display());
    skopeo::run(&["copy", "-q", "--all", "--preserve-digests", image, &to]);
    assert_eq!(raw(&to), *manifest.bytes());
}

/// Every blob of `image` and of all that it holds is there and is what it says.
async fn assert_whole(source: &dyn Source, image: &Manifest) {
    let mut pending = vec![image.clone()];
    while let Some(image) = pending.pop() {
        for blob in image.blobs() {
            collect(source, blob, blob.size).await.unwrap();
        }
        for child in image.children() {
            let child = Reference::Digest(child.digest.clone());
            pending.push(source.manifest(&child).await.unwrap());
        }
    }
}

#[tokio::test]
async fn skopeo_reads_what_was_written() {
    need!("skopeo");
    let fixture = fixture();
    for kind in [Kind::layout(), Kind::oci_archive(), Kind::dir()] {
        for tag in ["one", "v1"] {
            let image = copy_to(&kind, &fixture, tag).await;
            let written = kind.skopeo(kind.name(tag).as_ref());
            assert_eq!(raw(&written), *image.bytes(), "{written}");
            assert_skopeo_copies(&written, &image);
        }
    }
}

#[tokio::test]
async fn skopeo_reads_the_docker_archive() {
    need!("skopeo");
    let fixture = fixture();
    let one = Layout::open(fixture.path()).unwrap();
    let one = one.manifest(&Reference::Name("one".parse().unwrap())).await.unwrap();
    // Of the image for two platforms docker is shown that of this machine.
    for tag in if std::env::consts::ARCH == "x86_64" { &["one", "v1"][..] } else { &["one"] } {
        let kind = Kind::docker_archive();
        copy_to(&kind, &fixture, tag).await;
        let written = kind.skopeo(kind.name(tag).as_ref());
        let config = skopeo::run(&["inspect", "--config", "--raw", &written]);
        assert_eq!(Digest::of(&config), one.blobs().next().unwrap().digest);
        let copy = tempfile::tempdir().unwrap();
        skopeo::run(&["copy", "-q", &written, &format!("dir:{}", copy.path().display())]);

        let archive = format!("oci-archive:{}", kind.path().display());
        let image = kind.source().await.manifest(&Reference::Only).await.unwrap();
        assert_skopeo_copies(&archive, &image);
    }
}

#[tokio::test]
async fn what_skopeo_wrote_is_read() {
    need!("skopeo");
    let fixture = fixture();
    for kind in [Kind::layout(), Kind::oci_archive(), Kind::dir()] {
        let written = kind.skopeo(kind.name("v1").as_ref());
        let from = format!("oci:{}:v1", fixture.path().display());
        skopeo::run(&["copy", "-q", "--all", &from, &written]);
        let source = kind.source().await;
        let image = source.manifest(&Reference::Only).await.unwrap();
        assert_eq!(raw(&written), *image.bytes(), "{written}");
        assert_eq!(image.children().len(), 2);
        assert_eq!(source.names().await.unwrap(), Vec::from_iter(kind.name("v1")));
        assert_whole(source.as_ref(), &image).await;
    }
}

#[tokio::test]
async fn an_archive_as_old_dockers_wrote_it_is_read() {
    need!("skopeo");
    let (fixture, kind) = (fixture(), Kind::docker_archive());
    let from = format!("oci:{}:one", fixture.path().display());
    let written = format!("docker-archive:{}:org/app:v1", kind.path().display());
    skopeo::run(&["copy", "-q", &from, &written]);

    let source = kind.source().await;
    let names = source.names().await.unwrap();
    assert_eq!(names.iter().map(ToString::to_string).collect::<Vec<_>>(), ["docker.io/org/app:v1"]);
    let by_name = Reference::Name("org/app:v1".parse().unwrap());
    let image = source.manifest(&by_name).await.unwrap();
    assert_eq!(image, source.manifest(&Reference::Only).await.unwrap());
    let config: Value = skopeo::json(&["inspect", "--config", &from]);
    let Content::Image { layers, .. } = image.content() else { panic!("an index") };
    let digests: Vec<&str> = layers.iter().map(|layer| layer.digest.as_str()).collect();
    assert_eq!(config["rootfs"]["diff_ids"], serde_json::json!(digests));
    assert_whole(source.as_ref(), &image).await;
}

#[tokio::test]
async fn skopeo_and_longshore_write_to_one_layout() {
    need!("skopeo");
    let (fixture, kind) = (fixture(), Kind::layout());
    let from = format!("oci:{}", fixture.path().display());
    let image = copy_to(&kind, &fixture, "v1").await;
    skopeo::run(&[
        "copy",
        "-q",
        &format!("{from}:one"),
        &kind.skopeo(Some(&"theirs".parse().unwrap())),
    ]);
    copy_to(&kind, &fixture, "one").await;
    let names = kind.source().await.names().await.unwrap();
    assert_eq!(names, ["one", "theirs", "v1"].map(|name| name.parse().unwrap()));
    assert_eq!(raw(&kind.skopeo(kind.name("v1").as_ref())), *image.bytes());
    assert_eq!(
        raw(&kind.skopeo(kind.name("one").as_ref())),
        raw(&kind.skopeo(Some(&"theirs".parse().unwrap())))
    );
}

#[tokio::test]
async fn referrers_in_a_layout_of_others_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(folder.path());
    let image = fixture.image("linux/amd64", &[fixture.layer(&[("a", "b")])]);
    fixture.name("v1", &image);
    let referrer = fixture.referrer(&image, "application/spdx+json", "a bill of materials");
    let source = Layout::open(folder.path()).unwrap();
    let found = source.referrers(&digest(&image).parse().unwrap()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].digest.as_str(), digest(&referrer));
}
