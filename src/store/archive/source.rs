//! Reading images from an archive.

use std::collections::HashMap;
use std::path::Path;

use async_trait::async_trait;

use super::tar_read::Tar;
use super::{DOCKER, Format, OCI, docker, legacy};
use crate::model::{Descriptor, Digest, Manifest, RefName};
use crate::store::file::Span;
use crate::store::layout::{Files, INDEX_FILE, Index, MAX_INDEX_SIZE, View};
use crate::store::{BlobStream, Error, Reference, Result, Source, Store};

/// The images in an archive.
#[derive(Debug)]
pub(crate) struct ArchiveSource {
    place: String,
    name: fn(&RefName) -> RefName,
    index: Index,
    blobs: HashMap<Digest, Span>,
    view: View,
}

impl ArchiveSource {
    /// Opens an OCI image layout in a tar file.
    pub(crate) fn open_oci(path: &Path) -> Result<Self> {
        let place = place(&OCI, path);
        let tar = Tar::open(path)?;
        let index = read_index(&tar, &place)?.ok_or_else(|| Error::NotA {
            place: place.clone(),
            expected: "an OCI image layout: it has no index.json",
            source: None,
        })?;
        let (blobs, view) = (layout_blobs(&tar), View::default());
        Ok(Self { place, name: OCI.name, index, blobs, view })
    }

    /// Opens what `docker save` wrote. An archive from before docker 25 is read once from start to end: the digests of
    /// its layers stand nowhere in it.
    pub(crate) fn open_docker(path: &Path) -> Result<Self> {
        let place = place(&DOCKER, path);
        let tar = Tar::open(path)?;
        let (index, blobs) = match read_index(&tar, &place)? {
            Some(index) => (docker::named_as_docker_does(index), layout_blobs(&tar)),
            None => legacy::read(&tar, &place)?,
        };
        Ok(Self { place, name: DOCKER.name, index, blobs, view: View::default() })
    }
}

impl ArchiveSource {
    fn is_whole(&self) -> Error {
        Error::Unsupported {
            place: self.place.clone(),
            why: "is one file, which is written as a whole: nothing can be removed from it",
        }
    }
}

impl Files for ArchiveSource {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn index(&self) -> Result<Index> {
        Ok(self.index.clone())
    }

    fn blob(&self, digest: &Digest) -> Result<Option<Span>> {
        Ok(self.blobs.get(digest).cloned())
    }
}

#[async_trait]
impl Source for ArchiveSource {
    fn place(&self) -> String {
        self.place.clone()
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest> {
        match reference {
            Reference::Name(name) => self.view.manifest(self, &Reference::Name((self.name)(name))),
            other => self.view.manifest(self, other),
        }
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        match self.blobs.get(&blob.digest) {
            Some(span) => Ok(span.clone().stream(offset)),
            None => Err(Error::NotFound {
                what: format!("blob {}", blob.digest),
                place: self.place.clone(),
                source: None,
            }),
        }
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        Ok(self.index.names())
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        self.view.referrers(self, subject)
    }
}

#[async_trait]
impl Store for ArchiveSource {
    async fn blob_size(&self, blob: &Descriptor) -> Result<Option<u64>> {
        Ok(self.blobs.get(&blob.digest).map(|span| span.length))
    }

    async fn remove_manifest(&self, _: &Digest) -> Result<bool> {
        Err(self.is_whole())
    }

    async fn remove_name(&self, _: &RefName) -> Result<bool> {
        Err(self.is_whole())
    }
}

fn place(format: &Format, path: &Path) -> String {
    format!("{}:{}", format.transport, path.display())
}

fn read_index(tar: &Tar, place: &str) -> Result<Option<Index>> {
    let Some(span) = tar.file(INDEX_FILE) else { return Ok(None) };
    let index = Index::parse(&span.read(MAX_INDEX_SIZE)?).map_err(|source| Error::NotA {
        place: format!("{INDEX_FILE} in {place}"),
        expected: "an OCI image index",
        source: Some(Box::new(source)),
    })?;
    Ok(Some(index))
}

fn layout_blobs(tar: &Tar) -> HashMap<Digest, Span> {
    let digest =
        |path: &str| path.strip_prefix("blobs/")?.replacen('/', ":", 1).parse::<Digest>().ok();
    tar.paths().filter_map(|path| Some((digest(path)?, tar.file(path)?))).collect()
}
