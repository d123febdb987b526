//! What is recorded of one image.

use super::super::api::{
    Condition, DOCKER_IMAGE, Fields, ImageImportSpec, ImageImportStatus, ObjectReference, SpecTag,
    TagEvent, Time,
};
use super::super::history::{points_to_same, record};
use super::super::tags::{spec_tag_mut, status_tag_mut};
use super::super::{ImageStream, defaults};
use super::tag_of;

/// What a failure is told with that does not say why.
const NO_MESSAGE: &str = "unknown error prevented import";

/// Whether the image was found.
pub(super) fn is_success(answer: &ImageImportStatus) -> bool {
    answer.image.is_some() && answer.status.status == "Success"
}

/// Records an image that was found.
pub(super) fn succeeded(
    stream: &mut ImageStream,
    question: &ImageImportSpec,
    answer: &ImageImportStatus,
    generation: i64,
    now: Time,
) {
    let Some(image) = &answer.image else { return };
    let tag = tag_of(question);
    let event = TagEvent {
        created: now,
        docker_image_reference: by_digest(&image.docker_image_reference, &image.metadata.name),
        image: image.metadata.name.clone(),
        generation,
        rest: Fields::new(),
    };
    if is_new(stream, tag, &event) {
        follow(spec_tag_mut(stream, tag), question);
        record(status_tag_mut(stream, tag), event);
    }
    set_policies(spec_tag_mut(stream, tag), question);
    status_tag_mut(stream, tag).conditions.clear();
}

/// Records that an image was not found. A tag that is there waits for its import from now on.
pub(super) fn failed(
    stream: &mut ImageStream,
    question: &ImageImportSpec,
    answer: &ImageImportStatus,
    generation: i64,
    now: Time,
) {
    let tag = tag_of(question);
    let message = Some(answer.status.message.as_str()).filter(|message| !message.is_empty());
    let condition = Condition {
        kind: "ImportSuccess".to_owned(),
        status: "False".to_owned(),
        last_transition_time: Some(now),
        reason: answer.status.reason.clone(),
        message: message.unwrap_or(NO_MESSAGE).to_owned(),
        generation,
        rest: Fields::new(),
    };
    let status = status_tag_mut(stream, tag);
    if status.conditions.iter().any(|told| is_same_failure(told, &condition)) {
        return;
    }
    status.conditions = vec![condition];
    if let Some(spec) = stream.spec.tags.iter_mut().find(|spec| spec.name == tag) {
        spec.generation = Some(0);
    }
}

/// Makes the tag, when it is not there.
pub(super) fn ensure_tag(stream: &mut ImageStream, question: &ImageImportSpec) {
    let tag = tag_of(question);
    if stream.spec_tag(tag).is_none() {
        follow(spec_tag_mut(stream, tag), question);
    }
}

/// Sets what a tag follows. It waits for its import until it gets its generation.
fn follow(tag: &mut SpecTag, question: &ImageImportSpec) {
    tag.from = Some(ObjectReference::new(DOCKER_IMAGE, question.from.name.as_str()));
    tag.generation = Some(0);
    set_policies(tag, question);
}

/// A reference policy that the question does not name is kept.
fn set_policies(tag: &mut SpecTag, question: &ImageImportSpec) {
    tag.import_policy = question.import_policy.clone();
    if question.reference_policy.kind.is_some() {
        tag.reference_policy = question.reference_policy.clone();
    }
    defaults::spec_tag(tag);
}

/// Whether an image is to be recorded: it is another than the latest entry has, or the tag waits for an import.
fn is_new(stream: &ImageStream, tag: &str, event: &TagEvent) -> bool {
    let Some(latest) = stream.current(tag).filter(|latest| points_to_same(latest, event)) else {
        return true;
    };
    let generation = stream.spec_tag(tag).and_then(|spec| spec.generation);
    generation.is_none_or(|generation| generation > latest.generation)
}

fn is_same_failure(told: &Condition, new: &Condition) -> bool {
    (&told.kind, &told.status, &told.reason, &told.message)
        == (&new.kind, &new.status, &new.reason, &new.message)
}

/// A reference as it was written, with the digest in place of a tag.
fn by_digest(reference: &str, digest: &str) -> String {
    let name = reference.split_once('@').map_or(reference, |(name, _)| name);
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    format!("{name}@{digest}")
}
