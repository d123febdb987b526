//! The images of a release, under the names that oc-mirror gives them.

use super::{Payload, Wanted};
use crate::mirror::Root;
use crate::mirror::release::Release;
use crate::model::{Endpoint, ImageName, ImageRef, ReferenceError, RepositoryPath, Tag};

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

/// The release whose payload goes to `destination`, if one does: `4.18.1-x86_64`.
#[must_use]
pub fn release_at(destination: &Endpoint) -> Option<Tag> {
    let name = destination.to_string();
    let (before, tag) = name.rsplit_once(':')?;
    let root = before.strip_suffix(PAYLOADS)?;
    root.ends_with(['/', ':']).then(|| tag.parse().ok())?
}

/// The repositories below `root` that releases go to.
pub(super) fn release_places(root: &Root) -> impl Iterator<Item = Endpoint> {
    let places = [COMPONENTS, PAYLOADS].into_iter().filter_map(|path| path.parse().ok());
    places.filter_map(|path| root.repository(&path).ok())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_known_by_where_they_go() {
        for (destination, release) in [
            ("q.io/ns/openshift/release-images:4.18.1-x86_64", Some("4.18.1-x86_64")),
            ("localhost:5000/openshift/release-images:4.18.1-x86_64", Some("4.18.1-x86_64")),
            ("bundle:usb:openshift/release-images:4.18.1-multi", Some("4.18.1-multi")),
            ("oci:dir:openshift/release-images:4.18.1-x86_64", Some("4.18.1-x86_64")),
            ("q.io/my-openshift/release-images:4.18.1-x86_64", None),
            ("q.io/openshift/release:4.18.1-x86_64-etcd", None),
            ("q.io/openshift/release-images", None),
        ] {
            let found = release_at(&destination.parse().unwrap());
            assert_eq!(found.as_ref().map(Tag::as_str), release, "{destination}");
        }
    }
}
