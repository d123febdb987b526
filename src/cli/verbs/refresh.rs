//! `import-image --all-streams`: many streams, once or again and again.

use std::sync::{Arc, Mutex, PoisonError};

use longshore::imagestream::describe::left_out;
use longshore::imagestream::requests::{ImportOptions, Scope, requests, scheduled};
use longshore::ops::{self, Ask, Event, Interval, PullThrough, Refresh};
use longshore::reaction::{Change, output};

use super::advised::Advised;
use super::import_image::{Incomplete, advice, copied};
use super::reacting::{Reacting, told, untold};
use super::streams::Opened;
use crate::cli::Context;
use crate::cli::args::View;
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupts;

/// Imports all streams once.
pub(super) async fn once(
    opened: Opened,
    only_scheduled: bool,
    reacting: Reacting,
    view: View,
    context: &Context,
) -> anyhow::Result<Exit> {
    let (copies, is_cluster) = (opened.copies.clone(), opened.is_cluster);
    let refresh = refresher(opened, only_scheduled, &reacting);
    let teller = Teller { reacting: &reacting, copies, is_cluster, view, context };
    let seen = Mutex::new(Seen::default());
    let tell = |event| {
        if let Event::Imported(name, answer) = &event
            && let Some(line) = left_out(answer)
        {
            context.console.lines([format!("{name}: {line}")]);
        }
        let Seen { moved, failed } = teller.tell(event);
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.moved.extend(moved);
        seen.failed.extend(failed);
    };
    let troubles = ops::refresh(&refresh, &tell).await;
    let Seen { moved, mut failed } = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.extend(teller.copied());
    let told = match view {
        View::Env => context.output.bytes(output::env(&moved).as_bytes()),
        _ => Ok(()),
    };
    failed.extend(reacting.note(&moved, context));
    told?;
    if troubles > 0 {
        return Err(Incomplete.into());
    }
    Ok(Exit::of_failures(&failed, failed.len()))
}

/// Imports all streams again and again, until the first signal: that is how a watch ends well.
pub(super) async fn watch(
    opened: Opened,
    only_scheduled: bool,
    interval: Interval,
    reacting: Reacting,
    view: View,
    context: &Context,
) -> anyhow::Result<Exit> {
    let mut interrupts = Interrupts::listen()?;
    let stop = async move {
        interrupts.next().await;
        interrupts.kill_on_next();
    };
    let (copies, is_cluster) = (opened.copies.clone(), opened.is_cluster);
    let refresh = refresher(opened, only_scheduled, &reacting);
    let teller = Teller { reacting: &reacting, copies, is_cluster, view, context };
    // What was told is not kept: a watch runs for months.
    ops::watch(&refresh, interval, stop, &|event| drop(teller.tell(event))).await;
    let untold = untold(&reacting.reactions, context);
    Ok(Exit::of_failures(&untold, untold.len()))
}

fn refresher(opened: Opened, only_scheduled: bool, reacting: &Reacting) -> Refresh {
    let ask: Box<Ask> = if only_scheduled {
        Box::new(scheduled)
    } else {
        Box::new(|name, stream| {
            let options = ImportOptions::new(Scope::All);
            requests(name, Some(stream), &options).ok().map(|import| import.request)
        })
    };
    Refresh {
        streams: opened.streams,
        namespace: opened.is_named.then_some(opened.namespace),
        ask,
        reactions: Arc::clone(&reacting.reactions),
        triggers: reacting.triggers.clone(),
    }
}

/// Tells what happens: changes on standard output, one a line, and what does not work as an error.
struct Teller<'a> {
    reacting: &'a Reacting,
    copies: Option<Arc<PullThrough>>,
    is_cluster: bool,
    view: View,
    context: &'a Context,
}

/// What was told.
#[derive(Default)]
struct Seen {
    moved: Vec<Change>,
    failed: Vec<Exit>,
}

impl Teller<'_> {
    fn tell(&self, event: Event) -> Seen {
        let failed = match event {
            Event::Listed(count) => {
                self.listed(count);
                Vec::new()
            }
            Event::Imported(..) => self.copied(),
            Event::Moved(change) => {
                let failed = self.moved(&change);
                return Seen { moved: vec![change], failed };
            }
            Event::Told(outcome) => told(outcome, self.context).into_iter().collect(),
            Event::Manifests(report) => {
                self.reacting.tell_manifests(report, View::Text, self.context)
            }
            Event::Failed(trouble) => {
                let missed = trouble.problem.missed.as_ref();
                let hint = missed.and_then(|(from, why)| advice(why, from, self.is_cluster));
                self.context.report(&Advised::failed(trouble.to_string(), hint).into());
                Vec::new()
            }
            Event::Recovered(trouble) => {
                self.context.console.lines([format!("works again: {trouble}")]);
                Vec::new()
            }
        };
        Seen { moved: Vec::new(), failed }
    }

    /// Says in the beginning what there is to do: silence would be the same with a mistyped folder.
    fn listed(&self, count: usize) {
        if !self.context.quiet {
            let streams = if count == 1 { "stream" } else { "streams" };
            self.context.console.lines([match count {
                0 => "no stream has anything to import".to_owned(),
                count => format!("{count} {streams} to import"),
            }]);
        }
    }

    /// Tells the copies of image data that failed.
    fn copied(&self) -> Vec<Exit> {
        let failed = self.copies.as_deref().map_or(0, |copies| copied(copies, self.context));
        vec![Exit::Failed; failed]
    }

    fn moved(&self, change: &Change) -> Vec<Exit> {
        let output = self.context.output;
        let told = match self.view {
            View::Json => output.line(change.to_json()),
            // They come all at once in the end.
            View::Env => Ok(()),
            _ => output.line(line(change)),
        };
        told.err().map(|error| self.context.report(&error.into())).into_iter().collect()
    }
}

fn line(change: &Change) -> String {
    let Change { namespace, stream, tag, old, new, .. } = change;
    let old = old.as_ref().map_or("nothing", |old| &old.digest);
    format!("{namespace}/{stream}:{tag} moved from {old} to {}", new.digest)
}
