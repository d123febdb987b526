//! Images in memory: a source that tells the truth, or not.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use longshore::model::{Algorithm, Descriptor, Digest, Manifest, MediaType, RefName, media_types};
use longshore::store::{BlobStream, Error, Reference, Result, Sink, Source};
use serde_json::{Value, json};

/// Blobs by the digest that they are given out for.
#[derive(Default)]
pub(super) struct Memory {
    blobs: HashMap<Digest, Bytes>,
    algorithm: Option<Algorithm>,
    asked: Mutex<Vec<u64>>,
}

impl Memory {
    /// A memory in which all digests are SHA-512.
    pub(super) fn sha512() -> Self {
        Self { algorithm: Some(Algorithm::Sha512), ..Self::default() }
    }

    /// The offsets from which blobs were asked for since this was called last.
    pub(super) fn asked(&self) -> Vec<u64> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Keeps a blob.
    pub(super) fn keep(&mut self, media_type: MediaType, bytes: impl Into<Bytes>) -> Descriptor {
        let bytes = bytes.into();
        let digest = Digest::with(self.algorithm.unwrap_or(Algorithm::Sha256), &bytes);
        let descriptor = Descriptor::new(media_type, digest.clone(), bytes.len() as u64);
        self.blobs.insert(digest, bytes);
        descriptor
    }

    /// Gives `bytes` out for `blob`, whatever they are.
    pub(super) fn lie(&mut self, blob: &Descriptor, bytes: impl Into<Bytes>) {
        self.blobs.insert(blob.digest.clone(), bytes.into());
    }

    /// An image whose layers are as large as it says; `seed` tells images apart.
    pub(super) fn image(&mut self, seed: &str, layers: &[usize]) -> Manifest {
        let layers: Vec<Descriptor> = layers
            .iter()
            .map(|size| {
                let bytes: Vec<u8> = seed.bytes().cycle().take(*size).collect();
                self.keep(MediaType::ImageLayer, bytes)
            })
            .collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "author": seed,
            "rootfs": {"type": "layers", "diff_ids": layers.iter().map(|l| &l.digest).collect::<Vec<_>>()},
        });
        let config = self.keep(MediaType::ImageConfig, config.to_string());
        self.manifest(&json!({
            "schemaVersion": 2, "mediaType": media_types::OCI_MANIFEST,
            "config": config, "layers": layers,
        }))
    }

    /// An artifact that refers to `subject`.
    pub(super) fn referrer(&mut self, subject: &Manifest, kind: &str) -> Manifest {
        let empty = self.keep("application/vnd.oci.empty.v1+json".into(), "{}");
        let layer = self.keep("text/plain".into(), format!("a {kind}"));
        self.manifest(&json!({
            "schemaVersion": 2, "mediaType": media_types::OCI_MANIFEST, "artifactType": kind,
            "config": empty, "layers": [layer], "subject": subject.descriptor(),
            "annotations": {"kind": kind},
        }))
    }

    /// An index of these images, for `amd64`, `arm64`, and further architectures.
    pub(super) fn index(&mut self, images: &[&Manifest]) -> Manifest {
        let architectures = ["amd64", "arm64", "s390x"].into_iter();
        let manifests: Vec<Value> = images
            .iter()
            .zip(architectures)
            .map(|(image, architecture)| {
                let mut line = json!(image.descriptor());
                line["platform"] = json!({"os": "linux", "architecture": architecture});
                line
            })
            .collect();
        self.manifest(&json!({
            "schemaVersion": 2, "mediaType": media_types::OCI_INDEX, "manifests": manifests,
        }))
    }

    /// Puts an image: its blobs, then its manifest.
    pub(super) async fn put(&self, sink: &dyn Sink, image: &Manifest, name: Option<&RefName>) {
        for blob in image.blobs() {
            sink.put_blob(blob, self).await.unwrap();
        }
        sink.put_manifest(image, name).await.unwrap();
    }

    fn manifest(&self, json: &Value) -> Manifest {
        let algorithm = self.algorithm.unwrap_or(Algorithm::Sha256);
        Manifest::parse_as(json.to_string().into(), None, algorithm).unwrap()
    }
}

#[async_trait]
impl Source for Memory {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    async fn manifest(&self, _: &Reference) -> Result<Manifest> {
        unreachable!("a sink asks its source for blobs only")
    }

    /// Blobs come in pieces of odd size. One that is not there breaks off.
    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        self.asked.lock().unwrap().push(offset);
        let Some(bytes) = self.blobs.get(&blob.digest) else {
            let broken = Error::Backend("the connection broke".into());
            let pieces = [Ok(Bytes::from_static(b"so far")), Err(broken)];
            return Ok(stream::iter(pieces).boxed());
        };
        let rest = bytes.slice(bytes.len().min(usize::try_from(offset).unwrap())..);
        let pieces: Vec<_> = rest.chunks(9_999).map(|piece| Ok(rest.slice_ref(piece))).collect();
        Ok(stream::iter(pieces).boxed())
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        Ok(Vec::new())
    }

    async fn referrers(&self, _: &Digest) -> Result<Vec<Descriptor>> {
        Ok(Vec::new())
    }
}
