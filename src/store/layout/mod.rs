//! An OCI image layout in a folder (OCI image specification, `image-layout.md`).
//!
//! - Every root manifest stands in `index.json`: named ones with `org.opencontainers.image.ref.name`, others (pushed by
//!   digest, referrers) without. What an index holds does not stand there, unless it has a name or refers to a
//!   subject.
//! - `index.json` is replaced as a whole, under a lock that other processes honour too, so no name is lost however
//!   many put names at once. The lock is on the file `oci-layout`, which never changes.
//! - A blob's bytes are on the disk before it gets its name, and all names of blobs are before `index.json` is: a name
//!   never survives a crash that its image did not. [`Durability`] tells when that is done: blob by blob, or for all
//!   blobs of an image when its manifest is put. Those that wait are there for whoever asks this [`Layout`], and for no
//!   other.
//! - Files of ours that are no part of the format start with `_partial-`. Those of blobs stay when a run ends early, and
//!   the next run continues them; a week later they are removed.

mod blobs;
mod edit;
mod index;
mod only;
mod pending;
mod view;

pub(super) use index::{Entry, Index, REF_NAME};
pub(super) use view::{Files, MAX_INDEX_SIZE, View};

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;

use self::pending::Pending;
use super::file::{Span, blocking};
use super::partial;
use super::{
    BlobStream, Durability, Error, Reference, Result, Resume, Sink, Source, Store, WriteOptions,
};
use crate::model::{Descriptor, Digest, Manifest, RefName, Repository};

pub(super) const LAYOUT_FILE: &str = "oci-layout";
pub(super) const INDEX_FILE: &str = "index.json";
const BLOBS: &str = "blobs";

/// The names in a layout's folder that the format has taken.
pub(super) const OWN_NAMES: [&str; 3] = [LAYOUT_FILE, INDEX_FILE, BLOBS];

/// What `oci-layout` holds.
pub(super) const LAYOUT_VERSION: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// How those write who need each blob to be safe before they tell that they took it.
const EACH_BLOB: WriteOptions =
    WriteOptions { durability: Durability::Always, resume: Resume::Continue };

/// An OCI image layout in a folder. Clones are the same layout.
#[derive(Clone, Debug)]
pub struct Layout {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    options: WriteOptions,
    view: View,
    pending: Pending,
    /// Set when the folder is known to hold a layout.
    made: OnceLock<()>,
}

impl Layout {
    /// Opens the layout in `dir`.
    ///
    /// # Errors
    /// When there is none, or one of a version that is not 1.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self> {
        let dir = dir.into();
        if !dir.exists() {
            return Err(Error::Missing { path: dir });
        }
        check_version(&dir)?;
        Ok(Self::of(dir, EACH_BLOB, OnceLock::from(())))
    }

    /// Opens the layout in `dir`, after making it where there is none. Files that writers left behind when they were
    /// killed are removed.
    ///
    /// # Errors
    /// When it cannot be made, or when there is one of a version that is not 1.
    pub fn create(dir: impl Into<PathBuf>) -> Result<Self> {
        let layout = Self::of(dir.into(), EACH_BLOB, OnceLock::new());
        layout.make()?;
        Ok(layout)
    }

    /// The layout in `dir`, which is made when the first thing is put into it, if there is none: a copy that comes to
    /// nothing leaves no empty layout behind.
    ///
    /// # Errors
    /// When there is one of a version that is not 1.
    pub fn create_on_write(dir: impl Into<PathBuf>, options: WriteOptions) -> Result<Self> {
        let layout = Self::of(dir.into(), options, OnceLock::new());
        if layout.dir().join(LAYOUT_FILE).exists() {
            layout.make()?;
        }
        Ok(layout)
    }

    fn of(dir: PathBuf, options: WriteOptions, made: OnceLock<()>) -> Self {
        Self {
            inner: Arc::new(Inner {
                dir,
                options,
                view: View::default(),
                pending: Pending::default(),
                made,
            }),
        }
    }

    /// Makes the layout unless it is there.
    fn make(&self) -> Result<()> {
        if self.inner.made.get().is_some() {
            return Ok(());
        }
        let dir = self.dir();
        if dir.join(LAYOUT_FILE).exists() {
            partial::remove_stale(dir)?;
        } else {
            std::fs::create_dir_all(dir).map_err(Error::io("create", dir))?;
            write_new(&dir.join(INDEX_FILE), &Index::empty().to_bytes())?;
            write_new(&dir.join(LAYOUT_FILE), LAYOUT_VERSION)?;
        }
        check_version(dir)?;
        self.inner.made.get_or_init(|| ());
        Ok(())
    }

    fn durability(&self) -> Durability {
        self.inner.options.durability
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Takes a name away; its manifest stays, to be had by digest. Tells whether there was such a name.
    ///
    /// # Errors
    /// When `index.json` cannot be written.
    pub async fn remove_name(&self, name: &RefName) -> Result<bool> {
        let (layout, name) = (self.clone(), name.clone());
        blocking(move || layout.edit(|index| Ok(index.remove_name(&name)))).await
    }

    /// Deletes a manifest with all its names. Tells whether it was there.
    ///
    /// # Errors
    /// When a file cannot be written or deleted.
    pub async fn delete_manifest(&self, digest: &Digest) -> Result<bool> {
        let (layout, digest) = (self.clone(), digest.clone());
        blocking(move || layout.drop_manifest(&digest)).await
    }
}

impl Files for Layout {
    fn place(&self) -> String {
        format!("oci:{}", self.inner.dir.display())
    }

    fn index(&self) -> Result<Index> {
        let path = self.inner.dir.join(INDEX_FILE);
        let Some(span) = Span::open(&path)? else { return Ok(Index::empty()) };
        Index::parse(&span.read(MAX_INDEX_SIZE)?).map_err(|source| Error::NotA {
            place: path.display().to_string(),
            expected: "an OCI image index",
            source: Some(Box::new(source)),
        })
    }

    fn blob(&self, digest: &Digest) -> Result<Option<Span>> {
        match self.inner.pending.span(digest)? {
            Some(span) => Ok(Some(span)),
            None => Span::open(&self.blob_path(digest)),
        }
    }
}

#[async_trait]
impl Source for Layout {
    fn place(&self) -> String {
        Files::place(self)
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest> {
        self.inner.view.manifest(self, reference)
    }

    async fn digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        self.inner.view.digest(self, reference)
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        self.read_blob(&blob.digest, offset)
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        Ok(self.index()?.names())
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        let (layout, subject) = (self.clone(), subject.clone());
        blocking(move || layout.inner.view.referrers(&layout, &subject)).await
    }
}

#[async_trait]
impl Store for Layout {
    async fn blob_size(&self, blob: &Descriptor) -> Result<Option<u64>> {
        Self::blob_size(self, &blob.digest)
    }

    async fn remove_manifest(&self, digest: &Digest) -> Result<bool> {
        self.delete_manifest(digest).await
    }

    async fn remove_name(&self, name: &RefName) -> Result<bool> {
        Self::remove_name(self, name).await
    }
}

#[async_trait]
impl Sink for Layout {
    fn place(&self) -> String {
        Files::place(self)
    }

    async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        Ok(self.blob_size(&blob.digest)? == Some(blob.size))
    }

    async fn mount_blob(&self, _: &Descriptor, _: &Repository) -> Result<bool> {
        Ok(false)
    }

    async fn put_blob(&self, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        let (layout, wanted, origin) = (self.clone(), blob.clone(), source.place());
        let written = blocking(move || layout.begin_blob(&wanted, origin)).await?;
        let proven = written.fetch(source).await?;
        let layout = self.clone();
        blocking(move || layout.keep_blob(proven)).await
    }

    async fn manifest_digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        self.inner.view.digest(self, reference)
    }

    async fn put_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        let (layout, manifest, name) = (self.clone(), manifest.clone(), name.cloned());
        blocking(move || layout.take_manifest(&manifest, name.as_ref())).await
    }

    /// Gives the blobs their names that no manifest came for: those of images that failed meanwhile.
    async fn finish(&self) -> Result<()> {
        let layout = self.clone();
        blocking(move || layout.name_blobs(&layout.inner.pending.digests())).await
    }
}

fn check_version(dir: &Path) -> Result<()> {
    let not_a_layout = |source| Error::NotA {
        place: dir.display().to_string(),
        expected: "an OCI image layout of version 1",
        source,
    };
    let path = dir.join(LAYOUT_FILE);
    let span = Span::open(&path)?.ok_or_else(|| not_a_layout(None))?;
    let version: Version = serde_json::from_slice(&span.read(4096)?)
        .map_err(|source| not_a_layout(Some(Box::new(source))))?;
    let major = version.image_layout_version.split('.').next();
    if major == Some("1") { Ok(()) } else { Err(not_a_layout(None)) }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    image_layout_version: String,
}

/// Writes a file unless there is one. Of several who do so at once one wins.
fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = partial::temporary(dir)?;
    std::io::Write::write_all(&mut file, bytes).map_err(Error::io("write", file.path()))?;
    match file.persist_noclobber(path) {
        Err(failed) if failed.error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(Error::io("create", path)(failed.error))
        }
        _ => Ok(()),
    }
}
