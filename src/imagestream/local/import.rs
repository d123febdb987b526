//! An import, step by step.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::super::api::{Image, ImportPolicy, Time};
use super::super::apply::{Applied, apply};
use super::super::fetch::{Fetched, Fetcher, Known, locate};
use super::super::files::Writer;
use super::super::pull_through::{self, PULL_THROUGH, Wanted};
use super::super::{
    Error, ImageStream, ImageStreamImport, Result, Streams, validate, with_defaults,
};
use super::{Local, named};
use crate::model::Digest;

/// Fetches what `import` names, and keeps what follows.
pub(super) async fn import(local: &Local, import: &ImageStreamImport) -> Result<ImageStreamImport> {
    let question = complete(import);
    validate::import(&question).map_err(Error::Status)?;
    let name = named(import.metadata.namespace.as_deref(), &import.metadata.name)?;
    let stream = local.get(&name).await?;
    validate::version(stream.as_ref(), &question).map_err(Error::Status)?;
    let now = local.now();
    let Fetched { status, new } = fetch(local, &question, stream.as_ref(), now).await;
    let mut answer = ImageStreamImport { status, ..question };
    if answer.spec.import {
        let images = Images { found: all(&answer, new), copied: copy(local, &answer).await };
        answer.status.import = Some(keep(local, &answer, images, now).await?);
    }
    Ok(answer)
}

/// The question with what an API server takes where an image says nothing. What a repository says nothing of is what
/// each of its tags has.
fn complete(import: &ImageStreamImport) -> ImageStreamImport {
    let mut question = with_defaults(import.clone());
    question.spec.repository.clone_from(&import.spec.repository);
    question
}

async fn fetch(
    local: &Local,
    question: &ImageStreamImport,
    stream: Option<&ImageStream>,
    now: Time,
) -> Fetched {
    let fetcher = Fetcher {
        registries: &local.fetching.registries,
        known: local,
        observer: local.fetching.observer.as_ref(),
        limit: local.fetching.limit,
        now,
    };
    fetcher.fetch(&question.spec, stream).await
}

#[async_trait]
impl Known for Local {
    async fn image(&self, digest: &str) -> Option<Image> {
        match Streams::image(self, digest).await {
            Ok(image) => image,
            Err(error) => {
                tracing::warn!("image {digest} is fetched again: {error}");
                None
            }
        }
    }
}

/// Images to be written down.
struct Images {
    found: Vec<Image>,
    copied: Option<Copied>,
}

/// All that was found: what was known before may be forgotten by now.
fn all(answer: &ImageStreamImport, new: Vec<Image>) -> Vec<Image> {
    let images = answer.status.images.iter();
    let images = images.chain(answer.status.repository.iter().flat_map(|listed| &listed.images));
    let told = images.flat_map(|status| status.manifests.iter().chain(&status.image)).cloned();
    let mut seen = BTreeSet::new();
    new.into_iter().chain(told).filter(|image| seen.insert(image.metadata.name.clone())).collect()
}

/// Images whose data were copied.
struct Copied {
    place: String,
    repository: Option<String>,
    digests: Vec<Digest>,
}

/// Copies the data of all images that were found and are not there yet, when that is wanted.
async fn copy(local: &Local, answer: &ImageStreamImport) -> Option<Copied> {
    let pull = local.fetching.pull_through.as_ref()?;
    let place = pull.place();
    let mut seen = BTreeSet::new();
    let mut wanted = Vec::new();
    for (policy, tag, image) in found(answer) {
        let (Ok(location), Ok(digest)) =
            (locate(&image.docker_image_reference), image.metadata.name.parse::<Digest>())
        else {
            continue;
        };
        if !pull_through::is_copied(image, &place) && seen.insert(digest.clone()) {
            let repository = location.repository;
            wanted.push(Wanted {
                repository,
                tag: tag.parse().ok(),
                digest,
                insecure: policy.insecure,
            });
        }
    }
    let digests = if wanted.is_empty() { Vec::new() } else { pull.copy(&wanted).await };
    Some(Copied { place, repository: pull.repository(), digests })
}

/// The images that were found, each with the policy and the tag by which it was asked for.
fn found(answer: &ImageStreamImport) -> impl Iterator<Item = (&ImportPolicy, &str, &Image)> {
    let images = answer.spec.images.iter().map(|image| &image.import_policy);
    let images = images.zip(&answer.status.images);
    let repository = answer.spec.repository.iter().zip(&answer.status.repository);
    let listed = repository.flat_map(|(question, status)| {
        status.images.iter().map(|image| (&question.import_policy, image))
    });
    let all = images.chain(listed);
    all.filter_map(|(policy, status)| Some((policy, status.tag.as_str(), status.image.as_ref()?)))
}

/// Writes down the images, and then the stream that follows from the answer; nobody else writes in between.
async fn keep(
    local: &Local,
    answer: &ImageStreamImport,
    images: Images,
    now: Time,
) -> Result<ImageStream> {
    let name = named(answer.metadata.namespace.as_deref(), &answer.metadata.name)?;
    let repository = images.copied.as_ref().and_then(|copied| copied.repository.clone());
    let answer = answer.clone();
    let follow = move |old: Option<&ImageStream>, writer: &Writer| {
        validate::version(old, &answer).map_err(Error::Status)?;
        let Applied { mut stream, kept, .. } = apply(old, &answer, now).map_err(Error::Status)?;
        for tag in kept {
            tracing::warn!("tag {tag} follows no image on a registry, and is left as it is");
        }
        if let Some(repository) = repository {
            stream.metadata.annotations.insert(PULL_THROUGH.to_owned(), repository);
        }
        images.write(writer)?;
        Ok(stream)
    };
    local.change_along(&name, follow).await
}

impl Images {
    fn write(&self, writer: &Writer) -> Result<()> {
        for image in &self.found {
            if let Ok(digest) = image.metadata.name.parse() {
                writer.put_image(&digest, image)?;
            }
        }
        let Some(copied) = &self.copied else { return Ok(()) };
        for digest in &copied.digests {
            let noted = writer.edit_image(digest, |image| {
                pull_through::record(image, &copied.place);
            });
            if let Err(error) = noted {
                tracing::warn!("the next import copies {digest} again: {error}");
            }
        }
        Ok(())
    }
}
