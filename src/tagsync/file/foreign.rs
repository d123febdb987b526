//! A file of another tool that becomes a file of rules: each rule is written as it would be here, and read as such.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::rules::{Keys, Reading};
use super::written::{Wishes, WrittenRule};
use super::{RuleFile, RuleFileError};
use crate::auth::Credential;
use crate::mirror::file::{Mapping, RegistrySettings, Said, Settings};
use crate::mirror::{Document, Position};
use crate::model::{Registry, one_line};
use crate::tagsync::Rule;
use crate::yaml;

/// How long the name of a rule is at most, before it is told from another one.
const NAME: usize = 90;

/// What a file says that is done otherwise here, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where it says so.
    pub position: Position,
    /// What is done.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.text)
    }
}

/// How a registry is reached, as far as settings cannot say it.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// The login that the file has for it.
    pub login: Option<Credential>,
    /// Whether nothing is verified, and TLS is not even needed.
    pub is_unverified: bool,
}

/// A rule that is about to be read.
pub(super) struct Draft {
    /// Where the file has it.
    pub(super) path: yaml::Path,
    pub(super) name: String,
    pub(super) fields: Map<String, Value>,
    pub(super) keys: Keys,
}

type Result<T> = std::result::Result<T, yaml::Error>;

/// A file that is being read.
pub(super) struct Foreign<'a> {
    file: &'a Document<'a>,
    rules: Vec<Rule>,
    written: Vec<Value>,
    names: HashSet<String>,
    notes: Vec<Note>,
    settings: BTreeMap<Registry, Said<RegistrySettings>>,
    reach: BTreeMap<Registry, Reach>,
}

impl<'a> Foreign<'a> {
    pub(super) fn new(file: &'a Document<'a>) -> Self {
        Self {
            file,
            rules: Vec::new(),
            written: Vec::new(),
            names: HashSet::new(),
            notes: Vec::new(),
            settings: BTreeMap::new(),
            reach: BTreeMap::new(),
        }
    }

    /// How many rules there are by now.
    pub(super) fn rules(&self) -> usize {
        self.rules.len()
    }

    /// The file at `name` cannot be read because of `source`, whose line is not shown where logins are.
    pub(super) fn error(name: &str, source: yaml::Error) -> RuleFileError {
        let message = source.to_string();
        let is_of_login = message.split(": ").next().is_some_and(|path| path.contains("cred"));
        let source = if is_of_login { source.without_snippet() } else { source };
        RuleFileError::Document { file: name.to_owned(), source }
    }

    pub(super) fn position(&self, path: &yaml::Path) -> Position {
        self.file.position(path)
    }

    pub(super) fn wrong(&self, path: &yaml::Path, message: &str) -> yaml::Error {
        self.file.wrong(path, message)
    }

    pub(super) fn wrong_key(&self, path: &yaml::Path, message: &str) -> yaml::Error {
        self.file.wrong_key(path, message)
    }

    /// Notes what is done otherwise with the value at `path`; the place is that of its key.
    pub(super) fn note(&mut self, path: &yaml::Path, text: &str) {
        let position = self.file.position_of_key(path);
        let text = match path.0.is_empty() {
            true => text.to_owned(),
            false => format!("{path}: {text}"),
        };
        self.notes.push(Note { position, text });
    }

    /// Reads a rule.
    pub(super) fn rule(&mut self, draft: Draft) -> Result<()> {
        let Draft { path, name, fields, keys } = draft;
        let mut written = Map::new();
        written.insert("name".to_owned(), self.name(&name).into());
        written.extend(fields);
        let written = Value::Object(written);
        let Mapping(rule): Mapping<WrittenRule> = serde_path_to_error::deserialize(written.clone())
            .map_err(|error| {
                let mut path = path.clone();
                let first = error.path().iter().next().map(ToString::to_string);
                path.0.extend(first.as_deref().and_then(|key| keys.of(key)).map(yaml::Step::from));
                self.file.wrong(&path, &error.inner().to_string())
            })?;
        let reading = Reading { file: self.file, folder: Path::new(""), at: path, keys };
        self.rules.push(reading.rule(rule, &Wishes::default())?);
        self.written.push(written);
        Ok(())
    }

    /// A name that no rule before has.
    fn name(&mut self, wanted: &str) -> String {
        let wanted: String = one_line(wanted, NAME);
        let numbered = (2_usize..).map(|number| format!("{wanted} ({number})"));
        let mut names = std::iter::once(wanted.clone()).chain(numbered);
        let free = names.find(|name| !self.names.contains(name)).unwrap_or(wanted);
        self.names.insert(free.clone());
        free
    }

    /// Takes note of how a registry is reached.
    pub(super) fn registry(
        &mut self,
        path: &yaml::Path,
        registry: Registry,
        settings: RegistrySettings,
        reach: Reach,
    ) -> Result<()> {
        if settings == RegistrySettings::default() && reach.login.is_none() && !reach.is_unverified
        {
            return Ok(());
        }
        if self.settings.contains_key(&registry) {
            let message =
                format!("{registry} is there already: write all that is for it in one place");
            return Err(self.file.wrong_key(path, &message));
        }
        let position = self.file.position_of_key(path);
        self.settings.insert(registry.clone(), Said { value: settings, position });
        self.reach.insert(registry, reach);
        Ok(())
    }

    /// The file of rules.
    pub(super) fn finish(self, name: &str) -> std::result::Result<RuleFile, RuleFileError> {
        if self.rules.is_empty() {
            return Err(RuleFileError::Nothing { file: name.to_owned() });
        }
        let registries = self.settings.iter().map(|(registry, said)| {
            let settings = written_settings(&said.value, &self.reach[registry]);
            (registry.to_string(), settings)
        });
        let registries: Map<String, Value> =
            registries.filter(|(_, settings)| *settings != json!({})).collect();
        let document = json!({ "version": 1, "registries": registries, "rules": self.written });
        let settings = Settings { registries: self.settings, ..Settings::default() };
        settings.check()?;
        Ok(RuleFile {
            name: name.to_owned(),
            rules: self.rules,
            settings,
            notes: self.notes,
            reach: self.reach,
            folder: PathBuf::new(),
            document,
        })
    }
}

/// Settings as a file of rules has them.
fn written_settings(settings: &RegistrySettings, reach: &Reach) -> Value {
    let is_set = |said: &Option<Said<bool>>| said.as_ref().is_some_and(|said| said.value);
    let mut written = Map::new();
    if is_set(&settings.plain_http) {
        written.insert("plain-http".to_owned(), true.into());
    }
    if is_set(&settings.insecure) || reach.is_unverified {
        written.insert("insecure".to_owned(), true.into());
    }
    let cert_dir = settings.cert_dir.as_ref().and_then(|said: &Said<PathBuf>| said.value.to_str());
    written.extend(cert_dir.map(|dir| ("cert-dir".to_owned(), dir.into())));
    let most = settings.max_per_host.as_ref().map(|said| said.value.get());
    written.extend(most.map(|most| ("max-per-host".to_owned(), most.into())));
    Value::Object(written)
}

/// A truth value as decoders of Go read one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag(pub(super) bool);

/// A text that is no truth value.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is neither true nor false")]
pub(super) struct FlagError(String);

impl FromStr for Flag {
    type Err = FlagError;

    fn from_str(text: &str) -> std::result::Result<Self, FlagError> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => Ok(Self(true)),
            "false" | "no" | "off" | "n" => Ok(Self(false)),
            _ => Err(FlagError(one_line(text, 40))),
        }
    }
}

/// A `T` that is written as a mapping and holds secrets: what is there instead is not quoted.
pub(super) struct SecretMapping<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for SecretMapping<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor(PhantomData))
    }
}

struct SecretVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SecretVisitor<T> {
    type Value = SecretMapping<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(SecretMapping)
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> std::result::Result<Self::Value, E> {
        Err(E::custom("invalid type: a text, expected a mapping"))
    }
}
