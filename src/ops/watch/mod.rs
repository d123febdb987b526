//! `import-image --all-streams`, once or again and again (`--watch`): many streams are imported, and whoever wants to
//! know is told what has moved.

mod once_told;
mod one_stream;
mod pace;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::FuturesUnordered;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

pub use once_told::{Problem, Trouble};
pub use pace::{Interval, IntervalError};

use crate::imagestream::{ImageStream, ImageStreamImport, Listing, Namespace, StreamName, Streams};
use crate::model::one_line;
use crate::reaction::{Change, Outcome, Reactions, triggers};

use once_told::OnceTold;
use one_stream::Problems;
use pace::Lanes;

/// How long imports that run, and what reacts to them, may take to end when the watch is to end. What has not ended
/// then is dropped: an import is kept wholly or not at all, a command is killed.
const GRACE: Duration = Duration::from_secs(10);

/// What to ask for when a stream is imported; nothing when there is nothing to ask for.
pub type Ask = dyn Fn(&StreamName, &ImageStream) -> Option<ImageStreamImport> + Send + Sync;

/// What to import, and who is told.
pub struct Refresh {
    /// Where the streams are.
    pub streams: Arc<dyn Streams>,
    /// The namespace; all of them when there is none.
    pub namespace: Option<Namespace>,
    /// What to ask for of each stream.
    pub ask: Box<Ask>,
    /// Who is told of changes. Afterwards they say of which ones they were not.
    pub reactions: Arc<Reactions>,
    /// The manifests that follow the streams. All of them are looked at in the beginning, for what an earlier run did
    /// not come to, and after each change.
    pub triggers: Option<triggers::Options>,
}

/// What a run of [`refresh`] or [`watch`] tells.
#[derive(Debug)]
pub enum Event {
    /// The streams of the first round were looked up: so many of them have something to import.
    Listed(usize),
    /// A stream was imported, whatever came of its images; what it made follows.
    Imported(StreamName, Box<ImageStreamImport>),
    /// A tag has moved.
    Moved(Change),
    /// Somebody was told of it.
    Told(Outcome),
    /// Manifests were looked at, and some have changed or cannot be used.
    Manifests(triggers::Report),
    /// Something does not work. It is told again when it is another thing that does not work.
    Failed(Trouble),
    /// What was told as failed works again.
    Recovered(Trouble),
}

/// Imports all streams once. Returns how many of them, or of the places to look, were in trouble.
pub async fn refresh(refresh: &Refresh, tell: &(dyn Fn(Event) + Sync)) -> usize {
    Refresher::new(refresh, tell).run(None, std::future::pending()).await
}

/// Imports all streams again and again, until `stop`. What runs then may end, within some seconds.
pub async fn watch(
    refresh: &Refresh,
    interval: Interval,
    stop: impl Future<Output = ()> + Send,
    tell: &(dyn Fn(Event) + Sync),
) {
    Refresher::new(refresh, tell).run(Some(interval), stop).await;
}

/// What all that runs at once shares.
struct Refresher<'a> {
    refresh: &'a Refresh,
    tell: &'a (dyn Fn(Event) + Sync),
    lanes: Lanes,
    told: OnceTold,
    /// What waited when manifests were last looked at; held by who changes them.
    manifests: Mutex<Vec<triggers::Waiting>>,
    stopping: CancellationToken,
}

/// What has ended.
enum Done {
    Listed(Vec<(StreamName, ImageStreamImport)>),
    Refreshed(StreamName),
    Applied,
}

type Running<'a> = FuturesUnordered<BoxFuture<'a, Done>>;

impl<'a> Refresher<'a> {
    fn new(refresh: &'a Refresh, tell: &'a (dyn Fn(Event) + Sync)) -> Self {
        Self {
            refresh,
            tell,
            lanes: Lanes::default(),
            told: OnceTold::default(),
            manifests: Mutex::default(),
            stopping: CancellationToken::new(),
        }
    }

    /// Rounds begin at an interval, however long the imports of the one before take; a stream that is still being
    /// imported is left out.
    async fn run(self, interval: Option<Interval>, stop: impl Future<Output = ()> + Send) -> usize {
        let mut running = Running::new();
        let mut busy = HashSet::new();
        let (mut spread, mut is_told) = (Duration::ZERO, false);
        let mut round = Some(Instant::now());
        running.push(async { self.apply_triggers().map(|()| Done::Applied).await }.boxed());
        tokio::pin!(stop);
        while round.is_some() || !running.is_empty() {
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(done) = running.next() => match done {
                    Done::Listed(mut wanted) => {
                        if !std::mem::replace(&mut is_told, true) {
                            (self.tell)(Event::Listed(wanted.len()));
                        }
                        wanted.retain(|(name, _)| busy.insert(name.clone()));
                        for (name, import) in wanted {
                            running.push(self.refresh_later(name, import, spread).boxed());
                        }
                        spread = interval.map_or(spread, Interval::spread);
                    }
                    Done::Refreshed(name) => { busy.remove(&name); }
                    Done::Applied => {}
                },
                () = due(round), if round.is_some() => {
                    round = interval.map(|interval| Instant::now() + interval.jittered());
                    running.push(self.list().map(Done::Listed).boxed());
                }
            }
        }
        self.stopping.cancel();
        let end = async { while running.next().await.is_some() {} };
        let _ = tokio::time::timeout(GRACE, end).await;
        drop(running);
        self.told.count()
    }

    /// The streams of which something is asked.
    async fn list(&self) -> Vec<(StreamName, ImageStreamImport)> {
        let Refresh { streams, namespace, ask, .. } = self.refresh;
        let listed = tokio::select! {
            () = self.stopping.cancelled() => return Vec::new(),
            listed = streams.list(namespace.as_ref()) => listed,
        };
        let Listing { streams, unreadable } =
            listed.unwrap_or_else(|error| Listing { streams: Vec::new(), unreadable: vec![error] });
        let problems = unreadable.iter().map(|error| Problem::of(error));
        self.report(
            None,
            problems.map(|problem| (Some(problem.message.clone()), problem)).collect(),
        );
        let named = streams.iter().filter_map(|stream| Some((name_of(stream)?, stream)));
        named.filter_map(|(name, stream)| ask(&name, stream).map(|import| (name, import))).collect()
    }

    /// Imports a stream at some time within `spread`: not all come to a registry at once.
    async fn refresh_later(
        &self,
        name: StreamName,
        import: ImageStreamImport,
        spread: Duration,
    ) -> Done {
        let at = Instant::now() + spread.mul_f64(fastrand::f64());
        let turn = async {
            sleep_until(at).await;
            self.lanes.enter(&import).await
        };
        tokio::select! {
            () = self.stopping.cancelled() => {}
            turn = turn => self.refresh_one(&name, turn).await,
        }
        Done::Refreshed(name)
    }

    async fn apply_triggers(&self) {
        let Some(options) = &self.refresh.triggers else { return };
        let mut told = self.manifests.lock().await;
        let mut report = triggers::apply(self.refresh.streams.as_ref(), None, options).await;
        let waiting = std::mem::replace(&mut *told, report.waiting.clone());
        report.waiting.retain(|now| !waiting.contains(now));
        if !report.is_empty() {
            (self.tell)(Event::Manifests(report));
        }
    }

    /// Tells what is new of the problems of a stream, or of the place itself.
    fn report(&self, stream: Option<&StreamName>, problems: Problems) {
        let (failed, recovered) = self.told.update(stream, problems);
        failed.into_iter().map(Event::Failed).for_each(self.tell);
        recovered.into_iter().map(Event::Recovered).for_each(self.tell);
    }
}

async fn due(round: Option<Instant>) {
    match round {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn name_of(stream: &ImageStream) -> Option<StreamName> {
    let namespace: Namespace =
        stream.metadata.namespace.as_deref().unwrap_or_default().parse().ok()?;
    StreamName::new(namespace, &stream.metadata.name).ok()
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    one_line(&texts.join(": "), 1000)
}
