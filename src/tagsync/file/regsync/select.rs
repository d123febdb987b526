//! Which tags and repositories an entry of regsync takes.

use serde_json::{Map, Value};

use super::Reader;
use super::creds::with;
use super::range::range;
use super::written::{AllowDeny, Sync, TagSet};
use crate::tagsync::file::go;
use crate::yaml::{self, Step};

/// Tags that are versions here, and none to regsync.
const NO_VERSIONS: [&str; 2] = ["/V.*/", "/v?[0-9.]+_.*/"];

type Result<T> = std::result::Result<T, yaml::Error>;

impl Reader<'_> {
    /// What each set of tags takes: a rule for each of them takes what any takes. `None` is all tags.
    pub(super) fn selections(
        &mut self,
        path: &yaml::Path,
        sync: &Sync,
    ) -> Result<Vec<Option<Value>>> {
        let mut sets: Vec<(yaml::Path, &TagSet)> = Vec::new();
        for (index, set) in sync.tag_sets.iter().flatten().enumerate() {
            let mut path = with(path, "tagSets");
            path.0.push(Step::from(index));
            sets.push((path, &set.0));
        }
        if let Some(set) = sync.tags.as_ref().filter(|set| !set.0.is_empty()) {
            sets.push((with(path, "tags"), &set.0));
        }
        if sets.is_empty() {
            return Ok(vec![None]);
        }
        sets.into_iter().map(|(path, set)| self.selection(&path, set)).collect()
    }

    fn selection(&mut self, path: &yaml::Path, set: &TagSet) -> Result<Option<Value>> {
        let mut fields = self.allow_deny(path, set.allow.as_deref(), set.deny.as_deref())?;
        if let Some(versions) = self.versions(path, set)? {
            fields.insert("semver".to_owned(), versions.into());
            fields.insert("prerelease".to_owned(), "ordered".into());
            let deny = fields.entry("deny").or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(deny) = deny {
                deny.extend(NO_VERSIONS.map(Value::from));
            }
            if !std::mem::replace(&mut self.told.numbers, true) {
                let path = with(path, "semverRange");
                self.foreign.note(
                    &path,
                    "tags with more than three numbers, as 1.2.3.4, are no versions here",
                );
            }
        }
        Ok((!fields.is_empty()).then_some(Value::Object(fields)))
    }

    fn versions(&self, path: &yaml::Path, set: &TagSet) -> Result<Option<String>> {
        let mut alternatives = Vec::new();
        for (index, text) in set.semver_range.iter().flatten().enumerate() {
            if text.is_empty() {
                continue;
            }
            let mut path = with(path, "semverRange");
            path.0.push(Step::from(index));
            alternatives.push(range(text).map_err(|why| self.foreign.wrong(&path, &why))?);
        }
        Ok((!alternatives.is_empty()).then(|| alternatives.join(" || ")))
    }

    /// Which repositories of a registry are taken.
    pub(super) fn repositories(&self, path: &yaml::Path, wanted: &AllowDeny) -> Result<Value> {
        let path = with(path, "repos");
        self.allow_deny(&path, wanted.allow.as_deref(), wanted.deny.as_deref()).map(Value::Object)
    }

    fn allow_deny(
        &self,
        path: &yaml::Path,
        allow: Option<&[String]>,
        deny: Option<&[String]>,
    ) -> Result<Map<String, Value>> {
        let mut fields = Map::new();
        for (key, expressions) in [("allow", allow), ("deny", deny)] {
            let expressions = expressions.unwrap_or_default().iter().enumerate();
            let patterns = expressions.map(|(index, expression)| {
                let mut path = with(path, key);
                path.0.push(Step::from(index));
                let pattern = go::whole(expression);
                let pattern = pattern.map_err(|why| self.foreign.wrong(&path, &why))?;
                Ok(Value::from(pattern.to_string()))
            });
            let patterns = patterns.collect::<Result<Vec<_>>>()?;
            if !patterns.is_empty() {
                fields.insert(key.to_owned(), Value::Array(patterns));
            }
        }
        Ok(fields)
    }
}
