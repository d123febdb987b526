//! `tag-sync watch`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::Timestamp;
use longshore::ops::tag_sync::Synced;
use longshore::server::StatusServer;
use longshore::tagsync::{Due, Timetable};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::metrics::{Metrics, Outcome};
use super::pass::Pass;
use super::react::Reacting;
use super::told::Run;
use super::{Opened, Share, file, open, open_file};
use crate::cli::Context;
use crate::cli::args::{Format, ReachArgs, RulesArgs, UsageError, WatchArgs, WhichArgs};
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupts;
use crate::cli::verbs::Work;

/// How long runs may take to end when the watch is to end. What has not ended then is dropped: it goes on next time.
const GRACE: Duration = Duration::from_secs(10);

/// The longest sleep: a clock that is set is noticed after it.
const NAP: Duration = Duration::from_secs(30);

/// How many lanes run at once.
const LANES: usize = 4;

/// Passwords are asked for here.
pub(super) fn start(args: WatchArgs, context: &Context) -> anyhow::Result<Work<'_>> {
    let WatchArgs { rules, which, interval, metrics, reach } = args;
    let watch = Watch { rules, which, reach, context };
    let generation = watch.open()?;
    let work = async move {
        let signals = Signals {
            stop: Interrupts::listen_but_hangup()?,
            reload: signal(SignalKind::hangup()).context("cannot listen for signals")?,
        };
        let told = Arc::new(Metrics::default());
        let stopping = CancellationToken::new();
        let server = match metrics {
            Some(address) => Some(serve(&address.0, &told, &stopping, context).await?),
            None => None,
        };
        let exit = watch.run(generation, interval, signals, &told).await;
        stopping.cancel();
        if let Some(server) = server {
            let _ = server.await;
        }
        exit
    };
    Ok(work.boxed())
}

async fn serve(
    address: &str,
    metrics: &Arc<Metrics>,
    stopping: &CancellationToken,
    context: &Context,
) -> anyhow::Result<tokio::task::JoinHandle<()>> {
    let server = StatusServer::bind(address).await?;
    let bound = server.local_addr();
    if !bound.ip().is_loopback() {
        tracing::warn!("whoever reaches {bound} can read the names of rules and how they do");
    }
    context.note(format!("metrics at http://{bound}/metrics"));
    let (metrics, stopping) = (Arc::clone(metrics), stopping.clone());
    let pages = move |path: &str| metrics.page(path);
    Ok(tokio::spawn(async move { server.run(pages, stopping.cancelled()).await }))
}

struct Signals {
    stop: Interrupts,
    reload: Signal,
}

/// What is watched by.
struct Watch<'c> {
    rules: RulesArgs,
    which: WhichArgs,
    reach: ReachArgs,
    context: &'c Context,
}

/// Rules as they were read at one time.
struct Generation {
    opened: Opened,
    share: Share,
    reacting: Reacting,
    which: BTreeSet<usize>,
    /// When rules were to run that were known before, by their names.
    earlier: BTreeMap<String, Timestamp>,
}

/// Why a generation of rules has ended.
enum Ended {
    Stopped,
    Reload(Box<Generation>),
}

/// A run that has ended.
struct Done {
    due: Due,
    synced: Synced,
    failed: Vec<Exit>,
    took: Duration,
}

type Running<'a> = FuturesUnordered<BoxFuture<'a, Done>>;

impl Watch<'_> {
    /// Reads the file, and opens what it names. Passwords are asked for here.
    fn open(&self) -> anyhow::Result<Generation> {
        let opened = open(&self.rules, self.reach.clone(), self.context)?;
        self.generation(opened)
    }

    /// The same for a file that has changed: nobody is asked again.
    fn open_again(&self, before: &Generation) -> anyhow::Result<Generation> {
        let (rules, logins) = (&self.rules, &before.opened.logins);
        if rules.file.as_os_str() == "-" {
            let text = "rules from standard input are read once: name a file to read it again";
            return Err(UsageError(text.to_owned()).into());
        }
        // Whatever else is there now, reading it could take for ever.
        if !std::fs::metadata(&rules.file).is_ok_and(|there| there.is_file()) {
            let text = format!("{} is no file any more", rules.file.display());
            return Err(UsageError(text).into());
        }
        let file = file::read(rules, self.context)?;
        let copy = self.reach.clone().resolve();
        self.generation(open_file(file, rules, copy, logins, self.context)?)
    }

    fn generation(&self, opened: Opened) -> anyhow::Result<Generation> {
        let share = Share::of(&self.which, &opened.file.rules, self.context)?;
        let reacting = Reacting::prepare(&opened.file.rules, self.context)?;
        let which = opened.named(&self.which.named.rules)?;
        let earlier = BTreeMap::new();
        Ok(Generation { opened, share, reacting, which, earlier })
    }

    async fn run(
        &self,
        mut generation: Generation,
        fallback: longshore::tagsync::Schedule,
        mut signals: Signals,
        metrics: &Metrics,
    ) -> anyhow::Result<Exit> {
        loop {
            metrics.rules(&generation.opened.file.rules, &generation.which);
            let ended = self.watch(&generation, &fallback, &mut signals, metrics).await;
            match ended {
                Ended::Reload(new) => generation = *new,
                Ended::Stopped => {
                    signals.stop.kill_on_next();
                    let untold = generation.reacting.untold(self.context);
                    return Ok(Exit::of_failures(&untold, untold.len()));
                }
            }
        }
    }

    /// Runs rules until a signal comes.
    async fn watch(
        &self,
        generation: &Generation,
        fallback: &longshore::tagsync::Schedule,
        signals: &mut Signals,
        metrics: &Metrics,
    ) -> Ended {
        let rules = &generation.opened.file.rules;
        let now = Timestamp::now();
        let mut table =
            Timetable::new(rules, &generation.which, fallback.clone(), &generation.earlier, now);
        let mut running = Running::new();
        let mut busy: BTreeSet<usize> = BTreeSet::new();
        let mut next: Option<Box<Generation>> = None;
        let mut troubles = Troubles::default();
        loop {
            if running.is_empty()
                && let Some(mut next) = next.take()
            {
                let earlier = generation
                    .which
                    .iter()
                    .map(|number| (rules[*number].name.clone(), table.next(*number)));
                next.earlier = earlier.collect();
                return Ended::Reload(next);
            }
            if next.is_none() {
                self.begin(generation, &mut table, &mut busy, &mut running);
                metrics.next(rules, &table);
            }
            tokio::select! {
                biased;
                _ = signals.stop.next() => {
                    metrics.stop();
                    let rest = async {
                        while let Some(done) = running.next().await {
                            self.tell(generation, done, &mut troubles, metrics);
                        }
                    };
                    let _ = tokio::time::timeout(GRACE, rest).await;
                    return Ended::Stopped;
                }
                _ = signals.reload.recv() => match self.open_again(generation) {
                    Ok(new) => {
                        self.context.note(format!("{} is read again", self.rules.file.display()));
                        metrics.reload(true);
                        next = Some(Box::new(new));
                    }
                    Err(error) => {
                        let what = "the rules stay as they are: the file cannot be used";
                        self.context.report(&error.context(what));
                        metrics.reload(false);
                    }
                },
                Some(done) = running.next() => {
                    busy.remove(&done.due.lane);
                    if !done.synced.put_off.is_empty() {
                        table.put_off(&done.due);
                    }
                    self.tell(generation, done, &mut troubles, metrics);
                }
                () = nap(table.wake(&busy)), if next.is_none() && running.len() < LANES => {}
            }
        }
    }

    /// Begins what is due.
    fn begin<'a>(
        &'a self,
        generation: &'a Generation,
        table: &mut Timetable<'_>,
        busy: &mut BTreeSet<usize>,
        running: &mut Running<'a>,
    ) {
        for due in table.due(Timestamp::now(), busy) {
            if running.len() >= LANES {
                return;
            }
            table.begun(&due, Timestamp::now(), fastrand::f64());
            busy.insert(due.lane);
            running.push(self.one(generation, due).boxed());
        }
    }

    async fn one(&self, generation: &Generation, due: Due) -> Done {
        let begun = Instant::now();
        let pass = Pass {
            opened: &generation.opened,
            due: due.rules.clone(),
            lock: None,
            share: &generation.share,
            fresh: self.which.fresh,
            limit: due.limit,
            until: due.until,
        };
        let synced = pass.run(self.context).await;
        let failed = generation.reacting.react(&synced, self.context).await;
        Done { due, synced, failed, took: begun.elapsed() }
    }

    /// Tells what a run has done, where that is anything.
    fn tell(
        &self,
        generation: &Generation,
        done: Done,
        troubles: &mut Troubles,
        metrics: &Metrics,
    ) {
        let Done { due, synced, failed, took } = done;
        let (rules, context) = (&generation.opened.file.rules, self.context);
        let put_off: Vec<usize> = synced.put_off.iter().map(|(rule, _)| *rule).collect();
        let run = Run::new(rules, synced, generation.share.shard());
        let counts = run.counts();
        for &number in &due.rules {
            let name = rules[number].name.as_str();
            let counts = counts.get(name).copied().unwrap_or_default();
            let is_whole = failed.is_empty() && put_off.iter().all(|rule| *rule != number);
            metrics.ran(name, &Outcome { counts, took, is_whole });
        }
        let printed = match context.output.format() {
            Format::Text => run.lines().try_for_each(|line| context.output.line(line)),
            Format::Json if run.has_done_anything() => context.output.line(run.json()),
            Format::Json => Ok(()),
        };
        if let Err(error) = printed {
            context.report(&error.into());
        }
        run.undoing(&generation.opened.file).for_each(|line| context.note(line));
        troubles.tell(&run, &due.rules, rules, context);
        let total = run.total();
        if total.copied + total.deleted > 0 {
            context.note(format!("{}: {}", names(&due, rules), run.last_line()));
        }
    }
}

fn names(due: &Due, rules: &[longshore::tagsync::Rule]) -> String {
    let names: Vec<&str> = due.rules.iter().map(|number| rules[*number].name.as_str()).collect();
    names.join(", ")
}

/// Waits until `time`, or a while.
async fn nap(time: Timestamp) {
    let left = time.duration_since(Timestamp::now());
    let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
    // Not a whole second too early: cron has seconds of its own.
    tokio::time::sleep(left.min(NAP).max(Duration::from_millis(10))).await;
}

/// What does not work: it is told when it is new, and when it works again.
#[derive(Default)]
struct Troubles(HashMap<usize, BTreeSet<String>>);

impl Troubles {
    fn tell(
        &mut self,
        run: &Run,
        due: &BTreeSet<usize>,
        rules: &[longshore::tagsync::Rule],
        context: &Context,
    ) {
        for &number in due {
            let failures: Vec<_> = run.failures_of(number).collect();
            let now: BTreeSet<String> = failures.iter().map(|failure| failure.plain()).collect();
            let before = self.0.insert(number, now.clone()).unwrap_or_default();
            for failure in failures.iter().filter(|failure| !before.contains(&failure.plain())) {
                context.tell(failure);
            }
            if now.is_empty() && !before.is_empty() {
                context.console.lines([format!("works again: rule {}", rules[number].name)]);
            }
        }
    }
}
