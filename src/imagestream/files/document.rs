//! The text of a file as a stream, and a changed stream as text.

use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Error;
use crate::imagestream::StreamName;
use crate::imagestream::api::{API_VERSION, ImageStream, ObjectMeta};
use crate::model::{Digest, one_line};
use crate::yaml;

/// What an object must say about itself.
pub(super) struct Claim {
    pub(super) field: &'static str,
    pub(super) expected: String,
    /// Whether it may say nothing.
    pub(super) presence: Presence,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Needed,
    Optional,
}

impl Claim {
    pub(super) fn of(field: &'static str, expected: &str) -> Self {
        Self { field, expected: expected.to_owned(), presence: Presence::Needed }
    }
}

/// The file of a stream.
pub(super) struct Document {
    pub(super) text: String,
    value: Value,
    /// With its namespace, and the version of the file.
    pub(super) stream: ImageStream,
}

impl Document {
    /// Reads the text of the file at `path`, which is there for messages.
    pub(super) fn parse(path: &Path, text: String, name: &StreamName) -> Result<Self, Error> {
        let claims = [
            Claim::of("apiVersion", API_VERSION),
            Claim::of("kind", "ImageStream"),
            Claim::of("metadata.name", name.name()),
            Claim {
                presence: Presence::Optional,
                ..Claim::of("metadata.namespace", name.namespace().as_str())
            },
        ];
        let value = read(path, &text, &claims)?;
        let mut stream: ImageStream = typed(path, &text, &value)?;
        stream.metadata.namespace = Some(name.namespace().as_str().to_owned());
        stream.metadata.resource_version = Some(version(&text));
        Ok(Self { text, value, stream })
    }

    /// The text with what `after` has otherwise than the stream that was read.
    pub(super) fn changed(&self, after: &ImageStream, name: &StreamName) -> String {
        let (before, after) = (view(&self.stream, name), view(after, name));
        if before == after {
            return self.text.clone();
        }
        let mut carried = yaml::carry(&self.value, &before, &after);
        if let Some(metadata) = carried.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.shift_remove("resourceVersion");
        }
        let says =
            serde_json::from_value(carried.clone()).is_ok_and(|says| view(&says, name) == after);
        yaml::rewrite(&self.text, if says { &carried } else { &after })
    }
}

/// A stream that is new, as text.
pub(super) fn print(stream: &ImageStream, name: &StreamName) -> String {
    yaml::write(&view(stream, name))
}

/// What a stream says, apart from its version and with its names as its place says, its keys sorted.
fn view(stream: &ImageStream, name: &StreamName) -> Value {
    let stream = ImageStream {
        api_version: API_VERSION.to_owned(),
        kind: "ImageStream".to_owned(),
        metadata: ObjectMeta {
            name: name.name().to_owned(),
            namespace: Some(name.namespace().as_str().to_owned()),
            resource_version: None,
            ..stream.metadata.clone()
        },
        ..stream.clone()
    };
    sorted(&stream)
}

/// An object as a value, its keys sorted as `kubectl` prints them.
pub(super) fn sorted(object: &impl Serialize) -> Value {
    // These types have text for keys and no error of their own, so they always become a value.
    sort(serde_json::to_value(object).unwrap_or_default())
}

fn sort(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().map(|(k, v)| (k, sort(v))).collect();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(Map::from_iter(fields))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sort).collect()),
        other => other,
    }
}

/// The value of a text that must make these claims.
pub(super) fn read(path: &Path, text: &str, claims: &[Claim]) -> Result<Value, Error> {
    let value =
        yaml::read(text).map_err(|source| Error::Document { path: path.to_owned(), source })?;
    if !value.is_object() {
        // The words of a reader that wants an object are better than ours about its kind.
        typed::<Map<String, Value>>(path, text, &value)?;
    }
    for claim in claims {
        let way: yaml::Path = claim.field.split('.').collect();
        let found = match way.of(&value) {
            None | Some(Value::Null) if claim.presence == Presence::Optional => continue,
            Some(Value::String(found)) if *found == claim.expected => continue,
            Some(Value::String(found)) => one_line(found, 80),
            found => found.map(|found| one_line(&found.to_string(), 80)).unwrap_or_default(),
        };
        return Err(Error::Misplaced {
            path: path.to_owned(),
            place: yaml::place_of(text, &way),
            field: claim.field,
            found,
            expected: claim.expected.clone(),
        });
    }
    Ok(value)
}

pub(super) fn typed<T: serde::de::DeserializeOwned>(
    path: &Path,
    text: &str,
    value: &Value,
) -> Result<T, Error> {
    yaml::typed(text, value.clone())
        .map_err(|source| Error::Document { path: path.to_owned(), source })
}

/// Whether a text is an object of Kubernetes that has nothing to do with image streams.
pub(super) fn is_of_another_group(text: &str) -> bool {
    let Ok(values) = yaml::read_all(text) else { return false };
    let Some(first) = values.first() else { return false };
    let group = first.get("apiVersion").and_then(Value::as_str);
    first.get("kind").is_some_and(Value::is_string)
        && group.is_some_and(|group| !group.starts_with("image.openshift.io/"))
}

/// A name for the state of a file.
fn version(text: &str) -> String {
    Digest::of(text.as_bytes()).hex().chars().take(16).collect()
}
