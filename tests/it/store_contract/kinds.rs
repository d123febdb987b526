//! The kinds of store that the contract holds for.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use longshore::config::{ConnectionOptions, Env, Registries};
use longshore::model::{Endpoint, Manifest, RefName};
use longshore::session::{Session, SessionOptions};
use longshore::store::{Open, Reference, Result, Sink, Source};
use tempfile::TempDir;

use crate::support::embedded::Embedded;

/// A kind of store, with an empty place for one.
pub(super) struct Kind {
    folder: TempDir,
    endpoint: Endpoint,
    open: Arc<dyn Open>,
    /// What stands before the tag in the name of an image; `None` where images have no names.
    prefix: Option<&'static str>,
    _registry: Option<Embedded>,
}

impl Kind {
    pub(super) fn layout() -> Self {
        Self::local("oci", Some(""))
    }

    pub(super) fn oci_archive() -> Self {
        Self::local("oci-archive", Some(""))
    }

    pub(super) fn docker_archive() -> Self {
        Self::local("docker-archive", Some("quay.io/org/app:"))
    }

    pub(super) fn dir() -> Self {
        Self::local("dir", None)
    }

    pub(super) fn oc_folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("store");
        let kind = Self::at(folder, "file://org/app", Some(""));
        Self { endpoint: kind.endpoint.clone().below(&root), ..kind }
    }

    pub(super) fn registry() -> Self {
        let registry = Embedded::new();
        let endpoint = format!("{}/org/app", registry.address());
        Self {
            _registry: Some(registry),
            ..Self::at(tempfile::tempdir().unwrap(), &endpoint, Some(""))
        }
    }

    fn local(transport: &str, prefix: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = format!("{transport}:{}/store", folder.path().display());
        Self::at(folder, &endpoint, prefix)
    }

    fn at(folder: TempDir, endpoint: &str, prefix: Option<&'static str>) -> Self {
        let connection = ConnectionOptions { plain_http: true, ..ConnectionOptions::default() };
        let options = SessionOptions { connection, ..SessionOptions::default() };
        let env = Env::fake(folder.path(), []);
        let session = Session::new(env, Registries::default(), options);
        let endpoint = endpoint.parse().unwrap();
        Self { folder, endpoint, open: Arc::new(session), prefix, _registry: None }
    }

    /// The store, to be written to.
    pub(super) async fn sink(&self) -> Arc<dyn Sink> {
        self.open.sink(&self.endpoint).await.unwrap()
    }

    /// The store, to be read.
    pub(super) async fn source(&self) -> Arc<dyn Source> {
        self.open.source(&self.endpoint).await.unwrap()
    }

    /// The store, if there is one to be read.
    pub(super) async fn try_source(&self) -> Result<Arc<dyn Source>> {
        self.open.source(&self.endpoint).await
    }

    /// How an image is called here: a tag, with what this kind needs in front.
    pub(super) fn name(&self, tag: &str) -> Option<RefName> {
        self.prefix.map(|prefix| format!("{prefix}{tag}").parse().unwrap())
    }

    /// How to ask for the only image here. A repository with tags does not tell; there it takes the digest.
    pub(super) fn only(&self, image: &Manifest) -> Reference {
        if self.endpoint.has_tags() {
            Reference::Digest(image.digest().clone())
        } else {
            Reference::Only
        }
    }

    /// All files, with their paths below the folder of this store.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }

    /// Where the store is.
    pub(super) fn path(&self) -> PathBuf {
        self.endpoint.path().unwrap()
    }

    /// The store as skopeo writes it, with or without a name.
    pub(super) fn skopeo(&self, name: Option<&RefName>) -> String {
        let name = name.map(|name| format!(":{name}")).unwrap_or_default();
        format!("{}{name}", self.endpoint)
    }
}
