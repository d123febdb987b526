//! Brings single blobs to where they are to be, by the cheapest way there is: found there, mounted, or moved, in one
//! read for all destinations that are ready for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join, join_all};
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::feed::Feed;
use super::flight::{Flight, Flights};
use super::gather::gather;
use super::mounts::Mounts;
use super::tee::{Reader, Tee};
use super::{BlobOutcome, Event, Job, Observer, Target};
use crate::model::{Descriptor, Digest, Repository};
use crate::store::{Result, Sink};

/// What all who move blobs in a run share: how many there may be, and where each blob already is.
pub(super) struct Movers {
    flights: Flights,
    mounts: Mounts,
    permits: Permits,
    observer: Arc<dyn Observer>,
}

/// How many blobs may be on their way to each destination at once.
struct Permits {
    jobs: usize,
    destinations: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Permits {
    /// A permit, or `None` from a semaphore that was closed, which these never are.
    async fn acquire(&self, sink: &dyn Sink) -> Option<OwnedSemaphorePermit> {
        let semaphore = {
            let mut destinations = self.destinations.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Semaphore::new(self.jobs));
            Arc::clone(destinations.entry(sink.pool()).or_insert_with(new))
        };
        semaphore.acquire_owned().await.ok()
    }
}

/// One target of a job while its blobs are moved.
pub(super) struct Delivery {
    /// Which target.
    pub(super) number: usize,
    /// Set when the target has failed: what is on its way there is given up.
    pub(super) stop: CancellationToken,
    /// Set when others had to wait for it. From then on it reads by itself.
    lagging: AtomicBool,
}

impl Delivery {
    pub(super) fn new(number: usize) -> Self {
        Self { number, stop: CancellationToken::new(), lagging: AtomicBool::new(false) }
    }

    fn lags(&self) {
        self.lagging.store(true, Ordering::Relaxed);
    }

    fn is_lagging(&self) -> bool {
        self.lagging.load(Ordering::Relaxed)
    }
}

/// What became of a blob at one target.
pub(super) struct Placed {
    pub(super) target: usize,
    pub(super) blob: Descriptor,
    pub(super) result: Result<BlobOutcome>,
}

/// A target that needs the bytes and may have them now.
struct Ready {
    delivery: Arc<Delivery>,
    flight: Flight,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Ready {
    /// Notes that others had to wait for it.
    fn too_late(ready: Option<Self>) -> Option<Self> {
        ready.inspect(|ready| ready.delivery.lags())
    }
}

impl Movers {
    pub(super) fn new(
        jobs: usize,
        holders: Vec<(Digest, Repository)>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let permits = Permits { jobs, destinations: Mutex::default() };
        let flights = Flights::default();
        for (digest, repository) in holders {
            flights.note(digest, repository);
        }
        Self { flights, mounts: Mounts::default(), permits, observer }
    }

    /// Sees to it that all targets of `deliveries` have `blob`, and tells each that has.
    pub(super) async fn place(
        self: Arc<Self>,
        job: Arc<Job>,
        blob: Descriptor,
        deliveries: Vec<Arc<Delivery>>,
        tell: UnboundedSender<Placed>,
    ) {
        let passage = Passage { movers: &self, job: &job, blob: &blob, tell };
        let (mut at_once, mut later) = (FuturesUnordered::new(), Vec::new());
        for delivery in deliveries {
            let sink = job.targets[delivery.number].sink.as_ref();
            let flight = self.flights.try_enter(sink, &blob.digest);
            if flight.is_some() && !delivery.is_lagging() {
                at_once.push(passage.prepare(delivery, flight).boxed());
            } else {
                later.push(passage.prepare(delivery, flight).boxed());
            }
        }
        let group = gather(&mut at_once).await;
        let too_late = at_once.into_iter().map(|preparing| preparing.map(Ready::too_late).boxed());
        let alone = too_late.chain(later).map(|preparing| passage.carry_alone(preparing));
        join(passage.carry(group), join_all(alone)).await;
    }
}

/// One blob on its way to the targets of a job.
struct Passage<'a> {
    movers: &'a Movers,
    job: &'a Job,
    blob: &'a Descriptor,
    tell: UnboundedSender<Placed>,
}

impl Passage<'_> {
    fn target(&self, delivery: &Delivery) -> &Target {
        &self.job.targets[delivery.number]
    }

    /// Brings a target to where it needs the bytes; `None` when it does not, or has failed.
    async fn prepare(&self, delivery: Arc<Delivery>, flight: Option<Flight>) -> Option<Ready> {
        let sink = self.target(&delivery).sink.as_ref();
        let preparing = async {
            let mut flight = match flight {
                Some(flight) => flight,
                None => self.movers.flights.enter(sink, &self.blob.digest).await,
            };
            match self.without_bytes(sink, &flight).await {
                Ok(None) => {
                    let permit = self.movers.permits.acquire(sink).await;
                    return Some((flight, permit));
                }
                Ok(Some(outcome)) => {
                    flight.add(sink);
                    drop(flight);
                    self.done(&delivery, Ok(outcome));
                }
                Err(error) => self.done(&delivery, Err(error)),
            }
            None
        };
        let (flight, _permit) = delivery.stop.run_until_cancelled(preparing).await??;
        Some(Ready { delivery, flight, _permit })
    }

    /// The ways that move no bytes. A mount tells no less than a question: where it may succeed it is tried first, and
    /// a registry that is known to mount is asked by a mount from the repository itself, which begins the upload when
    /// the blob is not there.
    async fn without_bytes(&self, sink: &dyn Sink, flight: &Flight) -> Result<Option<BlobOutcome>> {
        if flight.include(sink) {
            return Ok(Some(BlobOutcome::Present));
        }
        let Some(to) = sink.repository() else { return self.by_asking(sink).await };
        let holders = [flight.repository(), self.job.source.holder(&self.blob.digest)];
        let mounts = &self.movers.mounts;
        let mut begun = false;
        for from in holders.into_iter().flatten() {
            if mounts.are_worth_trying(from, to) {
                begun = true;
                let taken = sink.mount_blob(self.blob, from).await?;
                mounts.note(from, to, taken);
                if taken {
                    return Ok(Some(BlobOutcome::Mounted));
                }
            }
        }
        if begun || !mounts.succeed_at(to.registry()) {
            return self.by_asking(sink).await;
        }
        Ok(sink.mount_blob(self.blob, to).await?.then_some(BlobOutcome::Present))
    }

    async fn by_asking(&self, sink: &dyn Sink) -> Result<Option<BlobOutcome>> {
        Ok(sink.has_blob(self.blob).await?.then_some(BlobOutcome::Present))
    }

    /// Moves the bytes to one target when that is ready.
    async fn carry_alone(&self, preparing: BoxFuture<'_, Option<Ready>>) {
        if let Some(ready) = preparing.await {
            self.carry(vec![ready]).await;
        }
    }

    /// Moves the bytes to all of `group` in one read.
    async fn carry(&self, group: Vec<Ready>) {
        let tee = (group.len() > 1)
            .then(|| Tee::new(Arc::clone(&self.job.source), self.blob, group.len()));
        let deliveries: Vec<Arc<Delivery>> =
            group.iter().map(|r| Arc::clone(&r.delivery)).collect();
        let notice_laggards = || {
            for (number, delivery) in deliveries.iter().enumerate() {
                if tee.as_ref().is_some_and(|tee| tee.let_go(number)) {
                    delivery.lags();
                }
            }
        };
        let puts = group.into_iter().enumerate().map(|(number, ready)| {
            let reader = tee.as_ref().map(|tee| tee.reader(number));
            self.put(ready, reader).inspect(|()| notice_laggards())
        });
        join_all(puts).await;
    }

    async fn put(&self, ready: Ready, reader: Option<Reader>) {
        let Ready { delivery, mut flight, _permit } = ready;
        let Target { image, sink, .. } = self.target(&delivery);
        let (digest, size) = (self.blob.digest.clone(), self.blob.size);
        self.movers.observer.event(&Event::BlobStarted { image: *image, digest, size });
        let feed = Feed {
            source: Arc::clone(&self.job.source),
            reader,
            observer: Arc::clone(&self.movers.observer),
            image: *image,
        };
        let put = sink.put_blob(self.blob, &feed);
        let Some(result) = delivery.stop.run_until_cancelled(put).await else { return };
        if result.is_ok() {
            flight.add(sink.as_ref());
        }
        drop(flight);
        self.done(&delivery, result.map(|()| BlobOutcome::Copied));
    }

    fn done(&self, delivery: &Delivery, result: Result<BlobOutcome>) {
        if let Ok(outcome) = result {
            self.movers.observer.event(&Event::BlobDone {
                image: self.target(delivery).image,
                digest: self.blob.digest.clone(),
                size: self.blob.size,
                outcome,
            });
        }
        let placed = Placed { target: delivery.number, blob: self.blob.clone(), result };
        // Nobody listens any more when all targets have come to their end.
        let _ = self.tell.send(placed);
    }
}
