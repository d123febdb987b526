//! Parts of a bundle being read: blobs where they are, and the proof that they are what they should be.

use std::collections::HashMap;
use std::path::Path;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::scan::{self, MAX_MEMBERS, Member};
use super::{PartError, Piece, Pieces, bytes_in, part_file};
use crate::model::{Algorithm, Digest};
use crate::store::bundle::unusable;
use crate::store::file::Span;
use crate::store::{BlobStream, Error, Result};

/// Where blobs are in the parts of a bundle.
#[derive(Debug, Default)]
pub(in crate::store::bundle) struct PartSet {
    blobs: HashMap<Digest, Pieces>,
    members: usize,
}

/// Why parts do not go together.
#[derive(Debug, thiserror::Error)]
#[error("{0} is in the bundle twice")]
struct Twice(String);

impl PartSet {
    /// The parts of these numbers in `dir`.
    pub(in crate::store::bundle) fn open(
        dir: &Path,
        numbers: impl IntoIterator<Item = u32>,
    ) -> Result<Self> {
        let mut set = Self::default();
        for number in numbers {
            let path = dir.join(part_file(number));
            let span = Span::open(&path)?.ok_or_else(|| Error::Missing { path: path.clone() })?;
            let members = scan::finished(&span, number).map_err(|error| unusable(path, error))?;
            for member in members.members {
                set.add(&span, number, member)?;
            }
        }
        Ok(set)
    }

    /// The size of a blob, when it is there.
    pub(in crate::store::bundle) fn size_of(&self, digest: &Digest) -> Option<u64> {
        self.blobs.get(digest).map(bytes_in)
    }

    /// The bytes of a blob from `offset` on.
    pub(in crate::store::bundle) fn stream(
        &self,
        digest: &Digest,
        offset: u64,
    ) -> Option<BlobStream> {
        let mut at = 0;
        let rest = self.blobs.get(digest)?.values().map(|piece| {
            let skipped = offset.saturating_sub(at).min(piece.size);
            at += piece.size;
            (piece.clone(), skipped)
        });
        let rest: Vec<_> = rest.filter(|(piece, skipped)| *skipped < piece.size).collect();
        let streams = stream::iter(rest)
            .map(|(piece, skipped)| piece.open().map(|span| span.stream(skipped)));
        Some(Box::pin(streams.try_flatten()))
    }

    /// The blobs that are cut.
    pub(in crate::store::bundle) fn cut(&self) -> Vec<&Digest> {
        let cut = self.blobs.iter().filter(|(_, pieces)| !pieces.contains_key(&0));
        cut.map(|(digest, _)| digest).collect()
    }

    /// Whether all pieces of a blob are there and are what its digest names. All of them are read.
    pub(in crate::store::bundle) fn is_proven(&self, digest: &Digest) -> Result<bool> {
        let Some(pieces) = self.blobs.get(digest) else { return Ok(false) };
        if (1..).zip(pieces.keys()).any(|(expected, number)| expected != *number) {
            return Ok(false);
        }
        let mut hasher = digest.algorithm().hasher();
        for piece in pieces.values() {
            piece.open()?.for_each(|bytes| hasher.update(bytes))?;
        }
        Ok(hasher.finish() == *digest)
    }

    fn add(&mut self, span: &Span, part: u32, member: Member) -> Result<()> {
        let Member { name, start, size } = member;
        self.members += 1;
        if self.members > MAX_MEMBERS {
            return Err(unusable(span.path.to_path_buf(), PartError::TooMany));
        }
        let piece = Piece { part, path: span.path.clone(), start, size };
        let pieces = self.blobs.entry(name.digest.clone()).or_default();
        let is_other_form = pieces.keys().any(|number| (*number == 0) != name.piece.is_none());
        if is_other_form || pieces.insert(name.number(), piece).is_some() {
            return Err(unusable(span.path.to_path_buf(), Twice(name.to_string())));
        }
        Ok(())
    }
}

/// Reads a part once: whether it has its sum, and blobs that are not cut have their digests.
pub(in crate::store::bundle) fn check_part(
    span: &Span,
    number: u32,
    sum: &Digest,
) -> std::result::Result<Vec<String>, PartError> {
    let file = part_file(number);
    let scanned = scan::finished(span, number);
    let members = scanned.as_ref().map(|scanned| scanned.members.as_slice()).unwrap_or_default();
    let (mut whole, mut at, mut problems) = (Algorithm::Sha256.hasher(), 0, Vec::new());
    for member in members {
        span.part(at, member.start - at).for_each(|bytes| whole.update(bytes))?;
        let digest = &member.name.digest;
        let mut blob = digest.algorithm().hasher();
        span.part(member.start, member.size).for_each(|bytes| {
            whole.update(bytes);
            blob.update(bytes);
        })?;
        at = member.start + member.size;
        if member.name.piece.is_none() && blob.finish() != *digest {
            problems.push(format!("{file} has other bytes than those of {digest}"));
        }
    }
    span.part(at, u64::MAX).for_each(|bytes| whole.update(bytes))?;
    if whole.finish() != *sum {
        return Ok(vec![format!("{file} has other bytes than were written")]);
    }
    scanned.map(|_| problems)
}
