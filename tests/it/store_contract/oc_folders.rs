//! Folders as `oc image mirror` has them: what is where, what links may lead to, and what a killed writer leaves.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longshore::model::{Endpoint, Manifest, RefName};
use longshore::store::{Error, Reference, Sink, Source, WriteOptions, local};
use tempfile::TempDir;

use super::memory::Memory;
use super::promises::assert_holds;

fn endpoint(root: &Path, name: &str) -> Endpoint {
    name.parse::<Endpoint>().unwrap().below(root)
}

async fn sink(root: &Path, name: &str) -> Result<Arc<dyn Sink>, Error> {
    local::open_sink(&endpoint(root, name), WriteOptions::default()).await
}

async fn source(root: &Path) -> Result<Arc<dyn Source>, Error> {
    local::open_source(&endpoint(root, "file://org/app")).await
}

fn v1() -> RefName {
    "v1".parse().unwrap()
}

/// A folder with an image `v1` in `org/app`.
async fn filled() -> (TempDir, PathBuf, Manifest) {
    let root = tempfile::tempdir().unwrap();
    let mut memory = Memory::default();
    let image = memory.image("one", &[300_000]);
    let sink = sink(root.path(), "file://org/app").await.unwrap();
    memory.put(sink.as_ref(), &image, Some(&v1())).await;
    sink.finish().await.unwrap();
    let repository = root.path().join("v2/org/app");
    (root, repository, image)
}

#[tokio::test]
async fn everything_is_where_oc_has_it() {
    let (_root, repository, image) = filled().await;
    let digest = image.digest().as_str();
    for folder in ["blobs", "manifests"] {
        let file = repository.join(folder).join(digest);
        assert_eq!(&fs::read(file).unwrap(), image.bytes());
    }
    for blob in image.blobs() {
        let file = repository.join("blobs").join(blob.digest.as_str());
        assert_eq!(fs::metadata(file).unwrap().len(), blob.size);
    }
    let link = fs::read_link(repository.join("manifests/v1")).unwrap();
    assert_eq!(link.to_str(), Some(digest));
    assert_eq!(fs::read_dir(repository.join("blobs")).unwrap().count(), 3);
    assert_eq!(fs::read_dir(repository.join("manifests")).unwrap().count(), 2);
}

#[tokio::test]
async fn a_tag_leads_to_a_manifest_beside_it_and_nowhere_else() {
    let (root, repository, image) = filled().await;
    let outside = root.path().join("outside");
    fs::write(&outside, image.bytes()).unwrap();
    let manifests = repository.join("manifests");
    let absolute = manifests.join(image.digest().as_str());
    for target in [&outside, &absolute, Path::new("../../../../outside"), Path::new("v1")] {
        fs::remove_file(manifests.join("v1")).unwrap();
        symlink(target, manifests.join("v1")).unwrap();
        let source = source(root.path()).await.unwrap();
        let read = source.manifest(&Reference::Name(v1())).await;
        assert!(matches!(read, Err(Error::NotA { .. })), "{}", target.display());
        assert_eq!(source.names().await.unwrap(), []);
    }
    // Whatever it was, it is replaced.
    let sink = sink(root.path(), "file://org/app").await.unwrap();
    assert_eq!(sink.manifest_digest(&Reference::Name(v1())).await.unwrap(), None);
    sink.put_manifest(&image, Some(&v1())).await.unwrap();
    assert_eq!(source(root.path()).await.unwrap().names().await.unwrap(), [v1()]);
}

#[tokio::test]
async fn files_that_are_links_and_folders_that_are_links_are_not_followed() {
    let (root, repository, image) = filled().await;
    let by_digest = Reference::Digest(image.digest().clone());
    let (file, elsewhere) =
        (repository.join("manifests").join(image.digest().as_str()), root.path().join("x"));
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    let read = source(root.path()).await.unwrap().manifest(&by_digest).await;
    assert!(matches!(read, Err(Error::NotA { .. })));

    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("v2")).unwrap();
    symlink(root.path().join("v2/org"), other.path().join("v2/org")).unwrap();
    assert!(source(other.path()).await.is_err());
    let mut memory = Memory::default();
    let image = memory.image("two", &[10]);
    let sink = sink(other.path(), "file://org/app").await.unwrap();
    let blob = image.blobs().next().unwrap();
    assert!(matches!(sink.put_blob(blob, &memory).await, Err(Error::NotA { .. })));
    assert!(!repository.join("blobs").join(blob.digest.as_str()).exists());
}

#[tokio::test]
async fn damage_is_seen_and_mended() {
    let (root, repository, image) = filled().await;
    fs::write(repository.join("manifests").join(image.digest().as_str()), "{}").unwrap();
    let read = source(root.path()).await.unwrap().manifest(&Reference::Name(v1())).await;
    assert!(matches!(read, Err(Error::Digest { .. })));
    let sink = sink(root.path(), "file://org/app").await.unwrap();
    assert_eq!(sink.manifest_digest(&Reference::Name(v1())).await.unwrap(), None);
    sink.put_manifest(&image, Some(&v1())).await.unwrap();
    assert_holds(source(root.path()).await.unwrap().as_ref(), &image).await;
}

#[tokio::test]
async fn a_blob_that_a_killed_run_left_is_continued() {
    let root = tempfile::tempdir().unwrap();
    let mut memory = Memory::default();
    let image = memory.image("one", &[300_000]);
    let layer = image.blobs().last().unwrap();
    let blobs = root.path().join("v2/org/app/blobs");
    fs::create_dir_all(&blobs).unwrap();
    let partial = blobs.join(format!("_partial-{}", layer.digest.as_str().replace(':', "-")));
    fs::write(&partial, "one".repeat(30_000)).unwrap();
    let sink = sink(root.path(), "file://org/app").await.unwrap();
    sink.put_blob(layer, &memory).await.unwrap();
    assert_eq!(memory.asked(), [90_000]);
    assert!(sink.has_blob(layer).await.unwrap() && !partial.exists());
}

#[tokio::test]
async fn what_others_left_there_is_no_tag() {
    let (root, repository, _) = filled().await;
    let manifests = repository.join("manifests");
    fs::write(manifests.join("plain"), "{}").unwrap();
    fs::create_dir(manifests.join("folder")).unwrap();
    symlink("sha256:12", manifests.join("nonsense")).unwrap();
    let source = source(root.path()).await.unwrap();
    assert_eq!(source.names().await.unwrap(), [v1()]);
    for name in ["plain", "folder"] {
        let read = source.manifest(&Reference::Name(name.parse().unwrap())).await;
        assert!(read.unwrap_err().is_not_found(), "{name}");
    }
}

#[tokio::test]
async fn repositories_lie_within_each_other_but_not_in_their_parts() {
    let (root, ..) = filled().await;
    let mut memory = Memory::default();
    let image = memory.image("two", &[10]);
    for name in ["file://org", "file://org/app/tool"] {
        let sink = sink(root.path(), name).await.unwrap();
        memory.put(sink.as_ref(), &image, Some(&v1())).await;
    }
    for name in ["file://org/app/blobs", "file://org/app/manifests/x", "file://blobs"] {
        assert!(matches!(sink(root.path(), name).await, Err(Error::Unsupported { .. })), "{name}");
    }
}
