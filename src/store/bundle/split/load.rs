//! What earlier writers left of the parts of a bundle.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;

use super::format::{HEAD, PartHead, padding, part_number};
use super::lane::{Lane, partial_file};
use super::scan::{self, Member, Scanned};
use super::{PartError, Pieces, SplitSize};
use crate::model::{Algorithm, Digest, Hasher};
use crate::store::archive::BLOCK;
use crate::store::bundle::unusable;
use crate::store::file::Span;
use crate::store::{Error, Result, Resume, partial};

/// A file of parts in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    Finished(u32),
    Unfinished(u32),
}

/// The files of parts in `dir`; finished ones come first.
pub(super) fn files(dir: &Path) -> Result<Vec<Found>> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::io("list", dir))?,
    };
    let entries: Vec<_> = entries.collect::<io::Result<_>>().map_err(Error::io("list", dir))?;
    let names = entries.iter().filter_map(|entry| entry.file_name().into_string().ok());
    let mut found: Vec<Found> = names
        .filter_map(|name| match name.strip_suffix(".partial") {
            Some(name) => part_number(name).map(Found::Unfinished),
            None => part_number(&name).map(Found::Finished),
        })
        .collect();
    found.sort_unstable();
    Ok(found)
}

/// The size of the parts in `dir`, as the first that tells it says.
pub(in crate::store::bundle) fn split_of(dir: &Path) -> Result<Option<SplitSize>> {
    for found in files(dir)? {
        let path = match found {
            Found::Finished(number) => dir.join(super::part_file(number)),
            Found::Unfinished(number) => dir.join(partial_file(number)),
        };
        let head = Span::open(&path)?.map(|span| scan::head(&span)).transpose()?.flatten();
        if let Some(head) = head {
            return Ok(Some(head.split));
        }
    }
    Ok(None)
}

/// The members of a part that is finished.
pub(super) fn finished(path: &Path, number: u32) -> Result<Vec<Member>> {
    let span = Span::open(path)?.ok_or_else(|| Error::Missing { path: path.to_owned() })?;
    let scanned = scan::finished(&span, number);
    Ok(scanned.map_err(|error| unusable(path.to_owned(), error))?.members)
}

/// A part that is not, to be written on, with those of its members that are whole and proven. `None` when there is
/// nothing of use in it. `pieces` tells what is known of a blob from parts that are finished.
pub(super) fn unfinished(
    path: PathBuf,
    head: PartHead,
    resume: Resume,
    pieces: impl Fn(&Digest) -> Pieces,
) -> Result<Option<(Lane, Vec<Member>)>> {
    let Some(file) = partial::open_own(&path, OFlags::RDWR) else { return Ok(None) };
    let length = file.metadata().map_err(Error::io("read", &path))?.len();
    let file = Arc::new(file);
    let span = Span { file: Arc::clone(&file), path: Arc::from(path.as_path()), start: 0, length };
    let scanned = match scan::unfinished(&span) {
        Ok(scanned) if scanned.head == head => scanned,
        Ok(_) | Err(PartError::Head) => return Ok(None),
        Err(error) => return Err(unusable(path, error)),
    };
    let mut sum = Algorithm::Sha256.hasher();
    sum.update(&head.to_bytes());
    let mut lane = Lane::at(head, file, path, HEAD, sum);
    let kept = prove(&mut lane, &span, scanned, pieces)?;
    if resume == Resume::Afresh {
        lane.give_up();
    }
    Ok(Some((lane, kept)))
}

/// Takes those members into `lane` that are proven, up to the first that is not: if that is the last, it can be
/// continued.
fn prove(
    lane: &mut Lane,
    span: &Span,
    scanned: Scanned,
    pieces: impl Fn(&Digest) -> Pieces,
) -> Result<Vec<Member>> {
    let Scanned { members, torn, .. } = scanned;
    let count = members.len();
    let mut kept = Vec::new();
    for member in members {
        let mut sum = lane.sum.clone();
        span.part(lane.end, member.start - lane.end).for_each(|bytes| sum.update(bytes))?;
        let mut blob = hash_before(&member, &pieces(&member.name.digest))?;
        span.part(member.start, member.size).for_each(|bytes| {
            sum.update(bytes);
            blob.update(bytes);
        })?;
        let padding = padding(member.size);
        let behind = span.part(member.start + member.size, padding.len() as u64).read(BLOCK)?;
        if blob.finish() != member.name.digest || !padding.starts_with(&behind) {
            let is_last = kept.len() + 1 == count && torn.is_none();
            lane.torn = is_last.then_some(member.name);
            return Ok(kept);
        }
        sum.update(&padding);
        lane.keep(&member, sum);
        kept.push(member);
    }
    lane.torn = torn.map(|member| member.name);
    Ok(kept)
}

/// The hash of what comes before a piece.
fn hash_before(member: &Member, pieces: &Pieces) -> Result<Hasher> {
    let mut hasher = member.name.digest.algorithm().hasher();
    let before = (1..member.name.number()).map_while(|number| pieces.get(&number));
    for piece in before {
        piece.open()?.for_each(|bytes| hasher.update(bytes))?;
    }
    Ok(hasher)
}
