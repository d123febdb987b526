//! Doing it: the tag is set on the stream as it was read.

use super::{Rollback, RollbackError, To, rollback};
use crate::imagestream::requests::ATTEMPTS;
use crate::imagestream::{Error, ImageStream, StreamTag, Streams};

/// A tag that went back.
#[derive(Debug)]
pub struct RolledBack {
    /// The stream before.
    pub before: ImageStream,
    /// What was set.
    pub rollback: Rollback,
    /// The stream after.
    pub after: ImageStream,
}

/// Why a tag did not go back.
#[derive(Debug, thiserror::Error)]
pub enum CarryOutError {
    /// It cannot.
    #[error(transparent)]
    Rollback(#[from] RollbackError),
    /// The place of streams refuses, or has no such stream or tag.
    #[error(transparent)]
    Streams(#[from] Error),
}

/// Moves a tag back, by default to the image before the current one. When somebody else changes the stream in the
/// meantime, it begins anew with what that is then.
///
/// # Errors
/// When there is nothing to go back to, and when the place of streams refuses.
pub async fn carry_out(
    streams: &dyn Streams,
    tag: &StreamTag,
    to: Option<&To>,
) -> Result<RolledBack, CarryOutError> {
    let name = tag.tag.as_str();
    let mut attempt = 1;
    loop {
        let before = streams.get(&tag.stream).await?;
        let before = before.ok_or_else(|| Error::NoStream(tag.stream.clone()))?;
        if before.status_tag(name).is_none() && before.spec_tag(name).is_none() {
            return Err(Error::NoTag(tag.clone()).into());
        }
        let rollback = rollback(&before, name, to)?;
        let version = before.metadata.resource_version.as_deref();
        match streams.set_tag(tag, &rollback.spec, version).await {
            Ok(after) => return Ok(RolledBack { before, rollback, after }),
            Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}
