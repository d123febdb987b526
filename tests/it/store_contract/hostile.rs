//! Folders and archives that somebody else filled.

use std::error::Error as _;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use longshore::model::{Digest, Endpoint, MAX_MANIFEST_SIZE};
use longshore::store::{Error, Layout, Reference, Sink, Source, WriteOptions, local};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::layout::{Layout as Fixture, digest};

/// A layout with the image `v1`, and the path of its manifest.
fn layout() -> (TempDir, Value, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(folder.path());
    let image = fixture.image("linux/amd64", &[fixture.layer(&[("a", "b")])]);
    fixture.name("v1", &image);
    let path = blob(folder.path(), digest(&image));
    (folder, image, path)
}

fn blob(layout: &Path, digest: &str) -> PathBuf {
    layout.join("blobs").join(digest.replace(':', "/"))
}

async fn read(folder: &TempDir) -> Result<(), Error> {
    let layout = Layout::open(folder.path())?;
    layout.manifest(&Reference::Name("v1".parse().unwrap())).await.map(|_| ())
}

async fn open(transport: &str, path: &Path) -> Error {
    let endpoint: Endpoint = format!("{transport}:{}", path.display()).parse().unwrap();
    local::open_source(&endpoint).await.map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn what_is_no_layout_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(read(&folder).await, Err(Error::NotA { .. })));
    for version in [r#"{"imageLayoutVersion":"2.0.0"}"#, "{}", ""] {
        fs::write(folder.path().join("oci-layout"), version).unwrap();
        assert!(matches!(read(&folder).await, Err(Error::NotA { .. })), "{version}");
    }
}

#[tokio::test]
async fn an_index_beyond_all_bounds_is_not_read() {
    let (folder, ..) = layout();
    File::create(folder.path().join("index.json")).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(read(&folder).await, Err(Error::TooLarge { .. })));
    fs::write(folder.path().join("index.json"), "[1,2").unwrap();
    assert!(matches!(read(&folder).await, Err(Error::NotA { .. })));
}

#[tokio::test]
async fn lines_that_name_no_content_are_not_seen() {
    let (folder, ..) = layout();
    let line = json!({
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 2,
        "digest": "sha256:../../oci-layout",
        "annotations": {"org.opencontainers.image.ref.name": "v1"},
    });
    let index = json!({"schemaVersion": 2, "manifests": [line, 7, {"digest": "md5:1"}]});
    fs::write(folder.path().join("index.json"), index.to_string()).unwrap();
    assert!(read(&folder).await.unwrap_err().is_not_found());
    assert_eq!(Layout::open(folder.path()).unwrap().names().await.unwrap(), []);
}

#[tokio::test]
async fn a_manifest_of_other_bytes_is_damaged() {
    let (folder, _, path) = layout();
    let mut bytes = fs::read(&path).unwrap();
    bytes.push(b' ');
    fs::write(&path, bytes).unwrap();
    assert!(matches!(read(&folder).await, Err(Error::Digest { .. })));
    let sink = Layout::create(folder.path()).unwrap();
    let name = Reference::Name("v1".parse().unwrap());
    assert_eq!(sink.manifest_digest(&name).await.unwrap(), None, "so it is put again");
    File::create(&path).unwrap().set_len(MAX_MANIFEST_SIZE + 1).unwrap();
    assert!(matches!(read(&folder).await, Err(Error::Manifest { .. })));
}

#[tokio::test]
async fn links_and_pipes_are_not_followed() {
    let (folder, _, path) = layout();
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::copy(&path, outside.path()).unwrap();
    fs::remove_file(&path).unwrap();
    symlink(outside.path(), &path).unwrap();
    assert!(matches!(read(&folder).await, Err(Error::NotA { .. })));
    fs::remove_file(&path).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    assert!(matches!(read(&folder).await, Err(Error::NotA { .. })), "and nobody waits");
}

#[tokio::test]
async fn a_folder_with_other_things_in_it_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.tex"), "x").unwrap();
    let endpoint: Endpoint = format!("dir:{}", folder.path().display()).parse().unwrap();
    let error = local::open_sink(&endpoint, WriteOptions::default()).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::NotA { .. }));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_compressed_archive_is_told_from_a_broken_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tar");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&[0; 4096]).unwrap();
    fs::write(&file, gzip.finish().unwrap()).unwrap();
    for transport in ["oci-archive", "docker-archive"] {
        let error = open(transport, &file).await;
        let why = error.source().unwrap().to_string();
        assert_eq!(why, "it is compressed with gzip: unpack it first");
    }
    fs::write(&file, [0; 4096]).unwrap();
    assert!(open("oci-archive", &file).await.to_string().contains("index.json"));
    assert!(open("docker-archive", &file).await.to_string().contains("manifest.json"));
    assert!(open("oci-archive", &folder.path().join("absent")).await.is_not_found());
    assert!(matches!(open("oci-archive", folder.path()).await, Error::NotA { .. }));
}

/// An archive as docker wrote them, with one layer.
fn legacy(diff_ids: &[Digest], layer_path: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut builder = tar::Builder::new(file.reopen().unwrap());
    let config = json!({"rootfs": {"type": "layers", "diff_ids": diff_ids}}).to_string();
    let images = json!([{"Config": "c.json", "RepoTags": ["app:v1"], "Layers": [layer_path]}]);
    let images = images.to_string();
    for (path, bytes) in [("a/layer.tar", "layer"), ("c.json", &config), ("manifest.json", &images)]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, path, bytes.as_bytes()).unwrap();
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    builder.append_link(&mut link, "b/layer.tar", "../a/layer.tar").unwrap();
    builder.finish().unwrap();
    file
}

#[tokio::test]
async fn layers_have_to_be_those_of_the_configuration() {
    let (right, wrong) = (Digest::of(b"layer"), Digest::of(b"other"));
    for path in ["a/layer.tar", "b/layer.tar"] {
        let sound = legacy(std::slice::from_ref(&right), path);
        let endpoint = format!("docker-archive:{}", sound.path().display()).parse().unwrap();
        let source = local::open_source(&endpoint).await.unwrap();
        let image = source.manifest(&Reference::Name("app:v1".parse().unwrap())).await.unwrap();
        assert_eq!(image.blobs().last().unwrap().digest, right, "{path}");
    }
    let swapped = legacy(&[wrong], "a/layer.tar");
    assert!(matches!(open("docker-archive", swapped.path()).await, Error::Digest { .. }));
    let fewer = legacy(&[], "a/layer.tar");
    assert!(matches!(open("docker-archive", fewer.path()).await, Error::NotA { .. }));
    for path in ["../../etc/passwd", "/etc/passwd", "absent"] {
        let absent = legacy(std::slice::from_ref(&right), path);
        assert!(open("docker-archive", absent.path()).await.is_not_found(), "{path}");
    }
}
