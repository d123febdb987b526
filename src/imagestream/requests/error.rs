//! Why nothing can be asked for.

use crate::imagestream::AliasError;

/// Why nothing can be asked for; the messages are those of oc, but for [`NoSource`](Self::NoSource).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The stream is not there, and is not to be made.
    #[error("no image stream named {0:?} exists, pass --confirm to create and import")]
    NoStream(String),
    /// The stream is not there, and nothing says where it is to come from. oc takes the stream's name for that of
    /// an image on Docker Hub.
    #[error(
        "no image stream named {0:?} exists, pass --from with the image or repository to import it from"
    )]
    NoSource(String),
    /// None of its tags is on a registry.
    #[error("image stream does not have tags pointing to external container images")]
    NoTags,
    /// It follows no whole repository, and is not to begin with it.
    #[error(
        "the image stream does not currently import an entire Docker repository, pass --confirm to update"
    )]
    NoRepository,
    /// It follows another repository, and is to go on with it.
    #[error("the image stream has a different import spec {0:?}, pass --confirm to update")]
    OtherRepository(String),
    /// The tag follows another that cannot be found.
    #[error(transparent)]
    Alias(AliasError),
    /// The tag is not there, and nothing says where it is to come from.
    #[error(
        "the tag {0:?} does not exist on the image stream - choose an existing tag to import or use the 'tag' command to create a new tag"
    )]
    NoTag(String),
    /// The tag leads to something that is not on a registry.
    #[error("tag {tag:?} points to existing {kind} {name:?}, it cannot be re-imported")]
    NotOnRegistry {
        /// The tag.
        tag: String,
        /// What kind of thing it leads to.
        kind: String,
        /// Which one.
        name: String,
    },
    /// The tag leads nowhere: images are pushed to it.
    #[error(
        "tag {tag:?} already exists - you must use the 'tag' command if you want to change the source to {from:?}"
    )]
    NoOrigin {
        /// The tag.
        tag: String,
        /// What was to be imported.
        from: String,
    },
    /// The tag is of another image.
    #[error(
        "the tag {tag:?} points to {old:?} - use the 'tag' command if you want to change the source to {from:?}"
    )]
    OtherOrigin {
        /// The tag.
        tag: String,
        /// What it is of.
        old: String,
        /// What was to be imported.
        from: String,
    },
    /// The tag follows one that is of another image.
    #[error(
        "the tag {tag:?} points to the tag {last:?} which points to {old:?} - use the 'tag' command if you want to change the source to {from:?}"
    )]
    OtherOriginOfAlias {
        /// The tag.
        tag: String,
        /// The one that it leads to.
        last: String,
        /// What that is of.
        old: String,
        /// What was to be imported.
        from: String,
    },
}
