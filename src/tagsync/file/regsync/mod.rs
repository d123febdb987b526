//! Files of regsync, as regclient.org tells of them.

mod creds;
mod entry;
mod names;
mod range;
mod select;
mod times;
mod written;

use std::io;
use std::path::Path;

use self::creds::with;
use self::written::{Defaults, Written, without_extensions};
use super::foreign::{Foreign, SecretMapping};
use super::go::{self, Text};
use super::{RuleFile, RuleFileError};
use crate::mirror::Document;
use crate::mirror::file::Mapping;
use crate::model::one_line;
use crate::yaml;

/// What templates in a file can ask for.
pub trait Surroundings {
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<String>;

    /// The text of a file.
    ///
    /// # Errors
    /// When it cannot be read, or is longer than such a file should be.
    fn file(&self, path: &Path) -> io::Result<String>;
}

impl RuleFile {
    /// Reads `text`, which is that of a file of regsync at `path`.
    ///
    /// # Errors
    /// With line and column, when anything in it is not understood, or cannot be done as it says.
    pub fn regsync(
        path: &Path,
        text: &str,
        surroundings: &dyn Surroundings,
    ) -> Result<Self, RuleFileError> {
        let name = one_line(&path.display().to_string(), 300);
        let wrong = |source| Foreign::error(&name, source);
        let document = Document::read(&name, text).map_err(wrong)?;
        let texts = without_extensions(document.texts().map_err(wrong)?);
        let written: Option<Mapping<Written>> = document.typed(texts).map_err(wrong)?;
        let Some(Mapping(written)) = written else {
            return Err(RuleFileError::Nothing { file: name });
        };
        let foreign = Foreign::new(&document);
        let defaults = written.defaults.map(|defaults| defaults.0).unwrap_or_default();
        let mut reader = Reader { foreign, surroundings, defaults, told: Told::default() };
        reader.version(written.version.map(|version| version.0)).map_err(wrong)?;
        reader.tell_defaults();
        for (index, SecretMapping(creds)) in written.creds.into_iter().flatten().enumerate() {
            reader.creds(index, &creds).map_err(wrong)?;
        }
        for (index, Mapping(sync)) in written.sync.into_iter().flatten().enumerate() {
            reader.entry(index, &sync).map_err(wrong)?;
        }
        reader.foreign.finish(&name)
    }
}

/// A file of regsync that is being read.
struct Reader<'a> {
    foreign: Foreign<'a>,
    surroundings: &'a dyn Surroundings,
    defaults: Defaults,
    told: Told,
}

/// What is told once.
#[derive(Default)]
struct Told {
    zone: bool,
    backup_zone: bool,
    numbers: bool,
}

impl Reader<'_> {
    fn version(&self, version: Option<u64>) -> Result<(), yaml::Error> {
        match version {
            None | Some(0 | 1) => Ok(()),
            Some(other) => {
                let message = format!("version {other} of such files is not known: expected 1");
                Err(self.foreign.wrong(&["version"].into_iter().collect(), &message))
            }
        }
    }

    fn tell_defaults(&mut self) {
        let defaults = &self.defaults;
        let is_set = |flag: &Option<crate::mirror::Parsed<super::foreign::Flag>>| {
            flag.as_ref().is_some_and(|flag| flag.0.0)
        };
        let told = [
            ("ratelimit", defaults.ratelimit.is_some(), RATE_LIMIT),
            ("hooks", defaults.hooks.is_some(), HOOKS),
            (
                "parallel",
                defaults.parallel.is_some(),
                "not used: --jobs and what registries allow bound what goes on at once",
            ),
            ("blobLimit", defaults.blob_limit.is_some(), "not used"),
            (
                "cacheCount",
                defaults.cache_count.is_some(),
                "not used: what registries said is remembered anyway",
            ),
            (
                "skipDockerConfig",
                is_set(&defaults.skip_docker_config),
                "logins of auth files count where creds have none",
            ),
            ("userAgent", defaults.user_agent.is_some(), "not used"),
            ("forceRecursive", is_set(&defaults.force_recursive), FORCE),
        ];
        let path: yaml::Path = ["defaults"].into_iter().collect();
        for (key, _, text) in told.into_iter().filter(|(_, is_there, _)| *is_there) {
            self.foreign.note(&with(&path, key), text);
        }
    }

    /// What a template stands for.
    fn expand(
        &self,
        path: &yaml::Path,
        template: &str,
        field: &dyn Fn(&str) -> Option<Text>,
    ) -> Result<Text, yaml::Error> {
        let data = go::Data { surroundings: self.surroundings, field };
        go::expand(template, &data).map_err(|why| self.foreign.wrong(path, &why.to_string()))
    }
}

#[cfg(test)]
mod tests;

const RATE_LIMIT: &str = "not looked at: what a registry refuses for now is asked again later";
const HOOKS: &str = "not run";
const FORCE: &str = "what is there by its digest is not copied again; 'longshore verify' proves it";
