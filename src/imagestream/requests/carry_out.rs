//! Doing it: the question is asked, and what is to be remembered is set.

use super::{Import, ImportOptions, RequestError, requests};
use crate::imagestream::api::Time;
use crate::imagestream::apply::apply;
use crate::imagestream::streams::Error;
use crate::imagestream::{ImageStream, ImageStreamImport, StreamName, Streams};

/// How often a change is begun anew because its stream was changed by somebody else in the meantime.
pub(crate) const ATTEMPTS: usize = 5;

/// Why nothing was imported. An image that fails is no such error: it is told in the answer.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The options do not fit the stream.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The place of streams refuses.
    #[error(transparent)]
    Streams(#[from] Error),
}

/// An import that was done.
#[derive(Debug)]
pub struct Imported {
    /// The stream that the question was made from, if it was there.
    pub before: Option<ImageStream>,
    /// What was asked.
    pub import: Import,
    /// What came of it.
    pub answer: ImageStreamImport,
    /// Why the repository could not be remembered; what was imported is kept nevertheless.
    pub unremembered: Option<Error>,
}

impl Imported {
    /// The stream as it is now; after a dry run, as it would be.
    #[must_use]
    pub fn after(&self, now: Time) -> Option<ImageStream> {
        match &self.answer.status.import {
            Some(stream) => Some(stream.clone()),
            None => apply(self.before.as_ref(), &self.answer, now).ok().map(|a| a.stream),
        }
    }
}

/// Imports what `options` ask for: reads the stream, asks, and remembers the repository when it is to be followed.
/// When the stream is changed by somebody else in the meantime, it begins anew with what it is then.
///
/// # Errors
/// When the options do not fit the stream, and when the place of streams refuses.
pub async fn import(
    streams: &dyn Streams,
    name: &StreamName,
    options: &ImportOptions,
) -> Result<Imported, ImportError> {
    let mut attempt = 1;
    loop {
        let before = streams.get(name).await?;
        let import = requests(name, before.as_ref(), options)?;
        match streams.import(&import.request).await {
            Ok(answer) => return Ok(remembered(streams, name, before, import, answer).await),
            Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Has the repository remembered. The stream in the answer is the last one.
async fn remembered(
    streams: &dyn Streams,
    name: &StreamName,
    before: Option<ImageStream>,
    import: Import,
    mut answer: ImageStreamImport,
) -> Imported {
    let mut unremembered = None;
    if let Some(repository) = import.to_remember(&answer) {
        match streams.set_repository(name, repository).await {
            Ok(stream) => answer.status.import = Some(stream),
            Err(error) => unremembered = Some(error),
        }
    }
    Imported { before, import, answer, unremembered }
}

impl Import {
    /// The repository to remember after this answer: one that could not be read is not, for it may be mistyped.
    pub(super) fn to_remember(&self, answer: &ImageStreamImport) -> Option<&str> {
        let found = answer.status.repository.as_ref()?;
        let was_read = !found.status.is_failure() || !found.images.is_empty();
        self.remember.as_deref().filter(|_| was_read)
    }
}
