//! Doing it: the question is asked, and what is to be remembered is set.

use super::{Import, ImportOptions, RequestError, requests};
use crate::imagestream::streams::{Error, Result};
use crate::imagestream::{ImageStream, ImageStreamImport, StreamName, Streams};

/// How often an import is begun anew because its stream was changed by somebody else in the meantime.
const ATTEMPTS: usize = 5;

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
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The stream that the question was made from, if it was there.
    pub before: Option<ImageStream>,
    /// What was asked.
    pub import: Import,
    /// What came of it.
    pub answer: ImageStreamImport,
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
) -> std::result::Result<Imported, ImportError> {
    let mut attempt = 1;
    loop {
        let before = streams.get(name).await?;
        let import = requests(name, before.as_ref(), options)?;
        match import.carry_out(streams, name).await {
            Ok(answer) => return Ok(Imported { before, import, answer }),
            Err(Error::Status(status)) if status.reason == "Conflict" && attempt < ATTEMPTS => {
                attempt += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

impl Import {
    /// Asks for it, and has the repository remembered. The stream in the answer is the last one.
    ///
    /// # Errors
    /// When the place of streams refuses.
    pub async fn carry_out(
        &self,
        streams: &dyn Streams,
        name: &StreamName,
    ) -> Result<ImageStreamImport> {
        let mut answer = streams.import(&self.request).await?;
        if let Some(repository) = self.to_remember(&answer) {
            answer.status.import = Some(streams.set_repository(name, repository).await?);
        }
        Ok(answer)
    }

    /// The repository to remember after this answer: one that could not be read is not, for it may be mistyped.
    pub(super) fn to_remember(&self, answer: &ImageStreamImport) -> Option<&str> {
        let found = answer.status.repository.as_ref()?;
        let was_read = !found.status.is_failure() || !found.images.is_empty();
        self.remember.as_deref().filter(|_| was_read)
    }
}
