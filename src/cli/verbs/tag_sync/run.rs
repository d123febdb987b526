//! `tag-sync run`.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use longshore::model::Rate;
use longshore::ops::tag_sync::Synced;
use longshore::tagsync::State;

use super::pass::Pass;
use super::react::Reacting;
use super::told::Run;
use super::{Opened, Share, check, open, reports};
use crate::cli::Context;
use crate::cli::args::RunArgs;
use crate::cli::exit::Exit;
use crate::cli::interrupt::stoppable;
use crate::cli::verbs::Work;

/// Passwords are asked for here.
pub(super) fn start(args: RunArgs, context: &Context) -> anyhow::Result<Work<'_>> {
    reports::check(&args.reports, &args.rules.file, context)?;
    let RunArgs { rules, which, lock, dry_run, any_time, reports, reach } = args;
    let opened = open(&rules, reach, context)?;
    let share = Share::of(&which, &opened.file.rules, context)?;
    let locked = opened.lock(&lock)?;
    let due = opened.named(&which.named.rules)?;
    if dry_run {
        let work = async move {
            let shown = check::show(&opened, &due, locked.as_ref(), &share, which.fresh, context);
            Ok(match shown.await? {
                Exit::Changes => Exit::Done,
                other => other,
            })
        };
        return Ok(stoppable(work, context).boxed());
    }
    let reacting = Reacting::prepare(&opened.file.rules, context)?;
    let reactions = reacting.clone();
    let work = async move {
        let mut synced = Synced::default();
        for Batch { due, limit, until } in opened.batches(due, any_time, context) {
            let (opened, lock, share, fresh) = (&opened, locked.as_ref(), &share, which.fresh);
            let pass = Pass { opened, due, lock, share, fresh, limit, until };
            synced = synced.and(pass.run(context).await);
        }
        let failed = reacting.react(&synced, context).await;
        let run = Run::new(&opened.file.rules, synced, share.shard());
        reports::tell(&run, failed, &reports, &opened.file, context)
    };
    Ok(reactions.stoppable(work, context).boxed())
}

/// Rules that run at the same rate.
struct Batch {
    due: BTreeSet<usize>,
    limit: Option<Rate>,
    until: Timestamp,
}

impl Opened {
    /// The rules that may run now, by the limits of their windows. When the others may, is told.
    fn batches(&self, due: BTreeSet<usize>, any_time: bool, context: &Context) -> Vec<Batch> {
        let now = Timestamp::now();
        let mut batches: Vec<Batch> = Vec::new();
        for number in due {
            let rule = &self.file.rules[number];
            let (limit, until) = match rule.window.at(now) {
                _ if any_time => (None, Timestamp::MAX),
                State::Open { limit, until } => (limit, until),
                State::Closed { until } => {
                    let name = &rule.name;
                    context.note(format!(
                        "note: rule {name} waits: its window opens at {until}; --any-time runs it now"
                    ));
                    continue;
                }
            };
            match batches.iter_mut().find(|batch| batch.limit == limit && batch.until == until) {
                Some(batch) => drop(batch.due.insert(number)),
                None => batches.push(Batch { due: [number].into(), limit, until }),
            }
        }
        batches
    }
}
