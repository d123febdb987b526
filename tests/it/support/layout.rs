//! Images made from nothing, in an OCI image layout: the same digests on every run.
//!
//! Layers are gzip files of stored blocks: compressors may find other matches on other machines.
//!
//! Written with plain files and JSON, so that the library is not judged by itself. Descriptors are JSON values.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use longshore::model::{Algorithm, Digest, Hasher};
use serde_json::{Value, json};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// The digest that a descriptor names.
pub(crate) fn digest(descriptor: &Value) -> &str {
    descriptor["digest"].as_str().unwrap()
}

/// An OCI image layout that is being written.
pub(crate) struct Layout {
    root: PathBuf,
}

/// A layer in the layout.
#[derive(Clone)]
pub(crate) struct Layer {
    /// What manifests say of it.
    pub(crate) descriptor: Value,
    /// The digest of the tar file inside, which the image configuration repeats.
    diff_id: String,
}

impl Layout {
    /// An empty layout in the folder `root`, which is made.
    pub(crate) fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        fs::create_dir_all(root.join("blobs/sha256")).unwrap();
        fs::write(root.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        let layout = Self { root };
        layout.write_index(&json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}));
        layout
    }

    /// A layer with these files.
    pub(crate) fn layer(&self, files: &[(&str, &str)]) -> Layer {
        self.write_layer(|tar| {
            for (path, text) in files {
                tar.append_data(&mut file_header(text.len() as u64), path, text.as_bytes())?;
            }
            Ok(())
        })
    }

    /// A layer with one file of `size` bytes that no compression makes smaller. Each `seed` gives other bytes.
    pub(crate) fn noise_layer(&self, seed: u64, size: u64) -> Layer {
        self.write_layer(|tar| {
            let noise = io::Read::take(Noise(seed.wrapping_mul(2) + 1), size);
            tar.append_data(&mut file_header(size), format!("noise-{seed}"), noise)
        })
    }

    /// An image of one platform, `linux/amd64`.
    pub(crate) fn image(&self, platform: &str, layers: &[Layer]) -> Value {
        self.image_made(platform, layers, "1970-01-01T00:00:00Z")
    }

    /// The same, made at this time.
    pub(crate) fn image_made(&self, platform: &str, layers: &[Layer], created: &str) -> Value {
        let (os, architecture) = platform.split_once('/').unwrap();
        let diff_ids: Vec<&str> = layers.iter().map(|layer| layer.diff_id.as_str()).collect();
        let config = json!({
            "created": created, "architecture": architecture, "os": os,
            "config": {"Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        });
        let config = self.blob("application/vnd.oci.image.config.v1+json", config.to_string());
        let layers: Vec<&Value> = layers.iter().map(|layer| &layer.descriptor).collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
        });
        let mut descriptor = self.blob(MANIFEST, manifest.to_string());
        descriptor["platform"] = json!({"architecture": architecture, "os": os});
        descriptor
    }

    /// An index of images.
    pub(crate) fn index(&self, images: &[Value]) -> Value {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": images});
        self.blob(INDEX, index.to_string())
    }

    /// An artifact of type `kind` that refers to `subject`, listed in the layout without a name.
    pub(crate) fn referrer(&self, subject: &Value, kind: &str, text: &str) -> Value {
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind,
            "config": self.blob(EMPTY, "{}"), "layers": [self.blob("text/plain", text)],
            "subject": {
                "mediaType": subject["mediaType"], "digest": subject["digest"], "size": subject["size"],
            },
        });
        let mut descriptor = self.blob(MANIFEST, manifest.to_string());
        descriptor["artifactType"] = json!(kind);
        self.list(descriptor.clone());
        descriptor
    }

    /// A signature as cosign keeps it: an image under the name `sha256-….sig`.
    pub(crate) fn cosign_signature(&self, subject: &Value, text: &str) -> Value {
        let layer = self.blob("application/vnd.dev.cosign.simplesigning.v1+json", text);
        let config = self.blob("application/vnd.oci.image.config.v1+json", "{}");
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
        });
        let descriptor = self.blob(MANIFEST, manifest.to_string());
        self.name(&format!("{}.sig", digest(subject).replace(':', "-")), &descriptor);
        descriptor
    }

    /// Gives a manifest a name.
    pub(crate) fn name(&self, name: &str, descriptor: &Value) {
        let mut named = descriptor.clone();
        named["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        self.list(named);
    }

    /// Writes a blob and describes it.
    pub(crate) fn blob(&self, media_type: &str, bytes: impl AsRef<[u8]>) -> Value {
        let digest = Digest::of(bytes.as_ref());
        fs::write(self.blob_path(&digest), bytes.as_ref()).unwrap();
        json!({"mediaType": media_type, "digest": digest.as_str(), "size": bytes.as_ref().len()})
    }

    fn list(&self, descriptor: Value) {
        let text = fs::read(self.root.join("index.json")).unwrap();
        let mut index: Value = serde_json::from_slice(&text).unwrap();
        index["manifests"].as_array_mut().unwrap().push(descriptor);
        self.write_index(&index);
    }

    fn write_index(&self, index: &Value) {
        fs::write(self.root.join("index.json"), index.to_string()).unwrap();
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs").join(digest.algorithm().as_str()).join(digest.hex())
    }

    fn write_layer(
        &self,
        fill: impl FnOnce(&mut tar::Builder<&mut dyn Write>) -> io::Result<()>,
    ) -> Layer {
        let partial = self.root.join("layer.partial");
        let file = Hashed::new(File::create(&partial).unwrap());
        let mut tar = Hashed::new(GzEncoder::new(file, Compression::none()));
        let mut builder = tar::Builder::new(&mut tar as &mut dyn Write);
        fill(&mut builder).unwrap();
        builder.finish().unwrap();
        drop(builder);
        let diff_id = tar.hash.finish().to_string();
        let file = tar.inner.finish().unwrap();
        let digest = file.hash.finish();
        fs::rename(&partial, self.blob_path(&digest)).unwrap();
        let descriptor = json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": digest.as_str(), "size": file.written,
        });
        Layer { descriptor, diff_id }
    }
}

/// A regular file of nobody's, as old as time.
fn file_header(size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header
}

/// Writes on, and keeps count and hash.
struct Hashed<W> {
    inner: W,
    hash: Hasher,
    written: u64,
}

impl<W> Hashed<W> {
    fn new(inner: W) -> Self {
        Self { inner, hash: Algorithm::Sha256.hasher(), written: 0 }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.hash.update(&bytes[..taken]);
        self.written += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Endless bytes without a pattern (xorshift64*), the same for the same seed.
struct Noise(u64);

impl io::Read for Noise {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        for chunk in bytes.chunks_mut(8) {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            let random = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
        Ok(bytes.len())
    }
}

#[test]
fn images_are_valid_and_the_same_on_every_run() {
    need!("skopeo");
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let indexes = folders.each_ref().map(|folder| {
        let layout = Layout::new(folder.path());
        let small = layout.layer(&[("etc/motd", "hello")]);
        let large = layout.noise_layer(7, 70_001);
        assert_eq!(unpacked_digest(&layout, &large), large.diff_id);
        let image = layout.image("linux/amd64", &[small, large]);
        let index = layout.index(std::slice::from_ref(&image));
        layout.name("v1", &index);
        layout.referrer(&image, "application/spdx+json", "a bill of materials");
        layout.cosign_signature(&image, "signed");
        index
    });
    assert_eq!(digest(&indexes[0]), digest(&indexes[1]));
    let [from, to] = folders.each_ref().map(|folder| folder.path().display().to_string());
    let copy = tempfile::tempdir().unwrap();
    let copy = format!("dir:{}", copy.path().display());
    super::skopeo::run(&["copy", "-q", "--all", &format!("oci:{from}:v1"), &copy]);
    let inspected = super::skopeo::json(&["inspect", "--raw", &format!("oci:{to}:v1")]);
    assert_eq!(inspected["manifests"][0]["platform"]["os"], "linux");
}

fn unpacked_digest(layout: &Layout, layer: &Layer) -> String {
    let path = layout.blob_path(&digest(&layer.descriptor).parse().unwrap());
    let mut unpacked = Vec::new();
    let mut file = flate2::read::GzDecoder::new(File::open(path).unwrap());
    io::Read::read_to_end(&mut file, &mut unpacked).unwrap();
    Digest::of(&unpacked).to_string()
}
