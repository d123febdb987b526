//! What can be wrong with one tag, or one repository, of a rule.

use std::sync::Arc;

use crate::model::{Digest, Endpoint, Registry, Tag};
use crate::ops::DeleteError;
use crate::store;
use crate::tagsync::{BackupNameError, RenameError};
use crate::transfer::ResolveError;

/// What can be wrong with one tag, or one repository, of a rule.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SyncError {
    /// An image, or a list of them, cannot be read or written.
    #[error(transparent)]
    Image(Arc<ResolveError>),
    /// The repositories of a registry cannot be listed.
    #[error("the repositories of {registry} are not known, and so not those of the rule")]
    Repositories {
        /// The registry.
        registry: Registry,
        /// Why not.
        #[source]
        source: Arc<store::Error>,
    },
    /// No repository is below the place of a rule, or none fits.
    #[error("no repository below {0} fits the rule")]
    NoRepository(String),
    /// A repository has no name below the target.
    #[error("{repository} gets no name below {target}")]
    NoPlace {
        /// The repository.
        repository: String,
        /// The target.
        target: String,
    },
    /// Something that never moves has moved.
    #[error(
        "{name} has {has}, upstream has {wants} now, and immutable '{pattern}' says that it never moves"
    )]
    Immutable {
        /// The tag at the target.
        name: Endpoint,
        /// What it points to.
        has: Digest,
        /// What it should point to.
        wants: Digest,
        /// What says that it does not move.
        pattern: String,
    },
    /// What a tag would be called is no tag.
    #[error("{tag} cannot be renamed")]
    Rename {
        /// The tag.
        tag: Tag,
        /// Why not.
        #[source]
        source: Arc<RenameError>,
    },
    /// What an overwritten tag would be kept as is no tag.
    #[error("{name} would be overwritten, and cannot be kept")]
    Backup {
        /// The tag at the target.
        name: Endpoint,
        /// Why not.
        #[source]
        source: Arc<BackupNameError>,
    },
    /// What an overwritten tag would be kept as is a tag that is kept in step itself.
    #[error(
        "{tag} would be kept as {backup}, which is a tag that the rule selects itself: choose another template"
    )]
    BackupIsWanted {
        /// The tag.
        tag: Tag,
        /// What it would be kept as.
        backup: Tag,
    },
    /// A tag that would be overwritten could not be kept.
    #[error("{name} is not overwritten, for it could not be kept as {backup}")]
    NotKept {
        /// The tag at the target.
        name: Endpoint,
        /// What it was to be kept as.
        backup: Endpoint,
        /// Why not.
        #[source]
        source: Arc<ResolveError>,
    },
    /// Two images for one tag.
    #[error("{name} would be two images: {}", two(first, second))]
    Twice {
        /// The tag at the target.
        name: Endpoint,
        /// One of them.
        first: Endpoint,
        /// The other one.
        second: Endpoint,
    },
    /// It is not known for sure what is wanted at a target.
    #[error("no tag of {place} is deleted, for not all is well there: {because}")]
    Doubtful {
        /// The target.
        place: Endpoint,
        /// What is not known, or went wrong.
        because: String,
    },
    /// It is not known which tags a target has.
    #[error("no tag of {0} is deleted, for it does not tell which tags it has")]
    Unlisted(Endpoint),
    /// All tags of a target would go.
    #[error("no tag of {0} is deleted, for the rule selects none: that may be a mistake")]
    NothingSelected(Endpoint),
    /// More would be deleted than may be.
    #[error("{count} tags of {place} would be deleted, and max-delete is {max}: none is")]
    TooMany {
        /// The target.
        place: Endpoint,
        /// How many.
        count: usize,
        /// How many may be.
        max: usize,
    },
    /// Tags could not be deleted.
    #[error("tags of {place} that no rule selects are not deleted")]
    NotPruned {
        /// The target.
        place: Endpoint,
        /// Why not.
        #[source]
        source: Arc<DeleteError>,
    },
    /// The list by which deletions can be undone could not be kept.
    #[error("nothing of {place} is deleted, for it could not be written how to undo that")]
    NoUndo {
        /// The target.
        place: Endpoint,
        /// Why not.
        #[source]
        source: Arc<store::Error>,
    },
    /// The lock file says nothing of a rule.
    #[error("the lock file says nothing of rule {0}: write it anew with 'tag-sync update'")]
    NotLocked(String),
    /// The lock file names a repository for a rule that is not the rule's.
    #[error(
        "the lock file has {repository} for rule {rule}, which is not for it: a rule has repositories of registries that it names itself"
    )]
    NotOfRule {
        /// The rule.
        rule: String,
        /// The repository.
        repository: String,
    },
}

fn two(first: &Endpoint, second: &Endpoint) -> String {
    match first == second {
        true => format!("rules pick different platforms of {first}"),
        false => format!("{first} and {second} both go there"),
    }
}

impl From<ResolveError> for SyncError {
    fn from(error: ResolveError) -> Self {
        Self::Image(Arc::new(error))
    }
}

impl From<store::Error> for SyncError {
    fn from(error: store::Error) -> Self {
        Self::Image(Arc::new(ResolveError::of_image(error)))
    }
}
