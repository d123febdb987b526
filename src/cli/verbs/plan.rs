//! `mirror --dry-run`.

use indicatif::HumanBytes;
use longshore::model::Endpoint;
use longshore::ops::{self, CopyRequest, Ends, Work};
use serde_json::json;

use super::images::{Success, Told, tell};
use crate::cli::Context;
use crate::cli::exit::Exit;

pub(super) async fn run(
    ends: Ends,
    request: CopyRequest,
    context: &Context,
) -> anyhow::Result<Exit> {
    let images: Vec<Told> = ops::plan(ends.source.as_ref(), &request)
        .await
        .into_iter()
        .map(|image| {
            let result = image.result.map(|work| success(&image.source, &image.destination, &work));
            Told::new(&image.source, &image.destination, result)
        })
        .collect();
    tell(&images, context)
}

fn success(source: &Endpoint, destination: &Endpoint, work: &Work) -> Success {
    let Work { digest, manifests, blobs, bytes } = work;
    let size = HumanBytes(*bytes);
    Success {
        line: format!(
            "{digest} {source} -> {destination} ({manifests} manifests, {blobs} blobs, {size})"
        ),
        fields: json!({ "digest": digest, "manifests": manifests, "blobs": blobs, "bytes": bytes }),
    }
}
