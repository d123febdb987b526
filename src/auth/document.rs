//! The text of an auth file as a JSON value, whichever form it came in.
//!
//! A Kubernetes pull secret (types `kubernetes.io/dockerconfigjson` and `kubernetes.io/dockercfg`, JSON or YAML, alone
//! or the only one of a v1 `List`) is unwrapped to the auth file that it holds.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use super::Error;
use super::entry::decode;
use crate::yaml;

/// Kubernetes keeps secrets below 1 MiB, and base64 makes a third more of it.
const LIMIT: u64 = 4 * 1024 * 1024;

/// The keys under which a pull secret holds an auth file.
const SECRET_KEYS: [&str; 2] = [".dockerconfigjson", ".dockercfg"];

/// The content of an auth file.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) fields: Map<String, Value>,
    pub(super) form: Form,
}

/// How the content was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Yaml,
    PullSecret,
}

/// Reads the file, which may be a pipe.
pub(super) fn read(path: &Path) -> Result<Document, Error> {
    let mut text = String::new();
    let file = File::open(path).map_err(Error::io("read", path))?;
    file.take(LIMIT + 1).read_to_string(&mut text).map_err(Error::io("read", path))?;
    if text.len() as u64 > LIMIT {
        return Err(Error::TooLarge { path: path.to_owned(), limit: LIMIT });
    }
    parse(&text, path)
}

/// Parses the text of the file at `path`, which is there for messages. An empty file is an auth file without logins.
pub(super) fn parse(text: &str, path: &Path) -> Result<Document, Error> {
    let (value, form) = value(text, path)?;
    let fields = match value {
        Value::Null => Map::new(),
        Value::Object(fields) => fields,
        _ => return Err(shape(path, "the file", "an object")),
    };
    match fields.get("kind").and_then(Value::as_str) {
        Some("Secret") => unwrap_secret(&fields, path),
        Some("List" | "SecretList") => unwrap_list(&fields, path),
        _ => Ok(Document { fields, form }),
    }
}

fn value(text: &str, path: &Path) -> Result<(Value, Form), Error> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        Ok((Value::Null, Form::Json))
    } else if text.trim_start().starts_with(['{', '[']) {
        Ok((json(text, path)?, Form::Json))
    } else {
        Ok((yaml(text, path)?, Form::Yaml))
    }
}

fn json(text: &str, path: &Path) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::Syntax {
        path: path.to_owned(),
        format: "JSON",
        line: error.line(),
        column: error.column(),
    })
}

/// The parser's own message may show the text around the fault, so only the place is kept.
fn yaml(text: &str, path: &Path) -> Result<Value, Error> {
    yaml::read(text).map_err(|error| Error::Syntax {
        path: path.to_owned(),
        format: "YAML",
        line: error.line(),
        column: error.column(),
    })
}

fn unwrap_list(list: &Map<String, Value>, path: &Path) -> Result<Document, Error> {
    let items = list.get("items").and_then(Value::as_array);
    let secrets: Vec<&Map<String, Value>> = items
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .filter(|item| payload(item).is_some())
        .collect();
    match secrets.as_slice() {
        [secret] => unwrap_secret(secret, path),
        _ => Err(Error::PullSecrets { path: path.to_owned(), count: secrets.len() }),
    }
}

/// Where a secret keeps its auth file: `stringData` wins over `data`, as it does when Kubernetes stores the secret.
fn payload(secret: &Map<String, Value>) -> Option<(&'static str, &'static str, &Value)> {
    ["stringData", "data"].into_iter().find_map(|field| {
        let data = secret.get(field)?.as_object()?;
        SECRET_KEYS.into_iter().find_map(|key| Some((field, key, data.get(key)?)))
    })
}

fn unwrap_secret(secret: &Map<String, Value>, path: &Path) -> Result<Document, Error> {
    let Some((field, key, value)) = payload(secret) else {
        return Err(Error::PullSecrets { path: path.to_owned(), count: 0 });
    };
    let place = format!("{field}[\"{key}\"]");
    let text = value.as_str().ok_or_else(|| shape(path, &place, "a string"))?;
    let text = match field {
        "data" => decode(text)
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| shape(path, &place, "base64 of text"))?,
        _ => text.to_owned(),
    };
    let inner = serde_json::from_str(&text).ok();
    let fields = inner.ok_or_else(|| shape(path, &place, "a JSON object"))?;
    Ok(Document { fields, form: Form::PullSecret })
}

pub(super) fn shape(path: &Path, place: &str, expected: &'static str) -> Error {
    Error::Shape { path: path.to_owned(), place: place.to_owned(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    const AUTHS: &str = r#"{"auths":{"quay.io":{"auth":"dTpw"}}}"#;

    fn fields(text: &str) -> String {
        serde_json::to_string(&parse(text, Path::new("f")).unwrap().fields).unwrap()
    }

    fn error(text: &str) -> String {
        parse(text, Path::new("f")).unwrap_err().to_string()
    }

    #[test]
    fn a_pull_secret_is_unwrapped_in_each_of_its_forms() {
        let data = STANDARD.encode(AUTHS);
        let yaml = format!(
            "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockerconfigjson\nmetadata:\n  name: pull\ndata:\n  .dockerconfigjson: {data}\n"
        );
        let json = format!(r#"{{"kind":"Secret","data":{{".dockerconfigjson":"{data}"}}}}"#);
        let list = format!(
            r#"{{"kind":"List","items":[{{"kind":"Secret","data":{{"x":"eA=="}}}},{json}]}}"#
        );
        let plain =
            format!("---\nkind: Secret\nstringData:\n  .dockerconfigjson: |\n    {AUTHS}\n");
        let folded = format!(
            "kind: Secret\ndata:\n  .dockercfg: >-\n    {}\n    {}\n",
            &data[..8],
            &data[8..]
        );
        for text in [AUTHS, &yaml, &json, &list, &plain, &folded] {
            assert_eq!(fields(text), AUTHS, "{text}");
        }
        assert_eq!(parse(&yaml, Path::new("f")).unwrap().form, Form::PullSecret);
    }

    #[test]
    fn an_empty_file_holds_no_logins() {
        assert_eq!(fields(" \n"), "{}");
    }

    #[test]
    fn a_fault_is_told_by_its_place_and_never_by_its_content() {
        assert_eq!(error("{\n \"auths\": hunter2}"), "f:2:11: not valid JSON");
        assert_eq!(error("kind: Secret\ndata: {a: hunter2: b}\n"), "f:2:18: not valid YAML");
        assert_eq!(error("hunter2"), "f: the file is not an object");
        assert_eq!(error("[1]"), "f: the file is not an object");
        assert_eq!(error(r#"{"kind":"Secret"}"#), "f holds 0 pull secrets where one is needed");
        let broken = r#"{"kind":"Secret","data":{".dockercfg":"%%"}}"#;
        assert_eq!(error(broken), "f: data[\".dockercfg\"] is not base64 of text");
    }

    #[test]
    fn aliases_cannot_blow_a_small_file_up() {
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..9 {
            let below = format!("*a{},", level - 1).repeat(10);
            bomb += &format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(','));
        }
        assert!(parse(&bomb, Path::new("f")).is_err());
    }
}
