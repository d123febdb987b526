//! What images are called below a root.

use crate::model::{
    Endpoint, EndpointError, ImageName, ReferenceError, RepositoryPath, Tag, one_line,
};

/// Why a text does not name an image in a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NameError {
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error(transparent)]
    Short(ReferenceError),
}

/// `endpoint`, unless it is a short name: a file means the same on every machine, so `registries.conf` has no say in it.
pub(crate) fn qualified(endpoint: Endpoint) -> Result<Endpoint, NameError> {
    match endpoint {
        Endpoint::Registry(ImageName::Short { path, .. }) => {
            Err(NameError::Short(ReferenceError::Short(one_line(&path, 120))))
        }
        other => Ok(other),
    }
}

/// The repository that an image is in; of a layout the path of its folder, as with oc-mirror.
pub(crate) fn path_of(image: &Endpoint) -> Option<RepositoryPath> {
    match image {
        Endpoint::Registry(ImageName::Qualified(image)) => Some((&image.repository).into()),
        Endpoint::Oci { dir, .. } => {
            let path = dir.to_str()?.trim_start_matches("./").trim_matches('/');
            path.parse().ok()
        }
        _ => None,
    }
}

/// The tag of an image; without one `image-HEX` of its digest, and `latest` without either.
pub(super) fn tag_of(image: &Endpoint) -> Tag {
    match image {
        Endpoint::Registry(image) => match (image.tag(), image.digest()) {
            (Some(tag), _) => tag.clone(),
            (None, Some(digest)) => Tag::of_digest(digest),
            (None, None) => Tag::latest(),
        },
        Endpoint::Oci { name: Some(name), .. }
        | Endpoint::OciArchive { name: Some(name), .. }
        | Endpoint::DockerArchive { name: Some(name), .. } => {
            name.to_tag().unwrap_or_else(|_| Tag::latest())
        }
        _ => Tag::latest(),
    }
}
