//! Manifests: raw bytes with their media type and digest, and beside them a parsed view.
//!
//! The bytes are what travels. They are never made again from the view: `oci-spec` drops fields that it does not
//! know, and with one field less the digest is another.

use bytes::Bytes;
use oci_spec::image::{ImageIndex, ImageManifest, MediaType};
use serde::Deserialize;

use super::{Algorithm, Descriptor, DescriptorError, Digest, one_line};

/// The size that registries take at most (OCI distribution specification, «Pushing Manifests»: at least 4 MiB).
pub const MAX_MANIFEST_SIZE: u64 = 4 * 1024 * 1024;

/// Media types of manifests.
pub mod media_types {
    /// OCI image manifest; artifacts use it too.
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// OCI image index.
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// OCI artifact manifest, of release candidates of the image specification 1.1.
    pub const OCI_ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";
    /// Docker image manifest, schema 2.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// Docker manifest list.
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// Docker image manifest, schema 1.
    pub const DOCKER_SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+json";
    /// Docker image manifest, schema 1, signed.
    pub const DOCKER_SCHEMA1_SIGNED: &str =
        "application/vnd.docker.distribution.manifest.v1+prettyjws";

    /// All that this library reads, in the order in which it asks for them.
    pub const READABLE: [&str; 5] =
        [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST, OCI_ARTIFACT];
}
use media_types::{
    DOCKER_LIST, DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED, OCI_ARTIFACT, OCI_INDEX, OCI_MANIFEST,
    READABLE,
};

/// What a manifest points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// An image of one platform, or an artifact in the form of one.
    Image {
        /// The image configuration.
        config: Box<Descriptor>,
        /// The layers, base first.
        layers: Vec<Descriptor>,
    },
    /// A list of images.
    Index {
        /// The manifests in it.
        manifests: Vec<Descriptor>,
    },
    /// An artifact manifest of the release candidates.
    Artifact {
        /// Its blobs.
        blobs: Vec<Descriptor>,
    },
}

/// A manifest: the bytes, what they are, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    bytes: Bytes,
    media_type: MediaType,
    digest: Digest,
    content: Content,
    subject: Option<Descriptor>,
    artifact_type: Option<MediaType>,
    annotations: Option<std::collections::HashMap<String, String>>,
}

/// Why bytes are no usable manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Larger than any registry takes.
    #[error("the manifest is larger than {} MiB", MAX_MANIFEST_SIZE / 1024 / 1024)]
    TooLarge,
    /// Docker schema 1.
    #[error(
        "the image is in docker's schema 1, which has no fixed digests and was given up in 2019: rebuild it, or copy it once with a tool that converts it to schema 2"
    )]
    Schema1,
    /// Not JSON, or JSON of another form.
    #[error("the manifest cannot be read as {media_type}")]
    Parse {
        /// What it was taken for.
        media_type: String,
        /// What the parser met, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// A type that is no manifest.
    #[error("'{0}' is not a type of manifest")]
    MediaType(String),
    /// The type in the body is not that of the header or descriptor. One of the two was not meant for us
    /// (CVE-2021-41190).
    #[error("the manifest calls itself '{inside}' but was given as '{outside}'")]
    Ambiguous {
        /// `mediaType` of the body.
        inside: String,
        /// The type of the answer.
        outside: String,
    },
    /// Both an index and an image (CVE-2021-41190).
    #[error(
        "the manifest has both 'manifests' and 'layers': it is an index to one reader and an image to the other"
    )]
    Mixed,
    /// A descriptor without a usable digest.
    #[error("the manifest points to content that cannot be named")]
    Descriptor(#[from] DescriptorError),
}

/// What tells the kinds of manifest apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    schema_version: Option<u8>,
    media_type: Option<String>,
    manifests: Option<serde::de::IgnoredAny>,
    layers: Option<serde::de::IgnoredAny>,
    fs_layers: Option<serde::de::IgnoredAny>,
    blobs: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactManifest {
    #[serde(default)]
    blobs: Vec<oci_spec::image::Descriptor>,
    subject: Option<oci_spec::image::Descriptor>,
    artifact_type: Option<MediaType>,
    annotations: Option<std::collections::HashMap<String, String>>,
}

impl Manifest {
    /// Reads `bytes`. `given_as` is the type of the answer or descriptor that brought them.
    ///
    /// # Errors
    /// When the bytes are no manifest, or one that cannot be copied with its digest.
    pub fn parse(bytes: Bytes, given_as: Option<&str>) -> Result<Self, ManifestError> {
        Self::parse_as(bytes, given_as, Algorithm::Sha256)
    }

    /// Like [`Manifest::parse`], named by a digest of `algorithm`.
    ///
    /// # Errors
    /// As [`Manifest::parse`].
    pub fn parse_as(
        bytes: Bytes,
        given_as: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Self, ManifestError> {
        if bytes.len() as u64 > MAX_MANIFEST_SIZE {
            return Err(ManifestError::TooLarge);
        }
        let media_type = media_type(&bytes, given_as)?;
        let parse = |source| ManifestError::Parse { media_type: media_type.clone(), source };
        let digest = Digest::with(algorithm, &bytes);
        let (content, subject, artifact_type, annotations) = match media_type.as_str() {
            OCI_INDEX | DOCKER_LIST => {
                let view: ImageIndex = serde_json::from_slice(&bytes).map_err(parse)?;
                let manifests = checked(view.manifests())?;
                let kind = view.artifact_type().clone();
                (
                    Content::Index { manifests },
                    view.subject().clone(),
                    kind,
                    view.annotations().clone(),
                )
            }
            OCI_ARTIFACT => {
                let view: ArtifactManifest = serde_json::from_slice(&bytes).map_err(parse)?;
                let blobs = checked(&view.blobs)?;
                (Content::Artifact { blobs }, view.subject, view.artifact_type, view.annotations)
            }
            _ => {
                let view: ImageManifest = serde_json::from_slice(&bytes).map_err(parse)?;
                let config = Box::new(Descriptor::try_from(view.config().clone())?);
                let kind = view.artifact_type().clone();
                let content = Content::Image { config, layers: checked(view.layers())? };
                (content, view.subject().clone(), kind, view.annotations().clone())
            }
        };
        Ok(Self {
            media_type: MediaType::from(media_type.as_str()),
            subject: subject.map(Descriptor::try_from).transpose()?,
            bytes,
            digest,
            content,
            artifact_type,
            annotations,
        })
    }

    /// The bytes as they came.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What kind of manifest it is.
    #[must_use]
    pub fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// The digest of the bytes.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What it points to.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The manifest that this one refers to (signatures, attestations, SBOMs).
    #[must_use]
    pub fn subject(&self) -> Option<&Descriptor> {
        self.subject.as_ref()
    }

    /// The manifests of an index; none for others.
    #[must_use]
    pub fn children(&self) -> &[Descriptor] {
        match &self.content {
            Content::Index { manifests } => manifests,
            Content::Image { .. } | Content::Artifact { .. } => &[],
        }
    }

    /// The blobs of an image or artifact, configuration first; none for an index.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        let (first, rest): (Option<&Descriptor>, &[Descriptor]) = match &self.content {
            Content::Image { config, layers } => (Some(config), layers),
            Content::Artifact { blobs } => (None, blobs),
            Content::Index { .. } => (None, &[]),
        };
        first.into_iter().chain(rest)
    }

    /// The type of an artifact: `artifactType`, or else the type of the configuration (OCI distribution
    /// specification, «Listing Referrers»).
    #[must_use]
    pub fn artifact_type(&self) -> Option<&MediaType> {
        self.artifact_type.as_ref().or(match &self.content {
            Content::Image { config, .. } => Some(&config.media_type),
            Content::Index { .. } | Content::Artifact { .. } => None,
        })
    }

    /// A descriptor of this manifest: type, digest, size.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.clone(), self.digest.clone(), self.bytes.len() as u64)
    }

    /// The descriptor under which this manifest stands in a list of referrers: with artifact type and annotations.
    #[must_use]
    pub fn referrer_descriptor(&self) -> Descriptor {
        Descriptor {
            artifact_type: self.artifact_type().cloned(),
            annotations: self.annotations.clone(),
            ..self.descriptor()
        }
    }
}

fn checked(wire: &[oci_spec::image::Descriptor]) -> Result<Vec<Descriptor>, DescriptorError> {
    wire.iter().cloned().map(Descriptor::try_from).collect()
}

/// The type of a manifest, from what it says itself, how it was given and what it holds.
fn media_type(bytes: &[u8], given_as: Option<&str>) -> Result<String, ManifestError> {
    let outside = given_as.map(|text| text.split(';').next().unwrap_or_default().trim());
    if matches!(outside, Some(DOCKER_SCHEMA1 | DOCKER_SCHEMA1_SIGNED)) {
        return Err(ManifestError::Schema1);
    }
    let probe: Probe = serde_json::from_slice(bytes).map_err(|source| ManifestError::Parse {
        media_type: one_line(outside.unwrap_or("JSON"), 80),
        source,
    })?;
    if probe.schema_version == Some(1) || probe.fs_layers.is_some() {
        return Err(ManifestError::Schema1);
    }
    if probe.manifests.is_some() && probe.layers.is_some() {
        return Err(ManifestError::Mixed);
    }
    let outside = outside.filter(|outside| READABLE.contains(outside));
    match (probe.media_type.as_deref(), outside) {
        (Some(inside), Some(outside)) if inside != outside => Err(ManifestError::Ambiguous {
            inside: one_line(inside, 80),
            outside: outside.to_owned(),
        }),
        (Some(inside), _) if READABLE.contains(&inside) => Ok(inside.to_owned()),
        (Some(inside), _) => Err(ManifestError::MediaType(one_line(inside, 80))),
        (None, Some(outside)) => Ok(outside.to_owned()),
        (None, None) if probe.manifests.is_some() => Ok(OCI_INDEX.to_owned()),
        (None, None) if probe.layers.is_some() => Ok(OCI_MANIFEST.to_owned()),
        (None, None) if probe.blobs.is_some() => Ok(OCI_ARTIFACT.to_owned()),
        (None, None) => Err(ManifestError::MediaType(one_line(given_as.unwrap_or("no type"), 80))),
    }
}

#[cfg(test)]
mod tests {
    use super::media_types::DOCKER_MANIFEST;
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn descriptor(media_type: &str) -> String {
        format!(r#"{{"mediaType":"{media_type}","digest":"sha256:{HEX}","size":3}}"#)
    }

    fn image(extra: &str) -> Bytes {
        let config = descriptor("application/vnd.oci.image.config.v1+json");
        let layer = descriptor("application/vnd.oci.image.layer.v1.tar+gzip");
        format!(r#"{{"schemaVersion":2,{extra}"config":{config},"layers":[{layer}]}}"#).into()
    }

    #[test]
    fn an_image_is_known_by_what_it_says_or_how_it_came() {
        let said = image(&format!(r#""mediaType":"{DOCKER_MANIFEST}","#));
        assert_eq!(Manifest::parse(said, None).unwrap().media_type().as_ref(), DOCKER_MANIFEST);
        let came = Manifest::parse(
            image(""),
            Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8"),
        );
        assert_eq!(came.unwrap().blobs().count(), 2);
        assert_eq!(
            Manifest::parse(image(""), None).unwrap().media_type(),
            &MediaType::ImageManifest
        );
        let generic = Manifest::parse(image(""), Some("application/json")).unwrap();
        assert_eq!(generic.media_type(), &MediaType::ImageManifest);
    }

    #[test]
    fn unknown_fields_stay_in_the_bytes() {
        let bytes = image(r#""x-unknown":{"b":1,"a":2},"#);
        assert_eq!(Manifest::parse(bytes.clone(), None).unwrap().bytes(), &bytes);
    }

    #[test]
    fn two_faced_manifests_are_refused() {
        let inside = image(&format!(r#""mediaType":"{OCI_INDEX}","#));
        assert!(matches!(
            Manifest::parse(inside, Some(OCI_MANIFEST)),
            Err(ManifestError::Ambiguous { .. })
        ));
        let mixed = image(r#""manifests":[],"#);
        assert!(matches!(Manifest::parse(mixed, None), Err(ManifestError::Mixed)));
    }

    #[test]
    fn schema_1_is_refused_by_type_and_by_content() {
        let old = Bytes::from_static(br#"{"schemaVersion":1,"fsLayers":[]}"#);
        assert!(matches!(Manifest::parse(old.clone(), None), Err(ManifestError::Schema1)));
        assert!(matches!(
            Manifest::parse(old, Some(DOCKER_SCHEMA1_SIGNED)),
            Err(ManifestError::Schema1)
        ));
    }

    #[test]
    fn content_that_cannot_be_named_is_refused() {
        let bytes = Bytes::from(String::from_utf8(image("").to_vec()).unwrap().replacen(
            "sha256:",
            "sha256:../",
            1,
        ));
        assert!(Manifest::parse(bytes, None).is_err());
        for bad in ["", "[]", "{}", r#"{"schemaVersion":2}"#, r#"{"mediaType":"text/plain"}"#] {
            assert!(Manifest::parse(Bytes::from(bad), None).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_referrer_shows_the_type_of_its_config_when_it_has_no_other() {
        let manifest = Manifest::parse(image(""), None).unwrap();
        assert_eq!(manifest.artifact_type(), Some(&MediaType::ImageConfig));
    }
}
