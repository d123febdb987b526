//! Reads a file of rules.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::rules::{Keys, Reading};
use super::written::Written;
use super::{Note, Reach, RuleFileError};
use crate::mirror::file::{Defaults, Mapping, Placed, Settings, refuse_nulls};
use crate::mirror::{Document, Position};
use crate::model::{Registry, one_line};
use crate::tagsync::Rule;
use crate::yaml::{self, Step};

/// The form that is read.
const VERSION: u64 = 1;

/// A file of rules.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// What it is called.
    pub name: String,
    /// Its rules; never empty.
    pub rules: Vec<Rule>,
    /// How registries are reached.
    pub settings: Settings,
    /// The folder that paths in it are relative to.
    pub folder: PathBuf,
    /// What of it is done otherwise than it says, or not at all: for files of other tools.
    pub notes: Vec<Note>,
    /// What settings cannot say of registries: for files of other tools.
    pub reach: BTreeMap<Registry, Reach>,
    /// What it says, as it is written, or as it would be written here.
    pub(super) document: Value,
}

impl RuleFile {
    /// Reads `text`, which is that of the file at `path` (`-` for standard input). Paths in it are relative to its folder.
    ///
    /// # Errors
    /// With line and column, when anything in it is not understood or cannot hold together.
    pub fn read(path: &Path, text: &str) -> Result<Self, RuleFileError> {
        let name = one_line(&path.display().to_string(), 300);
        let wrong = |source| RuleFileError::Document { file: name.clone(), source };
        let document = Document::read(&name, text).map_err(wrong)?;
        require_version(&document).map_err(wrong)?;
        refuse_nulls(&document, document.value(), &mut yaml::Path::default())?;
        let Mapping(written): Mapping<Written> =
            document.typed(document.value().clone()).map_err(wrong)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let placed = Placed { file: &document, folder };
        let settings = Settings::read(None, Defaults::default(), written.registries, &placed)?;
        settings.check()?;
        if written.rules.is_empty() {
            return Err(RuleFileError::Nothing { file: name });
        }
        let mut rules: Vec<Rule> = Vec::new();
        let mut names: HashMap<String, Position> = HashMap::new();
        for (index, Mapping(rule)) in written.rules.into_iter().enumerate() {
            let at = [Step::from("rules"), Step::from(index)].into_iter().collect();
            let reading = Reading { file: &document, folder, at, keys: Keys::Own };
            let rule = reading.rule(rule, &written.defaults.0).map_err(wrong)?;
            let first = names.insert(rule.name.clone(), rule.position.clone());
            if let Some(first) = first {
                let message = format!(
                    "two rules are called '{}', the other one at {first}: give this one another name",
                    one_line(&rule.name, 100)
                );
                return Err(wrong(document.wrong(&reading.path(&[]), &message)));
            }
            rules.push(rule);
        }
        Ok(Self {
            rules,
            settings,
            notes: Vec::new(),
            reach: BTreeMap::new(),
            folder: folder.to_owned(),
            document: document.value().clone(),
            name: name.clone(),
        })
    }
}

#[cfg(test)]
impl RuleFile {
    /// The file `tag-sync.yaml` with these rules, which have to be sound: items of a list.
    pub(crate) fn of(rules: &str) -> Self {
        let text = format!("version: 1\nrules:\n{rules}\n");
        Self::read(Path::new("tag-sync.yaml"), &text).unwrap()
    }
}

fn require_version(document: &Document<'_>) -> Result<(), yaml::Error> {
    let found = match document.value() {
        // What it is instead is told by its type.
        Value::Object(fields) => fields.get("version"),
        Value::Null => None,
        _ => return Ok(()),
    };
    let (path, message) = match found {
        Some(version) if version.as_u64() == Some(VERSION) => return Ok(()),
        None => (yaml::Path::default(), format!("a file of rules has 'version: 1'{OTHERS}")),
        Some(other) => {
            let other = one_line(&other.to_string(), 80);
            let path = ["version"].into_iter().collect();
            (path, format!("{other} is not known: a file of rules has 'version: 1'{OTHERS}"))
        }
    };
    Err(document.wrong(&path, &message))
}

/// What such a file may be.
const OTHERS: &str = ", and those of other tools are read with --format skopeo or --format regsync";

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
