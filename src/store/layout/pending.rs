//! Blobs of a layout that are whole and proven, but are not durable and have no name yet.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::Digest;
use crate::store::file::Span;
use crate::store::partial::ProvenBlob;
use crate::store::{Durability, Result};

/// Each keeps a file open: a process has a thousand at most.
pub(super) const MAX: usize = 64;

/// The blobs that wait for their names. Their files stay locked meanwhile.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<HashMap<Digest, ProvenBlob>>);

impl Pending {
    /// Takes a blob. Tells how many there are now.
    pub(super) fn add(&self, blob: ProvenBlob) -> usize {
        let mut blobs = self.blobs();
        if let Some(same) = blobs.insert(blob.digest().clone(), blob) {
            same.remove();
        }
        blobs.len()
    }

    /// The bytes of a blob, if it is here.
    pub(super) fn span(&self, digest: &Digest) -> Result<Option<Span>> {
        // Under the lock, so that it does not get its name meanwhile.
        self.blobs().get(digest).map_or(Ok(None), |blob| Span::open(blob.path()))
    }

    /// All blobs that are here.
    pub(super) fn digests(&self) -> Vec<Digest> {
        self.blobs().keys().cloned().collect()
    }

    /// Whether a blob is here.
    pub(super) fn holds(&self, digest: &Digest) -> bool {
        self.blobs().contains_key(digest)
    }

    /// Makes the bytes of these blobs durable, as far as they are here: all at once, for the disk to choose the order.
    pub(super) fn sync(&self, digests: &[&Digest], durability: Durability) -> Result<()> {
        std::thread::scope(|scope| {
            let syncing: Vec<_> = digests
                .iter()
                .map(|digest| scope.spawn(|| self.sync_one(digest, durability)))
                .collect();
            syncing
                .into_iter()
                .try_for_each(|done| done.join().unwrap_or_else(|p| resume_unwind(p)))
        })
    }

    fn sync_one(&self, digest: &Digest, durability: Durability) -> Result<()> {
        let file = match self.blobs().get(digest) {
            Some(blob) => (blob.handle()?, blob.path().to_owned()),
            None => return Ok(()),
        };
        durability.sync(&file.0, &file.1).inspect_err(|_| {
            // The system tells of lost bytes once: another sync of this file would seem to succeed.
            if let Some(blob) = self.blobs().remove(digest) {
                blob.remove();
            }
        })
    }

    /// Gives a blob its name, if it is here.
    pub(super) fn rename(&self, digest: &Digest, target: &Path) -> Result<()> {
        let mut blobs = self.blobs();
        blobs.remove(digest).map_or(Ok(()), |blob| blob.rename(target))
    }

    fn blobs(&self) -> MutexGuard<'_, HashMap<Digest, ProvenBlob>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
