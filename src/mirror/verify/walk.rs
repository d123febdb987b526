//! Looks at a repository, many questions at once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::{JoinError, JoinSet};

use super::look::Look;
use super::scope::Scope;
use super::survey::{Counts, Survey, Surveyed};
use crate::model::Digest;
use crate::shard::Share;
use crate::store::{Result, Store};

/// How many questions are open at once. How many of them a registry gets is up to the store.
const QUESTIONS: usize = 64;

/// How closely blobs are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Whether they are there, and how large they are.
    #[default]
    Shallow,
    /// All their bytes are read and hashed.
    Deep,
}

/// The blobs whose bytes are proven. What several repositories of a registry hold is read once.
#[derive(Debug, Default)]
pub struct Proven(Mutex<HashSet<Digest>>);

impl Proven {
    pub(super) fn has(&self, digest: &Digest) -> bool {
        self.digests().contains(digest)
    }

    pub(super) fn add(&self, digest: &Digest) {
        self.digests().insert(digest.clone());
    }

    fn digests(&self) -> MutexGuard<'_, HashSet<Digest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Someone who wants to know how far it is.
pub trait Observer: Send + Sync {
    /// So much more was looked at. Called often; must not block.
    fn looked(&self, more: Counts);

    /// Only so many repositories, layouts and archives of all are looked at.
    fn parted(&self, _: Share) {}
}

/// Nobody wants to know.
impl Observer for () {
    fn looked(&self, _: Counts) {}
}

/// Looks at all that `scope` means in `store`. What is wrong is no error.
///
/// # Errors
/// When the names cannot be listed, or the only image cannot be read.
pub async fn walk(
    store: &Arc<dyn Store>,
    scope: Scope,
    depth: Depth,
    proven: &Arc<Proven>,
    observer: &dyn Observer,
) -> Result<Surveyed> {
    let mut survey = Survey::new(scope);
    let mut asked = JoinSet::new();
    let mut told = Counts::default();
    loop {
        while asked.len() < QUESTIONS
            && let Some(question) = survey.next()
        {
            let (store, proven) = (Arc::clone(store), Arc::clone(proven));
            asked.spawn(async move {
                Look { store: store.as_ref(), depth, proven: &proven }.ask(question).await
            });
        }
        let Some(answer) = asked.join_next().await else { return Ok(survey.finish()) };
        survey.take(answer.unwrap_or_else(resume_panic)?);
        observer.looked(survey.counts().since(told));
        told = survey.counts();
    }
}

/// Nobody cancels a question but by going away with all of them.
fn resume_panic<T>(lost: JoinError) -> T {
    std::panic::resume_unwind(lost.into_panic())
}
