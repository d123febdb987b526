//! `DescribeImageStream`.

use std::collections::{BTreeMap, BTreeSet};

use super::ago;
use super::fields::{Fields, NONE, clean};
use crate::imagestream::api::{
    Condition, DOCKER_IMAGE, IMAGE_STREAM_IMAGE, IMAGE_STREAM_TAG, ImageStream, ObjectReference,
    ReferencePolicyType, SpecTag, StatusTag, TagEvent, Time,
};
use crate::imagestream::order::prioritize;
use crate::imagestream::{Followed, follow};

/// The description of a stream: what it is, and for each tag what it follows and what it has pointed to.
#[must_use]
pub fn describe_stream(stream: &ImageStream, now: Time) -> String {
    let mut text = Fields::default();
    let meta = &stream.metadata;
    text.field("Name", &meta.name);
    if let Some(namespace) = meta.namespace.as_deref().filter(|name| !name.is_empty()) {
        text.field("Namespace", namespace);
    }
    if let Some(created) = meta.creation_timestamp {
        text.ago("Created", created, now);
    }
    text.map("Labels", &meta.labels);
    text.annotations(&meta.annotations);
    let status = &stream.status;
    let repositories = [&status.public_docker_image_repository, &status.docker_image_repository];
    let repository = repositories.into_iter().find(|name| !name.is_empty());
    text.field("Image Repository", repository.map_or("", String::as_str));
    text.field("Image Lookup", &format!("local={}", stream.spec.lookup_policy.local));
    tags(&mut text, stream, now);
    text.align()
}

fn tags(text: &mut Fields, stream: &ImageStream, now: Time) {
    let found = stream.status.tags.iter().map(|tag| tag.tag.clone());
    let wanted = stream.spec.tags.iter().map(|tag| tag.name.clone());
    let wanted = wanted.filter(|tag| stream.status_tag(tag).is_none());
    let mut names: Vec<String> = found.chain(wanted).collect();
    if names.is_empty() {
        text.line(format_args!("Tags:\t{NONE}"));
        return;
    }
    text.line(format_args!("Unique Images:\t{}", unique_images(stream)));
    text.line(format_args!("Tags:\t{}", names.len()));
    prioritize(&mut names);
    let aliases = aliases(stream);
    names.retain(|name| !aliases.values().flatten().any(|alias| alias == name));
    for name in names {
        text.line("");
        match aliases.get(name.as_str()) {
            Some(others) => text.line(clean(&format!("{name} ({})", others.join(", ")))),
            None => text.line(clean(&name)),
        }
        tag(text, stream, &name, now);
    }
}

/// How many images all tags together have pointed to; one that is known by a reference alone counts by that.
fn unique_images(stream: &ImageStream) -> usize {
    let items = stream.status.tags.iter().flat_map(|tag| &tag.items);
    let names = items.map(|item| match item.image.as_str() {
        "" => item.docker_image_reference.as_str(),
        image => image,
    });
    names.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>().len()
}

/// What stands below the name of a tag.
fn tag(text: &mut Fields, stream: &ImageStream, name: &str, now: Time) {
    let (spec, status) = (stream.spec_tag(name), stream.status_tag(name));
    text.line(format_args!("  {}", clean(&source(stream, spec))));
    if let Some(spec) = spec {
        if spec.from.is_some() && spec.import_policy.insecure {
            text.line("    will use insecure HTTPS or HTTP connections");
        }
        if spec.reference_policy.kind == Some(ReferencePolicyType::Local) {
            text.line("    prefer registry pullthrough when referencing this tag");
        }
    }
    text.line("");
    if let Some(spec) = spec {
        annotations(text, spec);
        if is_importing(spec, status) {
            text.line("  ~ importing latest image ...");
        }
    }
    if let Some(status) = status {
        for failure in status.conditions.iter().filter(|condition| is_failure(condition)) {
            condition(text, failure, now);
        }
        for (index, item) in status.items.iter().enumerate() {
            event(text, if index == 0 { '*' } else { ' ' }, item, now);
        }
    }
}

/// What a tag follows, and how.
fn source(stream: &ImageStream, spec: Option<&SpecTag>) -> String {
    let Some(spec) = spec else { return "no spec tag".to_owned() };
    let Some(from) = &spec.from else { return "tag without source image".to_owned() };
    let name = name_of(from, stream);
    let scheduled = spec.import_policy.scheduled;
    match (from.kind.as_str(), spec.reference) {
        (IMAGE_STREAM_TAG, true) => format!("reference to {name}"),
        (IMAGE_STREAM_TAG, false) if scheduled => format!("updates automatically from {name}"),
        (DOCKER_IMAGE, true) => format!("reference to registry {name}"),
        (DOCKER_IMAGE, false) if scheduled => {
            format!("updates automatically from registry {name}")
        }
        (IMAGE_STREAM_IMAGE, true) => format!("reference to image {name}"),
        (IMAGE_STREAM_TAG | DOCKER_IMAGE | IMAGE_STREAM_IMAGE, false) => {
            format!("tagged from {name}")
        }
        (kind, true) => format!("reference to {kind} {name}"),
        (kind, false) => format!("updates from {kind} {name}"),
    }
}

/// The name of what a tag follows, with its namespace when that is another than the stream's.
fn name_of(from: &ObjectReference, stream: &ImageStream) -> String {
    let own = stream.metadata.namespace.as_deref().unwrap_or_default();
    match from.namespace.as_str() {
        "" => from.name.clone(),
        namespace if namespace == own => from.name.clone(),
        namespace => format!("{namespace}/{}", from.name),
    }
}

/// What a tag's annotations tell about it.
fn annotations(text: &mut Fields, spec: &SpecTag) {
    let list = |value: &str| value.split(',').collect::<Vec<_>>().join(", ");
    let at = |key| spec.annotations.get(key).filter(|value| !value.is_empty());
    let lines = [
        at("description").cloned(),
        at("tags").map(|value| format!("Tags: {}", list(value))),
        at("supports").map(|value| format!("Supports: {}", list(value))),
        at("sampleRepo").map(|value| format!("Example Repo: {value}")),
    ];
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    for line in &lines {
        text.line(format_args!("  {}", clean(line)));
    }
    if !lines.is_empty() {
        text.line("");
    }
}

/// Whether the tag was changed since it was last imported, or tried to be.
fn is_importing(spec: &SpecTag, status: Option<&StatusTag>) -> bool {
    let found = status.and_then(|status| status.items.first()).map(|item| item.generation);
    let failed = status.and_then(|status| {
        status.conditions.iter().find(|condition| condition.kind == IMPORT_SUCCESS)
    });
    let observed = found.max(failed.map(|condition| condition.generation)).unwrap_or(0).max(0);
    spec.from.is_some() && !spec.reference && spec.generation.is_some_and(|own| own > observed)
}

const IMPORT_SUCCESS: &str = "ImportSuccess";

fn is_failure(condition: &Condition) -> bool {
    condition.kind == IMPORT_SUCCESS && condition.status == "False"
}

fn condition(text: &mut Fields, condition: &Condition, now: Time) {
    let Condition { reason, message, last_transition_time, .. } = condition;
    let line = clean(&format!("Import failed ({reason}): {message}"));
    text.line(format_args!("  ! error: {line}"));
    if let Some(since) = last_transition_time {
        text.line(format_args!("      {} ago", ago(*since, now)));
    }
}

fn event(text: &mut Fields, mark: char, item: &TagEvent, now: Time) {
    text.line(format_args!("  {mark} {}", clean(&item.docker_image_reference)));
    let ago = ago(item.created, now);
    let digest = item.docker_image_reference.split_once('@').map(|(_, digest)| digest);
    if item.image.is_empty() || digest == Some(item.image.as_str()) {
        text.line(format_args!("      {ago} ago"));
    } else {
        text.line(format_args!("      {ago} ago\t{}", clean(&item.image)));
    }
}

/// Tags that only follow others of the stream, by the tag that they lead to.
fn aliases(stream: &ImageStream) -> BTreeMap<&str, Vec<String>> {
    let mut aliases: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for tag in &stream.spec.tags {
        if let Ok(Followed { spec, aliased: true }) = follow(stream, &tag.name) {
            aliases.entry(&spec.name).or_default().push(tag.name.clone());
        }
    }
    for names in aliases.values_mut() {
        prioritize(names);
    }
    aliases
}
