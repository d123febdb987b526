//! `pull`, `push` and `mirror`: many images, each from one end to another.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt, stream};

use super::pairs::{Pair, pairs, reference};
use crate::mirror::Mapping;
use crate::model::Endpoint;
use crate::store::{self, Arrival, Open, Sink};
use crate::transfer::{
    Attachments, Copier, CopyOptions, ImageResult, Job, Lists, Observer, ResolveError, Selection,
    Target,
};

/// How many images are looked at at once. How many of them move is up to the engine.
const IMAGES: usize = 256;

/// What opens the two ends of a copy; each has its own logins and connection settings.
pub struct Ends {
    /// Opens sources.
    pub source: Arc<dyn Open>,
    /// Opens destinations.
    pub destination: Arc<dyn Open>,
}

/// What to copy.
#[derive(Clone, Debug, Default)]
pub struct CopyRequest {
    /// The images and where they go.
    pub mappings: Vec<Mapping>,
    /// What becomes of an index of which only some images are wanted.
    pub lists: Lists,
    /// What goes along with each.
    pub attachments: Attachments,
    /// How the run is done.
    pub options: CopyOptions,
}

/// What became of each image, in the order of the request.
#[derive(Debug)]
pub struct CopyReport {
    /// One entry for each pair of source and destination.
    pub images: Vec<CopiedImage>,
}

/// One image and what became of it.
#[derive(Debug)]
pub struct CopiedImage {
    /// Where it came from, with the tag that was taken when none was given.
    pub source: Endpoint,
    /// Where it went, with the name that it got.
    pub destination: Endpoint,
    /// What was done, or why not.
    pub result: ImageResult,
    /// How long it took, together with all other places that it went to.
    pub took: Duration,
}

/// Copies all images. One that fails does not stop the others; its name is not touched.
pub async fn copy(ends: &Ends, request: &CopyRequest, observer: Arc<dyn Observer>) -> CopyReport {
    let copier = Copier::new(&request.options, observer);
    let pairs = pairs(&request.mappings);
    let mut sinks = Sinks::default();
    let mut results: HashMap<usize, ImageResult> = HashMap::new();
    let mut times: HashMap<usize, Duration> = HashMap::new();
    let mut wanted: Vec<(&Pair, Vec<Target>)> = Vec::new();
    for (image, pair) in pairs.iter().enumerate() {
        let sink = match sinks.open(ends.destination.as_ref(), &pair.destination).await {
            Ok(sink) => sink,
            Err(error) => {
                results.insert(image, Err(Arc::new(error.into())));
                continue;
            }
        };
        let target = Target { image, sink, name: pair.destination.name() };
        match wanted.iter_mut().find(|(known, _)| known.reads_as(pair)) {
            Some((_, targets)) => targets.push(target),
            None => wanted.push((pair, vec![target])),
        }
    }
    let mut copies = Vec::new();
    for (Pair { source, platforms, .. }, targets) in wanted {
        let selection = Selection {
            platforms: platforms.clone(),
            lists: request.lists,
            attachments: request.attachments,
        };
        copies.push(copy_one(ends, &copier, source, targets, selection).boxed());
    }
    let copied: Vec<_> = stream::iter(copies).buffer_unordered(IMAGES).collect().await;
    for (took, copied) in copied {
        times.extend(copied.iter().map(|(image, _)| (*image, took)));
        results.extend(copied);
    }
    sinks.finish(&pairs, &mut results).await;
    let images = pairs.into_iter().enumerate().filter_map(|(image, pair)| {
        let Pair { source, destination, .. } = pair;
        let took = times.remove(&image).unwrap_or_default();
        Some(CopiedImage { source, destination, result: results.remove(&image)?, took })
    });
    CopyReport { images: images.collect() }
}

/// Copies one image to all its targets, and tells how long it took, and what became of each by its number.
async fn copy_one(
    ends: &Ends,
    copier: &Copier,
    source: &Endpoint,
    targets: Vec<Target>,
    selection: Selection,
) -> (Duration, Vec<(usize, ImageResult)>) {
    let begun = Instant::now();
    let images: Vec<usize> = targets.iter().map(|target| target.image).collect();
    let results = match ends.source.source(source).await {
        Ok(opened) => {
            copier
                .copy(Job { source: opened, reference: reference(source), selection, targets })
                .await
        }
        Err(error) => {
            let error = Arc::new(ResolveError::of_image(error));
            images.iter().map(|_| Err(Arc::clone(&error))).collect()
        }
    };
    (begun.elapsed(), images.into_iter().zip(results).collect())
}

/// The sinks of a run. A file or folder is opened once, however many images go there.
#[derive(Default)]
struct Sinks(HashMap<PathBuf, (Kind, Arc<dyn Sink>)>);

/// What tells a layout from an archive.
type Kind = std::mem::Discriminant<Endpoint>;

impl Sinks {
    async fn open(&mut self, open: &dyn Open, endpoint: &Endpoint) -> store::Result<Arc<dyn Sink>> {
        let Some(path) = place(endpoint) else { return open.sink(endpoint).await };
        let kind = std::mem::discriminant(endpoint);
        match self.0.get(&path) {
            // A bundle has repositories, each a sink of its own; they end together.
            Some((known, _)) if *known == kind && is_bundle(endpoint) => open.sink(endpoint).await,
            Some((known, sink)) if *known == kind => Ok(Arc::clone(sink)),
            Some((_, sink)) => Err(store::Error::Unsupported {
                place: sink.place(),
                why: "is a destination of this run already, and nothing of another kind can be",
            }),
            None => {
                let sink = open.sink(endpoint).await?;
                self.0.insert(path, (kind, Arc::clone(&sink)));
                Ok(sink)
            }
        }
    }

    /// Ends the writing of each. When that fails, so did all images that it got.
    async fn finish(self, pairs: &[Pair], results: &mut HashMap<usize, ImageResult>) {
        for (path, (_, sink)) in self.0 {
            let here = images_at(&path, pairs, results);
            if here.is_empty() {
                if let Err(error) = sink.give_up().await {
                    tracing::warn!("{} is not as it was before: {error}", sink.pool());
                }
                continue;
            }
            let arrivals =
                here.iter().filter_map(|image| arrival(&pairs[*image], results.get(image)?));
            arrivals.for_each(|arrival| sink.record(&arrival));
            if let Err(error) = sink.finish().await {
                let error = Arc::new(ResolveError::from(error));
                results.extend(here.into_iter().map(|image| (image, Err(Arc::clone(&error)))));
            }
        }
    }
}

fn is_bundle(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Bundle { .. })
}

fn arrival(pair: &Pair, result: &ImageResult) -> Option<Arrival> {
    let Pair { source, destination, .. } = pair.clone();
    Some(Arrival { source, destination, digest: result.as_ref().ok()?.digest.clone() })
}

/// The images that are in a file or folder now.
fn images_at(path: &Path, pairs: &[Pair], results: &HashMap<usize, ImageResult>) -> Vec<usize> {
    let is_here = |image: usize| place(&pairs[image].destination).as_deref() == Some(path);
    let copied = results.iter().filter(|(_, result)| result.is_ok()).map(|(image, _)| *image);
    copied.filter(|image| is_here(*image)).collect()
}

/// The file or folder of an endpoint, the same whether it is given from the root or from here.
fn place(endpoint: &Endpoint) -> Option<PathBuf> {
    endpoint.path().map(|path| std::path::absolute(&path).unwrap_or(path))
}
