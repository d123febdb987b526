//! How to pull what a tag points to.

use crate::imagestream::api::{ImageStream, ReferencePolicyType, TagEvent};

/// The reference to pull the current image of a tag by: the one that it was imported from, or that of the cluster's
/// registry where the tag's reference policy is `Local`. Without a cluster's registry, or without a digest, `Local`
/// falls back to the former. `None` when the tag points to nothing.
///
/// Source: `ResolveLatestTaggedImage` in `image/imageutil/helpers.go` of openshift/library-go.
#[must_use]
pub fn pull_spec(stream: &ImageStream, tag: &str) -> Option<String> {
    stream.current(tag).map(|event| pull_spec_of(stream, tag, event))
}

/// The same for one of the images that the tag has pointed to.
pub(super) fn pull_spec_of(stream: &ImageStream, tag: &str, event: &TagEvent) -> String {
    let policy = stream.spec_tag(tag).and_then(|tag| tag.reference_policy.kind.as_ref());
    let repository = &stream.status.docker_image_repository;
    let is_served = !repository.is_empty() && !event.image.is_empty();
    if policy == Some(&ReferencePolicyType::Local) && is_served {
        format!("{repository}@{}", event.image)
    } else {
        event.docker_image_reference.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imagestream::api::{ReferencePolicy, SpecTag};
    use crate::reaction::change::tests::stream;

    /// The rows of `TestResolveLatestTaggedImage` (§2.12).
    #[test]
    fn the_reference_policy_says_whose_reference_it_is() {
        let (local, source) = (ReferencePolicyType::Local, ReferencePolicyType::Source);
        for (policy, repository, image, expected) in [
            (None, "reg.local/a/b", "sha256:1", "q.io/a@sha256:1"),
            (Some(&source), "reg.local/a/b", "sha256:1", "q.io/a@sha256:1"),
            (Some(&local), "", "sha256:1", "q.io/a@sha256:1"),
            (Some(&local), "reg.local/a/b", "", "q.io/a@sha256:1"),
            (Some(&local), "reg.local/a/b", "sha256:1", "reg.local/a/b@sha256:1"),
        ] {
            let mut stream = stream("app", &[("v1", "q.io/a@sha256:1", image)]);
            stream.status.docker_image_repository = repository.to_owned();
            stream.spec.tags = vec![SpecTag {
                name: "v1".to_owned(),
                reference_policy: ReferencePolicy { kind: policy.cloned() },
                ..SpecTag::default()
            }];
            assert_eq!(pull_spec(&stream, "v1").as_deref(), Some(expected), "{policy:?}");
            assert_eq!(pull_spec(&stream, "v2"), None);
        }
    }
}
