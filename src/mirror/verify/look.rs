//! Asks a repository one question.

use super::fault::Fault;
use super::question::{Answer, Question, Read};
use super::walk::{Depth, Proven};
use crate::model::{Descriptor, Digest, Manifest, RefName};
use crate::store::{Reference, Result, Store, VerifiedBlob};

/// How a repository is looked at.
pub(super) struct Look<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) depth: Depth,
    pub(super) proven: &'a Proven,
}

impl Look<'_> {
    /// The answer to `question`. An error is one that leaves nothing to look at.
    pub(super) async fn ask(&self, question: Question) -> Result<Answer> {
        Ok(match question {
            Question::Names => Answer::Names(self.store.names().await?),
            Question::Only => {
                Answer::Only(self.store.manifest(&Reference::Only).await?.digest().clone())
            }
            Question::Name(name) => {
                let digest = self.named(&name).await.map_err(Fault::from);
                Answer::Name(name, digest)
            }
            Question::Perhaps(name, subject) => {
                let digest = self.store.digest(&Reference::Name(name.clone())).await;
                Answer::Perhaps(name, subject, digest.map_err(Fault::from))
            }
            Question::Manifest(digest) => {
                let read = self.manifest(&digest).await;
                Answer::Manifest(digest, read)
            }
            Question::Blob(blob) => {
                let looked = self.blob(&blob).await;
                Answer::Blob(blob, looked)
            }
        })
    }

    /// What a name points to. Where that is nothing, reading it tells why.
    async fn named(&self, name: &RefName) -> Result<Digest> {
        let reference = Reference::Name(name.clone());
        match self.store.digest(&reference).await? {
            Some(digest) => Ok(digest),
            None => Ok(self.store.manifest(&reference).await?.digest().clone()),
        }
    }

    async fn manifest(&self, digest: &Digest) -> std::result::Result<Read, Fault> {
        let manifest = self.store.manifest(&Reference::Digest(digest.clone())).await?;
        let referrers = self.store.referrers(digest).await.map_err(Fault::from);
        let mut read = read(&manifest, referrers);
        read.children.retain(|child| !self.store.leaves_out(&child.digest));
        Ok(read)
    }

    async fn blob(&self, blob: &Descriptor) -> std::result::Result<(), Fault> {
        let (expected, found) = (blob.size, self.store.blob_size(blob).await?);
        match found {
            None => return Err(Fault::Missing),
            Some(found) if found != expected => return Err(Fault::Size { expected, found }),
            Some(_) => {}
        }
        match self.depth {
            Depth::Shallow => Ok(()),
            Depth::Deep if self.proven.has(&blob.digest) => Ok(()),
            Depth::Deep => {
                self.prove(blob).await?;
                self.proven.add(&blob.digest);
                Ok(())
            }
        }
    }

    /// Reads a blob from start to end, and keeps nothing of it.
    async fn prove(&self, blob: &Descriptor) -> Result<()> {
        let mut bytes = VerifiedBlob::open(self.store, blob).await?;
        while bytes.next().await?.is_some() {}
        Ok(())
    }
}

fn read(manifest: &Manifest, referrers: std::result::Result<Vec<Descriptor>, Fault>) -> Read {
    // Annotations can be as large as the manifest is, and blobs wait for their turn.
    let bare = |blob: &Descriptor| {
        Descriptor::new(blob.media_type.clone(), blob.digest.clone(), blob.size)
    };
    Read {
        size: manifest.bytes().len() as u64,
        children: manifest.children().to_vec(),
        blobs: manifest.blobs().filter(|blob| !blob.is_foreign()).map(bare).collect(),
        referrers,
    }
}
