//! Image data that are copied to a place of one's own, and where that is recorded.
//!
//! Streams and `Image` objects tell of images; their data stay on the registries that they came from. With a
//! [`PullThrough`] an import copies them too. Which places hold an image is an annotation of its object
//! ([`COPIED_TO`]): an image that lacks it is copied by the next import, whatever kept the last one from it.
//!
//! The stream remembers the repository ([`PULL_THROUGH`]). While it holds the current images of all tags whose
//! reference policy is `Local`, it is the stream's `status.dockerImageRepository`, so those who use such a tag get
//! `REPOSITORY@DIGEST`. While it does not, they get the reference of the source.

use async_trait::async_trait;

use super::api::{Image, ImageStream, ReferencePolicyType, TagEvent};
use crate::model::{Digest, Repository, Tag};

/// The annotation of an image that names the places that its data were copied to, parted by spaces.
pub const COPIED_TO: &str = "longshore.io/copied-to";
/// The annotation of a stream that names the repository to which its images are copied.
pub const PULL_THROUGH: &str = "longshore.io/pull-through";

/// Copies image data to one place.
#[async_trait]
pub trait PullThrough: Send + Sync {
    /// The place, the same however it was typed, and without white space.
    fn place(&self) -> String;

    /// The repository to pull from, when images can be pulled from the place.
    fn repository(&self) -> Option<String>;

    /// Copies these images, and gives the digests of those that are there now. Why one is not is for the
    /// implementation to tell.
    async fn copy(&self, images: &[Wanted]) -> Vec<Digest>;
}

/// An image whose data are to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where it is.
    pub repository: Repository,
    /// The tag by which it was found, which also says which mirrors may have it.
    pub tag: Option<Tag>,
    /// Its digest.
    pub digest: Digest,
    /// Whether its registry may lack a trusted certificate, or TLS.
    pub insecure: bool,
}

/// Whether the data of an image were copied to `place`.
#[must_use]
pub(super) fn is_copied(image: &Image, place: &str) -> bool {
    let places = image.metadata.annotations.get(COPIED_TO);
    places.is_some_and(|places| places.split_whitespace().any(|known| known == place))
}

/// Records that they were.
pub(super) fn record(image: &mut Image, place: &str) {
    if is_copied(image, place) {
        return;
    }
    let places = image.metadata.annotations.entry(COPIED_TO.to_owned()).or_default();
    if !places.is_empty() {
        places.push(' ');
    }
    places.push_str(place);
}

/// Sets the repository that those get who use tags of the stream: the one that it remembers, while that holds what
/// these tags point to. `is_there` tells it of an image by its digest.
pub(super) fn settle(stream: &mut ImageStream, is_there: impl Fn(&str, &str) -> bool) {
    let Some(repository) = stream.metadata.annotations.get(PULL_THROUGH).cloned() else { return };
    if local(stream).all(|event| is_there(&event.image, &repository)) {
        stream.status.docker_image_repository = repository;
    } else if stream.status.docker_image_repository == repository {
        stream.status.docker_image_repository.clear();
    }
}

/// What the tags point to whose users are to get the stream's own repository.
fn local(stream: &ImageStream) -> impl Iterator<Item = &TagEvent> {
    let tags = stream.spec.tags.iter();
    let local = tags.filter(|tag| tag.reference_policy.kind == Some(ReferencePolicyType::Local));
    local.filter_map(|tag| stream.current(&tag.name)).filter(|event| !event.image.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_add_up() {
        let mut image = Image::new("sha256:1");
        for place in ["q.io/a", "oci:/b", "q.io/a"] {
            record(&mut image, place);
            assert!(is_copied(&image, place));
        }
        assert_eq!(image.metadata.annotations[COPIED_TO], "q.io/a oci:/b");
        assert!(!is_copied(&image, "q.io/a2") && !is_copied(&image, "q.io"));
    }

    #[test]
    fn a_stream_names_its_repository_while_that_has_what_local_tags_need() {
        let repository = "q.io/own/app";
        for (annotated, before, there, after) in [
            (None, "registry.svc/a/b", true, "registry.svc/a/b"),
            (Some(repository), "", true, repository),
            (Some(repository), "registry.svc/a/b", true, repository),
            (Some(repository), repository, false, ""),
            (Some(repository), "registry.svc/a/b", false, "registry.svc/a/b"),
        ] {
            let mut stream: ImageStream = serde_json::from_value(json!({
                "metadata": {"name": "app"},
                "spec": {"tags": [
                    {"name": "own", "referencePolicy": {"type": "Local"}},
                    {"name": "other", "referencePolicy": {"type": "Source"}},
                    {"name": "new", "referencePolicy": {"type": "Local"}},
                ]},
                "status": {"dockerImageRepository": before, "tags": [
                    {"tag": "own", "items": [
                        {"created": "2026-01-02T03:04:05Z", "dockerImageReference": "s@sha256:1", "image": "sha256:1"},
                        {"created": "2026-01-02T03:04:04Z", "dockerImageReference": "s@sha256:0", "image": "sha256:0"},
                    ]},
                    {"tag": "other", "items": [
                        {"created": "2026-01-02T03:04:05Z", "dockerImageReference": "s@sha256:2", "image": "sha256:2"},
                    ]},
                ]},
            }))
            .unwrap();
            let annotation = annotated.map(|value| (PULL_THROUGH.to_owned(), value.to_owned()));
            stream.metadata.annotations.extend(annotation);
            settle(&mut stream, |digest, place| {
                there && digest == "sha256:1" && place == repository
            });
            assert_eq!(stream.status.docker_image_repository, after, "{annotated:?} {before}");
        }
    }
}
