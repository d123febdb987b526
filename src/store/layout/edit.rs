//! Changes to what a layout lists.

use std::fs::OpenOptions;

use super::{Files, INDEX_FILE, Index, LAYOUT_FILE, Layout, MAX_INDEX_SIZE};
use crate::model::{Algorithm, Digest, Manifest, RefName};
use crate::store::partial::PartialBlob;
use crate::store::{Error, Reference, Result};

impl Layout {
    /// Keeps a manifest and lists it, after making sure that its blobs are there.
    pub(super) fn take_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        self.require_blobs(manifest)?;
        self.keep_manifest(manifest, name)
    }

    /// The same for those who know where its blobs are that are not here.
    pub(in crate::store) fn keep_manifest(
        &self,
        manifest: &Manifest,
        name: Option<&RefName>,
    ) -> Result<()> {
        let place = Files::place(self);
        self.make()?;
        let mut written = PartialBlob::create(self.dir(), &manifest.descriptor(), place)?;
        written.write(manifest.bytes())?;
        let proven = written.proven()?;
        let blobs: Vec<Digest> = manifest.blobs().map(|blob| blob.digest.clone()).collect();
        self.name_blobs(&blobs)?;
        self.edit(|index| {
            self.name_blob(proven)?;
            self.sync_blob_names()?;
            self.list(index, manifest, name)
        })
    }

    /// Deletes a manifest and all its names. The file goes last, and only if nobody has put the manifest anew
    /// meanwhile: no name is left without one.
    pub(super) fn drop_manifest(&self, digest: &Digest) -> Result<bool> {
        let reference = Reference::Digest(digest.clone());
        let was_there = match self.inner.view.manifest(self, &reference) {
            Ok(_) | Err(Error::Digest { .. } | Error::Manifest { .. }) => true,
            Err(Error::NotFound { .. }) => false,
            Err(error) => return Err(error),
        };
        let was_listed = self.edit(|index| Ok(index.remove(digest)))?;
        self.edit(|index| match index.find(digest) {
            None if was_there => self.remove_file(digest),
            _ => Ok(false),
        })?;
        Ok(was_there || was_listed)
    }

    /// Changes `index.json`, as the only one who does so at the time, in all processes.
    pub(super) fn edit<T>(&self, change: impl FnOnce(&mut Index) -> Result<T>) -> Result<T> {
        let path = self.dir().join(LAYOUT_FILE);
        let lock = OpenOptions::new().read(true).write(true).open(&path);
        let lock = lock.map_err(Error::io("open", &path))?;
        lock.lock().map_err(Error::io("lock", &path))?;
        let before = self.index()?;
        let mut index = before.clone();
        let result = change(&mut index)?;
        if index != before {
            let (path, bytes) = (self.dir().join(INDEX_FILE), index.to_bytes());
            if bytes.len() as u64 > MAX_INDEX_SIZE {
                return Err(Error::TooLarge { path, limit: MAX_INDEX_SIZE });
            }
            self.durability().write_atomically(&path, &bytes)?;
        }
        Ok(result)
    }

    fn list(&self, index: &mut Index, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        let descriptor = manifest.descriptor();
        match name {
            Some(name) => index.name(&descriptor, name),
            None if self.is_reached_otherwise(index, manifest)? => {}
            None => index.add(&descriptor),
        }
        let mut inner = Vec::new();
        for child in manifest.children() {
            if self.inner.view.facts(self, &child.digest)?.refers.is_none() {
                inner.push(child.digest.clone());
            }
        }
        index.remove_unnamed(&inner);
        Ok(())
    }

    /// Whether a manifest without a name is found through an index that is listed. A referrer never is: lists of
    /// referrers are made from the roots.
    fn is_reached_otherwise(&self, index: &Index, manifest: &Manifest) -> Result<bool> {
        match manifest.subject() {
            Some(_) => Ok(false),
            None => self.inner.view.is_child(self, index, manifest.digest()),
        }
    }

    /// An image needs all its blobs but those that registries are not given. An index may be sparse.
    fn require_blobs(&self, manifest: &Manifest) -> Result<()> {
        for blob in manifest.blobs().filter(|blob| !blob.is_foreign()) {
            if self.blob_size(&blob.digest)?.is_none() {
                return Err(self.no_blob(&blob.digest));
            }
        }
        Ok(())
    }

    fn sync_blob_names(&self) -> Result<()> {
        [Algorithm::Sha256, Algorithm::Sha512]
            .map(|algorithm| self.blob_dir(algorithm))
            .iter()
            .filter(|dir| dir.is_dir())
            .try_for_each(|dir| self.durability().sync_dir(dir))
    }
}
