//! What an image is: its manifest, its platforms, its configuration.

use bytes::Bytes;
use oci_spec::image::ImageConfiguration;

use super::pairs::{reference, with_default_tag};
use crate::model::{Content, Descriptor, Endpoint, Manifest, PlatformFilter, RefName};
use crate::store::{self, Open, Reference, Source, collect};
use crate::transfer::{ResolveError, Selection, select};

/// The largest configuration that is read.
const MAX_CONFIG: u64 = 8 * 1024 * 1024;

/// What an image is.
#[derive(Debug)]
pub struct Inspection {
    /// Where it is, with the tag that was taken when none was given.
    pub name: String,
    /// Its manifest, as it stands.
    pub manifest: Manifest,
    /// The images of an index; empty for an image of one platform.
    pub images: Vec<Descriptor>,
    /// The configuration of an image of one platform, when it has one of a known kind.
    pub config: Option<ImageConfiguration>,
    /// The layers of an image of one platform, or the blobs of an artifact.
    pub layers: Vec<Descriptor>,
}

/// Why an image cannot be inspected.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It cannot be read.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// It has no configuration to show.
    #[error("{0} is an artifact: it has no image configuration")]
    NoConfig(String),
}

impl From<store::Error> for InspectError {
    fn from(error: store::Error) -> Self {
        Self::Resolve(error.into())
    }
}

/// Reads what `image` is. With a platform, the image that an index has for it.
///
/// # Errors
/// When the image is not there or cannot be read.
pub async fn inspect(
    open: &dyn Open,
    image: &Endpoint,
    platform: Option<PlatformFilter>,
) -> Result<Inspection, InspectError> {
    let endpoint = with_default_tag(image);
    let source = open.source(&endpoint).await?;
    let manifest = pick(source.as_ref(), &reference(&endpoint), platform).await?;
    let config = match manifest.content() {
        Content::Image { config, .. } if is_image_config(config) => {
            serde_json::from_slice(&collect(source.as_ref(), config, MAX_CONFIG).await?).ok()
        }
        _ => None,
    };
    Ok(Inspection {
        name: endpoint.to_string(),
        images: manifest.children().to_vec(),
        layers: layers(&manifest).to_vec(),
        manifest,
        config,
    })
}

/// The configuration of `image`, byte for byte. Of an index it is that of the image for `platform`, or for this
/// machine's when none is given.
///
/// # Errors
/// When the image is not there, cannot be read, or has no configuration.
pub async fn config(
    open: &dyn Open,
    image: &Endpoint,
    platform: Option<PlatformFilter>,
) -> Result<Bytes, InspectError> {
    let endpoint = with_default_tag(image);
    let source = open.source(&endpoint).await?;
    let platform = platform.unwrap_or_else(PlatformFilter::host);
    let manifest = pick(source.as_ref(), &reference(&endpoint), Some(platform)).await?;
    match manifest.content() {
        Content::Image { config, .. } => Ok(collect(source.as_ref(), config, MAX_CONFIG).await?),
        Content::Index { .. } | Content::Artifact { .. } => {
            Err(InspectError::NoConfig(endpoint.to_string()))
        }
    }
}

/// All names in the repository or layout of `place`, sorted.
///
/// # Errors
/// When the place cannot be read.
pub async fn tags(open: &dyn Open, place: &Endpoint) -> Result<Vec<RefName>, store::Error> {
    open.source(place).await?.names().await
}

async fn pick(
    source: &dyn Source,
    reference: &Reference,
    platform: Option<PlatformFilter>,
) -> Result<Manifest, ResolveError> {
    let selection = Selection { platforms: platform.into_iter().collect(), ..Selection::default() };
    select(source, reference, &selection).await
}

fn is_image_config(config: &Descriptor) -> bool {
    matches!(
        config.media_type.as_ref(),
        "application/vnd.oci.image.config.v1+json"
            | "application/vnd.docker.container.image.v1+json"
    )
}

fn layers(manifest: &Manifest) -> &[Descriptor] {
    match manifest.content() {
        Content::Image { layers, .. } => layers,
        Content::Artifact { blobs } => blobs,
        Content::Index { .. } => &[],
    }
}
