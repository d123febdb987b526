//! One fetch: jobs, each of them an image with all that belongs to it, and what they share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join;
use futures_util::{FutureExt, StreamExt, stream};

use super::super::ImageStream;
use super::super::api::{
    DOCKER_IMAGE, Image, ImageImportSpec, ImageImportStatus, ImageManifest, ImageStreamImportSpec,
    ImageStreamImportStatus, RepositoryImportSpec, RepositoryImportStatus, Status,
};
use super::super::image::{self, ImageError};
use super::super::order::Bulk;
use super::super::requests::repository_tag;
use super::job::{Company, Detail, First, Job, Keeps};
use super::once::Once;
use super::reference::Named;
use super::trouble::{self, Trouble};
use super::{Fetched, Fetcher};
use crate::model::{Content, Digest, ImageRef, Manifest, media_types};
use crate::store::{Reference, Source, collect};

/// How many images are asked for at once.
const IMAGES: usize = 16;
/// How many images of one index are asked for at once.
const CHILDREN: usize = 8;
/// How many images an index may have to be kept with all of them.
const MAX_CHILDREN: usize = 1000;
/// The largest configuration that is read: what is kept of it has to fit into a file.
const MAX_CONFIG: u64 = 2 * 1024 * 1024;

/// What is asked for once. Who is told of a failure may be many.
type Answer<V> = Result<Arc<V>, Arc<Trouble>>;

/// What a reference points to.
enum Root {
    At(Digest),
    Read(Box<Manifest>),
}

/// An image, and those of the index that it is.
struct Found {
    image: Image,
    children: Vec<Image>,
}

/// An image, perhaps one of an index, that is not to be had.
struct Failed {
    image: ImageRef,
    trouble: Arc<Trouble>,
}

/// One fetch.
pub(super) struct Run<'a> {
    fetcher: &'a Fetcher<'a>,
    spec: &'a ImageStreamImportSpec,
    stream: Option<&'a ImageStream>,
    roots: Once<(String, bool, Detail), Answer<Root>>,
    images: Once<(String, bool, Detail), Answer<Image>>,
    new: Mutex<BTreeMap<String, Image>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        fetcher: &'a Fetcher<'a>,
        spec: &'a ImageStreamImportSpec,
        stream: Option<&'a ImageStream>,
    ) -> Self {
        let (roots, images, new) = (Once::default(), Once::default(), Mutex::default());
        Self { fetcher, spec, stream, roots, images, new }
    }

    pub(super) async fn fetch(self) -> Fetched {
        let all = self.spec.repository.as_ref();
        let repository = async {
            match all {
                Some(repository) => Some(self.repository(repository).await),
                None => None,
            }
        };
        let (images, repository) = join(self.images(&self.spec.images), repository).await;
        let new = self.new.into_inner().unwrap_or_else(PoisonError::into_inner);
        let status = ImageStreamImportStatus { import: None, repository, images };
        Fetched { status, new: new.into_values().collect() }
    }

    /// Imports the first tags of a repository.
    async fn repository(&self, spec: &RepositoryImportSpec) -> RepositoryImportStatus {
        let refused =
            |status| RepositoryImportStatus { status, ..RepositoryImportStatus::default() };
        if spec.from.kind != DOCKER_IMAGE {
            return refused(Status::default());
        }
        let named = match Named::parse(&spec.from.name) {
            Ok(named) => named,
            Err(_) => return refused(trouble::invalid(&spec.from.name)),
        };
        let registries = self.fetcher.registries.of(&spec.import_policy);
        let listed = async { registries.source(&named.endpoint()).await?.names().await };
        let names = match listed.await {
            Ok(names) => names.iter().map(ToString::to_string).collect(),
            Err(error) => return refused(trouble::repository_status(&named, &error)),
        };
        let Bulk { taken, additional } = Bulk::of(names, self.fetcher.limit);
        let stored = |tag: &str| self.stream.and_then(|stream| stream.spec_tag(tag));
        let specs: Vec<ImageImportSpec> =
            taken.iter().map(|tag| repository_tag(spec, tag, stored(tag))).collect();
        let images = self.images(&specs).await;
        let failed = images.iter().filter(|image| image.status.is_failure()).count();
        RepositoryImportStatus {
            status: trouble::tally(failed),
            images,
            additional_tags: additional,
        }
    }

    /// Imports images, in their order.
    async fn images(&self, specs: &[ImageImportSpec]) -> Vec<ImageImportStatus> {
        self.fetcher.observer.planned(specs.len());
        let mut each = Vec::new();
        for spec in specs {
            each.push(self.observed(spec, Company::of(specs.len())).boxed());
        }
        stream::iter(each).buffered(IMAGES).collect().await
    }

    async fn observed(&self, spec: &ImageImportSpec, company: Company) -> ImageImportStatus {
        let status = self.image(spec, company).await;
        self.fetcher.observer.fetched(&spec.from.name, &status.status);
        status
    }

    async fn image(&self, spec: &ImageImportSpec, company: Company) -> ImageImportStatus {
        let told = |status| ImageImportStatus { status, ..ImageImportStatus::default() };
        let job = match Job::new(spec, company, self.stream, self.spec.import) {
            None => return told(Status::default()),
            Some(Err(_)) => return told(trouble::invalid(&spec.from.name)),
            Some(Ok(job)) => job,
        };
        let tag = job.named.tag();
        match self.found(&job).await {
            Ok(Found { image, children }) => ImageImportStatus {
                status: Status::success(),
                image: Some(self.told(image, &job)),
                manifests: children.into_iter().map(|child| self.told(child, &job)).collect(),
                tag,
            },
            Err(Failed { image, trouble }) => {
                let status = trouble::status(&image, &trouble);
                let tag = if trouble.is_blocked() { String::new() } else { tag };
                ImageImportStatus { tag, ..told(status) }
            }
        }
    }

    /// An image as it stands in the answer.
    fn told(&self, mut image: Image, job: &Job) -> Image {
        image.docker_image_reference = job.named.pinned(&image.metadata.name);
        image.api_version.clear();
        image.kind.clear();
        if !self.spec.import {
            image.metadata.creation_timestamp = None;
        }
        image
    }

    async fn found(&self, job: &Job) -> Result<Found, Failed> {
        let failed = |trouble| Failed { image: job.named.image.clone(), trouble };
        let source = self.fetcher.registries.of(&job.policy).source(&job.named.endpoint()).await;
        let source = source.map_err(|error| failed(Arc::new(Trouble::Manifest(error))))?;
        let key = self.key(job, &job.named.image);
        let root = self.roots.get(key, self.root(job, source.as_ref())).await.map_err(failed)?;
        let (digest, manifest) = match root.as_ref() {
            Root::At(digest) => (digest, None),
            Root::Read(manifest) => (manifest.digest(), Some(manifest.as_ref())),
        };
        let image = self.read(job, source.as_ref(), digest, manifest).await.map_err(failed)?;
        let image = Arc::unwrap_or_clone(image);
        if !is_index(&image) {
            return Ok(Found { image, children: Vec::new() });
        }
        match &job.keeps {
            Keeps::One(preference) => {
                let chosen = preference.choose(&image.docker_image_manifests);
                let chosen = chosen.ok_or_else(|| failed(Arc::new(Trouble::EmptyIndex)))?;
                let image = self.child(job, source.as_ref(), chosen).await.map_err(failed)?;
                if is_index(&image) {
                    let kind = image.docker_image_manifest_media_type.clone();
                    let trouble = Trouble::Image(ImageError::Unsupported(kind));
                    return Err(failed(Arc::new(trouble)));
                }
                Ok(Found { image, children: Vec::new() })
            }
            Keeps::All => {
                let children = self.children(job, source.as_ref(), &image).await?;
                Ok(Found { image, children })
            }
        }
    }

    /// What the reference points to. What is known is not read again.
    async fn root(&self, job: &Job, source: &dyn Source) -> Answer<Root> {
        let reference = job.named.reference();
        let named = match &reference {
            Reference::Digest(digest) => self.known(digest.as_str(), job.detail).await.is_some(),
            Reference::Name(_) | Reference::Only => false,
        };
        if named || job.first == First::Digest {
            let told = source.digest(&reference).await.map_err(Trouble::Manifest)?;
            return Ok(Arc::new(Root::At(told.ok_or(Trouble::Absent)?)));
        }
        let manifest = source.manifest(&reference).await.map_err(Trouble::Manifest)?;
        Ok(Arc::new(Root::Read(Box::new(manifest))))
    }

    /// All images of an index.
    async fn children(
        &self,
        job: &Job,
        source: &dyn Source,
        index: &Image,
    ) -> Result<Vec<Image>, Failed> {
        let children = &index.docker_image_manifests;
        if children.len() > MAX_CHILDREN {
            let trouble = Arc::new(Trouble::Crowded(children.len()));
            return Err(Failed { image: job.named.image.clone(), trouble });
        }
        let mut each = Vec::new();
        for child in children {
            each.push(self.child(job, source, child).boxed());
        }
        let found: Vec<_> = stream::iter(each).buffered(CHILDREN).collect().await;
        let found = found.into_iter().zip(children).map(|(found, child)| {
            let image = || job.named.at(child.digest.parse().ok());
            found.map_err(|trouble| Failed { image: image(), trouble })
        });
        found.collect()
    }

    async fn child(
        &self,
        job: &Job,
        source: &dyn Source,
        child: &ImageManifest,
    ) -> Result<Image, Arc<Trouble>> {
        let digest: Digest = child.digest.parse().map_err(Trouble::Digest)?;
        self.read(job, source, &digest, None).await.map(Arc::unwrap_or_clone)
    }

    /// The image of this digest; `manifest` is it when that was read already.
    async fn read(
        &self,
        job: &Job,
        source: &dyn Source,
        digest: &Digest,
        manifest: Option<&Manifest>,
    ) -> Answer<Image> {
        let place = job.named.at(Some(digest.clone()));
        let ask = async {
            if let Some(image) = self.known(digest.as_str(), job.detail).await {
                return Ok(Arc::new(image));
            }
            let manifest = match manifest {
                Some(manifest) => manifest.clone(),
                None => source
                    .manifest(&Reference::Digest(digest.clone()))
                    .await
                    .map_err(Trouble::Manifest)?,
            };
            let image = self.build(job, source, &manifest).await?;
            if job.detail == Detail::Summary {
                self.learn(&image, job);
            }
            Ok(Arc::new(image))
        };
        self.images.get(self.key(job, &place), ask).await
    }

    async fn build(
        &self,
        job: &Job,
        source: &dyn Source,
        manifest: &Manifest,
    ) -> Result<Image, Trouble> {
        let mut image = match manifest.content() {
            Content::Index { .. } => image::of_index(manifest, self.fetcher.now),
            Content::Image { .. } | Content::Artifact { .. } => {
                let descriptor = image::config_of(manifest)?;
                if descriptor.size > MAX_CONFIG {
                    return Err(Trouble::LargeConfig(descriptor.size));
                }
                let config =
                    collect(source, descriptor, MAX_CONFIG).await.map_err(Trouble::Config)?;
                let mut image = image::of_image(manifest, &config)?;
                if job.detail == Detail::Raw {
                    image::include_manifest(&mut image, manifest, &config);
                }
                image
            }
        };
        image.metadata.creation_timestamp = Some(self.fetcher.now);
        Ok(image)
    }

    async fn known(&self, digest: &str, detail: Detail) -> Option<Image> {
        match detail {
            Detail::Summary => self.fetcher.known.image(digest).await,
            Detail::Raw => None,
        }
    }

    fn learn(&self, image: &Image, job: &Job) {
        let reference = job.named.pinned(&image.metadata.name);
        let image = Image { docker_image_reference: reference, ..image.clone() };
        let mut new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
        new.entry(image.metadata.name.clone()).or_insert(image);
    }

    /// Answers differ by where they come from and how much of them is wanted.
    fn key(&self, job: &Job, image: &ImageRef) -> (String, bool, Detail) {
        (image.to_string(), job.policy.insecure, job.detail)
    }
}

fn is_index(image: &Image) -> bool {
    let media_type = image.docker_image_manifest_media_type.as_str();
    [media_types::OCI_INDEX, media_types::DOCKER_LIST].contains(&media_type)
}
