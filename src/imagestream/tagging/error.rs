//! Why a tag cannot be set.

use crate::imagestream::requests::OptionError;
use crate::imagestream::{NameError, StreamName};
use crate::model::ReferenceError;

/// Why a tag cannot be set or deleted; the messages are those of oc.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// No argument.
    #[error("you must specify a source and at least one destination or one or more tags to delete")]
    Nothing,
    /// `--source` is no kind.
    #[error(
        "invalid source {0:?}; valid values are docker, dockerimage, imagestreamimage, imagestreamtag, isimage, istag"
    )]
    Kind(String),
    /// The source is no pull spec.
    #[error("invalid SOURCE")]
    Source(#[source] ReferenceError),
    /// A stream on a registry.
    #[error("server in SOURCE is only allowed when providing a container image")]
    Server,
    /// The source has no tag, but is one of a stream.
    #[error("--source=ImageStreamTag requires a valid <name>:<tag> in SOURCE")]
    SourceTag,
    /// The source has no digest, but is an image of a stream.
    #[error("--source=ImageStreamImage requires a valid <name>@<id> in SOURCE")]
    SourceDigest,
    /// The stream of the source is not there.
    #[error("no image stream named \"{0}\" exists")]
    NoStream(StreamName),
    /// The source has no image yet.
    #[error("{0:?} is not currently pointing to an image, cannot use it as the source of a tag")]
    NoImage(String),
    /// The source points to something that is no pull spec.
    #[error("the image stream tag {0:?} has an invalid pull spec and cannot be used to tag")]
    PullSpec(String, #[source] ReferenceError),
    /// No destination.
    #[error("at least a destination is required")]
    NoDestination,
    /// A destination without a tag.
    #[error("{0:?} must be of the form <stream_name>:<tag>")]
    Form(String),
    /// A destination with more than a namespace before its name.
    #[error("invalid image stream {0:?}")]
    Stream(String),
    /// A destination with an empty namespace.
    #[error("invalid namespace \"\" for image stream {0:?}")]
    EmptyNamespace(String),
    /// A destination with an empty name.
    #[error("invalid name \"\" for image stream {0:?}")]
    EmptyName(String),
    /// A destination, or the source, with a name that is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A destination with a tag that is none.
    #[error(
        "invalid tag {0:?} format, tags must start with an alphanumeric character followed by alphanumeric, '.' or '-' characters, and have a maximum of 128 characters"
    )]
    Tag(String),
    /// `--alias` and `--delete`.
    #[error("--alias and --delete may not be both specified")]
    AliasAndDelete,
    /// `--reference-policy` is none.
    #[error("reference policy must be set to 'source' or 'local'")]
    ReferencePolicy,
    /// `--import-mode` is none.
    #[error(transparent)]
    ImportMode(#[from] OptionError),
    /// `--source` and `--delete`.
    #[error("cannot specify a source kind when deleting")]
    KindAndDelete,
    /// `--scheduled` or `--insecure`, and `--delete`.
    #[error("cannot set flags for importing images when deleting a tag")]
    ImportAndDelete,
    /// `--import-mode` and `--delete`.
    #[error("cannot specify an import mode when deleting")]
    ModeAndDelete,
    /// `--scheduled` or `--insecure`, of something that is not on a registry.
    #[error("only container images can have importing flags set")]
    ImportOfStream,
    /// `--scheduled` or `--insecure`, and `--alias`.
    #[error("cannot set a container image tag as an alias and also set import flags")]
    ImportOfAlias,
    /// `--alias` of another stream's tag.
    #[error("cannot set alias across different Image Streams")]
    OtherStream,
}
