//! `pull`, `push` and `mirror`: one and the same to the engine.

use std::sync::Arc;

use longshore::model::Endpoint;
use longshore::ops::{self, CopyRequest, Ends};
use longshore::transfer::{ImageReport, Outcome};
use serde_json::json;

use super::images::{Success, Told, tell};
use crate::cli::Context;
use crate::cli::exit::Exit;

pub(super) async fn run(
    ends: Ends,
    request: CopyRequest,
    context: &Context,
) -> anyhow::Result<Exit> {
    let progress = Arc::new(context.progress());
    let report = ops::copy(&ends, &request, progress).await;
    let images: Vec<Told> = report
        .images
        .into_iter()
        .map(|image| {
            let result = image.result.map(|report| success(&image.destination, &report));
            Told::new(&image.source, &image.destination, result)
        })
        .collect();
    tell(&images, context)
}

fn success(destination: &Endpoint, report: &ImageReport) -> Success {
    let outcome = match report.outcome {
        Outcome::Copied => "copied",
        Outcome::Present => "present",
    };
    let blobs = json!({
        "copied": report.copied,
        "mounted": report.mounted,
        "present": report.present,
        "foreign": report.foreign,
    });
    Success {
        line: format!("{} {destination}", report.digest),
        fields: json!({
            "digest": report.digest,
            "pickedFrom": report.picked_from,
            "outcome": outcome,
            "blobs": blobs,
            "bytes": report.bytes,
            "referrers": report.referrers,
        }),
    }
}
