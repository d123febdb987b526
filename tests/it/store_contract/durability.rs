//! When blobs of a layout get their names, and what a run finds that another left.

use std::fs;
use std::path::PathBuf;

use longshore::model::{Descriptor, Digest, Manifest, MediaType};
use longshore::store::{Durability, Layout, Resume, Sink, WriteOptions};
use tempfile::TempDir;

use super::memory::Memory;
use super::promises::assert_holds;

/// A folder for a layout, and an image for it.
struct Scene {
    folder: TempDir,
    memory: Memory,
    image: Manifest,
}

impl Scene {
    fn new() -> Self {
        let mut memory = Memory::default();
        let image = memory.image("one", &[300_000, 400_000]);
        Self { folder: tempfile::tempdir().unwrap(), memory, image }
    }

    fn layout(&self, durability: Durability) -> Layout {
        let options = WriteOptions { durability, resume: Resume::Continue };
        Layout::create_on_write(self.folder.path(), options).unwrap()
    }

    async fn put_blobs(&self, layout: &Layout) {
        for blob in self.image.blobs() {
            layout.put_blob(blob, &self.memory).await.unwrap();
            assert!(layout.has_blob(blob).await.unwrap());
            assert!(layout.read_blob(&blob.digest, 0).is_ok());
        }
    }

    /// The blobs of the image that have their names.
    fn named(&self, layout: &Layout) -> usize {
        self.image.blobs().filter(|blob| layout.blob_path(&blob.digest).exists()).count()
    }

    /// The files of blobs on their way, and what is beside them.
    fn partial(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.to_string_lossy().contains("_partial-")).collect()
    }

    /// Where what has come of a blob is.
    fn partial_of(&self, blob: &Descriptor) -> PathBuf {
        self.folder.path().join(format!("_partial-{}", blob.digest.as_str().replace(':', "-")))
    }
}

#[tokio::test]
async fn a_blob_gets_its_name_at_once_or_with_its_image() {
    for (durability, at_once) in
        [(Durability::Always, 3), (Durability::Batch, 0), (Durability::Off, 3)]
    {
        let scene = Scene::new();
        let layout = scene.layout(durability);
        scene.put_blobs(&layout).await;
        assert_eq!(scene.named(&layout), at_once, "{durability:?}");
        assert_eq!(scene.partial().len(), 3 - at_once, "{durability:?}");
        layout.put_manifest(&scene.image, None).await.unwrap();
        assert_eq!((scene.named(&layout), scene.partial().len()), (3, 0), "{durability:?}");
        assert_holds(&layout, &scene.image).await;
    }
}

#[tokio::test]
async fn an_image_names_its_own_blobs_and_finds_those_that_another_named() {
    let mut scene = Scene::new();
    let other = scene.memory.image("one", &[300_000]);
    let layout = scene.layout(Durability::Batch);
    scene.put_blobs(&layout).await;
    layout.clone().put_blob(other.blobs().next().unwrap(), &scene.memory).await.unwrap();
    layout.clone().put_manifest(&other, None).await.unwrap();
    assert_eq!(scene.named(&layout), 1, "the layer that both have");
    layout.put_manifest(&scene.image, None).await.unwrap();
    for image in [&scene.image, &other] {
        assert_holds(&Layout::open(scene.folder.path()).unwrap(), image).await;
    }
}

#[tokio::test]
async fn blobs_whose_image_never_came_are_named_at_the_end() {
    let scene = Scene::new();
    let layout = scene.layout(Durability::Batch);
    scene.put_blobs(&layout).await;
    layout.finish().await.unwrap();
    assert_eq!((scene.named(&layout), scene.partial().len()), (3, 0));
}

#[tokio::test]
async fn whole_blobs_of_a_run_that_ended_early_are_not_fetched_again() {
    let scene = Scene::new();
    scene.put_blobs(&scene.layout(Durability::Batch)).await;
    assert_eq!(scene.memory.asked(), [0, 0, 0]);
    let layout = scene.layout(Durability::Batch);
    scene.put_blobs(&layout).await;
    let sizes: Vec<u64> = scene.image.blobs().map(|blob| blob.size).collect();
    assert_eq!(scene.memory.asked(), sizes);
    layout.put_manifest(&scene.image, None).await.unwrap();
    assert_holds(&layout, &scene.image).await;
}

#[tokio::test]
async fn no_more_blobs_wait_than_a_process_may_have_files() {
    let mut scene = Scene::new();
    let blobs: Vec<Descriptor> = (0..70)
        .map(|number| scene.memory.keep(MediaType::ImageLayer, format!("blob {number}")))
        .collect();
    let layout = scene.layout(Durability::Batch);
    for blob in &blobs {
        layout.put_blob(blob, &scene.memory).await.unwrap();
        assert!(scene.partial().len() <= 64);
    }
    let named = blobs.iter().filter(|blob| layout.blob_path(&blob.digest).exists()).count();
    assert_eq!(named + scene.partial().len(), 70);
}

#[tokio::test]
async fn while_one_writes_a_blob_another_writes_a_file_of_its_own() {
    let scene = Scene::new();
    let [one, other] = [(); 2].map(|()| scene.layout(Durability::Batch));
    scene.put_blobs(&one).await;
    scene.put_blobs(&other).await;
    assert_eq!(scene.memory.asked(), [0; 6]);
    assert_eq!(scene.partial().len(), 6);
    for layout in [other, one] {
        layout.put_manifest(&scene.image, None).await.unwrap();
        assert_holds(&layout, &scene.image).await;
    }
    assert!(scene.partial().is_empty());
}

#[tokio::test]
async fn what_comes_after_wrong_bytes_is_taken_from_the_start_once() {
    let scene = Scene::new();
    let layer = scene.image.blobs().last().unwrap();
    let layout = scene.layout(Durability::Always);
    let partial = scene.partial_of(layer);
    for (bytes, asked) in
        [(vec![b'x'; 100_000], &[100_000, 0][..]), (vec![b'x'; 400_001], &[0]), (vec![], &[0])]
    {
        fs::write(&partial, bytes).unwrap();
        layout.put_blob(layer, &scene.memory).await.unwrap();
        assert_eq!(scene.memory.asked(), asked);
        let written = fs::read(layout.blob_path(&layer.digest)).unwrap();
        assert_eq!(Digest::of(&written), layer.digest);
        assert!(scene.partial().is_empty());
    }

    let mut liar = Memory::default();
    liar.lie(layer, vec![b'x'; 400_000]);
    fs::write(&partial, "one").unwrap();
    assert!(layout.put_blob(layer, &liar).await.is_err());
    assert_eq!(liar.asked(), [3, 0]);
    assert!(layout.put_blob(layer, &liar).await.is_err());
    assert_eq!(liar.asked(), [0]);
    assert!(scene.partial().is_empty());
}
