//! What can be wrong with a set.

use semver::Version;

use crate::mirror::Position;
use crate::model::ReferenceError;
use crate::yaml;

/// What can be wrong with a set.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// The file is no document, or not of the form that it should have.
    #[error("{file}:{}: not a set of images that can be read", source.place())]
    Document {
        /// The file's name, `-` for standard input.
        file: String,
        /// Where and why.
        #[source]
        source: yaml::Error,
    },
    /// The document is about something else.
    #[error("{position}: {field} is {found} where {expected} belongs")]
    Kind {
        /// Where it stands.
        position: Position,
        /// `kind`, `apiVersion`.
        field: &'static str,
        /// What it is.
        found: String,
        /// What can be read.
        expected: &'static str,
    },
    /// Something that is not built.
    #[error("{position}: {field} is not supported: {what}")]
    Unsupported {
        /// Where it stands.
        position: Position,
        /// The way to it.
        field: &'static str,
        /// What it would be.
        what: &'static str,
    },
    /// An image whose name below a root is not known.
    #[error("{position}: the image '{image}' has no repository: say by targetRepo where it goes")]
    NoPath {
        /// Where it stands.
        position: Position,
        /// The image.
        image: String,
    },
    /// The name of an image becomes too long below the root.
    #[error("{position}: the image '{image}' gets no name below the root")]
    Destination {
        /// Where it stands.
        position: Position,
        /// The image.
        image: String,
        /// What is wrong with the name that it would get.
        #[source]
        source: ReferenceError,
    },
    /// A channel does not have what is wanted of it.
    #[error("{position}: the channel '{name}' cannot be mirrored")]
    Channel {
        /// Where it stands.
        position: Position,
        /// The channel.
        name: String,
        /// Why not.
        #[source]
        source: Box<ChannelError>,
    },
    /// There is nothing to do.
    #[error("{file} wants no image")]
    Nothing {
        /// The file's name.
        file: String,
    },
    /// There would be nothing to do.
    #[error("all {images} images of {file} are blocked by its blockedImages")]
    AllBlocked {
        /// The file's name.
        file: String,
        /// How many.
        images: usize,
    },
}

/// Why a channel does not have what is wanted of it.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The last release comes before the first.
    #[error("minVersion {min} is newer than maxVersion {max}")]
    Reversed {
        /// The first release.
        min: Version,
        /// The last one.
        max: Version,
    },
    /// The update service knows nothing of it.
    #[error("the update graph has no release of it")]
    Empty,
    /// No release of this version.
    #[error("the update graph has no release {0} of it")]
    NoRelease(Version),
    /// No releases between two versions.
    #[error("the update graph has no release of it from {min} to {max}")]
    NoneBetween {
        /// The first version.
        min: Version,
        /// The last one.
        max: Version,
    },
    /// No updates lead from one release to the other.
    #[error("no updates lead from {min} to {max}")]
    NoWay {
        /// The first release.
        min: Version,
        /// The last one.
        max: Version,
    },
}
