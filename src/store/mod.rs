//! What a place that holds images promises, whatever it is made of.
//!
//! A [`Source`] gives manifests and blobs, a [`Sink`] takes them. Registries, layouts and archives are both. The
//! engine moves images between any two and does not ask which kind they are.
//!
//! Nothing here knows HTTP, registries or credentials.

mod archive;
mod blob;
pub mod bundle;
mod dir;
mod error;
mod file;
mod layout;
mod layout_store;
mod listing;
pub mod local;
mod look;
mod oc_folder;
mod partial;
mod unaware;
mod write;

pub use blob::{BlobStream, VerifiedBlob, collect};
pub use error::{Cause, Error, Result};
pub use layout::Layout;
pub use layout_store::LayoutStore;
pub use listing::{Listed, Listing, Mark, MarkError, Names};
pub use look::Look;
pub use unaware::{Ignoring, Unaware};
pub(crate) use write::replace_file;
pub use write::{Durability, Resume, WriteOptions};

use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{
    Descriptor, Digest, Endpoint, Manifest, RefName, Registry, Repository, RepositoryPath,
};

/// An image that a run has brought to its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Where it came from.
    pub source: Endpoint,
    /// Where it went.
    pub destination: Endpoint,
    /// The digest that it has there.
    pub digest: Digest,
}

/// Which manifest of a store is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// The one of this name: a tag on a registry, a reference name in a layout.
    Name(RefName),
    /// The one with this digest.
    Digest(Digest),
    /// The only one there is. A store with several, and every registry, refuses it.
    Only,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name}"),
            Self::Digest(digest) => write!(f, "{digest}"),
            Self::Only => f.write_str("the only image"),
        }
    }
}

/// A place that images are read from: one repository of a registry, one layout, one archive.
#[async_trait]
pub trait Source: Send + Sync {
    /// The place, as a person would write it.
    fn place(&self) -> String;

    /// The repository on a registry, when this is one: a sink on the same registry can mount from it.
    fn repository(&self) -> Option<&Repository> {
        None
    }

    /// The repository that a sink on the same registry can mount a blob from.
    fn holder(&self, _: &Digest) -> Option<&Repository> {
        self.repository()
    }

    /// Whether a manifest is known not to be here on purpose: an index that names it is sparse. What is merely missing
    /// is not.
    fn leaves_out(&self, _: &Digest) -> bool {
        false
    }

    /// A manifest, its bytes proven against `reference` when that is a digest.
    async fn manifest(&self, reference: &Reference) -> Result<Manifest>;

    /// The digest that `reference` has now, `None` when it is not there. A registry tells it for less than the
    /// manifest: Docker Hub does not count the question as a pull.
    async fn digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        match self.manifest(reference).await {
            Ok(manifest) => Ok(Some(manifest.digest().clone())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The bytes of a blob from `offset` on. They are *not* proven: whoever reads them to the end does that
    /// ([`VerifiedBlob`]).
    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream>;

    /// The same for someone who holds what others wait for, and so must not wait for a turn: where turns are taken, it
    /// comes beside them.
    async fn blob_at_once(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        self.blob(blob, offset).await
    }

    /// All names, sorted.
    async fn names(&self) -> Result<Vec<RefName>>;

    /// All names, with what the place tells of them in bulk; `mark` is that of a list that the caller has already.
    async fn listing(&self, _mark: Option<&Mark>) -> Result<Names> {
        let names = self.names().await?.into_iter().map(Listed::from).collect();
        Ok(Names::Listed(Listing { names, mark: None }))
    }

    /// The manifests that name `subject` as theirs; empty when there are none.
    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>>;
}

/// A place that images are written to.
///
/// Whatever order and whatever fault: a name never points to an image that is not whole, and no blob is found under
/// its digest before its bytes are proven. What was put may wait for its image, or for the end, before others see it;
/// this sink has it at once.
#[async_trait]
pub trait Sink: Send + Sync {
    /// The place, as a person would write it.
    fn place(&self) -> String;

    /// The repository on a registry, when this is one.
    fn repository(&self) -> Option<&Repository> {
        None
    }

    /// Whether the blob is already there.
    async fn has_blob(&self, blob: &Descriptor) -> Result<bool>;

    /// Takes the blob over from another repository of the same registry. `false` when that is not possible, which
    /// is never an error.
    async fn mount_blob(&self, blob: &Descriptor, from: &Repository) -> Result<bool>;

    /// Takes the blob from `source`, which is opened here: only so can an interrupted write ask how far it got and
    /// open the source again at that offset, in this run or a later one.
    async fn put_blob(&self, blob: &Descriptor, source: &dyn Source) -> Result<()>;

    /// The digest that `reference` has now, `None` when it is not there.
    async fn manifest_digest(&self, reference: &Reference) -> Result<Option<Digest>>;

    /// Whether there is room for what refers to an image, beside the image.
    fn holds_referrers(&self) -> bool {
        true
    }

    /// Takes a manifest, and gives it a name if there is one. All that it points to must be there already.
    async fn put_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()>;

    /// What it shares with others that can take blobs over from each other, or that bear only so much at once: a
    /// registry; a folder.
    fn pool(&self) -> String {
        self.repository()
            .map_or_else(|| self.place(), |repository| repository.registry().to_string())
    }

    /// Notes where an image of the run came from, if this is a place that keeps it.
    fn record(&self, _: &Arrival) {}

    /// Ends the writing: an archive gets its name here, and blobs that wait for an image that failed get theirs. Nothing
    /// may be put afterwards.
    async fn finish(&self) -> Result<()>;

    /// Ends the writing of which no image came: what was whole before it is whole again. What is there of the images
    /// stays for the next run.
    async fn give_up(&self) -> Result<()> {
        Ok(())
    }
}

/// A place that is looked after: whether it has what it lists is found out, and what is not wanted any more is removed.
#[async_trait]
pub trait Store: Source {
    /// The size that a blob has here, as far as that is known without reading it: the size that `blob` names where the
    /// place tells none. `None` when it is not there.
    async fn blob_size(&self, blob: &Descriptor) -> Result<Option<u64>>;

    /// Removes a manifest, and the names that point to it. `false` when it is not there.
    async fn remove_manifest(&self, digest: &Digest) -> Result<bool>;

    /// Takes a name away; its manifest stays. `false` when there is no such name.
    async fn remove_name(&self, name: &RefName) -> Result<bool>;
}

/// Opens the ends of a copy. This is what the features take, so their tests run on two folders.
#[async_trait]
pub trait Open: Send + Sync {
    /// Opens `endpoint` for reading.
    async fn source(&self, endpoint: &Endpoint) -> Result<Arc<dyn Source>>;

    /// The repositories of a registry, as far as it tells them, sorted: all, or those below the path `below`, which are
    /// not the one of that name itself.
    async fn repositories(
        &self,
        registry: &Registry,
        _below: Option<&str>,
    ) -> Result<Vec<RepositoryPath>> {
        let why = "has no list of repositories that could be asked for";
        Err(Error::Unsupported { place: registry.to_string(), why })
    }

    /// Opens `endpoint` for writing.
    async fn sink(&self, endpoint: &Endpoint) -> Result<Arc<dyn Sink>>;

    /// Opens `endpoint` to look after it: the place that [`Open::sink`] would write to, and no mirror in its stead.
    async fn store(&self, endpoint: &Endpoint) -> Result<Arc<dyn Store>> {
        let why = "is not looked after by whoever only copies";
        Err(Error::Unsupported { place: endpoint.to_string(), why })
    }

    /// Opens `endpoint` to see what is there, as someone who is about to write. Nothing is made.
    async fn look(&self, endpoint: &Endpoint) -> Result<Look> {
        match endpoint {
            Endpoint::Registry(_) => Ok(Look::at(self.sink(endpoint).await?)),
            Endpoint::Bundle { .. } => Ok(Look::into_bundle(self.sink(endpoint).await?)),
            local => Look::local(local).await,
        }
    }
}
