//! What is imported from time to time.

use super::policy::{Policies, tags_of};
use super::{ImportOptions, Scope, origin, question};
use crate::imagestream::api::{
    DOCKER_IMAGE, ImageImportSpec, LocalReference, ObjectReference, RepositoryImportSpec, SpecTag,
};
use crate::imagestream::order::prioritize;
use crate::imagestream::{ImageStream, ImageStreamImport, StreamName};

/// What to ask so that the scheduled tags of a stream are up to date; nothing when it has none.
///
/// These are all tags on a registry whose policy says `scheduled`, but no mere pointers (`reference`), and no digest
/// that was found once: it cannot move. A controller of a cluster takes the same (openshift-controller-manager,
/// `pkg/image/controller`) and never finds new tags. Here the repository that the stream follows is asked for too,
/// when all tags that are from it are scheduled and have the same policies: its new tags are then as they are. The
/// tags that are known are named beside it for all that, since there may be more tags than an import takes at once;
/// who answers fetches an image that is named twice only once.
#[must_use]
pub fn scheduled(name: &StreamName, stream: &ImageStream) -> Option<ImageStreamImport> {
    let mut names: Vec<String> =
        stream.spec.tags.iter().filter(|tag| is_due(stream, tag)).map(|t| t.name.clone()).collect();
    prioritize(&mut names);
    let tags = names.iter().filter_map(|name| stream.spec_tag(name));
    let images: Vec<ImageImportSpec> = tags.filter_map(|tag| image(stream, tag)).collect();
    let repository = repository(stream);
    let nothing = images.is_empty() && repository.is_none();
    (!nothing).then(|| question(name, Some(stream), true, repository, images))
}

fn is_due(stream: &ImageStream, tag: &SpecTag) -> bool {
    let is_found = stream.current(&tag.name).is_some();
    let can_move = |from: &str| !from.contains('@') || !is_found;
    tag.import_policy.scheduled && !tag.reference && origin(tag).is_some_and(can_move)
}

fn image(stream: &ImageStream, tag: &SpecTag) -> Option<ImageImportSpec> {
    let policies = Policies::of_tag(&as_stored(), Some(stream), Some(tag));
    Some(ImageImportSpec {
        from: ObjectReference::new(DOCKER_IMAGE, origin(tag)?),
        to: Some(LocalReference { name: tag.name.clone() }),
        import_policy: policies.import,
        reference_policy: policies.reference,
        include_manifest: false,
    })
}

fn repository(stream: &ImageStream) -> Option<RepositoryImportSpec> {
    let from = stream.spec.docker_image_repository.as_str();
    let stored = if from.is_empty() { Vec::new() } else { tags_of(stream, from) };
    let options = as_stored();
    let policies = Policies::of_repository(&options, Some(stream), &stored);
    let is_alike = policies.replaced(&options, Some(stream), &stored).is_empty();
    let is_asked = policies.import.scheduled && is_alike && !stored.iter().any(|t| t.reference);
    is_asked.then(|| RepositoryImportSpec {
        from: ObjectReference::new(DOCKER_IMAGE, from),
        import_policy: policies.import,
        reference_policy: policies.reference,
        include_manifest: false,
    })
}

/// No flags: everything as it is stored.
fn as_stored() -> ImportOptions {
    ImportOptions::new(Scope::All)
}
