//! A place that images may be written to, opened to be asked only: nothing is made, nothing is changed.

use std::sync::Arc;

use async_trait::async_trait;

use super::dir::ImageDir;
use super::file::blocking;
use super::oc_folder::OcFolder;
use super::{Error, Layout, Reference, Result, Sink, Source};
use crate::model::{Descriptor, Digest, Endpoint, Manifest, RefName, Repository};

/// A sink that answers, and takes nothing.
pub struct Look {
    place: String,
    /// What is there; `None` where nothing is, or where a new file takes the place of the old one.
    inside: Option<Arc<dyn Sink>>,
}

impl Look {
    /// Looks at `sink`.
    #[must_use]
    pub fn at(sink: Arc<dyn Sink>) -> Self {
        Self { place: sink.place(), inside: Some(sink) }
    }

    /// Looks at a repository of a bundle. What one of them has is there for all: they are one place.
    #[must_use]
    pub fn into_bundle(sink: Arc<dyn Sink>) -> Self {
        Self { place: sink.pool(), inside: Some(sink) }
    }

    /// Looks at an endpoint on this machine as someone sees it who is about to write there.
    ///
    /// # Errors
    /// When something else is there than what its transport says.
    pub async fn local(endpoint: &Endpoint) -> Result<Self> {
        let endpoint = endpoint.clone();
        blocking(move || {
            let is_there = endpoint.path().is_some_and(|path| path.exists() && !is_empty(&path));
            let inside: Option<Arc<dyn Sink>> = match &endpoint {
                _ if !is_there => None,
                Endpoint::Oci { dir, .. } => Some(Arc::new(Layout::open(dir)?)),
                Endpoint::Dir(dir) => Some(Arc::new(ImageDir::open(dir)?)),
                Endpoint::File { root, repository, .. } => {
                    Some(Arc::new(OcFolder::open(root, repository.clone())?))
                }
                _ => None,
            };
            let place = inside.as_ref().map_or_else(|| nameless(&endpoint), |sink| sink.place());
            Ok(Self { place, inside })
        })
        .await
    }

    fn refused(&self) -> Error {
        Error::Unsupported { place: self.place.clone(), why: "is only looked at" }
    }
}

fn is_empty(dir: &std::path::Path) -> bool {
    std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}

/// An endpoint without the name of an image, as its sink calls itself.
fn nameless(endpoint: &Endpoint) -> String {
    if let Endpoint::File { repository, .. } = endpoint {
        return format!("file://{repository}");
    }
    let text = endpoint.to_string();
    let scheme = text.split(':').next().unwrap_or_default();
    endpoint.path().map_or(text.clone(), |path| format!("{scheme}:{}", path.display()))
}

#[async_trait]
impl Sink for Look {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn repository(&self) -> Option<&Repository> {
        self.inside.as_ref()?.repository()
    }

    async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        match &self.inside {
            Some(sink) => sink.has_blob(blob).await,
            None => Ok(false),
        }
    }

    async fn mount_blob(&self, _: &Descriptor, _: &Repository) -> Result<bool> {
        Err(self.refused())
    }

    async fn put_blob(&self, _: &Descriptor, _: &dyn Source) -> Result<()> {
        Err(self.refused())
    }

    async fn manifest_digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        match &self.inside {
            Some(sink) => sink.manifest_digest(reference).await,
            None => Ok(None),
        }
    }

    async fn put_manifest(&self, _: &Manifest, _: Option<&RefName>) -> Result<()> {
        Err(self.refused())
    }

    async fn finish(&self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn look(endpoint: &str) -> Result<Look> {
        Look::local(&endpoint.parse().unwrap()).await
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        for kind in ["oci", "oci-archive", "docker-archive", "dir"] {
            let path = folder.path().join("new");
            let look = look(&format!("{kind}:{}", path.display())).await.unwrap();
            let named = Reference::Name("v1".parse().unwrap());
            assert_eq!(look.manifest_digest(&named).await.unwrap(), None);
            assert_eq!(look.place(), format!("{kind}:{}", path.display()));
            assert!(!path.exists());
        }
    }

    #[tokio::test]
    async fn what_is_there_answers_and_takes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let json = br#"{"schemaVersion":2,"manifests":[]}"#;
        let index = "application/vnd.oci.image.index.v1+json";
        let manifest = Manifest::parse(json.as_slice().into(), Some(index)).unwrap();
        let name: RefName = "v1".parse().unwrap();
        layout.put_manifest(&manifest, Some(&name)).await.unwrap();
        let look = look(&format!("oci:{}:v1", folder.path().display())).await.unwrap();
        let now = look.manifest_digest(&Reference::Name(name)).await.unwrap();
        assert_eq!(now.as_ref(), Some(manifest.digest()));
        assert!(look.put_manifest(&manifest, None).await.is_err());
    }

    #[tokio::test]
    async fn a_folder_of_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(look(&format!("oci:{}", folder.path().display())).await.is_err());
    }
}
