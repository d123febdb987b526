//! `--pull-through`: the data of images that an import finds are copied by the engine.

use std::path::{PathBuf, absolute};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::copy::{CopiedImage, CopyRequest, Ends, copy};
use crate::imagestream::fetch::Registries;
use crate::imagestream::{self, Wanted};
use crate::mirror::Mapping;
use crate::model::{Digest, Endpoint, ImageName, ImageRef, Repository, Tag, one_line};
use crate::store::{self, Open, Sink, Source};
use crate::transfer::{Attachments, CopyOptions, Observer};

/// What images cannot be copied to along with an import.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' takes no images of a stream: expected a repository without tag and digest, or oci:DIR"
)]
pub struct PullThroughError(String);

/// How image data are copied.
pub struct PullThroughOptions {
    /// Opens what images are copied from.
    pub registries: Registries,
    /// Opens what they are copied to.
    pub destination: Arc<dyn Open>,
    /// How the copies are done.
    pub options: CopyOptions,
    /// Is told of the copies.
    pub observer: Arc<dyn Observer>,
}

/// Copies image data to a repository or an OCI layout. There an image is named `image-HEX` by its digest: so it is kept
/// where images without a name are thrown away, and streams that share the place do not take each other's names.
pub struct PullThrough {
    to: To,
    options: PullThroughOptions,
    done: Mutex<Vec<CopiedImage>>,
}

/// Where images are copied to.
enum To {
    Repository(Repository),
    Layout(PathBuf),
}

impl To {
    fn named(&self, tag: Tag) -> Endpoint {
        match self {
            Self::Repository(repository) => {
                let repository = repository.clone();
                let image = ImageRef { repository, tag: Some(tag), digest: None };
                Endpoint::Registry(ImageName::Qualified(image))
            }
            Self::Layout(dir) => Endpoint::Oci { dir: dir.clone(), name: Some(tag.into()) },
        }
    }
}

impl PullThrough {
    /// Copies to `destination`.
    ///
    /// # Errors
    /// When that is neither a repository nor an OCI layout.
    pub fn new(
        destination: &Endpoint,
        options: PullThroughOptions,
    ) -> Result<Self, PullThroughError> {
        let refused = || PullThroughError(one_line(&destination.to_string(), 300));
        let to = match destination {
            Endpoint::Registry(ImageName::Qualified(ImageRef {
                repository,
                tag: None,
                digest: None,
            })) => To::Repository(repository.clone()),
            Endpoint::Oci { dir, name: None } => To::Layout(absolute(dir).map_err(|_| refused())?),
            _ => return Err(refused()),
        };
        Ok(Self { to, options, done: Mutex::default() })
    }

    /// What became of each image up to now, those that failed among them.
    #[must_use]
    pub fn take(&self) -> Vec<CopiedImage> {
        std::mem::take(&mut self.done())
    }

    fn done(&self) -> MutexGuard<'_, Vec<CopiedImage>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn copy_from(&self, open: &Arc<dyn Open>, images: &[&Wanted]) -> Vec<CopiedImage> {
        let ends = Ends {
            source: Arc::new(AsFound(Arc::clone(open))),
            destination: Arc::clone(&self.options.destination),
        };
        let mappings = images.iter().map(|image| {
            let source = ImageRef {
                repository: image.repository.clone(),
                tag: image.tag.clone(),
                digest: Some(image.digest.clone()),
            };
            let source = Endpoint::Registry(ImageName::Qualified(source));
            Mapping::new(source, vec![self.to.named(Tag::of_digest(&image.digest))])
        });
        let request = CopyRequest {
            mappings: mappings.collect(),
            attachments: Attachments::None,
            options: self.options.options.clone(),
            ..CopyRequest::default()
        };
        copy(&ends, &request, Arc::clone(&self.options.observer)).await.images
    }
}

/// Opens an image where the import found it: settings name mirrors for tags and others for digests, and the import asked
/// by tag. What is read there is still the digest.
struct AsFound(Arc<dyn Open>);

#[async_trait]
impl Open for AsFound {
    async fn source(&self, endpoint: &Endpoint) -> store::Result<Arc<dyn Source>> {
        match endpoint {
            Endpoint::Registry(ImageName::Qualified(image)) if image.tag.is_some() => {
                let image = ImageRef { digest: None, ..image.clone() };
                self.0.source(&Endpoint::Registry(ImageName::Qualified(image))).await
            }
            other => self.0.source(other).await,
        }
    }

    async fn sink(&self, endpoint: &Endpoint) -> store::Result<Arc<dyn Sink>> {
        self.0.sink(endpoint).await
    }
}

#[async_trait]
impl imagestream::PullThrough for PullThrough {
    fn place(&self) -> String {
        match &self.to {
            To::Repository(repository) => repository.to_string(),
            To::Layout(dir) => format!("oci:{}", dir.display()).replace(char::is_whitespace, "%20"),
        }
    }

    fn repository(&self) -> Option<String> {
        match &self.to {
            To::Repository(repository) => Some(repository.to_string()),
            To::Layout(_) => None,
        }
    }

    async fn copy(&self, images: &[Wanted]) -> Vec<Digest> {
        let (insecure, verified): (Vec<&Wanted>, Vec<&Wanted>) =
            images.iter().partition(|image| image.insecure);
        let registries = &self.options.registries;
        let mut copied = self.copy_from(&registries.verified, &verified).await;
        copied.extend(self.copy_from(&registries.insecure, &insecure).await);
        let there = copied.iter().filter_map(|image| image.result.as_ref().ok());
        let there = there.map(|image| image.digest.clone()).collect();
        self.done().extend(copied);
        there
    }
}
