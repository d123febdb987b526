//! `report`.

mod join;
mod read;
mod told;

pub(crate) use read::ReportError;

use anyhow::anyhow;

use self::join::{Joined, Twice, join};
use self::read::Report;
use super::junit::junit;
use super::told_file::{self, put};
use crate::cli::Context;
use crate::cli::args::{Format, MergeArgs, ReportVerb};
use crate::cli::exit::Exit;

/// How many things are told of those that are told of twice.
const SHOWN: usize = 20;

pub(super) async fn run(verb: ReportVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        ReportVerb::Merge(args) => merge(&args, context),
    }
}

fn merge(args: &MergeArgs, context: &Context) -> anyhow::Result<Exit> {
    args.junit.as_deref().map_or(Ok(()), told_file::check)?;
    let mut reports = Vec::new();
    for path in &args.files {
        let text = context.input.file(path)?;
        reports.push(Report::parse(&path.display().to_string(), &text)?);
    }
    let files = reports.len();
    let joined = join(reports)?.ok_or_else(|| anyhow!("there is no report to join"))?;
    if let Some(path) = &args.junit {
        let suite = format!("longshore {}", joined.kind);
        put(path, junit(&suite, &told::cases(&joined)).as_bytes())?;
    }
    match context.output.format() {
        Format::Json => context.output.json(&joined.value())?,
        Format::Text => {
            for line in told::lines(&joined) {
                context.output.line(line)?;
            }
        }
    }
    tell(&joined, files, context);
    Ok(exit(&joined, context))
}

/// Tells what was skipped and what is told of twice, and how much there is.
fn tell(joined: &Joined, files: usize, context: &Context) {
    if context.quiet {
        return;
    }
    context.console.lines(told::skipped(joined));
    let twice = |Twice { what, files: [one, other] }: &Twice| {
        format!("note: {what} is in {one} and in {other}")
    };
    let more = joined.twice.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!("note: and so are {more} more"));
    context.console.lines(joined.twice.iter().take(SHOWN).map(twice).chain(more));
    context.console.lines([told::last_line(joined, files)]);
}

/// Tells all errors, and how one run would have ended. A part of which nothing is told was not done, as far as one knows.
fn exit(joined: &Joined, context: &Context) -> Exit {
    for failure in told::failures(joined) {
        context.tell(&failure);
    }
    for shard in &joined.missing {
        let what = anyhow!("there is no report of shard {}", shard.in_words());
        context.report(&what);
    }
    match told::exit(joined) {
        Exit::Done if !joined.missing.is_empty() => Exit::Failed,
        exit => exit,
    }
}
