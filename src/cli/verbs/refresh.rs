//! `import-image --all-streams`: many streams, once or again and again.

use std::sync::{Arc, Mutex, PoisonError};

use longshore::imagestream::requests::{ImportOptions, Scope, requests, scheduled};
use longshore::ops::{self, Ask, Event, Interval, PullThrough, Refresh};
use longshore::reaction::Change;

use super::advised::Advised;
use super::import_image::{Incomplete, copied};
use super::reacting::{Reacting, told};
use super::streams::Opened;
use crate::cli::Context;
use crate::cli::args::{Format, View};
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupts;

/// Imports all streams once.
pub(super) async fn once(
    opened: Opened,
    only_scheduled: bool,
    mut reacting: Reacting,
    context: &Context,
) -> anyhow::Result<Exit> {
    let copies = opened.copies.clone();
    let refresh = refresher(opened, only_scheduled, &mut reacting);
    let teller = Teller { reacting: &reacting, copies, context };
    let seen = Mutex::new(Seen::default());
    let tell = |event| {
        let Seen { moved, failed } = teller.tell(event);
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.moved.extend(moved);
        seen.failed.extend(failed);
    };
    let troubles = ops::refresh(&refresh, &tell).await;
    let Seen { moved, failed } = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    reacting.note(&moved)?;
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
    mut reacting: Reacting,
    context: &Context,
) -> anyhow::Result<Exit> {
    let mut interrupts = Interrupts::listen()?;
    let stop = async move {
        interrupts.next().await;
        interrupts.kill_on_next();
    };
    let copies = opened.copies.clone();
    let refresh = refresher(opened, only_scheduled, &mut reacting);
    let teller = Teller { reacting: &reacting, copies, context };
    // What was told is not kept: a watch runs for months.
    ops::watch(&refresh, interval, stop, &|event| drop(teller.tell(event))).await;
    Ok(Exit::Done)
}

fn refresher(opened: Opened, only_scheduled: bool, reacting: &mut Reacting) -> Refresh {
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
        reactions: std::mem::take(&mut reacting.reactions),
        triggers: reacting.triggers.clone(),
    }
}

/// Tells what happens: changes on standard output, one a line, and what does not work as an error.
struct Teller<'a> {
    reacting: &'a Reacting,
    copies: Option<Arc<PullThrough>>,
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
            Event::Imported(_) => {
                let failed =
                    self.copies.as_deref().map_or(0, |copies| copied(copies, self.context));
                vec![Exit::Failed; failed]
            }
            Event::Moved(change) => {
                let failed = self.moved(&change);
                return Seen { moved: vec![change], failed };
            }
            Event::Told(outcome) => told(outcome, self.context).into_iter().collect(),
            Event::Manifests(report) => self
                .reacting
                .tell_manifests(report, View::Text, self.context)
                .unwrap_or_else(|error| vec![self.context.report(&error)]),
            Event::Failed(trouble) => {
                self.context.report(&Advised::failed(trouble.to_string(), None).into());
                Vec::new()
            }
            Event::Recovered(trouble) => {
                self.context.console.lines([format!("works again: {trouble}")]);
                Vec::new()
            }
        };
        Seen { moved: Vec::new(), failed }
    }

    fn moved(&self, change: &Change) -> Vec<Exit> {
        let output = self.context.output;
        let told = match output.format() {
            Format::Json => output.line(change.to_json()),
            Format::Text => output.line(line(change)),
        };
        told.err().map(|error| self.context.report(&error.into())).into_iter().collect()
    }
}

fn line(change: &Change) -> String {
    let Change { namespace, stream, tag, old, new, .. } = change;
    let old = old.as_ref().map_or("nothing", |old| &old.digest);
    format!("{namespace}/{stream}:{tag} moved from {old} to {}", new.digest)
}
