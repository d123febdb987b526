//! How a run is told and written down.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use longshore::tagsync::RuleFile;

use super::failed;
use super::told::Run;
use crate::cli::Context;
use crate::cli::args::{Format, SyncReportArgs, UsageError};
use crate::cli::exit::Exit;
use crate::cli::verbs::junit::junit;
use crate::cli::verbs::told_file::{self, put};

/// Refuses files that cannot be written, before anything is asked.
pub(super) fn check(
    reports: &SyncReportArgs,
    rules: &Path,
    context: &Context,
) -> anyhow::Result<()> {
    let files = [&reports.report, &reports.junit, &reports.failed];
    let mut named = vec![identity(rules)];
    for path in files.into_iter().flatten() {
        told_file::check(path)?;
        let own = identity(path);
        if named.contains(&own) && !path.starts_with("/dev") {
            let text = format!("{} is named twice, or is the file of rules", path.display());
            return Err(UsageError(text).into());
        }
        named.push(own);
    }
    reports.failed.as_deref().map_or(Ok(()), failed::check)?;
    if reports.github_summary {
        summary_file(context)?;
    }
    Ok(())
}

/// What a file is called, whichever way leads to it.
fn identity(path: &Path) -> PathBuf {
    let absolute = || std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.canonicalize().unwrap_or_else(|_| absolute())
}

fn summary_file(context: &Context) -> Result<PathBuf, UsageError> {
    let missing = "--github-summary needs GITHUB_STEP_SUMMARY to name a file";
    context.env.path("GITHUB_STEP_SUMMARY").ok_or_else(|| UsageError(missing.to_owned()))
}

/// Prints a run and its errors, and writes what is asked for. `reacted` are the exits of reactions that failed.
pub(super) fn tell(
    run: &Run,
    reacted: Vec<Exit>,
    reports: &SyncReportArgs,
    file: &RuleFile,
    context: &Context,
) -> anyhow::Result<Exit> {
    let written = write(run, reports, file, context);
    match context.output.format() {
        Format::Json => context.output.json(&run.json())?,
        Format::Text => {
            for line in run.lines() {
                context.output.line(line)?;
            }
        }
    }
    if !context.quiet {
        context.console.lines(run.undoing(file));
        if file.rules.len() > 1 {
            context.console.lines(run.table().lines().map(str::to_owned));
        }
        context.console.lines([format!("done: {}", run.last_line())]);
    }
    let failures = run.images.iter().filter_map(|told| told.fate.as_ref().err());
    let failures = failures.chain(run.pruned.iter().filter_map(|tag| tag.error.as_ref()));
    let mut exits: Vec<Exit> = failures.map(|failure| context.tell(failure)).collect();
    exits.extend(reacted);
    written?;
    let all = run.images.len() + run.pruned.len() + run.total().kept;
    Ok(Exit::of_failures(&exits, all.max(exits.len())))
}

fn write(
    run: &Run,
    reports: &SyncReportArgs,
    file: &RuleFile,
    context: &Context,
) -> anyhow::Result<()> {
    if let Some(path) = &reports.report {
        let text = serde_json::to_vec_pretty(&run.json()).unwrap_or_default();
        put(path, &[&text[..], b"\n"].concat())?;
    }
    if let Some(path) = &reports.junit {
        put(path, junit("longshore tag-sync", &run.cases()).as_bytes())?;
    }
    if let Some(path) = &reports.failed {
        failed::keep(path, run, file)?;
    }
    if reports.github_summary {
        let path = summary_file(context)?;
        let failed = || format!("cannot write GITHUB_STEP_SUMMARY, {}", path.display());
        let opened = OpenOptions::new().append(true).create(true).open(&path);
        let mut summary = opened.with_context(failed)?;
        summary.write_all(run.markdown().as_bytes()).with_context(failed)?;
    }
    Ok(())
}
