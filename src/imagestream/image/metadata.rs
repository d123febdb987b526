//! `dockerImageMetadata`: an image's configuration under docker's old keys.
//!
//! Source: `DockerImage` and `DockerConfig` of openshift/api, `docker10/dockertypes.go`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::api::{Fields, Time};
use super::{ImageError, header};
use crate::model::{Descriptor, Digest};

/// What a value has to be to be taken over. Another is left out, and so is an empty one.
type Kind = fn(&Value) -> bool;

const TEXT: Kind = |value| value.as_str().is_some_and(|text| !text.is_empty());
const NUMBER: Kind = |value| value.as_i64().is_some_and(|number| number != 0);
const YES: Kind = |value| value == &Value::Bool(true);
const TEXTS: Kind =
    |value| value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_string));
const NAMES: Kind = |value| value.as_object().is_some_and(|all| !all.is_empty());
const LABELS: Kind = |value| {
    value.as_object().is_some_and(|all| !all.is_empty() && all.values().all(Value::is_string))
};

/// The keys of a container's configuration, in the order in which they are written.
const CONTAINER: [(&str, Kind); 27] = [
    ("Hostname", TEXT),
    ("Domainname", TEXT),
    ("User", TEXT),
    ("Memory", NUMBER),
    ("MemorySwap", NUMBER),
    ("CpuShares", NUMBER),
    ("Cpuset", TEXT),
    ("AttachStdin", YES),
    ("AttachStdout", YES),
    ("AttachStderr", YES),
    ("PortSpecs", TEXTS),
    ("ExposedPorts", NAMES),
    ("Tty", YES),
    ("OpenStdin", YES),
    ("StdinOnce", YES),
    ("Env", TEXTS),
    ("Cmd", TEXTS),
    ("Dns", TEXTS),
    ("Image", TEXT),
    ("Volumes", NAMES),
    ("VolumesFrom", TEXT),
    ("WorkingDir", TEXT),
    ("Entrypoint", TEXTS),
    ("NetworkDisabled", YES),
    ("SecurityOpts", TEXTS),
    ("OnBuild", TEXTS),
    ("Labels", LABELS),
];

/// The metadata of an image with this configuration, of `size` bytes in all.
pub(super) fn of_config(
    config: &[u8],
    descriptor: &Descriptor,
    size: u64,
) -> Result<Fields, ImageError> {
    let config: Map<String, Value> = serde_json::from_slice(config).map_err(ImageError::Config)?;
    let text = |key: &str| config.get(key).filter(|value| TEXT(value)).cloned();
    let container = |key: &str| config.get(key).and_then(Value::as_object).map(container);
    let fields = [
        ("Parent", text("parent")),
        ("Comment", text("comment")),
        ("Created", Some(created(config.get("created")))),
        ("Container", text("container")),
        ("ContainerConfig", Some(container("container_config").unwrap_or_else(|| json!({})))),
        ("DockerVersion", text("docker_version")),
        ("Author", text("author")),
        ("Config", container("config")),
        ("Architecture", text("architecture")),
        ("Size", Some(json!(size))),
    ];
    let known = fields.into_iter().filter_map(|(key, value)| Some((key, value?)));
    Ok(fields_of(header(descriptor.digest.as_str()).into_iter().chain(known)))
}

/// The metadata of an index that was imported at `now`.
pub(super) fn of_index(digest: &Digest, now: Time) -> Fields {
    let rest = [("Created", json!(now.to_string())), ("ContainerConfig", json!({}))];
    fields_of(header(digest.as_str()).into_iter().chain(rest))
}

fn fields_of(fields: impl Iterator<Item = (&'static str, Value)>) -> Fields {
    fields.map(|(key, value)| (key.to_owned(), value)).collect()
}

fn container(given: &Map<String, Value>) -> Value {
    let taken = CONTAINER.iter().filter_map(|(key, is_kind)| {
        let value = given.get(*key).filter(|value| is_kind(value))?;
        Some(((*key).to_owned(), value.clone()))
    });
    Value::Object(taken.collect())
}

/// The moment without the part of a second; `null` when none is told.
fn created(value: Option<&Value>) -> Value {
    let moment = value.and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    let whole = moment.and_then(|moment| Timestamp::from_second(moment.as_second()).ok());
    whole.map_or(Value::Null, |moment| json!(moment.to_string()))
}
