//! A repository in a folder as `oc image mirror` writes and reads it (openshift/oc, `pkg/cli/image/imagesource/file.go`):
//! `v2/REPOSITORY/blobs/DIGEST`, `v2/REPOSITORY/manifests/DIGEST`, and a link `v2/REPOSITORY/manifests/TAG` to the
//! latter.
//!
//! No link is followed but that of a tag, which is read and has to name a digest. Blobs and manifests get their names when
//! they are proven and, unless durability is off, on the disk; a tag comes last.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::file::{self, Span, blocking};
use super::partial::{self, PartialBlob};
use super::{BlobStream, Error, Reference, Result, Resume, Sink, Source, WriteOptions};
use crate::model::{
    Descriptor, Digest, MAX_MANIFEST_SIZE, Manifest, RefName, Repository, RepositoryPath, Tag,
    one_line,
};

mod store;

const BLOBS: &str = "blobs";
const MANIFESTS: &str = "manifests";
/// The most files that are listed.
const MAX_FILES: usize = 100_000;

/// What a manifest refers to, and how it stands in a list of referrers.
type Refers = Option<(Digest, Descriptor)>;

/// A repository below a folder. Clones are the same repository.
#[derive(Clone, Debug)]
pub(super) struct OcFolder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    name: RepositoryPath,
    options: WriteOptions,
    /// What is known of manifests: their digests fix their content.
    refers: Mutex<HashMap<Digest, Refers>>,
}

impl OcFolder {
    /// The repository `name` below `root`, which has to be there.
    pub(super) fn open(root: &Path, name: RepositoryPath) -> Result<Self> {
        let folder = Self::of(root, name, WriteOptions::default())?;
        let dir = folder.manifests();
        if file::is_below(root, &dir) { Ok(folder) } else { Err(Error::Missing { path: dir }) }
    }

    /// The repository `name` below `root`, to be written to. Its folders are made when something is put.
    pub(super) fn create(root: &Path, name: RepositoryPath, options: WriteOptions) -> Result<Self> {
        let folder = Self::of(root, name, options)?;
        for dir in [folder.blobs(), folder.manifests()] {
            if file::is_below(root, &dir) {
                partial::remove_stale(&dir)?;
            }
        }
        Ok(folder)
    }

    fn of(root: &Path, name: RepositoryPath, options: WriteOptions) -> Result<Self> {
        let inner = Inner { root: root.to_owned(), name, options, refers: Mutex::default() };
        let folder = Self(Arc::new(inner));
        if folder.0.name.as_str().split('/').any(|part| part == BLOBS || part == MANIFESTS) {
            let place = Source::place(&folder);
            return Err(Error::Unsupported {
                place,
                why: "cannot be a folder: 'blobs' and 'manifests' are names of its parts",
            });
        }
        Ok(folder)
    }

    fn blobs(&self) -> PathBuf {
        self.0.root.join("v2").join(self.0.name.as_str()).join(BLOBS)
    }

    fn manifests(&self) -> PathBuf {
        self.0.root.join("v2").join(self.0.name.as_str()).join(MANIFESTS)
    }

    /// Makes both folders unless they are there.
    fn make(&self) -> Result<()> {
        file::make_below(&self.0.root, &self.blobs())?;
        file::make_below(&self.0.root, &self.manifests())
    }

    fn blob_file(&self, digest: &Digest) -> Result<Option<Span>> {
        Span::open(&self.blobs().join(digest.as_str()))
    }

    fn not_found(&self, what: &str) -> Error {
        Error::NotFound { what: one_line(what, 300), place: Source::place(self), source: None }
    }

    /// The digest that a tag leads to.
    fn tagged(&self, name: &RefName) -> Result<Option<Digest>> {
        let Ok(tag) = name.to_tag() else { return Ok(None) };
        read_tag(&self.manifests().join(tag.as_str()))
    }

    fn read(&self, digest: &Digest) -> Result<Option<Manifest>> {
        let Some(span) = Span::open(&self.manifests().join(digest.as_str()))? else {
            return Ok(None);
        };
        let bytes = span.read(MAX_MANIFEST_SIZE)?;
        let found = Digest::with(digest.algorithm(), &bytes);
        if found != *digest {
            return Err(Error::Digest {
                expected: digest.clone(),
                found,
                place: Source::place(self),
            });
        }
        Manifest::parse_as(bytes, None, digest.algorithm()).map(Some).map_err(|source| {
            Error::Manifest { reference: digest.to_string(), place: Source::place(self), source }
        })
    }

    fn resolve(&self, reference: &Reference) -> Result<Option<Manifest>> {
        let digest = match reference {
            Reference::Digest(digest) => Some(digest.clone()),
            Reference::Name(name) => self.tagged(name)?,
            Reference::Only => {
                return Err(Error::Unsupported {
                    place: Source::place(self),
                    why: "is a repository: say which tag or digest of it",
                });
            }
        };
        digest.map_or(Ok(None), |digest| self.read(&digest))
    }

    fn tags(&self) -> Result<Vec<RefName>> {
        let dir = self.manifests();
        let tags =
            list(&dir)?.into_iter().filter(|tag| matches!(read_tag(&dir.join(tag)), Ok(Some(_))));
        let mut tags: Vec<RefName> =
            tags.filter_map(|tag| tag.parse::<Tag>().ok()).map(RefName::from).collect();
        tags.sort_unstable();
        Ok(tags)
    }

    /// The manifests that name `subject`. Those that cannot be read name nothing.
    fn referring(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        let mut found = Vec::new();
        for name in list(&self.manifests())? {
            let Ok(digest) = name.parse::<Digest>() else { continue };
            found.extend(self.refers(&digest).filter(|(named, _)| named == subject));
        }
        let mut found: Vec<Descriptor> = found.into_iter().map(|(_, referrer)| referrer).collect();
        found.sort_by(|a, b| a.digest.cmp(&b.digest));
        Ok(found)
    }

    fn refers(&self, digest: &Digest) -> Refers {
        let known = || self.0.refers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(refers) = known().get(digest) {
            return refers.clone();
        }
        let manifest = self.read(digest).ok().flatten()?;
        let refers = manifest
            .subject()
            .map(|subject| (subject.digest.clone(), manifest.referrer_descriptor()));
        known().insert(digest.clone(), refers.clone());
        refers
    }

    fn take_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        for blob in manifest.blobs().filter(|blob| !blob.is_foreign()) {
            if self.blob_file(&blob.digest)?.is_none() {
                return Err(self.not_found(&format!("blob {}", blob.digest)));
            }
        }
        let tag = match name.map(RefName::to_tag).transpose() {
            Ok(tag) => tag,
            Err(source) => return Err(Error::Name { place: Source::place(self), source }),
        };
        self.make()?;
        let (digest, durability) = (manifest.digest().as_str(), self.0.options.durability);
        // `oc` keeps a manifest in both folders.
        for dir in [self.blobs(), self.manifests()] {
            durability.write_atomically(&dir.join(digest), manifest.bytes())?;
        }
        tag.map_or(Ok(()), |tag| self.write_tag(&tag, digest))
    }

    fn write_tag(&self, tag: &Tag, digest: &str) -> Result<()> {
        let (dir, target) = (self.manifests(), self.manifests().join(tag.as_str()));
        // Not beside the tags: it would be one, if this were killed.
        let link = partial::temporary_link(&self.blobs(), digest)?;
        link.persist(&target).map_err(|e| Error::io("rename a link to", &target)(e.error))?;
        self.0.options.durability.sync_dir(&dir)
    }

    fn begin_blob(&self, blob: &Descriptor, origin: String) -> Result<PartialBlob> {
        self.make()?;
        let dir = self.blobs();
        let begun = match self.0.options.resume {
            Resume::Continue => PartialBlob::resume(&dir, blob, origin),
            Resume::Afresh => PartialBlob::create(&dir, blob, origin),
        };
        Ok(begun?.durable(self.0.options.durability))
    }
}

/// The digest that a link names; `None` when there is no link.
fn read_tag(path: &Path) -> Result<Option<Digest>> {
    let target = match std::fs::read_link(path) {
        Ok(target) => target,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) => {
            return Ok(None);
        }
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    match target.to_str().map(str::parse) {
        Some(Ok(digest)) => Ok(Some(digest)),
        _ => Err(Error::NotA {
            place: path.display().to_string(),
            expected: "a link to a manifest beside it",
            source: None,
        }),
    }
}

/// The names of the files in a folder; none, when it is not there.
fn list(dir: &Path) -> Result<Vec<String>> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", dir)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io("list", dir))?;
        names.extend(entry.file_name().to_str().map(str::to_owned));
        if names.len() > MAX_FILES {
            return Err(Error::Unsupported {
                place: dir.display().to_string(),
                why: "holds more files than can be listed",
            });
        }
    }
    Ok(names)
}

#[async_trait]
impl Source for OcFolder {
    fn place(&self) -> String {
        format!("file://{}", self.0.name)
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest> {
        let what = match reference {
            Reference::Name(name) => format!("tag {name}"),
            other => format!("manifest {other}"),
        };
        self.resolve(reference)?.ok_or_else(|| self.not_found(&what))
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        match self.blob_file(&blob.digest)? {
            Some(span) => Ok(span.stream(offset)),
            None => Err(self.not_found(&format!("blob {}", blob.digest))),
        }
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        let folder = self.clone();
        blocking(move || folder.tags()).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        let (folder, subject) = (self.clone(), subject.clone());
        blocking(move || folder.referring(&subject)).await
    }
}

#[async_trait]
impl Sink for OcFolder {
    fn place(&self) -> String {
        Source::place(self)
    }

    async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        Ok(self.blob_file(&blob.digest)?.is_some_and(|span| span.length == blob.size))
    }

    async fn mount_blob(&self, _: &Descriptor, _: &Repository) -> Result<bool> {
        Ok(false)
    }

    async fn put_blob(&self, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        let (folder, wanted, origin) = (self.clone(), blob.clone(), source.place());
        let written = blocking(move || folder.begin_blob(&wanted, origin)).await?;
        let proven = written.fetch(source).await?;
        let (path, durability) =
            (self.blobs().join(blob.digest.as_str()), self.0.options.durability);
        blocking(move || proven.persist(&path, durability)).await
    }

    /// What is damaged is not there: it is put again.
    async fn manifest_digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        match self.resolve(reference) {
            Ok(manifest) => Ok(manifest.map(|manifest| manifest.digest().clone())),
            Err(Error::Digest { .. } | Error::NotA { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn put_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        let (folder, manifest, name) = (self.clone(), manifest.clone(), name.cloned());
        blocking(move || folder.take_manifest(&manifest, name.as_ref())).await
    }

    /// Nothing to do: an image is on the disk when it has its tag.
    async fn finish(&self) -> Result<()> {
        Ok(())
    }
}
