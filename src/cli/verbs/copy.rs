//! `pull`, `push` and `mirror`: one and the same to the engine.

use std::sync::Arc;

use longshore::ops::{self, CopyRequest, Ends};

use super::images;
use crate::cli::Context;
use crate::cli::exit::Exit;

pub(super) async fn run(
    ends: Ends,
    request: CopyRequest,
    context: &Context,
) -> anyhow::Result<Exit> {
    let progress = Arc::new(context.progress());
    let report = ops::copy(&ends, &request, progress).await;
    images::tell(report.images, context)
}
