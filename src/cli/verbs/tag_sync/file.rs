//! The file of rules, whatever its form is.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use longshore::auth::Credential;
use longshore::config::Env;
use longshore::mirror::file::{FileError, Files as _};
use longshore::model::Registry;
use longshore::ops::FilesOnDisk;
use longshore::tagsync::{Naming, RuleFile, SkopeoTarget, Surroundings};

use crate::cli::Context;
use crate::cli::args::{Copy, RuleFormat, RulesArgs, UsageError};

/// Reads a file of rules, and tells what of it is done otherwise.
pub(super) fn read(rules: &RulesArgs, context: &Context) -> anyhow::Result<RuleFile> {
    let target = target(rules)?;
    let text = context.input.file(&rules.file)?;
    let path = &rules.file;
    let file = match (rules.format, target) {
        (RuleFormat::Longshore, _) => RuleFile::read(path, &text)?,
        (RuleFormat::Regsync, _) => RuleFile::regsync(path, &text, &Here(&context.env))?,
        (RuleFormat::Skopeo, Some(target)) => RuleFile::skopeo(path, &text, &target)?,
        (RuleFormat::Skopeo, None) => {
            let text = "a file of 'skopeo sync' does not say where images go: give --to REGISTRY[/NAMESPACE]";
            return Err(UsageError(text.to_owned()).into());
        }
    };
    for said in file.settings.paths() {
        if let Err(source) = std::fs::metadata(&said.value) {
            let (position, path) = (said.position.clone(), said.value.clone());
            return Err(FileError::Unreadable { position, path, source }.into());
        }
    }
    for note in &file.notes {
        context.note(format!("note: {note}"));
    }
    Ok(file)
}

fn target(rules: &RulesArgs) -> Result<Option<SkopeoTarget>, UsageError> {
    let naming = if rules.scoped { Naming::Scoped } else { Naming::LastPart };
    let target = rules.to.clone().map(|root| SkopeoTarget { root, naming });
    match (&target, rules.format) {
        (Some(_), RuleFormat::Longshore | RuleFormat::Regsync) => Err(UsageError(
            "--to is for --format skopeo: other files say where images go".to_owned(),
        )),
        _ => Ok(target),
    }
}

/// What templates in a file can ask for.
struct Here<'a>(&'a Env);

impl Surroundings for Here<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.var(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        FilesOnDisk.read(path)
    }
}

/// `copy`, with what the file says of registries that settings cannot say.
pub(super) fn apply(copy: &mut Copy, file: &RuleFile) {
    let mut registries = HashMap::clone(&copy.source.registries);
    for (registry, reach) in &file.reach {
        registries.entry(registry.clone()).or_default().is_unverified |= reach.is_unverified;
    }
    copy.source.registries = Arc::new(registries);
    copy.destination.registries = Arc::clone(&copy.source.registries);
}

/// The logins that the file has.
pub(super) fn logins(file: &RuleFile) -> Arc<HashMap<Registry, Credential>> {
    let login = |(registry, reach): (&Registry, &longshore::tagsync::Reach)| {
        Some((registry.clone(), reach.login.clone()?))
    };
    Arc::new(file.reach.iter().filter_map(login).collect())
}
