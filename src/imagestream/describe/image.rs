//! `DescribeImage`.

use jiff::Timestamp;
use serde_json::Value;

use super::fields::{Fields, clean};
use super::units::{since, size};
use crate::imagestream::api::{Image, ImageManifest, Time};

/// The description of an image that is known as `name`; without a name only its digest is told.
#[must_use]
pub fn describe_image(name: &str, image: &Image, now: Time) -> String {
    let mut text = Fields::default();
    if !name.is_empty() {
        text.field("Image Name", name);
    }
    text.field("Docker Image", &image.docker_image_reference);
    text.field("Name", &image.metadata.name);
    if let Some(created) = image.metadata.creation_timestamp {
        text.ago("Created", created, now);
    }
    if !image.metadata.labels.is_empty() {
        text.map("Labels", &image.metadata.labels);
    }
    if !image.metadata.annotations.is_empty() {
        text.annotations(&image.metadata.annotations);
    }
    layers(&mut text, image);
    signatures(&mut text, image);
    text.field("Image Created", &created(image, now));
    text.field("Author", string(image, &["Author"]));
    text.field("Arch", string(image, &["Architecture"]));
    text.column("Manifests", image.docker_image_manifests.iter().map(manifest));
    config(&mut text, image);
    text.align()
}

fn layers(text: &mut Fields, image: &Image) {
    let whole = size(image.metadata_at(&["Size"]).and_then(Value::as_u64).unwrap_or(0));
    let layers = &image.docker_image_layers;
    if layers.is_empty() {
        text.field("Layer Size", &whole);
        return;
    }
    text.field("Image Size", &format!("{whole} in {} layers", layers.len()));
    let lines = layers.iter().map(|layer| format!("{}\t{}", size(layer.size), clean(&layer.name)));
    text.column("Layers", lines);
}

/// Signatures that a cluster keeps with the image.
fn signatures(text: &mut Fields, image: &Image) {
    let signatures = image.rest.get("signatures").and_then(Value::as_array);
    for signature in signatures.into_iter().flatten() {
        let at = |pointer| signature.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        text.line("Image Signatures:\t ");
        text.field("\tName", at("/metadata/name"));
        text.field("\tType", at("/type"));
        if signature.get("issuedBy").is_none_or(Value::is_null) {
            text.field("\tStatus", "Unverified");
        } else {
            text.field("\tStatus", "Verified");
            text.field("\tIssued By", at("/issuedBy/commonName"));
        }
    }
}

fn created(image: &Image, now: Time) -> String {
    let moment = string(image, &["Created"]).parse::<Timestamp>();
    moment.map(|created| format!("{} ago", since(created, now))).unwrap_or_default()
}

fn manifest(manifest: &ImageManifest) -> String {
    let ImageManifest { os, architecture, variant, digest, .. } = manifest;
    let mut platform = format!("{os}/{architecture}");
    if !variant.is_empty() {
        platform = format!("{platform}/{variant}");
    }
    format!("{}\t{}", clean(&platform), clean(digest))
}

/// How a container of the image is started.
fn config(text: &mut Fields, image: &Image) {
    let words = |key| strings(image, key).join(" ");
    let (entrypoint, command) = (words("Entrypoint"), words("Cmd"));
    if !entrypoint.is_empty() {
        text.field("Entrypoint", &entrypoint);
    }
    if !command.is_empty() || entrypoint.is_empty() {
        text.field("Command", &command);
    }
    text.field("Working Dir", string(image, &["Config", "WorkingDir"]));
    text.field("User", string(image, &["Config", "User"]));
    text.field("Exposes Ports", &keys(image, "ExposedPorts").join(", "));
    let labels = image.metadata_at(&["Config", "Labels"]).and_then(Value::as_object);
    let labels = labels.into_iter().flatten().filter_map(|(key, value)| match value {
        Value::String(value) => Some((key, value)),
        _ => None,
    });
    text.map("Docker Labels", labels);
    text.column("Environment", strings(image, "Env").into_iter().map(clean));
    text.column("Volumes", keys(image, "Volumes").into_iter().map(clean));
}

fn string<'a>(image: &'a Image, path: &[&str]) -> &'a str {
    image.metadata_at(path).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a list of the container's configuration.
fn strings<'a>(image: &'a Image, key: &str) -> Vec<&'a str> {
    let list = image.metadata_at(&["Config", key]).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The keys of a map of the container's configuration, sorted.
fn keys<'a>(image: &'a Image, key: &str) -> Vec<&'a str> {
    let map = image.metadata_at(&["Config", key]).and_then(Value::as_object);
    let mut keys: Vec<&str> = map.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys
}
