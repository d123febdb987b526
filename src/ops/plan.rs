//! What a copy would do, without doing it: nothing is written, and destinations are not opened.

use futures_util::{StreamExt, stream};

use super::copy::{CopyRequest, IMAGES, pairs, reference};
use crate::model::{Digest, Endpoint};
use crate::store::Open;
use crate::transfer::{Plan, ResolveError, Selection, resolve};

/// One image and what copying it takes.
#[derive(Debug)]
pub struct PlannedImage {
    /// Where it is, with the tag that was taken when none was given.
    pub source: Endpoint,
    /// Where it would go, with the name that it would get.
    pub destination: Endpoint,
    /// What it is made of, or why it cannot be copied.
    pub result: Result<Work, ResolveError>,
}

/// What an image is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The digest of the manifest that would get the name.
    pub digest: Digest,
    /// How many manifests there are, referrers included.
    pub manifests: usize,
    /// How many blobs there are. Those that the destination has are among them.
    pub blobs: usize,
    /// The bytes of all blobs.
    pub bytes: u64,
}

/// Resolves all images of `request`, in its order.
pub async fn plan(source: &dyn Open, request: &CopyRequest) -> Vec<PlannedImage> {
    let images: Vec<_> = request
        .mappings
        .iter()
        .flat_map(pairs)
        .map(|(from, to)| async {
            let result = work(source, &from, &request.selection).await;
            PlannedImage { source: from, destination: to, result }
        })
        .collect();
    stream::iter(images).buffered(IMAGES).collect().await
}

async fn work(
    open: &dyn Open,
    image: &Endpoint,
    selection: &Selection,
) -> Result<Work, ResolveError> {
    let source = open.source(image).await?;
    let graph = resolve(source.as_ref(), &reference(image), selection).await?;
    let plan = Plan::of(&graph, None);
    Ok(Work {
        digest: graph.root.digest().clone(),
        manifests: plan.rounds.iter().map(Vec::len).sum(),
        blobs: plan.blobs.len(),
        bytes: plan.bytes(),
    })
}
