//! One image as a folder of plain files, as `skopeo copy … dir:` writes and reads it (containers/image, `directory`):
//! `version`, `manifest.json`, each blob under the digits of its digest, and the manifests of an index as
//! `DIGITS.manifest.json`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::file::{Span, blocking};
use super::partial::{self, PartialBlob};
use super::{BlobStream, Durability, Error, Reference, Result, Sink, Source, Store};
use crate::model::{Descriptor, Digest, MAX_MANIFEST_SIZE, Manifest, RefName, Repository};

const MANIFEST_FILE: &str = "manifest.json";
const VERSION_FILE: &str = "version";
const VERSION: &[u8] = b"Directory Transport Version: 1.1\n";

/// The folder of one image.
#[derive(Debug)]
pub(super) struct ImageDir {
    dir: PathBuf,
    durability: Durability,
    /// The manifests put, with what they hold: the one that no other holds is the image.
    put: Mutex<HashMap<Digest, Vec<Digest>>>,
}

impl ImageDir {
    /// The image in `dir`, which has to be there.
    pub(super) fn open(dir: &Path) -> Result<Self> {
        if dir.exists() {
            Ok(Self::of(dir, Durability::default()))
        } else {
            Err(Error::Missing { path: dir.to_owned() })
        }
    }

    fn of(dir: &Path, durability: Durability) -> Self {
        Self { dir: dir.to_owned(), durability, put: Mutex::default() }
    }

    /// The folder `dir`, to be written to. It is empty, held an image before, or is made when something is put.
    pub(super) fn create(dir: &Path, durability: Durability) -> Result<Self> {
        let is_ours = dir.join(VERSION_FILE).is_file();
        if is_ours {
            partial::remove_stale(dir)?;
        } else if !is_new(dir)? {
            return Err(Error::NotA {
                place: dir.display().to_string(),
                expected: "an empty folder, or one that an image was written to",
                source: None,
            });
        }
        Ok(Self::of(dir, durability))
    }

    /// Makes the folder unless it is there.
    fn make(&self) -> Result<()> {
        let version = self.dir.join(VERSION_FILE);
        if version.is_file() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.dir).map_err(Error::io("create", &self.dir))?;
        self.durability.write_atomically(&version, VERSION)
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(digest.hex())
    }

    fn instance_path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(format!("{}.{MANIFEST_FILE}", digest.hex()))
    }

    fn put(&self) -> MutexGuard<'_, HashMap<Digest, Vec<Digest>>> {
        self.put.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_one_image(&self) -> Error {
        Error::Unsupported { place: Source::place(self), why: "is one image: remove the folder" }
    }

    fn not_found(&self, what: String) -> Error {
        Error::NotFound { what, place: Source::place(self), source: None }
    }

    fn read(&self, reference: &Reference) -> Result<Option<Manifest>> {
        let top = self.dir.join(MANIFEST_FILE);
        let digest = match reference {
            Reference::Name(_) => return Ok(None),
            Reference::Only => return self.parse(&top, None),
            Reference::Digest(digest) => digest,
        };
        match self.parse(&self.instance_path(digest), Some(digest))? {
            Some(manifest) if manifest.digest() == digest => Ok(Some(manifest)),
            Some(other) => Err(Error::Digest {
                expected: digest.clone(),
                found: other.digest().clone(),
                place: Source::place(self),
            }),
            None => {
                let top = self.parse(&top, Some(digest))?;
                Ok(top.filter(|manifest| manifest.digest() == digest))
            }
        }
    }

    fn parse(&self, path: &Path, named: Option<&Digest>) -> Result<Option<Manifest>> {
        let Some(span) = Span::open(path)? else { return Ok(None) };
        let algorithm = named.map_or(crate::model::Algorithm::Sha256, Digest::algorithm);
        Manifest::parse_as(span.read(MAX_MANIFEST_SIZE)?, None, algorithm).map(Some).map_err(
            |source| Error::Manifest {
                reference: path.file_name().unwrap_or_default().display().to_string(),
                place: Source::place(self),
                source,
            },
        )
    }

    fn require_blobs(&self, manifest: &Manifest) -> Result<()> {
        for blob in manifest.blobs().filter(|blob| !blob.is_foreign()) {
            if Span::open(&self.blob_path(&blob.digest))?.is_none() {
                return Err(self.not_found(format!("blob {}", blob.digest)));
            }
        }
        Ok(())
    }

    /// The manifest that no other holds; `None` when none was put and the image of before stays.
    fn root(&self) -> Result<Option<Digest>> {
        let put = self.put();
        let mut roots = put.keys().filter(|digest| !put.values().flatten().any(|c| c == *digest));
        let why = match (roots.next(), roots.next()) {
            (Some(root), None) => return Ok(Some(root.clone())),
            (None, _) if self.dir.join(MANIFEST_FILE).is_file() => return Ok(None),
            (None, _) => "was given no image",
            (Some(_), Some(_)) => "holds one image only, without others that refer to it",
        };
        Err(Error::Unsupported { place: Source::place(self), why })
    }
}

/// Whether a folder is empty, or not there.
fn is_new(dir: &Path) -> Result<bool> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(Error::io("list", dir)(error)),
    }
}

#[async_trait]
impl Source for ImageDir {
    fn place(&self) -> String {
        format!("dir:{}", self.dir.display())
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest> {
        self.read(reference)?.ok_or_else(|| self.not_found(format!("image '{reference}'")))
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        let span = Span::open(&self.blob_path(&blob.digest))?;
        let span = span.ok_or_else(|| self.not_found(format!("blob {}", blob.digest)))?;
        Ok(span.stream(offset))
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        Ok(Vec::new())
    }

    async fn referrers(&self, _: &Digest) -> Result<Vec<Descriptor>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Store for ImageDir {
    async fn blob_size(&self, blob: &Descriptor) -> Result<Option<u64>> {
        Ok(Span::open(&self.blob_path(&blob.digest))?.map(|span| span.length))
    }

    async fn remove_manifest(&self, _: &Digest) -> Result<bool> {
        Err(self.is_one_image())
    }

    async fn remove_name(&self, _: &RefName) -> Result<bool> {
        Err(self.is_one_image())
    }
}

#[async_trait]
impl Sink for ImageDir {
    fn place(&self) -> String {
        Source::place(self)
    }

    async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        let span = Span::open(&self.blob_path(&blob.digest))?;
        Ok(span.is_some_and(|span| span.length == blob.size))
    }

    async fn mount_blob(&self, _: &Descriptor, _: &Repository) -> Result<bool> {
        Ok(false)
    }

    async fn put_blob(&self, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        self.make()?;
        let written = PartialBlob::create(&self.dir, blob, source.place())?;
        let proven = written.fetch(source).await?;
        let (path, durability) = (self.blob_path(&blob.digest), self.durability);
        blocking(move || proven.persist(&path, durability)).await
    }

    async fn manifest_digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        let top = self.dir.join(MANIFEST_FILE);
        let found = match reference {
            Reference::Name(_) => None,
            Reference::Only => self.parse(&top, None)?,
            Reference::Digest(digest) => {
                self.parse(&top, Some(digest))?.filter(|manifest| manifest.digest() == digest)
            }
        };
        Ok(found.map(|manifest| manifest.digest().clone()))
    }

    fn holds_referrers(&self) -> bool {
        false
    }

    async fn put_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        if name.is_some() {
            let place = Source::place(self);
            return Err(Error::Unsupported { place, why: "has no names for images" });
        }
        self.require_blobs(manifest)?;
        self.make()?;
        let (path, bytes) = (self.instance_path(manifest.digest()), manifest.bytes().clone());
        let durability = self.durability;
        blocking(move || durability.write_atomically(&path, &bytes)).await?;
        let children = manifest.children().iter().map(|child| child.digest.clone()).collect();
        self.put().insert(manifest.digest().clone(), children);
        Ok(())
    }

    async fn finish(&self) -> Result<()> {
        let Some(root) = self.root()? else { return Ok(()) };
        let (instance, top) = (self.instance_path(&root), self.dir.join(MANIFEST_FILE));
        let (dir, durability) = (self.dir.clone(), self.durability);
        blocking(move || {
            durability.sync_dir(&dir)?;
            std::fs::rename(&instance, &top).map_err(Error::io("rename a file to", &top))?;
            durability.sync_dir(&dir)
        })
        .await
    }
}
