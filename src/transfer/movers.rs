//! Brings single blobs to where they are to be, by the cheapest way there is.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::flight::Flights;
use super::observed::Observed;
use super::{BlobOutcome, Event, Job, Observer};
use crate::model::{Descriptor, Repository};
use crate::store::Result;

/// What all who move blobs in a run share: how many there may be, and where each blob already is.
pub(super) struct Movers {
    flights: Flights,
    permits: Semaphore,
    observer: Arc<dyn Observer>,
}

impl Movers {
    pub(super) fn new(jobs: usize, observer: Arc<dyn Observer>) -> Self {
        Self { flights: Flights::default(), permits: Semaphore::new(jobs), observer }
    }

    /// Sees to it that the destination of `job` has `blob`.
    pub(super) async fn place(
        self: Arc<Self>,
        job: Arc<Job>,
        blob: Descriptor,
    ) -> Result<(Descriptor, BlobOutcome)> {
        let sink = job.sink.as_ref();
        let mut holders = self.flights.enter(sink, &blob.digest).await;
        let outcome = if holders.include(sink) {
            BlobOutcome::Present
        } else {
            let outcome = self.obtain(&job, &blob, holders.repository()).await?;
            holders.add(sink);
            outcome
        };
        self.observer.event(&Event::BlobDone {
            image: job.image,
            digest: blob.digest.clone(),
            size: blob.size,
            outcome,
        });
        Ok((blob, outcome))
    }

    async fn obtain(
        &self,
        job: &Job,
        blob: &Descriptor,
        holder: Option<&Repository>,
    ) -> Result<BlobOutcome> {
        // The semaphore is never closed, so acquiring cannot fail.
        let _permit = self.permits.acquire().await;
        if job.sink.has_blob(blob).await? {
            return Ok(BlobOutcome::Present);
        }
        if mount(job, blob, holder).await? {
            return Ok(BlobOutcome::Mounted);
        }
        self.observer.event(&Event::BlobStarted {
            image: job.image,
            digest: blob.digest.clone(),
            size: blob.size,
        });
        let observer = Arc::clone(&self.observer);
        let source = Observed { source: job.source.as_ref(), observer, image: job.image };
        job.sink.put_blob(blob, &source).await?;
        Ok(BlobOutcome::Copied)
    }
}

/// Mounts `blob` from a repository of the destination's registry: the source itself, or `holder`, which got it in this
/// run.
async fn mount(job: &Job, blob: &Descriptor, holder: Option<&Repository>) -> Result<bool> {
    let Some(destination) = job.sink.repository() else { return Ok(false) };
    for from in [job.source.repository(), holder].into_iter().flatten() {
        let mountable = from.registry() == destination.registry() && from != destination;
        if mountable && job.sink.mount_blob(blob, from).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
