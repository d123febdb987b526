//! Descriptors (OCI image specification, `descriptor.md`) with a digest that has been checked.

use std::collections::HashMap;

use oci_spec::image::{self as oci, MediaType, Platform};
use serde::{Deserialize, Serialize};

use super::{Digest, DigestError};

/// What a manifest says about one piece of content: its type, digest and size in bytes.
///
/// Made from the `oci-spec` type of the same name, which takes any text for a digest; here it is known to be whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "oci::Descriptor", into = "oci::Descriptor")]
pub struct Descriptor {
    /// The type of the content.
    pub media_type: MediaType,
    /// The digest of the content.
    pub digest: Digest,
    /// The size of the content in bytes.
    pub size: u64,
    /// The platform that an image in an index is for.
    pub platform: Option<Platform>,
    /// The type of an artifact, as the referrers list repeats it.
    pub artifact_type: Option<MediaType>,
    /// Annotations.
    pub annotations: Option<HashMap<String, String>>,
    /// Places outside of registries that hold the content (foreign layers).
    pub urls: Option<Vec<String>>,
}

/// A descriptor that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a descriptor of type '{media_type}' has an unusable digest")]
pub struct DescriptorError {
    media_type: String,
    #[source]
    source: DigestError,
}

impl Descriptor {
    /// A descriptor with nothing but type, digest and size.
    #[must_use]
    pub fn new(media_type: MediaType, digest: Digest, size: u64) -> Self {
        Self {
            media_type,
            digest,
            size,
            platform: None,
            artifact_type: None,
            annotations: None,
            urls: None,
        }
    }

    /// Whether the content is a layer that lies elsewhere and is not given to registries: one of a non-distributable
    /// type (`nondistributable`, docker's `foreign`) that names its places.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        let media_type = self.media_type.as_ref();
        self.urls.as_ref().is_some_and(|urls| !urls.is_empty())
            && (media_type.contains(".nondistributable.") || media_type.contains(".foreign."))
    }

    /// The value of an annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(key).map(String::as_str)
    }
}

impl TryFrom<oci::Descriptor> for Descriptor {
    type Error = DescriptorError;

    fn try_from(wire: oci::Descriptor) -> Result<Self, DescriptorError> {
        let digest = wire.digest().to_string().parse().map_err(|source| DescriptorError {
            media_type: super::one_line(wire.media_type().as_ref(), 80),
            source,
        })?;
        Ok(Self {
            media_type: wire.media_type().clone(),
            digest,
            size: wire.size(),
            platform: wire.platform().clone(),
            artifact_type: wire.artifact_type().clone(),
            annotations: wire.annotations().clone(),
            urls: wire.urls().clone(),
        })
    }
}

impl From<Descriptor> for oci::Descriptor {
    #[expect(clippy::expect_used, reason = "a checked digest is a digest to oci-spec too")]
    fn from(own: Descriptor) -> Self {
        let digest: oci::Digest = own.digest.as_str().parse().expect("a checked digest");
        let mut wire = Self::new(own.media_type, own.size, digest);
        wire.set_platform(own.platform);
        wire.set_artifact_type(own.artifact_type);
        wire.set_annotations(own.annotations);
        wire.set_urls(own.urls);
        wire
    }
}
