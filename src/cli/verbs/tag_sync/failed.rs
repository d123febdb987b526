//! Rules for just what failed, to be run again.

use std::collections::BTreeMap;
use std::path::Path;

use longshore::tagsync::{RuleFile, is_list_of_failures, rules_of_failures};

use super::told::Run;
use crate::cli::args::UsageError;
use crate::cli::verbs::told_file::{put_private, remove};

/// Refuses a file that is there and holds something else: it would be lost.
pub(super) fn check(path: &Path) -> anyhow::Result<()> {
    let bytes = if path.is_file() { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
    if !bytes.is_empty() && !is_list_of_failures(&String::from_utf8_lossy(&bytes)) {
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
        false => {
            let mut file = file.clone();
            file.folder =
                std::path::absolute(Path::new(".").join(&file.folder)).unwrap_or(file.folder);
            put_private(path, rules_of_failures(&file, &failed).as_bytes())?;
        }
    }
    Ok(())
}
