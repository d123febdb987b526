//! Where the mappings are kept that failed, for `mirror -f` to try again.

use std::path::{Path, PathBuf};

use longshore::mirror::{Failed, Lost, to_mapping_file};
use longshore::model::Endpoint;
use longshore::ops::CopiedImage;
use longshore::store::bundle;

use super::told_file::{self, Unwritten};
use crate::cli::args::Missing;

/// What it is called in a bundle.
const NAME: &str = "failed.txt";

/// The failures of a run, each with where it was to go.
pub(super) fn of(
    images: &[CopiedImage],
    lost: &[Lost],
    missing: Missing,
) -> Vec<(Endpoint, Failed)> {
    let mut failed = Vec::new();
    for CopiedImage { source, destination, result, .. } in images {
        let Err(error) = result else { continue };
        if error.is_absent() && missing == Missing::Skipped {
            continue;
        }
        let why = format!("{:#}", anyhow::Error::new(error.clone()));
        failed.push(entry(source.to_string(), destination, why));
    }
    let is_failure = |lost: &&Lost| !(lost.error.is_absent() && missing == Missing::Skipped);
    for Lost { line, error } in lost.iter().filter(is_failure) {
        let why = format!("{:#}", anyhow::Error::new(error.clone()));
        let entries =
            line.destinations.iter().map(|to| entry(line.source.to_string(), to, why.clone()));
        failed.extend(entries);
    }
    failed
}

fn entry(source: String, to: &Endpoint, why: String) -> (Endpoint, Failed) {
    (to.clone(), Failed { source, destination: to.to_string(), why })
}

/// Writes them to `file`; without one, those of each bundle among `destinations` into it.
pub(super) fn keep<'a>(
    failed: &[(Endpoint, Failed)],
    file: Option<&Path>,
    destinations: impl IntoIterator<Item = &'a Endpoint>,
) -> anyhow::Result<()> {
    if let Some(file) = file {
        let all: Vec<Failed> = failed.iter().map(|(_, failed)| failed.clone()).collect();
        return Ok(write(file, &all)?);
    }
    let mut folders: Vec<&PathBuf> = destinations.into_iter().filter_map(bundle_dir).collect();
    folders.sort_unstable();
    folders.dedup();
    for dir in folders.into_iter().filter(|dir| bundle::is_at(dir)) {
        let here = failed.iter().filter(|(to, _)| bundle_dir(to) == Some(dir));
        write(&dir.join(NAME), &here.map(|(_, failed)| failed.clone()).collect::<Vec<_>>())?;
    }
    Ok(())
}

fn bundle_dir(endpoint: &Endpoint) -> Option<&PathBuf> {
    match endpoint {
        Endpoint::Bundle { dir, .. } => Some(dir),
        _ => None,
    }
}

/// Writes the file as a whole; when nothing failed there is none.
fn write(path: &Path, failed: &[Failed]) -> Result<(), Unwritten> {
    if failed.is_empty() {
        return told_file::remove_failures(path);
    }
    told_file::put(path, to_mapping_file(failed).as_bytes())
}
