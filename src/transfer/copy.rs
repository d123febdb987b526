//! Moves one image: blobs in parallel, then manifests, the name last.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::{JoinError, JoinSet};

use super::movers::Movers;
use super::{BlobOutcome, Event, ImageGraph, Observer, Plan, ResolveError, Selection, resolve};
use crate::model::{Descriptor, Digest, RefName};
use crate::store::{self, Reference, Sink, Source};

/// How a run is done.
#[derive(Clone, Debug)]
pub struct CopyOptions {
    /// How many blobs move at once, over all images of the run.
    pub jobs: usize,
}

impl Default for CopyOptions {
    fn default() -> Self {
        Self { jobs: 6 }
    }
}

/// One image to copy.
pub struct Job {
    /// Its number in the run, for events.
    pub image: usize,
    /// Where it is.
    pub source: Arc<dyn Source>,
    /// Which one it is there.
    pub reference: Reference,
    /// Which part of it is wanted.
    pub selection: Selection,
    /// Where it goes.
    pub sink: Arc<dyn Sink>,
    /// What it is to be called there.
    pub name: Option<RefName>,
}

impl Job {
    fn source_label(&self) -> String {
        let place = self.source.place();
        match &self.reference {
            Reference::Name(name) => format!("{place}:{name}"),
            Reference::Digest(digest) => format!("{place}@{digest}"),
            Reference::Only => place,
        }
    }

    fn destination_label(&self) -> String {
        let place = self.sink.place();
        self.name.as_ref().map_or(place.clone(), |name| format!("{place}:{name}"))
    }
}

/// What became of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReport {
    /// The digest of the manifest that got the name.
    pub digest: Digest,
    /// The digest at the source, where platforms were picked from an index and it is another.
    pub picked_from: Option<Digest>,
    /// Whether anything had to be done.
    pub outcome: Outcome,
    /// Blobs whose bytes were moved.
    pub copied: usize,
    /// Blobs that the registry took over from another of its repositories.
    pub mounted: usize,
    /// Blobs that were there before.
    pub present: usize,
    /// Foreign layers, left where they are.
    pub foreign: usize,
    /// Bytes of the blobs moved.
    pub bytes: u64,
    /// Digests of the manifests that came along because they refer to the image.
    pub referrers: Vec<Digest>,
}

/// Whether anything had to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The name points to the image now, and did not before.
    Copied,
    /// The name pointed to this image before.
    Present,
}

/// Copies images. One for a whole run: images share its limits and its memory of where each blob already is.
pub struct Copier {
    movers: Arc<Movers>,
    observer: Arc<dyn Observer>,
    jobs: usize,
}

impl Copier {
    /// A copier that tells `observer` what it does.
    #[must_use]
    pub fn new(options: &CopyOptions, observer: Arc<dyn Observer>) -> Self {
        let jobs = options.jobs.max(1);
        Self { movers: Arc::new(Movers::new(jobs, Arc::clone(&observer))), observer, jobs }
    }

    /// Copies one image. A destination that has it already, under the same name, is left alone.
    ///
    /// # Errors
    /// When the image cannot be resolved, read, proven or written. The name is not there then, or is what it was.
    pub async fn copy(&self, job: Job) -> Result<ImageReport, ResolveError> {
        self.observer.event(&Event::ImageStarted {
            image: job.image,
            source: job.source_label(),
            destination: job.destination_label(),
        });
        let job = Arc::new(job);
        let result = self.resolve_and_move(&job).await;
        let outcome = result.as_ref().ok().map(|report| report.outcome);
        self.observer.event(&Event::ImageDone { image: job.image, outcome });
        result
    }

    async fn resolve_and_move(&self, job: &Arc<Job>) -> Result<ImageReport, ResolveError> {
        let graph = resolve(job.source.as_ref(), &job.reference, &job.selection).await?;
        let plan = Plan::of(&graph, job.name.as_ref());
        self.observer.event(&Event::ImagePlanned {
            image: job.image,
            blobs: plan.blobs.len(),
            bytes: plan.bytes(),
        });
        let mut report = ImageReport::new(&graph, &plan);
        if graph.attached.is_empty() && self.is_there(job, &graph).await? {
            report.outcome = Outcome::Present;
            report.present = plan.blobs.len();
            return Ok(report);
        }
        self.move_blobs(job, &plan.blobs, &mut report).await?;
        for round in &plan.rounds {
            let puts: Vec<_> = round
                .iter()
                .map(|(manifest, name)| job.sink.put_manifest(manifest, name.as_ref()))
                .collect();
            stream::iter(puts).buffer_unordered(self.jobs).try_collect::<()>().await?;
        }
        Ok(report)
    }

    async fn is_there(&self, job: &Job, graph: &ImageGraph) -> Result<bool, store::Error> {
        let reference = match &job.name {
            Some(name) => Reference::Name(name.clone()),
            None => Reference::Digest(graph.root.digest().clone()),
        };
        let there = job.sink.manifest_digest(&reference).await?;
        Ok(there.as_ref() == Some(graph.root.digest()))
    }

    /// Moves blobs, each in a task of its own so that they are hashed and written on all cores. When one fails the
    /// others are stopped before that is told.
    async fn move_blobs(
        &self,
        job: &Arc<Job>,
        blobs: &[Descriptor],
        report: &mut ImageReport,
    ) -> Result<(), store::Error> {
        let mut tasks = JoinSet::new();
        let mut waiting = blobs.iter();
        loop {
            while tasks.len() < self.jobs
                && let Some(blob) = waiting.next()
            {
                tasks.spawn(Arc::clone(&self.movers).place(Arc::clone(job), blob.clone()));
            }
            match tasks.join_next().await.map(settled) {
                None => return Ok(()),
                Some(Ok((blob, outcome))) => report.count(&blob, outcome),
                Some(Err(error)) => {
                    tasks.shutdown().await;
                    return Err(error);
                }
            }
        }
    }
}

/// The result of a task that nobody stopped; its panic goes on here.
fn settled<T>(joined: Result<store::Result<T>, JoinError>) -> store::Result<T> {
    joined.unwrap_or_else(|lost| match lost.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(stopped) => Err(store::Error::Backend(Box::new(stopped))),
    })
}

impl ImageReport {
    fn new(graph: &ImageGraph, plan: &Plan) -> Self {
        Self {
            digest: graph.root.digest().clone(),
            picked_from: graph.picked_from.clone(),
            outcome: Outcome::Copied,
            copied: 0,
            mounted: 0,
            present: 0,
            foreign: plan.foreign.len(),
            bytes: 0,
            referrers: graph.attached.iter().map(|(g, _)| g.root.digest().clone()).collect(),
        }
    }

    fn count(&mut self, blob: &Descriptor, outcome: BlobOutcome) {
        match outcome {
            BlobOutcome::Copied => {
                self.copied += 1;
                self.bytes += blob.size;
            }
            BlobOutcome::Mounted => self.mounted += 1,
            BlobOutcome::Present => self.present += 1,
        }
    }
}
