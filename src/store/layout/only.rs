//! Layouts that hold just what is needed: for bundles, which are to be small.

use std::path::PathBuf;

use super::{Files, Layout};
use crate::model::{Algorithm, Digest, Manifest};
use crate::store::{Error, Reference, Result};

/// Whether something of this digest is to stay.
type Stays<'a> = &'a dyn Fn(&Digest) -> bool;

impl Layout {
    /// A manifest, on the thread that asks.
    pub(in crate::store) fn manifest_now(&self, reference: &Reference) -> Result<Manifest> {
        self.inner.view.manifest(self, reference)
    }

    /// What a manifest refers to.
    pub(in crate::store) fn subject_of(&self, manifest: &Digest) -> Result<Option<Digest>> {
        let facts = self.inner.view.facts(self, manifest)?;
        Ok(facts.refers.as_ref().map(|(subject, _)| subject.clone()))
    }

    /// The SHA-256 sum of the file of a blob. Those that are named for it are not read.
    pub(in crate::store) fn sha256_of(&self, digest: &Digest) -> Result<Digest> {
        if digest.algorithm() == Algorithm::Sha256 {
            return Ok(digest.clone());
        }
        let span = Files::blob(self, digest)?.ok_or_else(|| self.no_blob(digest))?;
        span.sha256()
    }

    /// Whether there is something else than what is to be listed and to stay.
    pub(in crate::store) fn has_more_than(
        &self,
        listed: Stays<'_>,
        stays: Stays<'_>,
    ) -> Result<bool> {
        let index = self.index()?;
        if index.entries().any(|entry| !listed(&entry.descriptor.digest)) {
            return Ok(true);
        }
        Ok(self.blob_files()?.iter().any(|(digest, _)| !stays(digest)))
    }

    /// Removes all other entries of the index, and all other blobs.
    pub(in crate::store) fn keep_only(&self, listed: Stays<'_>, stays: Stays<'_>) -> Result<()> {
        self.edit(|index| {
            let entries: Vec<_> = index.entries().map(|entry| entry.descriptor.digest).collect();
            for digest in entries.iter().filter(|digest| !listed(digest)) {
                index.remove(digest);
            }
            Ok(())
        })?;
        for (_, path) in self.blob_files()?.iter().filter(|(digest, _)| !stays(digest)) {
            std::fs::remove_file(path).map_err(Error::io("delete", path))?;
        }
        Ok(())
    }

    /// The files of all blobs.
    fn blob_files(&self) -> Result<Vec<(Digest, PathBuf)>> {
        let mut files = Vec::new();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let dir = self.blob_dir(algorithm);
            if !dir.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(&dir).map_err(Error::io("list", &dir))?.flatten() {
                let hex = entry.file_name().to_string_lossy().into_owned();
                let digest = format!("{}:{hex}", algorithm.as_str()).parse();
                files.extend(digest.ok().map(|digest| (digest, entry.path())));
            }
        }
        Ok(files)
    }
}
