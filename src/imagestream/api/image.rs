//! `Image`: what is known of an image, apart from its data.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wire::{is_empty, nullable};
use super::{API_VERSION, Fields, ObjectMeta};

/// What is known of an image; named by the digest of its manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// `image.openshift.io/v1`; left out where an object stands inside another.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// `Image`; left out where an object stands inside another.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Its name, the digest.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// How to pull it: by digest.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub docker_image_reference: String,
    /// Its configuration, under the keys of `dockerImageMetadata` (`Id`, `Created`, `Config`, `Architecture`, `Size`, …).
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "is_empty")]
    pub docker_image_metadata: Fields,
    /// `1.0`.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub docker_image_metadata_version: String,
    /// Its layers, the base first.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub docker_image_layers: Vec<ImageLayer>,
    /// The media type of its manifest.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub docker_image_manifest_media_type: String,
    /// The images of an index.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub docker_image_manifests: Vec<ImageManifest>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub rest: Fields,
}

impl Image {
    /// An object of which nothing is known but its digest.
    #[must_use]
    pub fn new(digest: &str) -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind: "Image".to_owned(),
            metadata: ObjectMeta { name: digest.to_owned(), ..ObjectMeta::default() },
            docker_image_reference: String::new(),
            docker_image_metadata: Fields::new(),
            docker_image_metadata_version: String::new(),
            docker_image_layers: Vec::new(),
            docker_image_manifest_media_type: String::new(),
            docker_image_manifests: Vec::new(),
            rest: Fields::new(),
        }
    }

    /// A field of its configuration, found by a path of keys.
    #[must_use]
    pub fn metadata_at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.docker_image_metadata.get(*first)?, |value, key| value.get(*key))
    }
}

/// A layer of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageLayer {
    /// Its digest.
    pub name: String,
    /// Its bytes.
    #[serde(default, deserialize_with = "nullable")]
    pub size: u64,
    /// Its media type.
    #[serde(default, deserialize_with = "nullable")]
    pub media_type: String,
}

/// An image of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageManifest {
    /// The digest of its manifest.
    pub digest: String,
    /// The media type of its manifest.
    pub media_type: String,
    /// The bytes of its manifest.
    #[serde(default, deserialize_with = "nullable")]
    pub manifest_size: u64,
    /// Its architecture.
    #[serde(default, deserialize_with = "nullable")]
    pub architecture: String,
    /// Its operating system.
    #[serde(default, deserialize_with = "nullable")]
    pub os: String,
    /// The variant of its architecture.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub variant: String,
}
