//! Moves one image: blobs in parallel, then manifests, the name last.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;

use super::flight::Flights;
use super::observed::Observed;
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
    flights: Flights,
    blobs: Semaphore,
    observer: Arc<dyn Observer>,
    jobs: usize,
}

impl Copier {
    /// A copier that tells `observer` what it does.
    #[must_use]
    pub fn new(options: &CopyOptions, observer: Arc<dyn Observer>) -> Self {
        let jobs = options.jobs.max(1);
        Self { flights: Flights::default(), blobs: Semaphore::new(jobs), observer, jobs }
    }

    /// Copies one image. A destination that has it already, under the same name, is left alone.
    ///
    /// # Errors
    /// When the image cannot be resolved, read, proven or written. The name is not there then, or is what it was.
    pub async fn copy(&self, job: &Job) -> Result<ImageReport, ResolveError> {
        self.observer.event(&Event::ImageStarted {
            image: job.image,
            source: job.source_label(),
            destination: job.destination_label(),
        });
        let result = self.resolve_and_move(job).await;
        self.observer.event(&Event::ImageDone { image: job.image, succeeded: result.is_ok() });
        result
    }

    async fn resolve_and_move(&self, job: &Job) -> Result<ImageReport, ResolveError> {
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
        let tally = Mutex::new(&mut report);
        let moves = plan.blobs.iter().map(|blob| self.move_blob(job, blob, &tally)).collect();
        self.all(moves).await?;
        for round in &plan.rounds {
            let puts =
                round.iter().map(|(manifest, name)| job.sink.put_manifest(manifest, name.as_ref()));
            self.all(puts.collect()).await?;
        }
        Ok(report)
    }

    /// Does as much of `work` at once as the run may. A stream that made the futures by a closure would keep the run
    /// from being [`Send`].
    async fn all<F>(&self, work: Vec<F>) -> Result<(), store::Error>
    where
        F: Future<Output = Result<(), store::Error>>,
    {
        stream::iter(work).buffer_unordered(self.jobs).try_collect().await
    }

    async fn is_there(&self, job: &Job, graph: &ImageGraph) -> Result<bool, store::Error> {
        let reference = match &job.name {
            Some(name) => Reference::Name(name.clone()),
            None => Reference::Digest(graph.root.digest().clone()),
        };
        let there = job.sink.manifest_digest(&reference).await?;
        Ok(there.as_ref() == Some(graph.root.digest()))
    }

    async fn move_blob(
        &self,
        job: &Job,
        blob: &Descriptor,
        tally: &Mutex<&mut ImageReport>,
    ) -> Result<(), store::Error> {
        let outcome = self.place_blob(job, blob).await?;
        tally.lock().unwrap_or_else(PoisonError::into_inner).count(blob, outcome);
        self.observer.event(&Event::BlobDone {
            image: job.image,
            digest: blob.digest.clone(),
            size: blob.size,
            outcome,
        });
        Ok(())
    }

    /// Sees to it that the destination has `blob`, by the cheapest way there is.
    async fn place_blob(&self, job: &Job, blob: &Descriptor) -> Result<BlobOutcome, store::Error> {
        let sink = job.sink.as_ref();
        let mut holders = self.flights.enter(sink, &blob.digest).await;
        if holders.include(sink) {
            return Ok(BlobOutcome::Present);
        }
        // The semaphore is never closed, so acquiring cannot fail.
        let _permit = self.blobs.acquire().await;
        let outcome = if sink.has_blob(blob).await? {
            BlobOutcome::Present
        } else if self.mount(job, blob, holders.repository()).await? {
            BlobOutcome::Mounted
        } else {
            self.observer.event(&Event::BlobStarted {
                image: job.image,
                digest: blob.digest.clone(),
                size: blob.size,
            });
            let observer = Arc::clone(&self.observer);
            let source = Observed { source: job.source.as_ref(), observer, image: job.image };
            sink.put_blob(blob, &source).await?;
            BlobOutcome::Copied
        };
        holders.add(sink);
        Ok(outcome)
    }

    /// Mounts `blob` from a repository of the destination's registry: the source itself, or one that got it in this
    /// run.
    async fn mount(
        &self,
        job: &Job,
        blob: &Descriptor,
        holder: Option<&crate::model::Repository>,
    ) -> Result<bool, store::Error> {
        let Some(destination) = job.sink.repository() else { return Ok(false) };
        for from in [job.source.repository(), holder].into_iter().flatten() {
            let mountable = from.registry() == destination.registry() && from != destination;
            if mountable && job.sink.mount_blob(blob, from).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
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
