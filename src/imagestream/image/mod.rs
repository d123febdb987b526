//! `Image` objects, made of what a registry gives. Nothing is asked here.
//!
//! Sources: `schema2OrOCIToImage` and `manifestListToImage` of openshift-apiserver, and recorded answers.

mod metadata;

use std::collections::HashSet;

use serde_json::{Value, json};

use super::api::{Image, ImageLayer, ImageManifest, LAYERS_ORDER, Time};
use crate::model::{Content, Descriptor, Digest, Manifest, one_line};

/// Why no `Image` can be made of a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It is of a kind that streams do not keep.
    #[error("unsupported image manifest type: {0}")]
    Unsupported(String),
    /// The configuration is not JSON.
    #[error("the image configuration cannot be read")]
    Config(#[source] serde_json::Error),
}

/// The object of an image of one platform, of its manifest and its configuration. Where it can be pulled from is for
/// the caller to say.
///
/// # Errors
/// When it is no such image, or its configuration is no JSON object.
pub fn of_image(manifest: &Manifest, config: &[u8]) -> Result<Image, ImageError> {
    let (descriptor, layers) = parts(manifest)?;
    let metadata = metadata::of_config(config, descriptor, size(descriptor, layers))?;
    let mut image = bare(manifest);
    image.metadata.annotations.insert(LAYERS_ORDER.to_owned(), "ascending".to_owned());
    image.docker_image_metadata = metadata;
    image.docker_image_layers = layers.iter().map(layer).collect();
    Ok(image)
}

/// The configuration of an image of one platform.
///
/// # Errors
/// When it is no such image.
pub fn config_of(manifest: &Manifest) -> Result<&Descriptor, ImageError> {
    parts(manifest).map(|(config, _)| config)
}

/// The object of an index that was imported at `now`.
#[must_use]
pub fn of_index(manifest: &Manifest, now: Time) -> Image {
    let mut image = bare(manifest);
    image.docker_image_metadata = metadata::of_index(manifest.digest(), now);
    image.docker_image_manifests = manifest.children().iter().map(child).collect();
    image
}

/// Adds manifest and configuration as they came: an answer has them when they are asked for and nothing is kept.
pub fn include_manifest(image: &mut Image, manifest: &Manifest, config: &[u8]) {
    for (key, bytes) in
        [("dockerImageManifest", &manifest.bytes()[..]), ("dockerImageConfig", config)]
    {
        let text = String::from_utf8_lossy(bytes).into_owned();
        image.rest.insert(key.to_owned(), Value::String(text));
    }
}

fn parts(manifest: &Manifest) -> Result<(&Descriptor, &[Descriptor]), ImageError> {
    match manifest.content() {
        Content::Image { config, layers } => Ok((config, layers)),
        Content::Index { .. } | Content::Artifact { .. } => {
            Err(ImageError::Unsupported(one_line(manifest.media_type().as_ref(), 80)))
        }
    }
}

fn bare(manifest: &Manifest) -> Image {
    Image {
        docker_image_metadata_version: "1.0".to_owned(),
        docker_image_manifest_media_type: manifest.media_type().to_string(),
        ..Image::new(manifest.digest().as_str())
    }
}

/// The bytes of the configuration and of all layers, each counted once.
fn size(config: &Descriptor, layers: &[Descriptor]) -> u64 {
    let mut counted: HashSet<&Digest> = HashSet::new();
    let blobs = std::iter::once(config).chain(layers);
    let once = blobs.filter(|blob| counted.insert(&blob.digest));
    once.fold(0, |size: u64, blob| size.saturating_add(blob.size))
}

fn layer(layer: &Descriptor) -> ImageLayer {
    ImageLayer {
        name: layer.digest.to_string(),
        size: layer.size,
        media_type: layer.media_type.to_string(),
    }
}

fn child(child: &Descriptor) -> ImageManifest {
    let platform = child.platform.as_ref();
    ImageManifest {
        digest: child.digest.to_string(),
        media_type: child.media_type.to_string(),
        manifest_size: child.size,
        architecture: platform.map(|p| p.architecture().to_string()).unwrap_or_default(),
        os: platform.map(|p| p.os().to_string()).unwrap_or_default(),
        variant: platform.and_then(|p| p.variant().clone()).unwrap_or_default(),
    }
}

/// The fields that every `dockerImageMetadata` begins with.
fn header(id: &str) -> [(&'static str, Value); 3] {
    [
        ("kind", json!("DockerImage")),
        ("apiVersion", json!("image.openshift.io/1.0")),
        ("Id", json!(id)),
    ]
}
