//! Which members a part has. It may be hostile: nothing counts that a writer of parts does not write, byte for byte.

use super::format::{HEAD, MAX_HEADER, MemberName, PartHead};
use crate::store::archive::{BLOCK, END};
use crate::store::file::Span;
use crate::store::{Error, Result};

/// Far more than any bundle has blobs.
pub(super) const MAX_MEMBERS: usize = 1_000_000;

/// Why a part cannot be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::store::bundle) enum PartError {
    #[error("it does not start as a part of a bundle does")]
    Head,
    #[error("it says that it is part {0}, which its name does not")]
    Number(u32),
    #[error("what stands at byte {0} is not what a part of a bundle has there")]
    Member(u64),
    #[error("there are more than {MAX_MEMBERS} members")]
    TooMany,
    #[error(transparent)]
    Read(#[from] Error),
}

/// A member of a part.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: MemberName,
    /// Where its bytes start.
    pub(super) start: u64,
    pub(super) size: u64,
}

/// What a part holds.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) head: PartHead,
    /// Those members of which all bytes are there.
    pub(super) members: Vec<Member>,
    /// A last one of which some lack.
    pub(super) torn: Option<Member>,
}

impl Member {
    /// Where the next member starts.
    pub(super) fn end(&self) -> u64 {
        (self.start + self.size).next_multiple_of(BLOCK)
    }
}

/// A part that is finished.
pub(super) fn finished(span: &Span, number: u32) -> std::result::Result<Scanned, PartError> {
    let scanned = unfinished(span)?;
    if scanned.head.number != number {
        return Err(PartError::Number(scanned.head.number));
    }
    let end = scanned.members.last().map_or(HEAD, Member::end);
    let rest = span.part(end, u64::MAX);
    if rest.length != END.len() as u64 || rest.read(rest.length)? != END.as_slice() {
        return Err(PartError::Member(end));
    }
    Ok(scanned)
}

/// A part whose writer may have been killed.
pub(super) fn unfinished(span: &Span) -> std::result::Result<Scanned, PartError> {
    let head = head(span)?.ok_or(PartError::Head)?;
    let mut scanned = Scanned { head, members: Vec::new(), torn: None };
    let mut at = HEAD;
    while let Some(member) = member(span, at)? {
        if member.start + member.size > span.length {
            scanned.torn = Some(member);
            break;
        }
        if scanned.members.len() == MAX_MEMBERS {
            return Err(PartError::TooMany);
        }
        at = member.end();
        scanned.members.push(member);
    }
    Ok(scanned)
}

/// Which part it says to be.
pub(super) fn head(span: &Span) -> Result<Option<PartHead>> {
    Ok(PartHead::parse(&span.part(0, HEAD).read(HEAD)?))
}

fn member(span: &Span, at: u64) -> Result<Option<Member>> {
    let bytes = span.part(at, MAX_HEADER).read(MAX_HEADER)?;
    let Some((name, size, header)) = MemberName::parse_header(&bytes) else { return Ok(None) };
    let start = at + header;
    // No member ends where the next could not start.
    let is_possible = start.checked_add(size).is_some_and(|end| end < u64::MAX - BLOCK);
    Ok(is_possible.then_some(Member { name, start, size }))
}
