//! What layouts promise beyond what every store does.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use longshore::model::{Digest, Manifest, RefName};
use longshore::store::{Layout, Reference, Sink, Source};
use serde_json::Value;
use tempfile::TempDir;

use super::kinds::Kind;
use super::memory::Memory;

fn name(text: &str) -> RefName {
    text.parse().unwrap()
}

/// A layout that holds one image.
async fn with_image(name: Option<&RefName>) -> (TempDir, Layout, Manifest) {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let mut memory = Memory::default();
    let image = memory.image("one", &[100]);
    memory.put(&layout, &image, name).await;
    (folder, layout, image)
}

fn lines(layout: &Layout) -> Vec<Value> {
    let bytes = fs::read(layout.dir().join("index.json")).unwrap();
    let index: Value = serde_json::from_slice(&bytes).unwrap();
    index["manifests"].as_array().unwrap().clone()
}

/// `/dev/shm` is a file system of its own on Linux.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_on_another_file_system_becomes_a_blob() {
    let (folder, layout, _) = with_image(None).await;
    for dir in [Path::new("/dev/shm"), folder.path()] {
        let file = tempfile::NamedTempFile::new_in(dir).unwrap();
        let bytes = dir.as_os_str().as_encoded_bytes();
        fs::write(&file, bytes).unwrap();
        let digest = Digest::of(bytes);
        assert!(layout.adopt_blob(file.path(), &digest).await.unwrap());
        assert_eq!(fs::read(layout.blob_path(&digest)).unwrap(), bytes);
        let gone = dir.join("no such file");
        assert!(!layout.adopt_blob(&gone, &Digest::of(b"gone")).await.unwrap());
        assert!(!layout.blob_path(&Digest::of(b"gone")).exists());
    }
    let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().starts_with("_partial-")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_open_it_put_names_at_once() {
    let (folder, ..) = with_image(None).await;
    let tasks: Vec<_> = (0..24)
        .map(|number| {
            let path = folder.path().to_owned();
            tokio::spawn(async move {
                let layout = Layout::create(path).unwrap();
                let mut memory = Memory::default();
                let image = memory.image(&format!("image {number}"), &[10]);
                memory.put(&layout, &image, Some(&name(&format!("v{number}")))).await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(Layout::open(folder.path()).unwrap().names().await.unwrap().len(), 24);
}

#[tokio::test]
async fn a_name_taken_away_leaves_its_manifest() {
    let (_folder, layout, image) = with_image(Some(&name("v1"))).await;
    assert!(layout.remove_name(&name("v1")).await.unwrap());
    assert!(!layout.remove_name(&name("v1")).await.unwrap());
    assert_eq!(layout.manifest(&Reference::Only).await.unwrap(), image);
    assert_eq!(lines(&layout).len(), 1);
}

#[tokio::test]
async fn a_manifest_deleted_takes_its_names_along() {
    let (_folder, layout, image) = with_image(Some(&name("v1"))).await;
    layout.put_manifest(&image, Some(&name("latest"))).await.unwrap();
    let blob = image.blobs().next().unwrap();
    assert!(!layout.delete_manifest(&blob.digest).await.unwrap(), "a blob is no manifest");
    assert!(!layout.delete_blob(image.digest()).await.unwrap(), "a manifest is no blob");
    assert!(layout.delete_manifest(image.digest()).await.unwrap());
    assert!(!layout.delete_manifest(image.digest()).await.unwrap());
    assert!(lines(&layout).is_empty() && !layout.blob_path(image.digest()).exists());
    assert!(layout.has_blob(blob).await.unwrap());
    assert!(layout.delete_blob(&blob.digest).await.unwrap());
    assert!(!layout.delete_blob(&blob.digest).await.unwrap());
}

#[tokio::test]
async fn a_blob_is_in_two_layouts_and_once_on_the_disk() {
    let (_folder, layout, image) = with_image(None).await;
    let (_other_folder, other, _) = with_image(None).await;
    let blob = image.blobs().last().unwrap();
    assert!(other.delete_blob(&blob.digest).await.unwrap());
    assert!(!layout.link_blob_from(&other, &blob.digest).await.unwrap());
    for _ in 0..2 {
        assert!(other.link_blob_from(&layout, &blob.digest).await.unwrap());
    }
    let inode = |layout: &Layout| fs::metadata(layout.blob_path(&blob.digest)).unwrap().ino();
    assert_eq!(inode(&layout), inode(&other));
    assert!(layout.delete_blob(&blob.digest).await.unwrap());
    assert!(other.has_blob(blob).await.unwrap());
}

#[tokio::test]
async fn only_roots_are_listed() {
    let (_folder, layout, image) = with_image(None).await;
    let mut memory = Memory::default();
    let referrer = memory.referrer(&image, "text/bill");
    memory.put(&layout, &referrer, None).await;
    let digest = image.digest();
    let fallback = format!("{}-{}", digest.algorithm().as_str(), digest.hex());
    for name in [name("v1"), name(&fallback)] {
        let index = memory.index(&[&image, &referrer]);
        layout.put_manifest(&index, Some(&name)).await.unwrap();
    }
    layout.put_manifest(&image, None).await.unwrap();
    let listed: Vec<_> = lines(&layout).iter().map(|line| line["digest"].clone()).collect();
    assert_eq!(listed.len(), 3, "the index by two names, and the referrer");
    assert!(!listed.iter().any(|listed| listed == digest.as_str()));
    let found = layout.referrers(digest).await.unwrap();
    assert!(found.iter().any(|found| found.digest == *referrer.digest()));
}

#[tokio::test]
async fn files_of_writers_that_were_killed_go_away() {
    let (_folder, layout, _) = with_image(None).await;
    let [dead, alive] = ["_partial-dead", "_partial-alive"].map(|file| layout.dir().join(file));
    let made = |path: &Path, age: u64| {
        let time = SystemTime::now() - Duration::from_secs(age * 60 * 60);
        File::create(path).unwrap().set_modified(time).unwrap();
    };
    made(&dead, 25);
    made(&alive, 1);
    Layout::create(layout.dir()).unwrap();
    assert!(!dead.exists() && alive.exists());
}

#[tokio::test]
async fn an_archive_gets_its_name_when_it_is_finished() {
    for kind in [Kind::oci_archive(), Kind::docker_archive()] {
        let mut memory = Memory::default();
        let image = memory.image("one", &[100]);
        fs::write(kind.path(), "what was there before").unwrap();
        let interrupted = kind.sink().await;
        memory.put(interrupted.as_ref(), &image, None).await;
        drop(interrupted);
        assert_eq!(fs::read(kind.path()).unwrap(), b"what was there before");
        assert_eq!(kind.files(), [kind.path()]);

        let sink = kind.sink().await;
        assert!(sink.finish().await.is_err(), "it was given no image");
        assert_eq!(fs::read(kind.path()).unwrap(), b"what was there before");

        let sink = kind.sink().await;
        memory.put(sink.as_ref(), &image, None).await;
        sink.finish().await.unwrap();
        assert!(sink.put_manifest(&image, None).await.is_err(), "it is finished");
        assert_eq!(kind.source().await.manifest(&Reference::Only).await.unwrap(), image);
        assert_eq!(kind.files(), [kind.path()]);
    }
}

#[tokio::test]
async fn a_folder_holds_one_image() {
    let kind = Kind::dir();
    let mut memory = Memory::default();
    let [old, new] = ["old", "new"].map(|seed| memory.image(seed, &[100]));
    let sink = kind.sink().await;
    memory.put(sink.as_ref(), &old, None).await;
    sink.finish().await.unwrap();
    let sink = kind.sink().await;
    assert!(sink.put_manifest(&old, Some(&name("v1"))).await.is_err());
    sink.finish().await.unwrap();
    assert_eq!(sink.manifest_digest(&Reference::Only).await.unwrap().as_ref(), Some(old.digest()));
    memory.put(sink.as_ref(), &new, None).await;
    let found = kind.source().await.manifest(&Reference::Only).await.unwrap();
    assert_eq!(found, old, "until the other is finished");
    sink.finish().await.unwrap();
    assert_eq!(kind.source().await.manifest(&Reference::Only).await.unwrap(), new);

    let sink = kind.sink().await;
    for image in [&old, &new] {
        memory.put(sink.as_ref(), image, None).await;
    }
    assert!(sink.finish().await.is_err());
}
