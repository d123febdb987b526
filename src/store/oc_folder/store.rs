//! A folder of `oc` that is looked after.

use std::io::ErrorKind;
use std::path::Path;

use async_trait::async_trait;

use super::OcFolder;
use crate::model::{Descriptor, Digest, RefName};
use crate::store::file::blocking;
use crate::store::{Error, Result, Store};

#[async_trait]
impl Store for OcFolder {
    async fn blob_size(&self, blob: &Descriptor) -> Result<Option<u64>> {
        Ok(self.blob_file(&blob.digest)?.map(|span| span.length))
    }

    async fn remove_manifest(&self, digest: &Digest) -> Result<bool> {
        let (folder, digest) = (self.clone(), digest.clone());
        blocking(move || folder.drop_manifest(&digest)).await
    }

    async fn remove_name(&self, name: &RefName) -> Result<bool> {
        match name.to_tag() {
            Ok(tag) => remove(&self.manifests().join(tag.as_str())),
            Err(_) => Ok(false),
        }
    }
}

impl OcFolder {
    /// Deletes a manifest, its tags first: none is left without one.
    fn drop_manifest(&self, digest: &Digest) -> Result<bool> {
        for tag in self.tags()? {
            if self.tagged(&tag)?.as_ref() == Some(digest) {
                remove(&self.manifests().join(tag.as_str()))?;
            }
        }
        let was_there = remove(&self.manifests().join(digest.as_str()))?;
        remove(&self.blobs().join(digest.as_str()))?;
        Ok(was_there)
    }
}

/// Deletes a file or link. `false` when it is not there.
fn remove(path: &Path) -> Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("delete", path)(error)),
    }
}
