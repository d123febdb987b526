//! One image on its way to targets that are served together: resolved, its blobs moved in parallel, then manifests,
//! the name last.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use super::choose::choose;
use super::commit::Commit;
use super::copy::Copier;
use super::job::{ImageReport, ImageResult, Job, Outcome, Target};
use super::movers::{Delivery, Placed};
use super::survey;
use super::{Attachments, Event, ImageGraph, Plan, ResolveError};
use crate::model::{Descriptor, Digest};
use crate::store;

/// How many blobs of an image are looked at, or wait for others, at once.
const BLOBS: usize = 64;

/// One image on its way.
pub(super) struct Run<'a> {
    copier: &'a Copier,
    job: Arc<Job>,
    /// What became of it at each target; `None` where that is still open.
    results: Vec<Option<ImageResult>>,
}

/// What is left to do for a target.
pub(super) struct Work {
    pub(super) delivery: Arc<Delivery>,
    pub(super) plan: Plan,
    pub(super) report: ImageReport,
    /// Blobs that are not yet there.
    missing: usize,
    /// Blobs that cannot be had, and that only what refers to the image needs.
    pub(super) spared: HashMap<Digest, Arc<ResolveError>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(copier: &'a Copier, job: Job) -> Self {
        let results = job.targets.iter().map(|_| None).collect();
        Self { copier, job: Arc::new(job), results }
    }

    /// Goes as far as it has to, and tells what became of the image at each target. `answers` are what the targets
    /// said of it.
    pub(super) async fn finish(
        mut self,
        answers: Vec<store::Result<Option<Digest>>>,
    ) -> Vec<ImageResult> {
        let answers = answers.into_iter().enumerate();
        let now = answers.map(|(target, now)| self.value(target, now).flatten()).collect();
        match self.go(now).await {
            Ok(()) => {}
            Err(error) => self.settle_open(&Arc::new(error)),
        }
        self.results.into_iter().flatten().collect()
    }

    /// An error is one of the image itself, and of all targets that are still open.
    async fn go(&mut self, mut now: Vec<Option<Digest>>) -> Result<(), ResolveError> {
        let job = Arc::clone(&self.job);
        let (source, selection) = (job.source.as_ref(), &job.selection);
        if selection.is_plain() && now.iter().any(Option::is_some) {
            let digest = match job.digest() {
                Some(digest) => Some(digest.clone()),
                None => source.digest(&job.reference).await?,
            };
            digest.inspect(|digest| self.settle_present(&now, digest, None));
        }
        if self.is_settled() {
            return Ok(());
        }
        // The semaphore is never closed, so acquiring cannot fail.
        let _permit = self.copier.images.acquire().await;
        let chosen = choose(source, &job.reference, selection).await?;
        let (root, picked_from) = (chosen.digest().clone(), chosen.picked_from.clone());
        let by_digest = self.ask_nameless(&root).await;
        now.iter_mut().zip(by_digest).for_each(|(now, found)| *now = now.take().or(found));
        if selection.attachments != Attachments::All && chosen.is_whole() {
            self.settle_present(&now, &root, picked_from.as_ref());
        }
        if self.is_settled() {
            return Ok(());
        }
        let graph = chosen.resolve(source, selection.attachments).await?;
        let works = self.plan(&graph, &now).await;
        self.carry_out(works).await;
        Ok(())
    }

    /// Whether the open targets that give the image no name have it.
    async fn ask_nameless(&mut self, root: &Digest) -> Vec<Option<Digest>> {
        let job = Arc::clone(&self.job);
        let mut questions = Vec::new();
        for (target, result) in job.targets.iter().zip(&self.results) {
            let asked = result.is_none() && target.name.is_none();
            questions.push(async move {
                if asked { target.digest_now(Some(root)).await } else { Ok(None) }
            });
        }
        let answers = join_all(questions).await.into_iter().enumerate();
        answers.map(|(target, answer)| self.value(target, answer).flatten()).collect()
    }

    /// What each open target has to get.
    async fn plan(&mut self, graph: &ImageGraph, now: &[Option<Digest>]) -> Vec<Option<Work>> {
        let job = Arc::clone(&self.job);
        let mut questions = Vec::new();
        for (target, now) in now.iter().enumerate() {
            questions.push(self.there(graph, target, now.as_ref()));
        }
        let there = join_all(questions).await;
        let mut works = Vec::new();
        for (number, there) in there.into_iter().enumerate() {
            let Some(there) = self.value(number, there) else {
                works.push(None);
                continue;
            };
            let target = &job.targets[number];
            let graph = graph_for(target, graph);
            let (graph, root) = (graph.as_ref(), graph.root.digest());
            if now[number].as_ref() == Some(root)
                && there.contains(root)
                && graph.attached.is_empty()
            {
                self.settle(number, Ok(ImageReport::present(graph)));
                works.push(None);
                continue;
            }
            let plan = Plan::of(graph, target.name.as_ref(), &there);
            self.copier.observer.event(&Event::ImagePlanned {
                image: target.image,
                blobs: plan.blobs.len(),
                bytes: plan.bytes(),
            });
            let report = ImageReport::of(graph, &plan);
            let missing = plan.blobs.len();
            works.push(Some(Work {
                delivery: Arc::new(Delivery::new(number)),
                plan,
                report,
                missing,
                spared: HashMap::new(),
            }));
        }
        works
    }

    /// The manifests that a target has; of one that is settled nothing is asked.
    async fn there(
        &self,
        graph: &ImageGraph,
        target: usize,
        now: Option<&Digest>,
    ) -> store::Result<HashSet<Digest>> {
        if self.results[target].is_some() {
            return Ok(HashSet::new());
        }
        survey::there(self.job.targets[target].sink.as_ref(), graph, now).await
    }

    /// Moves blobs, each in a task of its own so that they are hashed and written on all cores. A target gets its
    /// manifests when it has all of them. When it fails, what is on its way there is stopped before that is told.
    async fn carry_out(&mut self, mut works: Vec<Option<Work>>) {
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut blobs = blobs_of(&works).into_iter();
        let mut tasks = JoinSet::new();
        let mut commits = FuturesUnordered::new();
        commits.extend(works.iter_mut().filter_map(|work| self.commit_if_whole(work)));
        while !self.is_settled() {
            while tasks.len() < BLOBS
                && let Some((blob, deliveries)) = blobs.next()
            {
                let (movers, job) = (Arc::clone(&self.copier.movers), Arc::clone(&self.job));
                tasks.spawn(movers.place(job, blob, deliveries, tell.clone()));
            }
            tokio::select! {
                Some(Placed { target, blob, result }) = told.recv() => match (result, &mut works[target]) {
                    (Ok(outcome), Some(work)) => {
                        work.report.count(&blob, outcome);
                        work.missing -= 1;
                        commits.extend(self.commit_if_whole(&mut works[target]));
                    }
                    (Err(error), Some(work)) if work.plan.can_spare(&blob.digest) => {
                        work.spared.insert(blob.digest, Arc::new(error.into()));
                        work.missing -= 1;
                        commits.extend(self.commit_if_whole(&mut works[target]));
                    }
                    (Err(error), Some(work)) => {
                        work.delivery.stop.cancel();
                        works[target] = None;
                        self.settle(target, Err(Arc::new(error.into())));
                    }
                    (_, None) => {}
                },
                Some((target, result)) = commits.next() => self.settle(target, result),
                Some(joined) = tasks.join_next() => go_on_panicking(joined),
            }
        }
        tasks.shutdown().await;
    }

    /// Takes the work of a target that has all blobs: what is left are its manifests.
    fn commit_if_whole(
        &self,
        work: &mut Option<Work>,
    ) -> Option<BoxFuture<'static, (usize, ImageResult)>> {
        let work = work.take_if(|work| work.missing == 0)?;
        let (job, landings) = (Arc::clone(&self.job), Arc::clone(&self.copier.landings));
        let commit = async move {
            let number = work.delivery.number;
            let result = Commit { job: &job, landings: &landings, work }.carry_out().await;
            (number, result.map_err(|error| Arc::new(error.into())))
        };
        Some(commit.boxed())
    }

    fn is_settled(&self) -> bool {
        self.results.iter().all(Option::is_some)
    }

    fn settle(&mut self, target: usize, result: ImageResult) {
        let image = self.job.targets[target].image;
        self.copier.observer.event(&match &result {
            Ok(report) => Event::ImageDone { image, outcome: Some(report.outcome) },
            Err(error) if error.is_absent() => Event::ImageAbsent { image },
            Err(_) => Event::ImageDone { image, outcome: None },
        });
        self.results[target] = Some(result);
    }

    /// Settles the targets that have the image.
    fn settle_present(
        &mut self,
        now: &[Option<Digest>],
        root: &Digest,
        picked_from: Option<&Digest>,
    ) {
        for (target, now) in now.iter().enumerate() {
            if now.as_ref() == Some(root) && self.results[target].is_none() {
                let report = ImageReport::new(root.clone(), picked_from.cloned(), Outcome::Present);
                self.settle(target, Ok(report));
            }
        }
    }

    fn settle_open(&mut self, error: &Arc<ResolveError>) {
        for target in 0..self.results.len() {
            if self.results[target].is_none() {
                self.settle(target, Err(Arc::clone(error)));
            }
        }
    }

    /// The value of what was asked of a target that is still open; a failure settles it.
    fn value<T>(&mut self, target: usize, answer: store::Result<T>) -> Option<T> {
        match answer {
            _ if self.results[target].is_some() => None,
            Ok(value) => Some(value),
            Err(error) => {
                self.settle(target, Err(Arc::new(error.into())));
                None
            }
        }
    }
}

/// As much of an image as a target has room for.
fn graph_for<'g>(target: &Target, graph: &'g ImageGraph) -> Cow<'g, ImageGraph> {
    if graph.attached.is_empty() || target.sink.holds_referrers() {
        return Cow::Borrowed(graph);
    }
    Cow::Owned(graph.alone_in(&target.sink.place()))
}

/// All blobs that targets need, large ones first, each with those who need it.
fn blobs_of(works: &[Option<Work>]) -> Vec<(Descriptor, Vec<Arc<Delivery>>)> {
    let mut blobs: Vec<(Descriptor, Vec<Arc<Delivery>>)> = Vec::new();
    let mut known: HashMap<&Digest, usize> = HashMap::new();
    for work in works.iter().flatten() {
        for blob in &work.plan.blobs {
            let number = *known.entry(&blob.digest).or_insert_with(|| {
                blobs.push((blob.clone(), Vec::new()));
                blobs.len() - 1
            });
            blobs[number].1.push(Arc::clone(&work.delivery));
        }
    }
    blobs.sort_by_key(|(blob, _)| std::cmp::Reverse(blob.size));
    blobs
}

/// A task that moves a blob ends well whatever becomes of the blob, unless it panics.
fn go_on_panicking(joined: Result<(), JoinError>) {
    if let Err(lost) = joined
        && let Ok(panic) = lost.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}
