//! What is known of errors of `tag-sync`.

use std::error::Error;
use std::sync::Arc;

use longshore::ops::DeleteError;
use longshore::ops::tag_sync::{SyncError, UndoError};
use longshore::store;
use longshore::tagsync::{LockError, RuleFileError};

use super::exit_of;
use super::known::{Finding, recognise as recognise_any};
use crate::cli::exit::Exit;

/// Tells what it knows of an error.
pub(super) fn recognise(error: &(dyn Error + 'static)) -> Option<Finding> {
    let file = error.downcast_ref().map(of_file);
    let lock = || error.downcast_ref().map(of_lock);
    let sync = || error.downcast_ref().and_then(of_sync);
    let undo = || error.downcast_ref().and_then(of_undo);
    let shared = || {
        let store = error.downcast_ref::<Arc<store::Error>>();
        let store = store.and_then(|error| recognise_any(error.as_ref()));
        let delete = || error.downcast_ref::<Arc<DeleteError>>();
        store.or_else(|| recognise_any(delete()?.as_ref()))
    };
    file.or_else(lock).or_else(sync).or_else(undo).or_else(shared)
}

fn of_file(error: &RuleFileError) -> Finding {
    let finding = Finding::of(Exit::Usage);
    match error {
        RuleFileError::Document { source, .. } if !source.snippet().is_empty() => {
            finding.hint(format!("the line reads: {}", source.snippet()))
        }
        RuleFileError::Settings(error) => recognise_any(error).unwrap_or(finding),
        RuleFileError::Document { .. } => finding,
        RuleFileError::Nothing { .. } => finding.hint("name some under 'rules'"),
    }
}

fn of_lock(error: &LockError) -> Finding {
    let finding = Finding::of(Exit::Usage);
    match error {
        LockError::Document { source, .. } if !source.snippet().is_empty() => {
            finding.hint(format!("the line reads: {}", source.snippet()))
        }
        _ => finding,
    }
}

fn of_sync(error: &SyncError) -> Option<Finding> {
    let failed = |hint: &str| Some(Finding::of(Exit::Failed).hint(hint));
    match error {
        SyncError::Image(error) => recognise_any(error.as_ref()),
        SyncError::NoRepository(_) => {
            Some(Finding::of(Exit::NotFound).hint("'longshore inventory' shows what is there"))
        }
        SyncError::Immutable { .. } => failed(
            "find out why it moved; to let it move once, take the pattern out of 'immutable' for one run",
        ),
        SyncError::Twice { .. } => {
            failed("leave one of them out by 'tags', or give it another name by 'rename'")
        }
        SyncError::TooMany { .. } => failed(
            "look at them with 'prune: report'; then raise max-delete, or protect what is to stay",
        ),
        SyncError::NothingSelected(_) => failed(
            "'longshore tag-sync explain' tells why a tag is left; 'longshore delete' deletes all",
        ),
        SyncError::NotLocked(_) | SyncError::NotOfRule { .. } => Some(Finding::of(Exit::Usage)),
        _ => None,
    }
}

fn of_undo(error: &UndoError) -> Option<Finding> {
    match error {
        UndoError::Read { .. } => Some(Finding::of(Exit::Local)),
        UndoError::Form { .. } | UndoError::Place { .. } | UndoError::Version { .. } => {
            Some(Finding::of(Exit::Usage))
        }
        UndoError::Damaged { .. } | UndoError::Manifest { .. } => {
            Some(Finding::of(Exit::Verification))
        }
        UndoError::Store(error) => Some(Finding::of(exit_of(error)).hint(
            "where blobs are gone because the registry has collected its garbage, sync the tag again by a rule",
        )),
    }
}
