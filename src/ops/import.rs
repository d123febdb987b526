//! Importing a bundle: all of it is proven, then what it presumes is looked for, and only then is anything written.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::copy::{CopyReport, CopyRequest, Ends, copy};
use crate::mirror::{Mapping, Root};
use crate::model::{
    Descriptor, Digest, Endpoint, ImageName, ImagePath, Manifest, MediaType, PlatformFilter,
    RefName, ReferenceError, Repository, RepositoryPath, Tag,
};
use crate::store::bundle::{BundleReader, FarRepository, PresumedBlob};
use crate::store::{self, BlobStream, Open, Reference, Sink, Source};
use crate::transfer::Observer;

/// How many blobs are looked for at once.
const QUESTIONS: usize = 32;

/// A bundle and the place that it goes to.
pub struct Import {
    bundle: Arc<BundleReader>,
    root: Root,
}

/// Why nothing of a bundle was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The bundle cannot be read, or the destination cannot be asked.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A repository would have a name that cannot be.
    #[error("{name} of the bundle cannot be below {root}")]
    Name {
        /// What it is called in the bundle.
        name: String,
        /// Where it was to go.
        root: String,
        /// What is wrong with it.
        #[source]
        source: ReferenceError,
    },
    /// The destination does not hold what the bundle leaves out.
    #[error("{root} lacks {} of the blobs that {bundle} presumes there", blobs.len())]
    Lacking {
        /// Where it was to go.
        root: String,
        /// The bundle.
        bundle: String,
        /// The blobs, a line each.
        blobs: Vec<String>,
    },
}

impl Import {
    /// All images of `bundle`, to below `root`.
    #[must_use]
    pub fn new(bundle: Arc<BundleReader>, root: Root) -> Self {
        Self { bundle, root }
    }

    /// Where each image goes, or what these platforms of it make.
    ///
    /// # Errors
    /// When the name of one is too long below the root.
    pub fn mappings(&self, platforms: &[PlatformFilter]) -> Result<Vec<Mapping>, ImportError> {
        let images = self.bundle.contents().images.iter();
        let mapping = |name: &ImagePath| {
            let unusable = |source| self.unusable(name, source);
            let destination = image_at(&self.root, name).map_err(unusable)?;
            let mapping = Mapping::new(self.bundle.endpoint(name), vec![destination]);
            Ok(Mapping { platforms: platforms.to_vec(), ..mapping })
        };
        images.map(|image| mapping(&image.name)).collect()
    }

    /// Proves the bundle and its base, then copies what `request` asks for.
    ///
    /// # Errors
    /// When the bundle is damaged or its base is missing; nothing is written then.
    pub async fn run(
        &self,
        ends: Ends,
        request: &CopyRequest,
        observer: Arc<dyn Observer>,
    ) -> Result<CopyReport, ImportError> {
        self.bundle.verify().await?;
        let base = Base { blobs: self.base()?, far: Arc::clone(&ends.destination) };
        self.check(&base).await?;
        let bundle = Arc::clone(&self.bundle);
        let source = Arc::new(FromBundle { bundle, base: Arc::new(base) });
        let ends = Ends { source, destination: ends.destination };
        Ok(copy(&ends, request, observer).await)
    }

    /// Where the blobs are that the bundle presumes.
    fn base(&self) -> Result<HashMap<Digest, Endpoint>, ImportError> {
        let place = |PresumedBlob { digest, repository, .. }: &PresumedBlob| {
            let unusable = |source| self.unusable(repository, source);
            let endpoint = far_repository(&self.root, repository).map_err(unusable)?;
            Ok((digest.clone(), endpoint))
        };
        self.bundle.contents().presumed.iter().map(place).collect()
    }

    /// Asks for every blob that the bundle presumes.
    async fn check(&self, Base { blobs: base, far }: &Base) -> Result<(), ImportError> {
        let mut sinks: HashMap<&Endpoint, Arc<dyn Sink>> = HashMap::new();
        for endpoint in base.values() {
            if !sinks.contains_key(endpoint) {
                sinks.insert(endpoint, far.sink(endpoint).await?);
            }
        }
        let mut questions = Vec::new();
        for blob in &self.bundle.contents().presumed {
            let Some(endpoint) = base.get(&blob.digest) else { continue };
            let sink = Arc::clone(&sinks[endpoint]);
            questions.push(async move {
                let (digest, size) = (blob.digest.clone(), blob.size);
                let wanted = Descriptor::new(MediaType::ImageLayer, digest, size);
                let is_there = sink.has_blob(&wanted).await?;
                let missing =
                    || format!("blob {} of {size} bytes is not in {endpoint}", blob.digest);
                Ok::<_, store::Error>((!is_there).then(missing))
            });
        }
        let answers = stream::iter(questions).buffered(QUESTIONS);
        let answers: Vec<Option<String>> = answers.try_collect().await?;
        let blobs: Vec<String> = answers.into_iter().flatten().collect();
        if blobs.is_empty() {
            return Ok(());
        }
        let (root, bundle) = (self.root.to_string(), self.bundle.place());
        Err(ImportError::Lacking { root, bundle, blobs })
    }

    fn unusable(&self, name: &impl ToString, source: ReferenceError) -> ImportError {
        ImportError::Name { name: name.to_string(), root: self.root.to_string(), source }
    }
}

/// Where an image of a bundle goes.
fn image_at(root: &Root, name: &ImagePath) -> Result<Endpoint, ReferenceError> {
    match &name.tag {
        Some(tag) => root.endpoint(&name.path, tag),
        None => repository_at(root, &name.path),
    }
}

/// The repository of this path below a root; a layout has none, and is one itself.
fn repository_at(root: &Root, path: &RepositoryPath) -> Result<Endpoint, ReferenceError> {
    Ok(match root.endpoint(path, &Tag::latest())? {
        Endpoint::Registry(image) => Endpoint::Registry(image.tagged(None)),
        Endpoint::Oci { dir, .. } => Endpoint::Oci { dir, name: None },
        Endpoint::Bundle { dir, name } => {
            let name = name.map(|name| ImagePath { tag: None, ..name });
            Endpoint::Bundle { dir, name }
        }
        other => other,
    })
}

fn far_repository(root: &Root, repository: &FarRepository) -> Result<Endpoint, ReferenceError> {
    match (repository, root) {
        (FarRepository::At(path), Root::Registry { registry, .. }) => {
            let whole = Root::Registry { registry: registry.clone(), namespace: None };
            repository_at(&whole, path)
        }
        (FarRepository::At(path) | FarRepository::Below(path), root) => repository_at(root, path),
    }
}

/// Opens images of a bundle. What it presumes is read from the destination.
struct FromBundle {
    bundle: Arc<BundleReader>,
    base: Arc<Base>,
}

/// What a bundle presumes, and where that is.
struct Base {
    blobs: HashMap<Digest, Endpoint>,
    far: Arc<dyn Open>,
}

#[async_trait]
impl Open for FromBundle {
    async fn source(&self, endpoint: &Endpoint) -> store::Result<Arc<dyn Source>> {
        let path = match endpoint {
            Endpoint::Bundle { name, .. } => name.as_ref().map(|name| name.path.clone()),
            other => return self.base.far.source(other).await,
        };
        let (inner, base) = (self.bundle.repository(path), Arc::clone(&self.base));
        Ok(Arc::new(Based { inner, base }))
    }

    async fn sink(&self, endpoint: &Endpoint) -> store::Result<Arc<dyn Sink>> {
        self.base.far.sink(endpoint).await
    }
}

/// One repository of a bundle, together with what it presumes.
struct Based {
    inner: Arc<dyn Source>,
    base: Arc<Base>,
}

#[async_trait]
impl Source for Based {
    fn place(&self) -> String {
        self.inner.place()
    }

    fn holder(&self, blob: &Digest) -> Option<&Repository> {
        match self.base.blobs.get(blob)? {
            Endpoint::Registry(ImageName::Qualified(image)) => Some(&image.repository),
            _ => None,
        }
    }

    fn leaves_out(&self, manifest: &Digest) -> bool {
        self.inner.leaves_out(manifest)
    }

    async fn manifest(&self, reference: &Reference) -> store::Result<Manifest> {
        self.inner.manifest(reference).await
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> store::Result<BlobStream> {
        match self.base.blobs.get(&blob.digest) {
            Some(endpoint) => self.base.far.source(endpoint).await?.blob(blob, offset).await,
            None => self.inner.blob(blob, offset).await,
        }
    }

    async fn names(&self) -> store::Result<Vec<RefName>> {
        self.inner.names().await
    }

    async fn referrers(&self, subject: &Digest) -> store::Result<Vec<Descriptor>> {
        self.inner.referrers(subject).await
    }
}
