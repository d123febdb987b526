//! Rules for just what failed, to be run again.

use std::collections::BTreeMap;
use std::path::Path;

use longshore::tagsync::{RuleFile, is_list_of_failures, rules_of_failures};

use super::told::Run;
use crate::cli::args::UsageError;
use crate::cli::verbs::told_file::{put, remove};

/// Refuses a file that is there and holds something else: it would be lost.
pub(super) fn check(path: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    if path.is_file() && !text.is_empty() && !is_list_of_failures(&text) {
        let text = format!("{} is there already, and no rules of what failed", path.display());
        return Err(UsageError(text).into());
    }
    Ok(())
}

/// Writes the file as a whole; when nothing failed there is none.
pub(super) fn keep(path: &Path, run: &Run, file: &RuleFile) -> anyhow::Result<()> {
    let mut failed: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for told in run.images.iter().filter(|told| told.fate.is_err()) {
        failed.entry(told.rule).or_default().extend(told.source.clone());
    }
    match failed.is_empty() {
        true => remove(path)?,
        false => put(path, rules_of_failures(file, &failed).as_bytes())?,
    }
    Ok(())
}
