//! What an API server takes where a field is left out.
//!
//! Source: openshift-apiserver, `pkg/image/apis/image/v1/defaults.go`.

use super::api::{
    ImageStreamImport, ImageStreamSpec, ImportMode, ImportPolicy, LocalReference, ReferencePolicy,
    ReferencePolicyType, SpecTag,
};
use crate::model::ImageName;

/// The question with all its fields: an image without a target is for the tag of its own name.
#[must_use]
pub fn with_defaults(mut import: ImageStreamImport) -> ImageStreamImport {
    for image in &mut import.spec.images {
        import_policy(&mut image.import_policy);
        reference_policy(&mut image.reference_policy);
        if image.to.is_none() {
            let tag =
                image.from.name.parse::<ImageName>().ok().and_then(|name| name.tag().cloned());
            image.to = tag.map(|tag| LocalReference { name: tag.to_string() });
        }
    }
    if let Some(repository) = &mut import.spec.repository {
        import_policy(&mut repository.import_policy);
        reference_policy(&mut repository.reference_policy);
    }
    import
}

/// The tag with all its fields.
pub(super) fn spec_tag(tag: &mut SpecTag) {
    import_policy(&mut tag.import_policy);
    reference_policy(&mut tag.reference_policy);
}

/// A `spec` as an API server sees it: two that differ only in fields left out are the same.
pub(super) fn seen(spec: &ImageStreamSpec) -> ImageStreamSpec {
    let mut spec = spec.clone();
    spec.tags.iter_mut().for_each(spec_tag);
    spec
}

fn import_policy(policy: &mut ImportPolicy) {
    let unset = match &policy.import_mode {
        None => true,
        Some(ImportMode::Other(mode)) => mode.is_empty(),
        Some(_) => false,
    };
    if unset {
        policy.import_mode = Some(ImportMode::Legacy);
    }
}

/// Whether a policy does not say which reference it is.
pub(super) fn is_unset(policy: &ReferencePolicy) -> bool {
    match &policy.kind {
        None => true,
        Some(ReferencePolicyType::Other(kind)) => kind.is_empty(),
        Some(_) => false,
    }
}

/// The type of a policy that is none of those there are.
pub(super) fn unknown_reference_policy(policy: &ReferencePolicy) -> Option<&str> {
    match &policy.kind {
        Some(ReferencePolicyType::Other(kind)) if !kind.is_empty() => Some(kind),
        _ => None,
    }
}

fn reference_policy(policy: &mut ReferencePolicy) {
    if is_unset(policy) {
        policy.kind = Some(ReferencePolicyType::Source);
    }
}
