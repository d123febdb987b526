//! The annotation `image.openshift.io/triggers`: which fields of an object follow which tags.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::imagestream::api::{IMAGE_STREAM_TAG, ObjectReference};
use crate::imagestream::{Namespace, StreamName, StreamTag};
use crate::model::one_line;

/// The annotation's key.
pub(super) const ANNOTATION: &str = "image.openshift.io/triggers";

/// A field that follows a tag (`ObjectFieldTrigger`).
///
/// Source: `image/v1/trigger/types.go` of openshift/library-go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trigger {
    from: ObjectReference,
    pub(super) field_path: String,
    #[serde(default, deserialize_with = "truth")]
    paused: bool,
}

/// Reads the annotation's text.
pub(super) fn parse(text: &str) -> Result<Vec<Trigger>, String> {
    serde_json::from_str(text).map_err(|error| one_line(&error.to_string(), 200))
}

impl Trigger {
    /// The tag that is followed; the stream is in `namespace` when the trigger names none. `None` when the trigger is
    /// paused or follows something that is no tag of a stream. The error is the end of a sentence.
    pub(super) fn follows(&self, namespace: &Namespace) -> Result<Option<StreamTag>, String> {
        if self.paused || self.from.kind != IMAGE_STREAM_TAG {
            return Ok(None);
        }
        let namespace = match self.from.namespace.as_str() {
            "" => namespace.clone(),
            own => own.parse().map_err(|error| format!("{error}"))?,
        };
        let no_tag = || format!("'{}' is not STREAM:TAG", one_line(&self.from.name, 200));
        let (stream, tag) = self.from.name.split_once(':').ok_or_else(no_tag)?;
        let stream = StreamName::new(namespace, stream).map_err(|error| error.to_string())?;
        Ok(Some(StreamTag { stream, tag: tag.parse().map_err(|_| no_tag())? }))
    }
}

/// `true`, `"true"` and their opposites: both forms are written by people.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Bool(value) => Ok(value),
        Value::Null => Ok(false),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" | "" => Ok(false),
            _ => Err(serde::de::Error::custom("'paused' is neither true nor false")),
        },
        _ => Err(serde::de::Error::custom("'paused' is neither true nor false")),
    }
}

/// The place of a container's image within an object: `spec.template.spec.containers[?(@.name=="web")].image`.
///
/// Source: `ContainerForObjectFieldPath` in openshift-controller-manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldPath {
    /// The keys that lead to the list of containers.
    pub(super) keys: Vec<String>,
    /// Which of the list.
    pub(super) container: Container,
}

/// One container of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// The one that has this name.
    Named(String),
    /// The one at this place, from 0.
    At(usize),
}

impl FromStr for FieldPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_path(text).ok_or_else(|| {
            format!("'{}' is not the path of a container's image", one_line(text, 200))
        })
    }
}

fn parse_path(text: &str) -> Option<FieldPath> {
    let (list, rest) = text.split_once('[')?;
    let (chosen, rest) = rest.rsplit_once(']')?;
    let keys: Vec<String> = list.split('.').map(ToOwned::to_owned).collect();
    let is_list = matches!(keys.last()?.as_str(), "containers" | "initContainers");
    let is_sound = keys.iter().all(|key| !key.is_empty());
    let container = chosen.parse().map(Container::At).ok().or_else(|| named(chosen))?;
    (is_list && is_sound && rest == ".image").then_some(FieldPath { keys, container })
}

/// `?(@.name=="web")`, also with single quotes and with spaces around the sign.
fn named(filter: &str) -> Option<Container> {
    let condition = filter.strip_prefix("?(")?.strip_suffix(')')?.trim();
    let value = condition.strip_prefix("@.name")?.trim_start().strip_prefix("==")?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = value.strip_prefix(quote)?.strip_suffix(quote)?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_name.then(|| Container::Named(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follows(trigger: &str) -> Result<Option<String>, String> {
        let triggers = parse(&format!("[{trigger}]"))?;
        let tag = triggers[0].follows(&"dev".parse().unwrap())?;
        Ok(tag.map(|tag| tag.to_string()))
    }

    #[test]
    fn a_trigger_follows_a_tag() {
        let with = |from: &str, rest: &str| {
            follows(&format!(r#"{{"from":{{{from}}},"fieldPath":"x"{rest}}}"#))
        };
        let app = r#""kind":"ImageStreamTag","name":"app:v1""#;
        for (from, rest, expected) in [
            (app, "", Some("dev/app:v1")),
            (
                r#""kind":"ImageStreamTag","name":"app:v1","namespace":"prod""#,
                "",
                Some("prod/app:v1"),
            ),
            (
                r#""kind":"ImageStreamTag","name":"app:v1","apiVersion":"v1""#,
                "",
                Some("dev/app:v1"),
            ),
            (r#""kind":"DockerImage","name":"q.io/a""#, "", None),
            (app, r#","paused":false"#, Some("dev/app:v1")),
            (app, r#","paused":"false""#, Some("dev/app:v1")),
            (app, r#","paused":"""#, Some("dev/app:v1")),
            (app, r#","paused":null"#, Some("dev/app:v1")),
            (app, r#","paused":true"#, None),
            (app, r#","paused":"true""#, None),
            (app, r#","paused":"True""#, None),
        ] {
            assert_eq!(with(from, rest).unwrap().as_deref(), expected, "{from} {rest}");
        }
        for (from, rest) in [
            (r#""kind":"ImageStreamTag","name":"app""#, ""),
            (r#""kind":"ImageStreamTag","name":"""#, ""),
            (r#""kind":"ImageStreamTag","name":"app:""#, ""),
            (r#""kind":"ImageStreamTag","name":"../app:v1""#, ""),
            (r#""kind":"ImageStreamTag","name":"other/app:v1""#, ""),
            (r#""kind":"ImageStreamTag","name":"app:v1","namespace":"../x""#, ""),
            (app, r#","paused":1"#),
            (app, r#","paused":"perhaps""#),
        ] {
            assert!(with(from, rest).is_err(), "{from} {rest}");
        }
        for text in ["", "{}", "[1]", "[{}]", r#"[{"from":{}}]"#, "[", "null"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse("[]").unwrap(), []);
    }

    #[test]
    fn a_path_names_a_container() {
        let web = || Container::Named("web".to_owned());
        for (text, keys, container) in [
            (r#"spec.template.spec.containers[?(@.name=="web")].image"#, 4, web()),
            ("spec.template.spec.containers[?(@.name=='web')].image", 4, web()),
            (r#"spec.template.spec.containers[?(@.name == "web")].image"#, 4, web()),
            (r#"spec.template.spec.initContainers[?( @.name=="web" )].image"#, 4, web()),
            ("spec.jobTemplate.spec.template.spec.containers[0].image", 6, Container::At(0)),
            ("spec.containers[12].image", 2, Container::At(12)),
        ] {
            let path: FieldPath = text.parse().unwrap();
            assert_eq!((path.keys.len(), path.container), (keys, container), "{text}");
        }
        for text in [
            "",
            "spec.template.spec.containers.image",
            "spec.template.spec.containers[0]",
            "spec.template.spec.containers[0].name",
            "spec.template.spec.containers[-1].image",
            "spec.template.spec.containers[].image",
            "spec.template.spec.volumes[0].image",
            "spec..containers[0].image",
            r#"spec.containers[?(@.image=="web")].image"#,
            r#"spec.containers[?(@.name=="web')].image"#,
            r#"spec.containers[?(@.name=="a b")].image"#,
            r#"spec.containers[?(@.name=="")].image"#,
        ] {
            assert!(text.parse::<FieldPath>().is_err(), "{text}");
        }
    }
}
