//! Values of the registry world: digests, references, descriptors, manifests, platforms, errors from the wire.
//!
//! Everything here is checked when it is made and cannot be half-made afterwards. Nothing here knows files, the
//! network, the clock, the environment or an async runtime.

mod descriptor;
mod digest;
mod endpoint;
mod image_path;
mod listing;
mod manifest;
mod platform;
mod rate;
mod reference;
mod text;
pub(crate) mod units;
mod wire_error;

pub use descriptor::{Descriptor, DescriptorError};
pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use endpoint::{Endpoint, EndpointError};
pub use image_path::ImagePath;
pub use listing::{ListingApi, ListingApiError, ListingUrl, ListingUrlError};
pub use manifest::{Content, MAX_MANIFEST_SIZE, Manifest, ManifestError, media_types};
pub use oci_spec::image::{Arch, MediaType, Os, Platform};
pub use platform::{PatternError, PlatformError, PlatformFilter, platform_text};
pub use rate::{Rate, RateError};
pub use reference::{
    ImageName, ImageRef, RefName, ReferenceError, Registry, Repository, RepositoryPath, Tag,
};
pub use text::{one_line, percent_decoded};
pub use wire_error::{ErrorCode, WireError, WireErrors};
