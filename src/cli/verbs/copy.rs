//! `pull`, `push` and `mirror`: one and the same to the engine.

use std::sync::Arc;

use longshore::ops::{self, CopiedImage, CopyRequest, Ends};

use super::images;
use crate::cli::Context;
use crate::cli::args::Missing;
use crate::cli::exit::Exit;

/// Copies what is asked for, and tells of it and of what was `lost` before.
pub(super) async fn run(
    ends: &Ends,
    request: &CopyRequest,
    lost: Vec<CopiedImage>,
    missing: Missing,
    context: &Context,
) -> anyhow::Result<Exit> {
    let progress = Arc::new(context.progress());
    let mut report = ops::copy(ends, request, progress).await;
    report.images.extend(lost);
    images::tell(report.images, missing, context)
}
