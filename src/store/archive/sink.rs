//! Writing images into an archive.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::tar_write::TarWriter;
use super::{Format, Manifests, blob_path};
use crate::model::{Descriptor, Digest, Manifest, RefName, Repository};
use crate::store::file::blocking;
use crate::store::layout::{INDEX_FILE, Index, LAYOUT_FILE, LAYOUT_VERSION};
use crate::store::{Durability, Error, Reference, Result, Sink, Source, VerifiedBlob};

/// An archive being written. It has its name when it is finished; what had that name before stays until then.
pub(crate) struct ArchiveSink {
    place: String,
    format: &'static Format,
    /// `None` when it is finished.
    tar: Mutex<Option<Arc<TarWriter>>>,
    state: Mutex<State>,
}

struct State {
    index: Index,
    manifests: Manifests,
    blobs: HashSet<Digest>,
}

impl ArchiveSink {
    /// Begins an archive that is to be called `path`.
    pub(crate) fn create(
        path: &Path,
        format: &'static Format,
        durability: Durability,
    ) -> Result<Self> {
        let tar = Arc::new(TarWriter::create(path, durability)?);
        let (index, manifests, blobs) = (Index::empty(), Manifests::new(), HashSet::new());
        Ok(Self {
            place: format!("{}:{}", format.transport, path.display()),
            format,
            tar: Mutex::new(Some(tar)),
            state: Mutex::new(State { index, manifests, blobs }),
        })
    }

    fn tar(&self) -> Result<Arc<TarWriter>> {
        let tar = self.tar.lock().unwrap_or_else(PoisonError::into_inner);
        tar.clone().ok_or_else(|| self.cannot("is finished already"))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cannot(&self, why: &'static str) -> Error {
        Error::Unsupported { place: self.place.clone(), why }
    }

    fn require_blobs(&self, manifest: &Manifest) -> Result<()> {
        let state = self.state();
        let missing =
            |blob: &&Descriptor| !blob.is_foreign() && !state.blobs.contains(&blob.digest);
        match manifest.blobs().find(missing) {
            None => Ok(()),
            Some(blob) => Err(Error::NotFound {
                what: format!("blob {}", blob.digest),
                place: self.place.clone(),
                source: None,
            }),
        }
    }
}

impl State {
    fn list(&mut self, manifest: &Manifest, name: Option<&RefName>) {
        let descriptor = manifest.descriptor();
        let is_child = |other: &Manifest| {
            other.children().iter().any(|child| child.digest == descriptor.digest)
        };
        match name {
            Some(name) => self.index.name(&descriptor, name),
            None if manifest.subject().is_none() && self.manifests.values().any(is_child) => {}
            None => self.index.add(&descriptor),
        }
        let refers =
            |digest: &Digest| self.manifests.get(digest).is_some_and(|m| m.subject().is_some());
        let children = manifest.children().iter().map(|child| child.digest.clone());
        let inner: Vec<_> = children.filter(|digest| !refers(digest)).collect();
        self.index.remove_unnamed(&inner);
        self.manifests.insert(manifest.digest().clone(), manifest.clone());
    }
}

#[async_trait]
impl Sink for ArchiveSink {
    fn place(&self) -> String {
        self.place.clone()
    }

    async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        Ok(self.state().blobs.contains(&blob.digest))
    }

    async fn mount_blob(&self, _: &Descriptor, _: &Repository) -> Result<bool> {
        Ok(false)
    }

    async fn put_blob(&self, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        if self.has_blob(blob).await? {
            return Ok(());
        }
        let tar = self.tar()?;
        let mut member = tar.member(blob_path(&blob.digest), blob.size)?;
        let mut bytes = VerifiedBlob::open(source, blob).await?;
        while let Some(bytes) = bytes.next().await? {
            member.write(&bytes)?;
        }
        // Of several who wrote the same blob at once one puts it into the archive.
        let mut state = self.state();
        if !state.blobs.contains(&blob.digest) {
            member.complete()?;
            state.blobs.insert(blob.digest.clone());
        }
        Ok(())
    }

    async fn manifest_digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        let state = self.state();
        Ok(match reference {
            Reference::Name(name) => {
                state.index.named(&(self.format.name)(name)).map(|entry| entry.digest)
            }
            Reference::Digest(digest) => {
                state.manifests.contains_key(digest).then(|| digest.clone())
            }
            Reference::Only => None,
        })
    }

    async fn put_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        self.require_blobs(manifest)?;
        let name = name.map(self.format.name);
        let tar = self.tar()?;
        let mut state = self.state();
        if !state.blobs.contains(manifest.digest()) {
            tar.small_file(blob_path(manifest.digest()), manifest.bytes())?;
            state.blobs.insert(manifest.digest().clone());
        }
        state.list(manifest, name.as_ref());
        Ok(())
    }

    async fn finish(&self) -> Result<()> {
        let tar = self.tar.lock().unwrap_or_else(PoisonError::into_inner).take();
        let tar = tar.and_then(Arc::into_inner);
        let tar = tar.ok_or_else(|| self.cannot("is finished already, or still written to"))?;
        {
            let mut state = self.state();
            if state.manifests.is_empty() {
                return Err(self.cannot("was given no image"));
            }
            let State { index, manifests, .. } = &mut *state;
            for (path, bytes) in (self.format.extra)(index, manifests, &self.place)? {
                tar.small_file(path, &bytes)?;
            }
            tar.small_file(LAYOUT_FILE.to_owned(), LAYOUT_VERSION)?;
            tar.small_file(INDEX_FILE.to_owned(), &index.to_bytes())?;
        }
        blocking(move || tar.finish()).await
    }
}
