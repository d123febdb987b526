//! `tag-sync check`, and `run --dry-run`.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use indicatif::HumanBytes;
use longshore::model::Endpoint;
use longshore::ops::tag_sync::{Foreseen, Proposal, foresee, inquire};
use longshore::tagsync::{Lock, PruneMode, Step};
use serde_json::{Value, json};

use super::{Opened, Share, asking, open, told};
use crate::cli::Context;
use crate::cli::args::{CheckArgs, Format};
use crate::cli::diagnose::Diagnosis;
use crate::cli::exit::Exit;
use crate::cli::progress::number;
use crate::cli::verbs::mirror_plan;

/// Passwords are asked for here.
pub(super) fn start(
    args: CheckArgs,
    context: &Context,
) -> anyhow::Result<BoxFuture<'_, anyhow::Result<Exit>>> {
    let CheckArgs { rules, which, lock, reach } = args;
    let opened = open(&rules, reach, context)?;
    let share = Share::of(&which, &opened.file.rules, context)?;
    let locked = opened.lock(&lock)?;
    let due = opened.named(&which.named.rules)?;
    let work =
        async move { show(&opened, &due, locked.as_ref(), &share, which.fresh, context).await };
    Ok(work.boxed())
}

/// Shows what a run would change that believes as much of what is remembered.
pub(super) async fn show(
    opened: &Opened,
    due: &BTreeSet<usize>,
    lock: Option<&Lock>,
    share: &Share,
    fresh: bool,
    context: &Context,
) -> anyhow::Result<Exit> {
    let foreseen = {
        let observer = asking(context);
        let inquiry = opened.inquiry(None, fresh, observer.as_ref());
        let proposal = inquire(&inquiry, due, lock, &|unit| share.owned(unit)).await;
        drop(observer);
        let inquiry = opened.inquiry(None, fresh, &());
        foresee(&inquiry, proposal, mirror_plan::observer(context).as_ref()).await
    };
    tell(opened, foreseen, context)
}

/// One thing that a run would do.
struct Row {
    kind: &'static str,
    source: Option<Endpoint>,
    target: Endpoint,
    before: Option<String>,
    backup: Option<String>,
    digest: Option<String>,
    rule: usize,
}

impl Row {
    fn line(&self) -> String {
        let mut line = format!("{:<8} ", self.kind);
        if let Some(source) = &self.source {
            line.push_str(&format!("{source} -> "));
        }
        line.push_str(&self.target.to_string());
        if let Some(before) = &self.before {
            line.push_str(&format!(" (before: {before})"));
        }
        if let Some(backup) = &self.backup {
            line.push_str(&format!(" (kept as {backup})"));
        }
        line
    }

    fn json(&self, opened: &Opened) -> Value {
        json!({
            "change": self.kind,
            "rule": opened.file.rules[self.rule].name,
            "source": self.source.as_ref().map(ToString::to_string),
            "destination": self.target.to_string(),
            "digest": self.digest,
            "before": self.before,
            "backup": self.backup,
        })
    }
}

fn tell(opened: &Opened, foreseen: Foreseen, context: &Context) -> anyhow::Result<Exit> {
    let Foreseen { proposal, sums } = foreseen;
    let rows = rows(&proposal);
    let strays = proposal.strays.iter().filter(|stray| stray.mode == PruneMode::Report);
    let reported: usize = strays.map(|stray| stray.tags.len()).sum();
    let in_step = proposal
        .units
        .iter()
        .flat_map(|unit| &unit.wishes)
        .filter(|wish| wish.step == Step::Keep)
        .count();
    let failures: Vec<Diagnosis> = proposal.troubles.into_iter().map(told::diagnosis_of).collect();
    match context.output.format() {
        Format::Text => {
            for row in &rows {
                context.output.line(row.line())?;
            }
        }
        Format::Json => {
            context.output.json(&json!({
                "changes": rows.iter().map(|row| row.json(opened)).collect::<Vec<_>>(),
                "inStep": in_step,
                "bytes": sums.copy.bytes,
                "mountedBytes": sums.mount.bytes,
                "errors": failures.iter().map(Diagnosis::value).collect::<Vec<_>>(),
            }))?;
        }
    }
    // What only comes along with images that are there has no line of its own.
    let comes_along = rows.is_empty() && sums.copy.blobs > 0;
    let changes = rows.len() - reported + usize::from(comes_along);
    if !context.quiet {
        let changed = number((changes as u64, "change"));
        let (bytes, blobs) = (HumanBytes(sums.copy.bytes), number((sums.copy.blobs, "blob")));
        let line = format!("done: {changed}, {bytes} in {blobs} to copy; {in_step} in step");
        context.console.lines([line]);
    }
    let exits: Vec<Exit> = failures.iter().map(|failure| context.tell(failure)).collect();
    match (exits.is_empty(), changes) {
        (false, _) => Ok(Exit::of_failures(&exits, exits.len())),
        (true, 0) => Ok(Exit::Done),
        (true, _) => Ok(Exit::Changes),
    }
}

fn rows(proposal: &Proposal) -> Vec<Row> {
    let mut rows = Vec::new();
    for unit in &proposal.units {
        for wish in &unit.wishes {
            let (kind, before, backup) = match &wish.step {
                Step::Keep | Step::Held { .. } => continue,
                Step::New => ("new", None, None),
                Step::Move { from, backup } => ("moved", Some(from), backup.as_ref()),
            };
            let source = match &wish.tag {
                Some(tag) => unit.unit.source.named(&tag.clone().into()).ok(),
                None => None,
            };
            rows.push(Row {
                kind,
                source: source.or_else(|| Some(unit.unit.source.clone())),
                target: wish.target.clone(),
                before: before.map(ToString::to_string),
                backup: backup.map(ToString::to_string),
                digest: Some(wish.digest.to_string()),
                rule: unit.unit.rule,
            });
        }
    }
    for stray in &proposal.strays {
        let kind = match stray.mode {
            PruneMode::Tags => "delete",
            PruneMode::Report | PruneMode::Off => "stray",
        };
        for tag in &stray.tags {
            let target = stray.place.named(&tag.clone().into());
            rows.push(Row {
                kind,
                source: None,
                target: target.unwrap_or_else(|_| stray.place.clone()),
                before: None,
                backup: None,
                digest: None,
                rule: stray.rule,
            });
        }
    }
    rows
}
