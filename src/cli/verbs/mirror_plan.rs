//! `mirror` with plans: they are shown, written, compared, carried out.

use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt as _;
use longshore::http::TrafficOptions;
use longshore::mirror::plan::{Difference, Lock, Moved, Speed};
use longshore::mirror::{Lost, Mapping};
use longshore::ops::{
    self, CopiedImage, CopyRequest, Ends, PlanFailure, PlanObserver, PlanRequest, Planned,
};

use super::advised::Advised;
use super::{Work, bundles, copy, images, mirror, mirror_file, plan, shards};
use crate::cli::Context;
use crate::cli::args::{Copy, Format, Intent, Kept, MirrorArgs, Mirroring, Missing, Telling};
use crate::cli::diagnose::diagnose;
use crate::cli::exit::Exit;
use crate::cli::progress::Fetched;

/// How many names are told of those that have moved.
const SHOWN: usize = 20;

/// Images whose names are known, and what is to be done with them.
pub(super) struct Wanted {
    ends: Ends,
    request: CopyRequest,
    /// Images that could not be found out about.
    lost: Vec<Lost>,
    /// How it is told what became of them.
    telling: Telling,
    /// What the time is reckoned with.
    speed: Speed,
}

impl Wanted {
    pub(super) fn new(
        ends: Ends,
        mirroring: Mirroring,
        mappings: Vec<Mapping>,
        lost: Vec<Lost>,
    ) -> Self {
        let Mirroring { copy, telling, .. } = mirroring;
        let speed = speed(&copy.traffic);
        Self { ends, request: CopyRequest { mappings, ..copy.request }, lost, telling, speed }
    }
}

/// The usual speed, or the one that the command line limits it to.
fn speed(traffic: &TrafficOptions) -> Speed {
    let usual = Speed::default();
    let limit = traffic.bytes_per_second();
    Speed { bytes_per_second: limit.unwrap_or(usual.bytes_per_second), ..usual }
}

/// Does with images what is intended.
pub(super) async fn carry_out(
    intent: Intent,
    wanted: Wanted,
    context: &Context,
) -> anyhow::Result<Exit> {
    match intent {
        Intent::Copy => {
            let Wanted { ends, request, lost, telling, .. } = wanted;
            copy::run(&ends, &request, lost, &telling, context).await
        }
        Intent::Show => show(wanted, context).await,
        Intent::Plan(file) => write(wanted, &file, context).await,
        Intent::Verify(file) => verify(wanted, &file, context).await,
    }
}

/// Shows how far planning is, unless nobody wants to see it.
pub(super) fn observer(context: &Context) -> Box<dyn PlanObserver> {
    if context.quiet { Box::new(()) } else { Box::new(Fetched::show(&context.console)) }
}

/// Takes out of the failures those that were allowed for, and says so.
fn skip_missing(planned: &mut Planned, context: &Context) {
    let absent = planned.failures.extract_if(.., |failure| failure.error.is_absent());
    for PlanFailure { source, destination, error } in absent {
        context.note(format!("skipped: {source} -> {destination}: {error}"));
    }
}

async fn find_out(wanted: Wanted, context: &Context) -> Planned {
    let Wanted { ends, request, lost, telling, speed } = wanted;
    let CopyRequest { mappings, lists, attachments, .. } = request;
    let request = PlanRequest { mappings, lists, attachments, speed };
    let mut planned = ops::plan(&ends, &request, observer(context).as_ref()).await;
    for image in lost.into_iter().flat_map(copy::not_copied) {
        let CopiedImage { source, destination, result, .. } = image;
        if let Err(error) = result {
            planned.failures.push(PlanFailure { source, destination, error });
        }
    }
    if telling.missing == Missing::Skipped {
        skip_missing(&mut planned, context);
    }
    for (source, left) in &planned.left_behind {
        context.note(images::left_behind(source, left));
    }
    planned
}

async fn show(wanted: Wanted, context: &Context) -> anyhow::Result<Exit> {
    let planned = find_out(wanted, context).await;
    plan::show(&planned.lock, context)?;
    Ok(failed(&planned, context))
}

async fn write(wanted: Wanted, file: &Path, context: &Context) -> anyhow::Result<Exit> {
    ops::writable(file)?;
    let planned = find_out(wanted, context).await;
    plan::show(&planned.lock, context)?;
    let exit = failed(&planned, context);
    if planned.failures.is_empty() {
        ops::write_lock(file, &planned.lock)?;
    } else {
        context.console.lines([format!("{} is not written", file.display())]);
    }
    Ok(exit)
}

async fn verify(wanted: Wanted, file: &Path, context: &Context) -> anyhow::Result<Exit> {
    let lock = ops::read_lock(file)?;
    let planned = find_out(wanted, context).await;
    let exit = failed(&planned, context);
    if !planned.failures.is_empty() {
        return Ok(exit);
    }
    let changes = Difference::between(&lock, &planned.lock).images;
    let moved = lock.moved(&planned.lock);
    let stale = changes.iter().map(ToString::to_string).chain(moved.iter().map(told));
    let stale: Vec<String> = stale.collect();
    if stale.is_empty() {
        context.note(format!("{} is what would be planned now", file.display()));
        return Ok(Exit::Done);
    }
    list(&stale, context);
    let what = format!("{} is not what would be planned now", file.display());
    let hint = "to write it anew, give the same without --locked".to_owned();
    Err(Advised::failed(what, Some(hint)).into())
}

/// Does what a plan says, or tells what has moved since it was made, or plans that anew first. Passwords are asked for
/// here.
pub(super) fn follow(kept: Kept, args: MirrorArgs, context: &Context) -> anyhow::Result<Work<'_>> {
    let (Kept::Apply(file) | Kept::Replan(file)) = &kept;
    let opened = open(file, args, context)?;
    let work = async move {
        let moved = ops::moved(&opened.ends, &opened.lock).await?;
        match kept {
            _ if moved.is_empty() => opened.apply(&opened.lock, context).await,
            Kept::Apply(file) => refuse(&moved, &file, context),
            Kept::Replan(file) => opened.replan(&moved, &file, context).await,
        }
    };
    Ok(work.boxed())
}

/// A plan, and what carries it out.
struct Opened {
    ends: Ends,
    lock: Lock,
    copy: Copy,
    telling: Telling,
}

fn open(file: &Path, args: MirrorArgs, context: &Context) -> anyhow::Result<Opened> {
    let lock = args.place(ops::read_lock(file)?);
    let shard = shards::shard(args.shard, context)?;
    let settings = mirror_file::settings(&args, context)?;
    let mappings = ops::mappings(&lock);
    ops::check(&mappings)?;
    let sources = mappings.iter().map(|mapping| &mapping.source);
    let destinations = mappings.iter().flat_map(|mapping| &mapping.destinations);
    let bundle = bundles::options(&args.bundle, destinations.clone())?;
    shards::check(shard, destinations.clone())?;
    let mirroring = args.mirroring().with(bundle).with_settings(&settings).with_shard(shard);
    let ends = mirror::open(&mirroring, sources, destinations, context)?;
    let Mirroring { copy, telling, .. } = mirroring;
    let lock = shards::lock(lock, shard, context);
    Ok(Opened { ends, lock, copy, telling })
}

impl Opened {
    async fn apply(&self, lock: &Lock, context: &Context) -> anyhow::Result<Exit> {
        let progress = Arc::new(context.progress());
        let report = ops::apply(&self.ends, lock, &self.copy.request.options, progress).await;
        copy::tell(report, Vec::new(), &self.telling, context).await
    }

    async fn replan(
        &self,
        moved: &[Moved],
        file: &Path,
        context: &Context,
    ) -> anyhow::Result<Exit> {
        let (speed, observer) = (speed(&self.copy.traffic), observer(context));
        let planned = ops::replan(&self.ends, &self.lock, moved, speed, observer.as_ref()).await;
        drop(observer);
        if !planned.failures.is_empty() {
            return Ok(failed(&planned, context));
        }
        ops::write_lock(file, &planned.lock)?;
        list(&moved.iter().map(told).collect::<Vec<_>>(), context);
        context.note(format!("{} is planned anew", file.display()));
        self.apply(&planned.lock, context).await
    }
}

fn refuse(moved: &[Moved], file: &Path, context: &Context) -> anyhow::Result<Exit> {
    if context.output.format() == Format::Json {
        context.output.json(&serde_json::json!({ "moved": moved }))?;
    }
    list(&moved.iter().map(told).collect::<Vec<_>>(), context);
    let what = format!("nothing is copied: {}", since(moved, file));
    let hint = "to plan that anew and go on, give --replan; to look first, make a new plan";
    Err(Advised::failed(what, Some(hint.to_owned())).into())
}

fn told(moved: &Moved) -> String {
    format!("moved    {moved}")
}

fn since(moved: &[Moved], file: &Path) -> String {
    let file = file.display();
    match moved.len() {
        1 => format!("a name has moved since {file} was written"),
        names => format!("{names} names have moved since {file} was written"),
    }
}

/// Tells what is not as it should be, for a person.
fn list(lines: &[String], context: &Context) {
    if context.output.format() == Format::Text {
        let rest = lines.len().saturating_sub(SHOWN);
        let rest = (rest > 0).then(|| format!("and {rest} more"));
        context.console.lines(lines.iter().take(SHOWN).cloned().chain(rest));
    }
}

/// Tells what could not be planned, and how the process is to end because of it.
fn failed(planned: &Planned, context: &Context) -> Exit {
    let failures = planned.failures.iter().map(|PlanFailure { source, destination, error }| {
        let what = format!("cannot plan {source} to {destination}");
        context.tell(&diagnose(&anyhow::Error::new(Arc::clone(error)).context(what)))
    });
    let failures: Vec<Exit> = failures.collect();
    let planned = planned.lock.images.iter().map(|image| image.destinations.len());
    Exit::of_failures(&failures, failures.len() + planned.sum::<usize>())
}
