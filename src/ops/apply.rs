//! Carries out a plan: what has moved since it was made is found out first, and then just what it says is copied.

use std::sync::Arc;

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use super::copy::{CopyReport, CopyRequest, Ends, copy};
use super::pairs::reference;
use super::plan::{PlanObserver, PlanRequest, Planned, plan};
use crate::mirror::plan::{End, Lock, LockedDestination, LockedImage, Moved, Speed};
use crate::mirror::{Mapping, PinnedSources};
use crate::model::{Digest, Endpoint, Repository};
use crate::store::{self, Reference};
use crate::transfer::{CopyOptions, Observer};

/// How many images are asked for at once.
const IMAGES: usize = 64;

/// An image that cannot be asked for.
#[derive(Debug, thiserror::Error)]
#[error("cannot tell whether {image} has moved")]
pub struct CheckError {
    /// The image.
    image: Endpoint,
    /// What went wrong.
    #[source]
    source: store::Error,
}

/// What is not as `lock` has it: names at sources that mean another image, and names at destinations that mean neither
/// what they did nor what they are to mean. Of an image that is everywhere the source is not asked. Nothing is written.
///
/// # Errors
/// When a source or destination cannot be asked.
pub async fn moved(ends: &Ends, lock: &Lock) -> Result<Vec<Moved>, CheckError> {
    let mut checks = Vec::new();
    for image in &lock.images {
        checks.push(check(ends, image).boxed());
    }
    let moved: Vec<Vec<Moved>> = stream::iter(checks).buffered(IMAGES).try_collect().await?;
    Ok(moved.into_iter().flatten().collect())
}

async fn check(ends: &Ends, image: &LockedImage) -> Result<Vec<Moved>, CheckError> {
    let mut moved = Vec::new();
    let mut is_everywhere = true;
    for place in &image.destinations {
        let now = at_destination(ends, place, &image.digest).await.map_err(failed(&place.name))?;
        is_everywhere &= now.as_ref() == Some(&image.digest);
        moved.extend(place.moved(&image.digest, now.as_ref()));
    }
    let reference = reference(&image.source);
    if is_everywhere || matches!(reference, Reference::Digest(_)) {
        return Ok(moved);
    }
    let now = at_source(ends, &image.source, &reference).await.map_err(failed(&image.source))?;
    if now.as_ref() != Some(image.at_source()) {
        let (image, planned) = (image.source.to_string(), Some(image.at_source().clone()));
        moved.insert(0, Moved { image, end: End::Source, planned, now });
    }
    Ok(moved)
}

fn failed(image: &Endpoint) -> impl FnOnce(store::Error) -> CheckError {
    let image = image.clone();
    move |source| CheckError { image, source }
}

async fn at_source(
    ends: &Ends,
    source: &Endpoint,
    reference: &Reference,
) -> store::Result<Option<Digest>> {
    match ends.source.source(source).await {
        Ok(opened) => opened.digest(reference).await,
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn at_destination(
    ends: &Ends,
    place: &LockedDestination,
    planned: &Digest,
) -> store::Result<Option<Digest>> {
    let by_digest = || Reference::Digest(planned.clone());
    let reference = place.name.name().map_or_else(by_digest, Reference::Name);
    store::Sink::manifest_digest(&ends.destination.look(&place.name).await?, &reference).await
}

/// Copies what `lock` says: the images by their digests, with the referrers that they had.
pub async fn apply(
    ends: &Ends,
    lock: &Lock,
    options: &CopyOptions,
    observer: Arc<dyn Observer>,
) -> CopyReport {
    let ends = Ends {
        source: Arc::new(PinnedSources::new(Arc::clone(&ends.source), lock)),
        destination: Arc::clone(&ends.destination),
    };
    let request = CopyRequest {
        mappings: mappings(lock),
        lists: lock.lists(),
        attachments: lock.referrers,
        options: CopyOptions { holders: holders(lock), ..options.clone() },
    };
    copy(&ends, &request, observer).await
}

/// The plan `lock` anew: images whose sources are among `moved` are resolved again, the others stay what they are.
pub async fn replan(
    ends: &Ends,
    lock: &Lock,
    moved: &[Moved],
    speed: Speed,
    observer: &dyn PlanObserver,
) -> Planned {
    let is_moved = |image: &LockedImage| {
        let name = image.source.to_string();
        moved.iter().any(|moved| moved.end == End::Source && moved.image == name)
    };
    let mut still = lock.clone();
    still.images.retain(|image| !is_moved(image));
    let ends = Ends {
        source: Arc::new(PinnedSources::new(Arc::clone(&ends.source), &still)),
        destination: Arc::clone(&ends.destination),
    };
    let (mappings, lists, attachments) = (mappings(lock), lock.lists(), lock.referrers);
    plan(&ends, &PlanRequest { mappings, lists, attachments, speed }, observer).await
}

/// The mappings that a plan was made of, with all names.
#[must_use]
pub fn mappings(lock: &Lock) -> Vec<Mapping> {
    let mapping = |image: &LockedImage| {
        let destinations = image.destinations.iter().map(|place| place.name.clone()).collect();
        let platforms = image.platforms.clone();
        Mapping { platforms, ..Mapping::new(image.source.clone(), destinations) }
    };
    lock.images.iter().map(mapping).collect()
}

/// The repositories that blobs are mounted from.
fn holders(lock: &Lock) -> Vec<(Digest, Repository)> {
    let copied = |digest: &Digest, from: &Repository| {
        let place = from.to_string();
        lock.places.iter().any(|p| p.place == place && p.copy.binary_search(digest).is_ok())
    };
    let mounts = lock.places.iter().flat_map(|place| &place.mount);
    let held = mounts.filter(|(digest, from)| !copied(digest, from));
    held.map(|(digest, from)| (digest.clone(), from.clone())).collect()
}
