//! `inspect`.

use std::fmt::Write as _;
use std::sync::Arc;

use indicatif::HumanBytes;
use longshore::model::{Descriptor, MediaType, one_line, platform_text};
use longshore::ops::{self, Inspection};
use longshore::store::Open;
use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::args::{Format, InspectArgs};
use crate::cli::exit::Exit;

/// The most characters of a foreign text that are shown on a line.
const WIDTH: usize = 200;

pub(super) async fn run(
    open: Arc<dyn Open>,
    args: InspectArgs,
    context: &Context,
) -> anyhow::Result<Exit> {
    let InspectArgs { image, raw, config, platform, .. } = args;
    if config {
        let bytes = ops::config(open.as_ref(), &image, platform).await?;
        context.output.document(&bytes)?;
        return Ok(Exit::Done);
    }
    let inspection = ops::inspect(open.as_ref(), &image, platform).await?;
    match context.output.format() {
        _ if raw => context.output.document(inspection.manifest.bytes())?,
        Format::Text => context.output.bytes(text(&inspection).as_bytes())?,
        Format::Json => context.output.json(&value(&inspection))?,
    }
    Ok(Exit::Done)
}

fn value(inspection: &Inspection) -> Value {
    let manifest = &inspection.manifest;
    let images: Vec<Value> = inspection.images.iter().map(image_value).collect();
    let layers: Vec<Value> = inspection.layers.iter().map(layer_value).collect();
    json!({
        "name": inspection.name,
        "digest": manifest.digest(),
        "mediaType": manifest.media_type(),
        "size": manifest.bytes().len(),
        "artifactType": artifact_type(inspection),
        "subject": manifest.subject().map(|subject| &subject.digest),
        "platforms": images,
        "layers": layers,
        "config": inspection.config,
    })
}

fn image_value(image: &Descriptor) -> Value {
    json!({
        "platform": image.platform.as_ref().map(platform_text),
        "digest": image.digest,
        "size": image.size,
        "mediaType": image.media_type,
    })
}

fn layer_value(layer: &Descriptor) -> Value {
    json!({ "digest": layer.digest, "size": layer.size, "mediaType": layer.media_type })
}

/// The type of an artifact; an image for a platform is none.
fn artifact_type(inspection: &Inspection) -> Option<&MediaType> {
    inspection.manifest.artifact_type().filter(|_| inspection.config.is_none())
}

fn text(inspection: &Inspection) -> String {
    let manifest = &inspection.manifest;
    let mut text = String::new();
    field(&mut text, "Name", &inspection.name);
    field(&mut text, "Digest", manifest.digest().as_str());
    field(&mut text, "Type", manifest.media_type().as_ref());
    if let Some(artifact_type) = artifact_type(inspection) {
        field(&mut text, "Artifact", artifact_type.as_ref());
    }
    if let Some(subject) = manifest.subject() {
        field(&mut text, "Refers to", subject.digest.as_str());
    }
    config_fields(&mut text, inspection);
    if !inspection.images.is_empty() {
        text.push_str("Platforms:\n");
        for image in &inspection.images {
            let platform = image.platform.as_ref().map_or("-".to_owned(), platform_text);
            let _ = writeln!(text, "  {:<16} {}", one_line(&platform, 60), image.digest);
        }
    }
    if !inspection.layers.is_empty() {
        let bytes = inspection.layers.iter().map(|layer| layer.size).fold(0, u64::saturating_add);
        let _ = writeln!(text, "Layers:       {}", HumanBytes(bytes));
        for layer in &inspection.layers {
            let _ = writeln!(text, "  {:<16} {}", HumanBytes(layer.size).to_string(), layer.digest);
        }
    }
    text
}

fn config_fields(text: &mut String, inspection: &Inspection) {
    let Some(image) = &inspection.config else { return };
    let variant = image.variant().as_ref().map(|variant| format!("/{variant}")).unwrap_or_default();
    field(text, "Platform", &format!("{}/{}{variant}", image.os(), image.architecture()));
    if let Some(created) = image.created() {
        field(text, "Created", created);
    }
    let Some(config) = image.config() else { return };
    let command =
        [config.entrypoint(), config.cmd()].map(|part| part.as_deref().unwrap_or(&[]).join(" "));
    for (name, value) in ["Entrypoint", "Command"].into_iter().zip(&command) {
        if !value.is_empty() {
            field(text, name, value);
        }
    }
    if let Some(user) = config.user().as_ref().filter(|user| !user.is_empty()) {
        field(text, "User", user);
    }
    let mut labels: Vec<_> = config.labels().iter().flatten().collect();
    labels.sort();
    if !labels.is_empty() {
        text.push_str("Labels:\n");
        for (key, value) in labels {
            let _ = writeln!(text, "  {}: {}", one_line(key, WIDTH), one_line(value, WIDTH));
        }
    }
}

fn field(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "{:<13} {}", format!("{name}:"), one_line(value, WIDTH));
}
