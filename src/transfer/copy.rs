//! A run of copies: what all its images share, and which targets of an image are served together.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::FuturesUnordered;
use tokio::sync::Semaphore;

use super::gather::gather;
use super::job::{ImageResult, Job};
use super::landing::Landings;
use super::movers::Movers;
use super::run::Run;
use super::{Event, Observer};
use crate::model::{Digest, Repository};
use crate::store;

/// How many images are resolved and moved at once: their manifests are in memory.
const IMAGES: usize = 32;

/// How a run is done.
#[derive(Clone, Debug)]
pub struct CopyOptions {
    /// How many blobs move to one destination at once, over all images of the run.
    pub jobs: usize,
    /// Repositories that are known to have a blob: others on their registries mount it from there.
    pub holders: Vec<(Digest, Repository)>,
}

impl Default for CopyOptions {
    fn default() -> Self {
        Self { jobs: 16, holders: Vec::new() }
    }
}

/// Copies images. One for a whole run: images share its limits and its memory of where each blob already is.
pub struct Copier {
    pub(super) movers: Arc<Movers>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) images: Semaphore,
    pub(super) landings: Arc<Landings>,
}

/// What a target said when it was asked for the image.
struct Answer {
    target: usize,
    now: store::Result<Option<Digest>>,
}

impl Copier {
    /// A copier that tells `observer` what it does.
    #[must_use]
    pub fn new(options: &CopyOptions, observer: Arc<dyn Observer>) -> Self {
        let holders = options.holders.clone();
        let movers = Movers::new(options.jobs.max(1), holders, Arc::clone(&observer));
        Self {
            movers: Arc::new(movers),
            observer,
            images: Semaphore::new(IMAGES),
            landings: Arc::default(),
        }
    }

    /// Copies one image to all its targets, and tells what became of it at each, in their order. A target that has it
    /// already, under the same name, is left alone. Where it fails the name is not there, or is what it was.
    ///
    /// Targets that answer are served together; one that takes too long to answer is served by itself when it does.
    pub async fn copy(&self, job: Job) -> Vec<ImageResult> {
        let digest = job.digest();
        let mut asked = FuturesUnordered::new();
        for (number, target) in job.targets.iter().enumerate() {
            self.observer.event(&Event::ImageStarted {
                image: target.image,
                source: job.label(),
                destination: target.label(),
            });
            let answer = target.digest_now(digest);
            asked.push(answer.map(move |now| Some(Answer { target: number, now })).boxed());
        }
        let in_time = gather(&mut asked).await;
        let mut runs = vec![self.serve(&job, in_time).boxed()];
        for late in asked {
            runs.push(self.serve_late(&job, late).boxed());
        }
        let mut results: Vec<_> = join_all(runs).await.into_iter().flatten().collect();
        results.sort_by_key(|(target, _)| *target);
        results.into_iter().map(|(_, result)| result).collect()
    }

    async fn serve_late(
        &self,
        job: &Job,
        answer: BoxFuture<'_, Option<Answer>>,
    ) -> Vec<(usize, ImageResult)> {
        self.serve(job, answer.await.into_iter().collect()).await
    }

    /// Copies the image to those who answered.
    async fn serve(&self, job: &Job, answers: Vec<Answer>) -> Vec<(usize, ImageResult)> {
        let numbers: Vec<usize> = answers.iter().map(|answer| answer.target).collect();
        let targets = numbers.iter().map(|&number| job.targets[number].clone()).collect();
        let run = Run::new(self, Job { targets, ..job.clone() });
        let results = run.finish(answers.into_iter().map(|answer| answer.now).collect()).await;
        numbers.into_iter().zip(results).collect()
    }
}
