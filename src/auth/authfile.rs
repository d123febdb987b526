//! An auth file: `auths`, `credHelpers`, `credsStore`, or the older form that has the entries at the top.
//!
//! containers-auth.json(5), docker's `config.json`, `~/.dockercfg`. What a file says about one repository comes out as
//! steps in the order in which they are to be tried.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::document::{self, Document, shape};
use super::entry::{self, BadField, FIELDS};
use super::key::{Key, best};
use super::{Credential, Error};
use crate::model::{Registry, one_line};

/// One thing to try.
#[derive(Debug)]
pub(super) enum Step {
    /// Ask the helper `name` for `server`: it is named for this very registry.
    Helper { name: String, server: String },
    /// This entry.
    Entry { key: String, credential: Credential },
    /// Ask the helper `name` for `server`: it keeps the logins of any registry.
    Store { name: String, server: String },
}

/// An auth file that has been read.
#[derive(Debug)]
pub(super) struct AuthFile {
    path: PathBuf,
    fields: Map<String, Value>,
}

impl AuthFile {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        Ok(Self::new(path, document::read(path)?))
    }

    fn new(path: &Path, document: Document) -> Self {
        let mut fields = document.fields;
        if is_old_form(&fields) {
            let auths = Value::Object(std::mem::take(&mut fields));
            fields.insert("auths".to_owned(), auths);
        }
        Self { path: path.to_owned(), fields }
    }

    /// What to try for `path` on `registry`, in order: the helper named for the registry, the entry that serves it
    /// best, the helper that keeps everything.
    ///
    /// Entries for others are not looked into, so that what is wrong with them harms nothing.
    pub(super) fn steps(&self, registry: &Registry, path: &str) -> Result<Vec<Step>, Error> {
        let helper = self.helper(registry)?;
        let steps = [
            helper.map(|(name, server)| Step::Helper { name, server }),
            self.entry(&Key::new(registry, path))?,
            self.store(registry)?,
        ];
        Ok(steps.into_iter().flatten().collect())
    }

    /// The helper that `credHelpers` names for `registry`, and the server to ask it for. Helpers know hosts only, so
    /// paths play no part.
    pub(super) fn helper(&self, registry: &Registry) -> Result<Option<(String, String)>, Error> {
        let helpers = self.object("credHelpers")?;
        let Some(server) = best(helpers.into_iter().flat_map(Map::keys), &Key::new(registry, ""))
        else {
            return Ok(None);
        };
        let name = helpers.and_then(|helpers| helpers.get(server)).and_then(Value::as_str);
        let place = || format!("credHelpers[\"{}\"]", one_line(server, 100));
        let name = name.ok_or_else(|| shape(&self.path, &place(), "a string"))?;
        Ok(some(name).map(|name| (name, server.clone())))
    }

    /// All helpers that `credHelpers` names, each with its server.
    pub(super) fn helpers(&self) -> Result<Vec<(String, String)>, Error> {
        let helpers = self.object("credHelpers")?.into_iter().flatten();
        let named =
            helpers.filter_map(|(server, name)| Some((some(name.as_str()?)?, server.clone())));
        Ok(named.collect())
    }

    fn entry(&self, wanted: &Key) -> Result<Option<Step>, Error> {
        let auths = self.object("auths")?;
        let Some(key) = best(auths.into_iter().flat_map(Map::keys), wanted) else {
            return Ok(None);
        };
        let place = format!("auths[\"{}\"]", one_line(key, 100));
        let entry = auths.and_then(|auths| auths.get(key)).and_then(Value::as_object);
        let entry = entry.ok_or_else(|| shape(&self.path, &place, "an object"))?;
        let found = entry::credential(entry).map_err(|BadField { field, expected }| {
            shape(&self.path, &format!("{place}.{field}"), expected)
        })?;
        Ok(found.map(|credential| Step::Entry { key: key.clone(), credential }))
    }

    /// Docker's store knows Docker Hub by the address of its first index.
    fn store(&self, registry: &Registry) -> Result<Option<Step>, Error> {
        let name = match self.fields.get("credsStore") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(name)) => name,
            Some(_) => return Err(shape(&self.path, "credsStore", "a string")),
        };
        let server = match registry.is_docker_hub() {
            true => "https://index.docker.io/v1/".to_owned(),
            false => registry.to_string(),
        };
        Ok(some(name).map(|name| Step::Store { name, server }))
    }

    fn object(&self, field: &str) -> Result<Option<&Map<String, Value>>, Error> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(shape(&self.path, field, "an object")),
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// `~/.dockercfg` and secrets of type `kubernetes.io/dockercfg` have the entries at the top.
pub(super) fn is_old_form(fields: &Map<String, Value>) -> bool {
    let is_new = ["auths", "credHelpers", "credsStore"].iter().any(|key| fields.contains_key(*key));
    let is_entry = |value: &Value| FIELDS.iter().any(|field| value.get(field).is_some());
    !is_new && fields.values().any(is_entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str, registry: &str, path: &str) -> Result<Vec<String>, String> {
        let file = Path::new("f");
        let file = AuthFile::new(file, document::parse(text, file).unwrap());
        let steps = file.steps(&registry.parse().unwrap(), path).map_err(|e| e.to_string())?;
        Ok(steps.iter().map(show).collect())
    }

    fn show(step: &Step) -> String {
        match step {
            Step::Helper { name, server } => format!("helper {name} {server}"),
            Step::Entry { key, .. } => format!("entry {key}"),
            Step::Store { name, server } => format!("store {name} {server}"),
        }
    }

    #[test]
    fn helper_then_entry_then_store() {
        let text = r#"{
            "credsStore": "desktop",
            "credHelpers": {"quay.io": "pass", "gcr.io": "gcloud"},
            "auths": {"quay.io/org": {"auth": "dTpw"}, "quay.io": {}, "ghcr.io": {"auth": "!"}}
        }"#;
        assert_eq!(
            steps(text, "quay.io", "org/app").unwrap(),
            ["helper pass quay.io", "entry quay.io/org", "store desktop quay.io"]
        );
        assert_eq!(
            steps(text, "docker.io", "library/alpine").unwrap(),
            ["store desktop https://index.docker.io/v1/"]
        );
        assert_eq!(
            steps(text, "ghcr.io", "a").unwrap_err(),
            "f: auths[\"ghcr.io\"].auth is not base64 of USER:PASSWORD"
        );
    }

    #[test]
    fn the_old_form_has_its_entries_at_the_top() {
        let old = r#"{"https://index.docker.io/v1/": {"auth": "dTpw", "email": "x"}}"#;
        assert_eq!(
            steps(old, "docker.io", "library/a").unwrap(),
            ["entry https://index.docker.io/v1/"]
        );
        let settings = r#"{"HttpHeaders": {"quay.io": "x"}, "detachKeys": "ctrl-e"}"#;
        assert!(steps(settings, "quay.io", "").unwrap().is_empty());
    }

    #[test]
    fn a_wrong_shape_names_its_place() {
        assert_eq!(steps(r#"{"auths": 1}"#, "a.io", "").unwrap_err(), "f: auths is not an object");
        assert_eq!(
            steps(r#"{"credHelpers": {"a.io": 1}}"#, "a.io", "").unwrap_err(),
            "f: credHelpers[\"a.io\"] is not a string"
        );
    }
}
