//! `pull`, `push` and `mirror`: one and the same to the engine.

use std::sync::Arc;
use std::time::Duration;

use longshore::mirror::Lost;
use longshore::ops::{self, CopiedImage, CopyReport, CopyRequest, Ends};

use super::{failed, images};
use crate::cli::Context;
use crate::cli::args::Telling;
use crate::cli::exit::Exit;

/// Copies what is asked for, and tells of it and of what was `lost` before.
pub(super) async fn run(
    ends: &Ends,
    request: &CopyRequest,
    lost: Vec<Lost>,
    telling: &Telling,
    context: &Context,
) -> anyhow::Result<Exit> {
    let progress = Arc::new(context.progress());
    let report = ops::copy(ends, request, progress).await;
    tell(report, lost, telling, context).await
}

/// Tells of a run, and of what was `lost` before. What failed is kept in the file for that, or in the bundles that it was
/// for.
pub(super) async fn tell(
    mut report: CopyReport,
    lost: Vec<Lost>,
    telling: &Telling,
    context: &Context,
) -> anyhow::Result<Exit> {
    let Telling { missing, failures, .. } = telling;
    let failed = failed::of(&report.images, &lost, *missing);
    let copied = report.images.iter().map(|image| &image.destination);
    let destinations = copied.chain(failed.iter().map(|(to, _)| to));
    let kept = failed::keep(&failed, failures.as_deref(), destinations);
    report.images.extend(lost.into_iter().flat_map(not_copied));
    let exit = images::tell(report.images, telling, context).await?;
    kept.map(|()| exit)
}

/// A line without images, as images that were not copied.
pub(super) fn not_copied(lost: Lost) -> impl Iterator<Item = CopiedImage> {
    let Lost { line, error } = lost;
    let source = line.source.place().clone();
    line.destinations.into_iter().map(move |destination| CopiedImage {
        source: source.clone(),
        destination,
        result: Err(error.clone()),
        took: Duration::ZERO,
    })
}
