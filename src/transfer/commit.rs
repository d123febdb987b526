//! The manifests of an image, once all its blobs are there: the image, what refers to it, the name.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::job::{ImageReport, Job};
use super::landing::Landings;
use super::plan::{Attached, Round};
use super::run::Work;
use super::{LeftBehind, ResolveError};
use crate::store::{Result, Sink};

/// How many manifests of an image are written at once.
const MANIFESTS: usize = 16;

/// The last step of an image to a target.
pub(super) struct Commit<'a> {
    pub(super) job: &'a Job,
    pub(super) landings: &'a Landings,
    pub(super) work: Work,
}

impl Commit<'_> {
    /// Writes the manifests. What refers to the image and is not taken is left behind; anything else is an error.
    pub(super) async fn carry_out(mut self) -> Result<ImageReport> {
        for round in &self.work.plan.rounds {
            self.put(round).await?;
        }
        for attached in std::mem::take(&mut self.work.plan.attached) {
            let came = self.attach(&attached).await;
            self.work.report.came_along(came.map(|()| attached.digest));
        }
        self.put(&self.work.plan.naming).await?;
        Ok(self.work.report)
    }

    async fn attach(&self, attached: &Attached) -> std::result::Result<(), LeftBehind> {
        let left_behind = |error| LeftBehind {
            subject: attached.subject.clone(),
            digest: Some(attached.digest.clone()),
            error,
        };
        let mut spared = attached.blobs.iter().filter_map(|blob| self.work.spared.get(blob));
        if let Some(error) = spared.next() {
            return Err(left_behind(Arc::clone(error)));
        }
        for round in &attached.rounds {
            let put = self.put(round).await;
            put.map_err(|error| left_behind(Arc::new(ResolveError::Store(error))))?;
        }
        Ok(())
    }

    async fn put(&self, round: &Round) -> Result<()> {
        let sink: &dyn Sink = self.job.targets[self.work.delivery.number].sink.as_ref();
        let puts: Vec<_> = round
            .iter()
            .map(|(manifest, name)| self.landings.put(sink, manifest, name.as_ref()))
            .collect();
        stream::iter(puts).buffer_unordered(MANIFESTS).try_collect().await
    }
}
