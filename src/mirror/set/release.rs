//! The images of a release, under the names that oc-mirror gives them.

use super::{Payload, Wanted};
use crate::mirror::release::Release;
use crate::model::{Endpoint, ImageName, ImageRef, ReferenceError, RepositoryPath};

/// Where the images of a release go, and where its payload (openshift/oc-mirror, `internal/pkg/release/const.go`).
const COMPONENTS: &str = "openshift/release";
const PAYLOADS: &str = "openshift/release-images";

/// All images of `release`, the payload last: by digest, and with all platforms, since clusters ask for digests.
pub(super) fn of_release(
    payload: &Payload,
    release: &Release,
) -> Result<Vec<Wanted>, ReferenceError> {
    let path: RepositoryPath = COMPONENTS.parse()?;
    let wanted = |source: Endpoint, path: &RepositoryPath, tag| Wanted {
        origin: source.to_string(),
        source,
        path: path.clone(),
        tag,
        platforms: Vec::new(),
        position: payload.position.clone(),
    };
    let components = release.components.iter().map(|component| {
        let image = ImageName::Qualified(component.image.clone());
        wanted(Endpoint::Registry(image), &path, component.tag.clone())
    });
    let itself = Wanted {
        origin: payload.origin.clone(),
        ..wanted(pinned(payload, release), &PAYLOADS.parse()?, release.tag.clone())
    };
    Ok(components.chain([itself]).collect())
}

/// The payload that was read, whatever its tag points to by now.
fn pinned(payload: &Payload, release: &Release) -> Endpoint {
    match &payload.image {
        Endpoint::Registry(ImageName::Qualified(image)) => {
            let digest = Some(release.payload.clone());
            let image = ImageRef { repository: image.repository.clone(), tag: None, digest };
            Endpoint::Registry(ImageName::Qualified(image))
        }
        other => other.clone(),
    }
}
