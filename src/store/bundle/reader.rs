//! A bundle being read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;

use super::split::{PartSet, part_number};
use super::sums::Sums;
use super::survey::Stock;
use super::{
    BUNDLE_FILE, BundleError, Contents, MARKER_FILE, SIGNATURE_FILE, SUMS_FILE, VerifyingKey,
    read_small, unusable,
};
use crate::model::{Descriptor, Digest, Endpoint, ImagePath, Manifest, RefName, RepositoryPath};
use crate::store::file::blocking;
use crate::store::layout::{INDEX_FILE, LAYOUT_FILE};
use crate::store::{BlobStream, Error, Layout, Reference, Result, Source, Store};

/// A whole bundle. What its files hold is proven by [`BundleReader::verify`].
#[derive(Debug)]
pub struct BundleReader {
    pub(super) dir: PathBuf,
    pub(super) sums: Sums,
    /// The bytes that a signature is of.
    signed: Bytes,
    pub(super) layout: Layout,
    contents: Contents,
    /// Where blobs are that are in parts, as soon as somebody asks.
    parts: OnceLock<PartSet>,
}

impl BundleReader {
    /// Opens the bundle in `dir`, and proves the files that say what is in it.
    ///
    /// # Errors
    /// When there is none, it is not finished, or these files are not what they should be.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Arc<Self>> {
        let dir = dir.into();
        if !dir.exists() {
            return Err(Error::Missing { path: dir });
        }
        let path = dir.join(SUMS_FILE);
        let sums = read_small(&path)?.filter(|_| !dir.join(MARKER_FILE).exists());
        let Some(sums) = sums else { return Err(not_whole(dir)) };
        let signed = sums;
        let sums = Sums::parse(&signed).map_err(|error| unusable(path, error))?;
        let path = dir.join(BUNDLE_FILE);
        let bytes = proven(&dir, BUNDLE_FILE, &sums)?;
        let contents = Contents::parse(&bytes).map_err(|error| unusable(path, error))?;
        for name in [INDEX_FILE, LAYOUT_FILE] {
            proven(&dir, name, &sums)?;
        }
        let layout = Layout::open(&dir)?;
        let parts = OnceLock::new();
        Ok(Arc::new(Self { dir, sums, signed, layout, contents, parts }))
    }

    /// Requires that the owner of `key` has signed it.
    ///
    /// # Errors
    /// When it is not signed, or by another.
    pub fn require_signature(&self, key: &VerifyingKey) -> Result<()> {
        let refused = |why| BundleError::Signature { dir: self.dir.clone(), why };
        let signature = read_small(&self.dir.join(SIGNATURE_FILE))?;
        let signature = signature.ok_or_else(|| refused("is not signed"))?;
        if key.has_signed(&self.signed, &signature) {
            return Ok(());
        }
        Err(refused("is not signed by the owner of this key").into())
    }

    /// What it is made of.
    #[must_use]
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Where blobs are that are in parts.
    pub(super) fn parts(&self) -> Result<&PartSet> {
        if let Some(parts) = self.parts.get() {
            return Ok(parts);
        }
        let numbers = self.sums.iter().filter_map(|(path, _)| part_number(path));
        let parts = PartSet::open(&self.dir, numbers)?;
        Ok(self.parts.get_or_init(|| parts))
    }

    /// The bundle, as a person would write it.
    #[must_use]
    pub fn place(&self) -> String {
        format!("bundle:{}", self.dir.display())
    }

    /// The image of this name in it.
    #[must_use]
    pub fn endpoint(&self, name: &ImagePath) -> Endpoint {
        Endpoint::Bundle { dir: self.dir.clone(), name: Some(name.clone()) }
    }

    /// One repository of it; without a path, all of it, where images have whole names.
    #[must_use]
    pub fn repository(self: &Arc<Self>, path: Option<RepositoryPath>) -> Arc<dyn Store> {
        Arc::new(BundleSource { bundle: Arc::clone(self), repository: path })
    }
}

impl Stock for BundleReader {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn size_of(&self, blob: &Digest) -> Result<Option<u64>> {
        match self.parts()?.size_of(blob) {
            None => self.layout.blob_size(blob),
            size => Ok(size),
        }
    }
}

impl Contents {
    /// Those of the bundle in `path`, which may be its `bundle.json` alone: what it brought is of interest where it is
    /// gone itself.
    ///
    /// # Errors
    /// When there is none, or it is not finished.
    pub fn of(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Ok(BundleReader::open(path)?.contents().clone());
        }
        let bytes = read_small(path)?.ok_or_else(|| Error::Missing { path: path.to_owned() })?;
        Self::parse(&bytes).map_err(|error| unusable(path.to_owned(), error))
    }
}

/// The bytes of a file that has the sum which it should have.
fn proven(dir: &Path, name: &str, sums: &Sums) -> Result<Bytes> {
    let damaged = |what: &str| {
        let problems = vec![format!("{name} {what}")];
        Error::from(BundleError::Damaged { dir: dir.to_owned(), problems })
    };
    let sum = sums.get(name).ok_or_else(|| damaged("is not in SHA256SUMS"))?;
    let bytes = read_small(&dir.join(name))?.ok_or_else(|| damaged("is missing"))?;
    if Digest::of(&bytes) == *sum {
        Ok(bytes)
    } else {
        Err(damaged("has other bytes than were written"))
    }
}

/// Why a folder without sums is not read.
fn not_whole(dir: PathBuf) -> Error {
    if dir.join(MARKER_FILE).exists() || dir.join(BUNDLE_FILE).exists() {
        return BundleError::Unfinished { dir }.into();
    }
    Error::NotA { place: dir.display().to_string(), expected: "a bundle", source: None }
}

/// One repository of a bundle, or all of it.
struct BundleSource {
    bundle: Arc<BundleReader>,
    repository: Option<RepositoryPath>,
}

impl BundleSource {
    /// What the bundle's layout calls an image of this repository.
    fn full(&self, reference: &Reference) -> Result<Reference> {
        let (Reference::Name(name), Some(repository)) = (reference, &self.repository) else {
            return Ok(reference.clone());
        };
        let unusable = |source| Error::Name { place: self.place(), source };
        format!("{repository}:{name}").parse().map(Reference::Name).map_err(unusable)
    }

    fn is_sealed(&self) -> Error {
        let why = "is sealed by its sums: nothing is taken out of it, make another one";
        Error::Unsupported { place: self.place(), why }
    }
}

#[async_trait]
impl Source for BundleSource {
    fn place(&self) -> String {
        match &self.repository {
            Some(repository) => format!("{}:{repository}", self.bundle.place()),
            None => self.bundle.place(),
        }
    }

    /// What was not there when the bundle was made whole. What has got lost since is in the list of its contents.
    fn leaves_out(&self, manifest: &Digest) -> bool {
        !self.bundle.contents().holds(manifest)
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest> {
        self.bundle.layout.manifest(&self.full(reference)?).await
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        let bundle = Arc::clone(&self.bundle);
        let digest = blob.digest.clone();
        let part = blocking(move || Ok(bundle.parts()?.stream(&digest, offset))).await?;
        match part {
            Some(stream) => Ok(stream),
            None => self.bundle.layout.blob(blob, offset).await,
        }
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        let names = self.bundle.layout.names().await?;
        let Some(repository) = &self.repository else { return Ok(names) };
        let prefix = format!("{repository}:");
        let tags =
            names.iter().filter_map(|name| name.as_str().strip_prefix(&prefix)?.parse().ok());
        Ok(tags.collect())
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        self.bundle.layout.referrers(subject).await
    }
}

#[async_trait]
impl Store for BundleSource {
    /// What its list of contents says, which is proven with the bundle, wherever the bytes are: in a file, in parts, or
    /// presumed at the destination.
    async fn blob_size(&self, blob: &Descriptor) -> Result<Option<u64>> {
        let Contents { blobs, presumed, .. } = self.bundle.contents();
        let held = blobs.binary_search_by(|held| held.digest.cmp(&blob.digest));
        let far = presumed.binary_search_by(|presumed| presumed.digest.cmp(&blob.digest));
        Ok(held.map(|index| blobs[index].size).or(far.map(|index| presumed[index].size)).ok())
    }

    async fn remove_manifest(&self, _: &Digest) -> Result<bool> {
        Err(self.is_sealed())
    }

    async fn remove_name(&self, _: &RefName) -> Result<bool> {
        Err(self.is_sealed())
    }
}
