//! What is copied: images made from a seed, the same on every machine. Layers are gzipped tars of noise, so that no
//! compression makes them smaller, and they stand in the registry that is the source.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::hash::{Hashing, digest_of};
use crate::http::{Connection, begin_upload};
use crate::scale::Sizes;

const OCI: &str = "application/vnd.oci.image";
pub(crate) const TAG: &str = "v1";

/// Grows when the images change, so that no stored corpus of an older program is taken.
const VERSION: u32 = 2;

/// A blob, and a repository of the source that has it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Blob {
    pub(crate) repository: String,
    pub(crate) digest: String,
    pub(crate) size: u64,
}

impl Blob {
    pub(crate) fn path(&self) -> String {
        format!("/v2/{}/blobs/{}", self.repository, self.digest)
    }
}

/// The root manifest of a tag.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) repository: String,
    pub(crate) tag: String,
    pub(crate) digest: String,
}

/// The images that one run of a tool copies.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Set {
    pub(crate) images: Vec<Image>,
    /// Each blob once.
    pub(crate) blobs: Vec<Blob>,
    /// How many (repository, blob) pairs there are, and their bytes.
    pub(crate) pairs: usize,
    pub(crate) pair_bytes: u64,
}

impl Set {
    pub(crate) fn bytes(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.size).sum()
    }

    /// Each repository once.
    pub(crate) fn repositories(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.images.iter().map(|image| &image.repository[..]).collect();
        all.dedup();
        all
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Corpus {
    version: u32,
    /// One image in four large layers.
    pub(crate) big: Set,
    /// One image in one large layer.
    pub(crate) one: Set,
    /// One image in four middling layers and some small ones.
    pub(crate) fan: Set,
    /// Many repositories that share their base layers, some of them with four platforms.
    pub(crate) many: Set,
    /// Repositories with many tags each, that share a base layer within the repository.
    pub(crate) tags: Set,
}

impl Corpus {
    /// Reads what an earlier run left in `file`, or fills the registry at `address`.
    pub(crate) fn at(file: &Path, address: &str, sizes: &Sizes) -> Result<Self> {
        let stored = fs::read(file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(stored) = stored.filter(|stored: &Self| stored.version == VERSION) {
            return Ok(stored);
        }
        let corpus = Self {
            version: VERSION,
            big: make(address, file, |maker| maker.plain("big", &[sizes.big_layer; 4]))?,
            one: make(address, file, |maker| maker.plain("one", &[sizes.one_layer]))?,
            fan: make(address, file, |maker| {
                let [small, middling] = [sizes.fan_layer / 64, sizes.fan_layer];
                maker.plain("fan", &[middling, middling, middling, middling, small, small, small])
            })?,
            many: make(address, file, |maker| maker.many(sizes))?,
            tags: make(address, file, |maker| maker.tags(sizes))?,
        };
        fs::write(file, serde_json::to_vec(&corpus)?)?;
        Ok(corpus)
    }
}

fn make(address: &str, file: &Path, fill: impl FnOnce(&mut Maker) -> Result<()>) -> Result<Set> {
    let mut maker = Maker {
        connection: Connection::open(address)?,
        scratch: file.with_extension("layer"),
        layers: BTreeMap::new(),
        set: Set::default(),
    };
    fill(&mut maker)?;
    maker.set.blobs.sort_by_key(|blob| std::cmp::Reverse(blob.size));
    Ok(maker.set)
}

#[derive(Clone)]
struct Layer {
    blob: Blob,
    diff_id: String,
}

/// Makes images and pushes them.
struct Maker {
    connection: Connection,
    /// The layer in the making.
    scratch: PathBuf,
    layers: BTreeMap<String, Layer>,
    set: Set,
}

impl Maker {
    /// An image for one platform with layers of these sizes.
    fn plain(&mut self, repository: &str, sizes: &[u64]) -> Result<()> {
        let layers = sizes
            .iter()
            .enumerate()
            .map(|(at, size)| self.layer(repository, &format!("{repository}-{at}"), *size))
            .collect::<Result<Vec<_>>>()?;
        let manifest = self.image(repository, "amd64", &layers)?;
        self.tag(repository, TAG, &manifest)
    }

    /// Repositories whose tags have a base layer in common, and a small one of their own.
    fn tags(&mut self, sizes: &Sizes) -> Result<()> {
        for number in 0..sizes.repositories {
            let repository = format!("tags/app-{number:02}");
            for tag in 0..sizes.tags {
                let mut layers = self.stack(&repository, &repository, sizes.unit, &[1])?;
                let own = format!("{repository}-{tag}");
                layers.extend(self.stack(&repository, &own, sizes.unit / 100, &[1])?);
                let manifest = self.image(&repository, "amd64", &layers)?;
                self.tag(&repository, &format!("v1.{tag}.0"), &manifest)?;
            }
        }
        Ok(())
    }

    /// Single images over three bases, and indexes over one base for each platform.
    fn many(&mut self, sizes: &Sizes) -> Result<()> {
        for number in 0..sizes.singles {
            let repository = format!("many/single-{number:02}");
            let base = format!("base-{}", number % 3);
            let mut layers = self.stack(&repository, &base, sizes.unit, &[7, 3, 1, 1, 1, 0])?;
            layers.extend(self.stack(&repository, &repository, sizes.unit / 10, &[12, 6, 2])?);
            let manifest = self.image(&repository, "amd64", &layers)?;
            self.tag(&repository, TAG, &manifest)?;
        }
        for number in 0..sizes.indexes {
            let repository = format!("many/index-{number:02}");
            let mut manifests = Vec::new();
            for architecture in ["amd64", "arm64", "ppc64le", "s390x"] {
                let base = format!("base-{architecture}");
                let own = format!("{repository}-{architecture}");
                let mut layers = self.stack(&repository, &base, sizes.unit, &[15, 6, 2, 1])?;
                layers.extend(self.stack(&repository, &own, sizes.unit / 10, &[8, 2])?);
                let mut manifest = self.image(&repository, architecture, &layers)?;
                manifest["platform"] = json!({"architecture": architecture, "os": "linux"});
                self.put_manifest(&repository, &manifest)?;
                manifests.push(descriptor(&manifest));
            }
            let kind = format!("{OCI}.index.v1+json");
            let index = json!({"schemaVersion": 2, "mediaType": kind, "manifests": manifests});
            self.tag(&repository, TAG, &packed(&kind, &index))?;
        }
        Ok(())
    }

    /// Layers of so many units each; of one with none there are a few bytes.
    fn stack(
        &mut self,
        repository: &str,
        name: &str,
        unit: u64,
        units: &[u64],
    ) -> Result<Vec<Layer>> {
        let layers = units.iter().enumerate();
        layers
            .map(|(at, count)| self.layer(repository, &format!("{name}-{at}"), count * unit + 512))
            .collect()
    }

    /// The layer of this name, in this repository: made once, and mounted after that.
    fn layer(&mut self, repository: &str, name: &str, size: u64) -> Result<Layer> {
        let layer = match self.layers.get(name) {
            Some(layer) => {
                let layer = layer.clone();
                self.mount(repository, &layer.blob)?;
                layer
            }
            None => self.new_layer(repository, name, size)?,
        };
        self.set.pairs += 1;
        self.set.pair_bytes += layer.blob.size;
        Ok(layer)
    }

    fn new_layer(&mut self, repository: &str, name: &str, size: u64) -> Result<Layer> {
        let (mut file, digest, diff_id) = write_layer(&self.scratch, name, size)?;
        let size = file.stream_position()?;
        let blob = Blob { repository: repository.to_owned(), digest, size };
        file.rewind()?;
        self.upload(&blob, file)?;
        fs::remove_file(&self.scratch)?;
        let layer = Layer { blob, diff_id };
        self.layers.insert(name.to_owned(), layer.clone());
        Ok(layer)
    }

    /// A manifest and its config, as [`packed`].
    fn image(&mut self, repository: &str, architecture: &str, layers: &[Layer]) -> Result<Value> {
        let diff_ids: Vec<_> = layers.iter().map(|layer| &layer.diff_id).collect();
        let config = json!({
            "architecture": architecture, "os": "linux",
            "config": {"Labels": {"repository": repository}},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        });
        let bytes = config.to_string().into_bytes();
        let blob = Blob {
            repository: repository.to_owned(),
            digest: digest_of(&bytes),
            size: bytes.len() as u64,
        };
        self.upload(&blob, &bytes[..])?;
        self.set.pairs += 1;
        self.set.pair_bytes += blob.size;
        let layers: Vec<_> = layers
            .iter()
            .map(|Layer { blob, .. }| {
                json!({"mediaType": format!("{OCI}.layer.v1.tar+gzip"), "digest": blob.digest, "size": blob.size})
            })
            .collect();
        let kind = format!("{OCI}.manifest.v1+json");
        let manifest = json!({
            "schemaVersion": 2, "mediaType": kind,
            "config": {"mediaType": format!("{OCI}.config.v1+json"), "digest": blob.digest, "size": blob.size},
            "layers": layers,
        });
        Ok(packed(&kind, &manifest))
    }

    fn upload(&mut self, blob: &Blob, mut content: impl Read) -> Result<()> {
        let path = begin_upload(&mut self.connection, &blob.repository, &blob.digest)?;
        self.connection.send_head("PUT", &path, "application/octet-stream", blob.size)?;
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let count = content.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            self.connection.send_body(&buffer[..count])?;
        }
        let status = self.connection.finish("PUT")?.status;
        ensure!(status == 201, "PUT {path}: {status}");
        self.set.blobs.push(blob.clone());
        Ok(())
    }

    fn mount(&mut self, repository: &str, blob: &Blob) -> Result<()> {
        let Blob { digest, repository: from, .. } = blob;
        let path = format!("/v2/{repository}/blobs/uploads/?mount={digest}&from={from}");
        let status = self.connection.exchange("POST", &path, "", b"")?.status;
        ensure!(status == 201 || from == repository, "POST {path}: {status}");
        Ok(())
    }

    fn put_manifest(&mut self, repository: &str, manifest: &Value) -> Result<()> {
        let digest = manifest["digest"].as_str().unwrap_or_default();
        self.put(repository, digest, manifest)
    }

    fn tag(&mut self, repository: &str, tag: &str, manifest: &Value) -> Result<()> {
        self.put(repository, tag, manifest)?;
        self.set.images.push(Image {
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            digest: manifest["digest"].as_str().unwrap_or_default().to_owned(),
        });
        Ok(())
    }

    fn put(&mut self, repository: &str, reference: &str, manifest: &Value) -> Result<()> {
        let [kind, body] =
            ["mediaType", "body"].map(|key| manifest[key].as_str().unwrap_or_default());
        let path = format!("/v2/{repository}/manifests/{reference}");
        let status = self.connection.exchange("PUT", &path, kind, body.as_bytes())?.status;
        ensure!(status == 201, "PUT {path}: {status}");
        Ok(())
    }
}

/// A descriptor of a manifest, with the manifest itself as `body`.
fn packed(kind: &str, manifest: &Value) -> Value {
    let body = manifest.to_string();
    json!({"mediaType": kind, "digest": digest_of(body.as_bytes()), "size": body.len(), "body": body})
}

fn descriptor(packed: &Value) -> Value {
    let mut descriptor = packed.clone();
    if let Some(fields) = descriptor.as_object_mut() {
        fields.remove("body");
    }
    descriptor
}

/// Writes a gzipped tar of one file of noise. Gives the file at its end, its digest, and that of the tar.
fn write_layer(path: &Path, name: &str, size: u64) -> Result<(File, String, String)> {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
    let gzip = GzEncoder::new(Hashing::new(BufWriter::new(file)), Compression::none());
    let mut header = tar::Header::new_ustar();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    let mut archive = tar::Builder::new(Hashing::new(gzip));
    let noise = BufReader::with_capacity(256 * 1024, Noise::of(name));
    archive.append_data(&mut header, name.replace('/', "-"), noise.take(size))?;
    let (gzip, diff_id) = archive.into_inner()?.finish();
    let (mut buffer, digest) = gzip.finish()?.finish();
    buffer.flush()?;
    Ok((buffer.into_inner().map_err(std::io::IntoInnerError::into_error)?, digest, diff_id))
}

/// Bytes without end that no compression makes smaller, the same for the same name.
struct Noise(fastrand::Rng);

impl Noise {
    fn of(name: &str) -> Self {
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(fastrand::Rng::with_seed(seed))
    }
}

impl Read for Noise {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.fill(buffer);
        Ok(buffer.len())
    }
}
