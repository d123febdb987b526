//! The place where streams are kept, whoever keeps them.

use async_trait::async_trait;

use super::api::{Image, ImageStream, ImageStreamImport, SpecTag, Status};
use super::{NameError, Namespace, StreamName, StreamTag, files};
use crate::kube;

/// What a place of streams answers.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a place of streams cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such stream.
    #[error("no image stream named \"{0}\" exists")]
    NoStream(StreamName),
    /// The stream has no such tag.
    #[error("the image stream has no tag \"{0}\"")]
    NoTag(StreamTag),
    /// It refuses, in the words of the API.
    #[error("{}", .0.message)]
    Status(Box<Status>),
    /// A name in an object is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The folder that keeps the streams cannot be read or written.
    #[error(transparent)]
    Files(Box<files::Error>),
    /// The cluster that keeps the streams cannot be asked, or not that.
    #[error(transparent)]
    Cluster(Box<kube::Error>),
}

impl Error {
    /// Whether somebody else has changed the stream since it was read.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Status(status) if status.reason == "Conflict")
    }
}

impl From<files::Error> for Error {
    fn from(error: files::Error) -> Self {
        Self::Files(Box::new(error))
    }
}

/// The streams of a place.
#[derive(Debug, Default)]
pub struct Listing {
    /// Those that could be read, sorted by name.
    pub streams: Vec<ImageStream>,
    /// Why others could not.
    pub unreadable: Vec<Error>,
}

impl Listing {
    /// The streams, for whoever needs to know all of them.
    ///
    /// # Errors
    /// When one could not be read.
    pub fn whole(self) -> Result<Vec<ImageStream>> {
        self.unreadable.into_iter().next().map_or(Ok(self.streams), Err)
    }
}

/// A place where streams are kept: a folder, or a cluster.
///
/// Each call is done wholly or not at all, and two callers do not lose each other's changes.
#[async_trait]
pub trait Streams: Send + Sync {
    /// The place, as a person would write it.
    fn place(&self) -> String;

    /// A stream, if it is there.
    async fn get(&self, name: &StreamName) -> Result<Option<ImageStream>>;

    /// All streams of a namespace, or of all namespaces.
    async fn list(&self, namespace: Option<&Namespace>) -> Result<Listing>;

    /// Asks registries for what `import` names, and keeps the result when its `spec.import` says so; the stream is
    /// made when it is not there. The answer is `import` with its status. An image that fails is told there, and
    /// stops neither the others nor this call.
    ///
    /// With a resource version in its metadata, the stream must still be that one.
    async fn import(&self, import: &ImageStreamImport) -> Result<ImageStreamImport>;

    /// Sets what a tag follows; the stream is made when it is not there. An image that is in a stream already is
    /// recorded at once. One on a registry is for an import to find: a cluster starts that by itself.
    ///
    /// With a resource version, the stream must be there and still be that one.
    async fn set_tag(
        &self,
        tag: &StreamTag,
        spec: &SpecTag,
        version: Option<&str>,
    ) -> Result<ImageStream>;

    /// Sets the repository all of whose tags a stream follows. It asks no registry: that is for an import.
    async fn set_repository(&self, stream: &StreamName, repository: &str) -> Result<ImageStream>;

    /// Removes a tag and all that it has pointed to.
    async fn delete_tag(&self, tag: &StreamTag) -> Result<()>;

    /// Removes a stream.
    async fn delete(&self, name: &StreamName) -> Result<()>;

    /// Replaces what is known to have been found: the histories of `stream`, shortened. Refused when the stream has
    /// changed since it was read.
    async fn replace_status(&self, stream: &ImageStream) -> Result<()>;

    /// An image by its digest, if it is known.
    async fn image(&self, digest: &str) -> Result<Option<Image>>;

    /// The digests of all images that are known.
    async fn images(&self) -> Result<Vec<String>>;

    /// Forgets those of these images that nothing names. The answer is those that are gone now: a stream may have come
    /// to name one since they were chosen.
    async fn delete_images(&self, digests: &[String]) -> Result<Vec<String>>;
}
