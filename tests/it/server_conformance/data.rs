//! What the conformance suite pushes: for each kind of content one set of blobs, manifests and tags.

use std::collections::BTreeSet;

use longshore::model::{Algorithm, Digest};
use serde_json::{Value, json};

pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(super) const EMPTY_JSON: &str = "application/vnd.oci.empty.v1+json";
pub(super) const EXAMPLE_1: &str = "application/vnd.example.oci.conformance.v1";
pub(super) const EXAMPLE_2: &str = "application/vnd.example.oci.conformance.v2";
pub(super) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const NONDISTRIBUTABLE: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
const OCTETS: &str = "application/octet-stream";

/// A manifest, and how it has to stand in the list of its subject's referrers.
pub(super) struct Pushed {
    pub(super) digest: Digest,
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
    pub(super) referrer: Option<(Digest, Value)>,
}

/// One set of content.
pub(super) struct DataSet {
    pub(super) name: &'static str,
    algorithm: Algorithm,
    pub(super) blobs: Vec<(Digest, Vec<u8>)>,
    /// In the order in which they are pushed.
    pub(super) manifests: Vec<Pushed>,
    pub(super) tags: Vec<(String, Digest)>,
    /// Tags are pushed as `?tag=` behind the digest.
    pub(super) tag_parameters: bool,
}

/// Bytes that no other call gives.
pub(super) fn noise(length: usize) -> Vec<u8> {
    std::iter::repeat_with(|| fastrand::u8(..)).take(length).collect()
}

impl DataSet {
    fn new(name: &'static str, algorithm: Algorithm) -> Self {
        let (blobs, manifests, tags) = Default::default();
        Self { name, algorithm, blobs, manifests, tags, tag_parameters: false }
    }

    fn blob(&mut self, media_type: &str, bytes: Vec<u8>) -> Value {
        let digest = Digest::with(self.algorithm, &bytes);
        let descriptor =
            json!({"mediaType": media_type, "digest": digest.as_str(), "size": bytes.len()});
        if self.blobs.iter().all(|(known, _)| *known != digest) {
            self.blobs.push((digest, bytes));
        }
        descriptor
    }

    fn manifest(&mut self, body: &Value) -> Value {
        let bytes = body.to_string().into_bytes();
        let digest = Digest::with(self.algorithm, &bytes);
        let media_type = body["mediaType"].as_str().unwrap().to_owned();
        let descriptor =
            json!({"mediaType": media_type, "digest": digest.as_str(), "size": bytes.len()});
        let referrer = body["subject"]["digest"].as_str().map(|subject| {
            let mut listed = descriptor.clone();
            let kind = [&body["artifactType"], &body["config"]["mediaType"]];
            if let Some(kind) = kind.into_iter().find(|kind| kind.is_string()) {
                listed["artifactType"] = kind.clone();
            }
            if body["annotations"].is_object() {
                listed["annotations"] = body["annotations"].clone();
            }
            (subject.parse().unwrap(), listed)
        });
        self.manifests.push(Pushed { digest, media_type, bytes, referrer });
        descriptor
    }

    /// An image with as many layers; `extra` is added to its manifest.
    fn image(&mut self, layers: usize, layer_type: &str, extra: &Value) -> Value {
        let layers: Vec<Value> = (0..layers).map(|_| self.blob(layer_type, noise(300))).collect();
        let config = json!({"architecture": "amd64", "os": "linux", "x": fastrand::u64(..)});
        let config = self.blob(CONFIG, config.to_string().into_bytes());
        self.manifest(&with(image_body(&config, &layers), extra))
    }

    /// An artifact in the form of an image.
    fn artifact(&mut self, layer: Value, extra: &Value) -> Value {
        let config = self.blob(EMPTY_JSON, b"{}".to_vec());
        self.manifest(&with(image_body(&config, &[layer]), extra))
    }

    fn index(&mut self, manifests: &[Value], extra: &Value) -> Value {
        let body = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        self.manifest(&with(body, extra))
    }

    fn images(&mut self, extra: &Value) -> Vec<Value> {
        ["amd64", "arm64"]
            .map(|architecture| {
                let mut image = self.image(2, LAYER_GZIP, extra);
                image["platform"] = json!({"os": "linux", "architecture": architecture});
                image
            })
            .into()
    }

    fn tag(mut self, tag: &str) -> Self {
        let digest = self.manifests.last().unwrap().digest.clone();
        self.tags.push((tag.to_owned(), digest));
        self
    }
}

fn image_body(config: &Value, layers: &[Value]) -> Value {
    json!({"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": layers})
}

fn with(mut body: Value, extra: &Value) -> Value {
    for (key, value) in extra.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    body
}

/// Sets of one image or index each.
pub(super) fn plain() -> Vec<DataSet> {
    let set = |name| DataSet::new(name, Algorithm::Sha256);
    let none = json!({});
    let mut sets = Vec::new();

    let mut image = set("image");
    image.image(2, LAYER_GZIP, &none);
    sets.push(image.tag("image"));

    let mut uncompressed = set("image-uncompressed");
    uncompressed.image(2, LAYER, &none);
    sets.push(uncompressed.tag("image-uncompressed"));

    let mut large = set("large-manifest");
    let notes: serde_json::Map<String, Value> =
        (0..390).map(|i| (format!("large-annotation-{i}"), json!("A".repeat(10_000)))).collect();
    large.image(2, LAYER_GZIP, &json!({"annotations": notes}));
    sets.push(large.tag("large-manifest"));

    let mut no_layers = set("no-layers");
    no_layers.image(0, LAYER, &none);
    sets.push(no_layers.tag("no-layers"));

    let mut index = set("index");
    let images = index.images(&none);
    index.index(&images, &none);
    sets.push(index.tag("index"));

    let mut nested = set("nested-index");
    let inner = [(); 2].map(|()| {
        let images = nested.images(&none);
        nested.index(&images, &none)
    });
    nested.index(&inner, &none);
    sets.push(nested.tag("index-of-index"));

    let mut empty = set("empty-index");
    empty.index(&[], &none);
    sets.push(empty.tag("index"));

    let mut custom = set("custom-fields");
    let field = json!({"org.example.custom": {"b": 1, "a": [true, null]}});
    let images = custom.images(&field);
    custom.index(&images, &field);
    sets.push(custom.tag("custom-fields"));
    sets
}

/// Sets of artifacts, and of what refers to something.
pub(super) fn artifacts() -> Vec<DataSet> {
    let set = |name| DataSet::new(name, Algorithm::Sha256);
    let kind = |kind: &str| json!({"artifactType": kind});
    let mut sets = Vec::new();

    let mut artifact = set("artifact");
    let layer = artifact.blob(EXAMPLE_1, noise(2048));
    artifact.artifact(layer, &kind(EXAMPLE_1));
    sets.push(artifact.tag("artifact"));

    let mut bare = set("artifact-without-layers");
    let layer = bare.blob(EMPTY_JSON, b"{}".to_vec());
    bare.artifact(layer, &kind(EXAMPLE_1));
    sets.push(bare.tag("artifact-without-layers"));

    let mut list = set("artifact-index");
    let artifacts = [(); 2].map(|()| {
        let layer = list.blob(EXAMPLE_1, noise(2048));
        list.artifact(layer, &kind(EXAMPLE_1))
    });
    list.index(&artifacts, &kind(EXAMPLE_1));
    sets.push(list.tag("artifact-index"));

    let mut subject = set("artifacts-with-subject");
    let image = subject.image(2, LAYER_GZIP, &json!({}));
    subject = subject.tag("image");
    subject.image(2, LAYER_GZIP, &json!({"subject": image}));
    for (kind, tag) in [(EXAMPLE_1, "tagged-artifact1"), (EXAMPLE_2, "tagged-artifact2")] {
        let layer = subject.blob(OCTETS, noise(2048));
        subject.artifact(layer, &referring(&image, kind));
        subject = subject.tag(tag);
    }
    sets.push(subject);

    let mut listed = set("index-with-subject");
    let images = listed.images(&json!({}));
    let image = listed.index(&images, &json!({}));
    listed = listed.tag("index");
    let layer = listed.blob(EXAMPLE_1, noise(2048));
    let inner = listed.artifact(layer, &referring(&image, EXAMPLE_1));
    listed.index(&[inner], &referring(&image, EXAMPLE_1));
    sets.push(listed.tag("tagged-artifact"));

    let mut missing = set("missing-subject");
    let nothing = Digest::of(b"missing content");
    let nothing = json!({"mediaType": IMAGE, "digest": nothing.as_str(), "size": 123});
    let layer = missing.blob(EXAMPLE_1, noise(2048));
    missing.artifact(layer, &referring(&nothing, EXAMPLE_1));
    sets.push(missing.tag("tagged-artifact"));

    sets.extend([data_field(), nondistributable()]);
    sets
}

fn referring(subject: &Value, kind: &str) -> Value {
    json!({
        "artifactType": kind,
        "subject": subject,
        "annotations": {
            "org.opencontainers.conformance": "hello conformance test",
            format!("org.example.{}", fastrand::u64(..)): "unique",
        },
    })
}

fn data_field() -> DataSet {
    let mut set = DataSet::new("data-field", Algorithm::Sha256);
    let config = set.blob(CONFIG, b"{}".to_vec());
    let config = with(config, &json!({"data": "e30="}));
    set.manifest(&image_body(&config, &[]));
    set.tag("data-field")
}

fn nondistributable() -> DataSet {
    let mut set = DataSet::new("non-distributable-layers", Algorithm::Sha256);
    let elsewhere = Digest::of(&noise(256));
    let url = format!("https://store.example.com/blobs/sha256/{}", elsewhere.hex());
    let foreign = json!({
        "mediaType": NONDISTRIBUTABLE, "digest": elsewhere.as_str(), "size": 123_456, "urls": [url],
    });
    let layer = set.blob(LAYER_GZIP, noise(300));
    let config = set.blob(CONFIG, b"{\"os\":\"linux\"}".to_vec());
    set.manifest(&image_body(&config, &[foreign, layer]));
    set.tag("non-distributable-image")
}

/// Sets whose digests or tags come in other ways.
pub(super) fn digests_and_tags() -> Vec<DataSet> {
    let listed = |name, algorithm| {
        let mut set = DataSet::new(name, algorithm);
        let images = set.images(&json!({}));
        set.index(&images, &json!({}));
        set
    };
    let by_parameter = |name: &'static str, algorithm| {
        let mut set = listed(name, algorithm).tag(name);
        set.tag_parameters = true;
        let digests: BTreeSet<_> = set.manifests.iter().map(|m| m.digest.clone()).collect();
        set.tags.extend(digests.into_iter().enumerate().map(|(i, d)| (format!("{name}-{i}"), d)));
        set
    };
    vec![
        listed("sha512", Algorithm::Sha512),
        by_parameter("tag-param-sha256", Algorithm::Sha256),
        by_parameter("tag-param-sha512", Algorithm::Sha512),
    ]
}
