//! Files of `skopeo sync --src yaml`, as skopeo-sync(1) tells of them: registries, and which images of each.

mod range;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::range::{Named, range};
use super::foreign::{Draft, Flag, Foreign, Reach, SecretMapping};
use super::rules::Keys;
use super::{RuleFile, RuleFileError, go};
use crate::auth::{Credential, Secret};
use crate::mirror::file::{Mapping, RegistrySettings, Said};
use crate::mirror::{Document, Namespace, Parsed};
use crate::model::{Digest, Registry, Repository, one_line};
use crate::yaml::{self, Step};

/// Tags that are versions here, and none to skopeo.
const NO_VERSIONS: [&str; 2] = ["/V.*/", "/.*_.*/"];

/// Where images go that such a file names.
#[derive(Clone, Debug)]
pub struct SkopeoTarget {
    /// The place below which they are.
    pub root: Namespace,
    /// What they are called there.
    pub naming: Naming,
}

/// What repositories are called below a root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// By the last part of their path: `quay.io/coreos/etcd` is `etcd`.
    #[default]
    LastPart,
    /// By all of their name, as with `--scoped`: `quay.io/coreos/etcd`.
    Scoped,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    images: Option<BTreeMap<String, Option<Vec<String>>>>,
    images_by_tag_regex: Option<BTreeMap<String, String>>,
    images_by_semver: Option<BTreeMap<String, String>>,
    credentials: Option<SecretMapping<Credentials>>,
    tls_verify: Option<Parsed<Flag>>,
    cert_dir: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

type Result<T> = std::result::Result<T, yaml::Error>;

impl RuleFile {
    /// Reads `text`, which is that of a file for `skopeo sync` at `path`.
    ///
    /// # Errors
    /// With line and column, when anything in it is not understood, or cannot be done as it says.
    pub fn skopeo(
        path: &Path,
        text: &str,
        target: &SkopeoTarget,
    ) -> std::result::Result<Self, RuleFileError> {
        let name = one_line(&path.display().to_string(), 300);
        let wrong = |source| Foreign::error(&name, source);
        let document = Document::read(&name, text).map_err(wrong)?;
        let written: Option<BTreeMap<String, Option<Mapping<Written>>>> =
            document.typed(document.texts().map_err(wrong)?).map_err(wrong)?;
        let mut reader =
            Reader { foreign: Foreign::new(&document), target, places: BTreeMap::new() };
        for (registry, written) in written.unwrap_or_default() {
            reader.registry(&registry, written.map(|written| written.0)).map_err(wrong)?;
        }
        reader.foreign.note(
            &yaml::Path::default(),
            "images for several platforms go with all of them, as with 'skopeo sync --all'",
        );
        reader.foreign.finish(&name)
    }
}

struct Reader<'a> {
    foreign: Foreign<'a>,
    target: &'a SkopeoTarget,
    /// Where repositories go, and which of them goes there first.
    places: BTreeMap<String, String>,
}

impl Reader<'_> {
    fn registry(&mut self, name: &str, written: Option<Written>) -> Result<()> {
        let path = way(&[name]);
        let host = name.split('/').next().unwrap_or(name);
        let registry: Registry = host.parse().map_err(|error: crate::model::ReferenceError| {
            self.foreign.wrong_key(&path, &error.to_string())
        })?;
        let Some(written) = written else {
            self.foreign.note(&path, "no images are named");
            return Ok(());
        };
        let before = self.foreign.rules();
        for (repository, names) in written.images.iter().flatten() {
            self.images(name, repository, names.as_deref().unwrap_or_default())?;
        }
        for (repository, expression) in written.images_by_tag_regex.iter().flatten() {
            self.by_regex(name, repository, expression)?;
        }
        for (repository, constraint) in written.images_by_semver.iter().flatten() {
            self.by_semver(name, repository, constraint)?;
        }
        if self.foreign.rules() == before {
            self.foreign.note(&path, "no images are named");
        }
        self.reach(&path, registry, written)
    }

    fn images(&mut self, registry: &str, repository: &str, names: &[String]) -> Result<()> {
        let path = way(&[registry, "images", repository]);
        let source = format!("{registry}/{repository}");
        if names.is_empty() {
            return self.rule(&path, &source, &source, Map::new());
        }
        let mut digests = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if name.parse::<Digest>().is_ok() {
                digests.push(name.as_str());
                continue;
            }
            let mut path = path.clone();
            path.0.push(Step::from(index));
            let image = format!("{source}:{name}");
            self.rule(&path, &image, &image, Map::new())?;
        }
        if digests.is_empty() {
            return Ok(());
        }
        let fields = json!({ "tags": { "deny": ["*"] }, "digests": digests });
        self.rule(&path, &format!("{source} by digest"), &source, object(fields))
    }

    fn by_regex(&mut self, registry: &str, repository: &str, expression: &str) -> Result<()> {
        let path = way(&[registry, "images-by-tag-regex", repository]);
        let pattern =
            go::anywhere(expression).map_err(|why| self.foreign.wrong(&path, &why))?.to_string();
        let source = format!("{registry}/{repository}");
        let fields = json!({ "tags": { "allow": [pattern] } });
        self.rule(&path, &format!("{source} by regex"), &source, object(fields))
    }

    fn by_semver(&mut self, registry: &str, repository: &str, constraint: &str) -> Result<()> {
        let path = way(&[registry, "images-by-semver", repository]);
        let range = range(constraint);
        let mut tags = object(json!({ "deny": NO_VERSIONS, "semver": range.text }));
        if range.pre_releases != Named::Nowhere {
            tags.insert("prerelease".to_owned(), "ordered".into());
        }
        if range.pre_releases == Named::Partly {
            self.foreign.note(
                &path,
                "pre-releases of all versions in the range are taken; not all versions of skopeo do so, unless each part of it names one",
            );
        }
        let source = format!("{registry}/{repository}");
        let fields = json!({ "tags": tags });
        self.rule(&path, &format!("{source} by semver"), &source, object(fields))
    }

    fn rule(
        &mut self,
        path: &yaml::Path,
        name: &str,
        source: &str,
        more: Map<String, Value>,
    ) -> Result<()> {
        let to = self.place(path, source)?;
        let mut fields = object(json!({ "source": source, "to": to, "referrers": false }));
        fields.extend(more);
        self.foreign.rule(Draft {
            path: path.clone(),
            name: name.to_owned(),
            fields,
            keys: Keys::Other(&[]),
        })
    }

    /// Where the repository of a source goes.
    fn place(&mut self, path: &yaml::Path, source: &str) -> Result<String> {
        let named: std::result::Result<crate::model::ImageRef, _> = source.parse();
        let repository =
            named.map_err(|error| self.foreign.wrong(path, &error.to_string()))?.repository;
        let rest = match self.target.naming {
            Naming::LastPart => last_part(&repository).to_owned(),
            Naming::Scoped => repository.to_string(),
        };
        let place = self.target.root.repository(&rest).ok_or_else(|| {
            let message = format!("{repository} gets no name below {}", self.target.root);
            self.foreign.wrong(path, &message)
        })?;
        let (place, repository) = (place.to_string(), repository.to_string());
        let first = self.places.entry(place.clone()).or_insert_with(|| repository.clone());
        if *first != repository {
            let text =
                format!("{repository} goes to {place}, as {first} does: --scoped keeps them apart");
            self.foreign.note(path, &text);
        }
        Ok(place)
    }

    fn reach(&mut self, path: &yaml::Path, registry: Registry, written: Written) -> Result<()> {
        let at = |key: &str| {
            let mut path = path.clone();
            path.0.push(Step::from(key));
            path
        };
        let is_verified = written.tls_verify.is_none_or(|flag| flag.0.0);
        let login = written.credentials.and_then(|credentials| login(credentials.0));
        let reach = Reach { login, is_unverified: !is_verified };
        let cert_dir = written.cert_dir.filter(|dir| !dir.is_empty()).map(|dir| Said {
            value: dir.into(),
            position: self.foreign.position(&at("cert-dir")),
        });
        let settings = RegistrySettings { cert_dir, ..RegistrySettings::default() };
        self.foreign.registry(path, registry, settings, reach)
    }
}

/// The login that is given, if any.
fn login(written: Credentials) -> Option<Credential> {
    let Credentials { username, password, identitytoken } = written;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    match (given(identitytoken), given(username), given(password)) {
        (Some(token), ..) => Some(Credential::IdentityToken(Secret::new(token))),
        (None, None, None) => None,
        (None, username, password) => Some(Credential::Basic {
            username: username.unwrap_or_default(),
            password: Secret::new(password.unwrap_or_default()),
        }),
    }
}

fn last_part(repository: &Repository) -> &str {
    let path = repository.path();
    path.rsplit('/').next().unwrap_or(path)
}

fn way(keys: &[&str]) -> yaml::Path {
    keys.iter().copied().collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
