//! The objects of `image.openshift.io/v1`, as far as they are used here.
//!
//! Each keeps the fields that it does not know in `rest`, so that an object which is read, changed and written loses
//! nothing. What the API server leaves out when it is empty is left out here; `null` is read as empty.
//!
//! Source: `image/v1/types.go` of openshift/api, and the OpenAPI document of a real API server.

mod image;
mod import;
mod meta;
mod stream;
mod wire;

pub use image::{Image, ImageLayer, ImageManifest};
pub use import::{
    ImageImportSpec, ImageImportStatus, ImageStreamImport, ImageStreamImportSpec,
    ImageStreamImportStatus, LocalReference, RepositoryImportSpec, RepositoryImportStatus, Status,
    StatusDetails,
};
pub use meta::{ObjectMeta, Time};
pub use stream::{
    Condition, ImageStream, ImageStreamSpec, ImageStreamStatus, ImportMode, ImportPolicy,
    LookupPolicy, ObjectReference, ReferencePolicy, ReferencePolicyType, SpecTag, StatusTag,
    TagEvent,
};

/// Fields that are not known here.
pub type Fields = serde_json::Map<String, serde_json::Value>;

/// The API group and version of all these objects.
pub const API_VERSION: &str = "image.openshift.io/v1";

/// The annotation that tells when a stream was last changed by an import (RFC 3339, UTC, whole seconds).
pub const REPOSITORY_CHECK: &str = "openshift.io/image.dockerRepositoryCheck";
/// The annotation by which a stream is read from registries without a trusted certificate, or without TLS.
pub const INSECURE_REPOSITORY: &str = "openshift.io/image.insecureRepository";
/// The annotation that tells in which order an image's layers are listed.
pub const LAYERS_ORDER: &str = "image.openshift.io/dockerLayersOrder";

/// The reason of a cause of a failed import: the registry has no certificate that is trusted, or no TLS. An API server
/// tells that in its message alone.
pub const UNTRUSTED: &str = "RegistryUntrusted";

/// A reference to an image on a registry: `HOST/REPOSITORY:TAG`.
pub const DOCKER_IMAGE: &str = "DockerImage";
/// A reference to a tag of a stream: `STREAM:TAG`, or `TAG` of the same stream.
pub const IMAGE_STREAM_TAG: &str = "ImageStreamTag";
/// A reference to an image of a stream: `STREAM@DIGEST`.
pub const IMAGE_STREAM_IMAGE: &str = "ImageStreamImage";
