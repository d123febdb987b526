//! What is in a part: a tar file whose first member tells which part it is, and whose others are blobs, or pieces of
//! those that are larger than a part. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};
use tar::{EntryType, Header};

use super::SplitSize;
use crate::model::Digest;
use crate::store::archive::{BLOCK, END, header};
use crate::store::bundle::writer::blob_file;

const FORMAT: &str = "longshore-part";
const VERSION: u32 = 1;
const ABOUT: &str = "Unpack all parts of the bundle in one folder, with its other files: an OCI image layout. \
    Then put blobs in pieces together: cat HEX.* > HEX";
/// The bytes of the member that tells which part it is, with its header.
pub(super) const HEAD: u64 = 2 * BLOCK;
/// The longest header of a member.
pub(super) const MAX_HEADER: u64 = 3 * BLOCK;
/// What parts and pieces are numbered to.
pub(super) const MAX_NUMBER: u32 = 999_999;

/// Which part a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartHead {
    pub(super) number: u32,
    pub(super) split: SplitSize,
}

#[derive(Serialize, Deserialize)]
struct Written {
    format: String,
    version: u32,
    part: u32,
    split: SplitSize,
    about: String,
}

/// A blob in a part, or a piece of one, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct MemberName {
    pub(super) digest: Digest,
    pub(super) piece: Option<u32>,
}

/// The name of a part.
pub(in crate::store::bundle) fn part_file(number: u32) -> String {
    format!("bundle-{number:06}.tar")
}

/// The number of the part of this name.
pub(in crate::store::bundle) fn part_number(name: &str) -> Option<u32> {
    let number = name.strip_prefix("bundle-")?.strip_suffix(".tar")?.parse().ok()?;
    ((1..=MAX_NUMBER).contains(&number) && part_file(number) == name).then_some(number)
}

impl PartHead {
    /// The bytes that a part starts with.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let written = Written {
            format: FORMAT.to_owned(),
            version: VERSION,
            part: self.number,
            split: self.split,
            about: ABOUT.to_owned(),
        };
        let mut text = serde_json::to_vec_pretty(&written).unwrap_or_default();
        text.push(b'\n');
        let name = format!("bundle-{:06}.json", self.number);
        let mut bytes = header(&name, text.len() as u64);
        bytes.extend(text);
        bytes.resize(HEAD as usize, 0);
        bytes
    }

    /// What [`PartHead::to_bytes`] wrote.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = bytes.get(BLOCK as usize..HEAD as usize)?;
        let end = text.iter().position(|byte| *byte == 0)?;
        let written: Written = serde_json::from_slice(&text[..end]).ok()?;
        let head = Self { number: written.part, split: written.split };
        (head.to_bytes() == bytes).then_some(head)
    }
}

impl MemberName {
    /// The header of this member.
    pub(super) fn header(&self, size: u64) -> Vec<u8> {
        header(&self.to_string(), size)
    }

    /// What begins at the start of `bytes`: a member, its size, and the bytes of its header. Nothing counts but what
    /// [`MemberName::header`] writes.
    pub(super) fn parse_header(bytes: &[u8]) -> Option<(Self, u64, u64)> {
        let block = |number: usize| {
            let start = number * BLOCK as usize;
            bytes.get(start..start + BLOCK as usize)
        };
        let first = Header::from_byte_slice(block(0)?);
        let (name, last) = match first.entry_type() {
            EntryType::GNULongName => (block(1)?, Header::from_byte_slice(block(2)?)),
            _ => (&block(0)?[..100], first),
        };
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        let name = Self::parse(std::str::from_utf8(&name[..end]).ok()?)?;
        let size = last.entry_size().ok()?;
        let expected = name.header(size);
        bytes.starts_with(&expected).then_some((name, size, expected.len() as u64))
    }

    fn parse(text: &str) -> Option<Self> {
        let (algorithm, rest) = text.strip_prefix("blobs/")?.split_once('/')?;
        let (hex, piece) = match rest.split_once('.') {
            Some((hex, piece)) => (hex, Some(piece.parse().ok()?)),
            None => (rest, None),
        };
        let name = Self { digest: format!("{algorithm}:{hex}").parse().ok()?, piece };
        (name.to_string() == text).then_some(name)
    }

    /// Its number among the pieces of its blob; 0 is the whole blob.
    pub(super) fn number(&self) -> u32 {
        self.piece.unwrap_or(0)
    }

    /// The room that this member needs: a piece needs a part for its own.
    pub(super) fn need(&self, size: u64, split: SplitSize) -> u64 {
        if self.piece.is_some() {
            split.blocks() - HEAD - END.len() as u64
        } else {
            self.room(size)
        }
    }

    /// The bytes that this member takes in a part.
    fn room(&self, size: u64) -> u64 {
        self.header(size).len() as u64 + size.next_multiple_of(BLOCK)
    }
}

impl fmt::Display for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blob_file(&self.digest))?;
        self.piece.map_or(Ok(()), |piece| write!(f, ".{piece:06}"))
    }
}

/// How a blob is cut.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    digest: Digest,
    size: u64,
    /// The bytes of each piece but the last; `None` when it is not cut.
    piece: Option<u64>,
}

impl Cut {
    /// A blob of `size` bytes in parts of `split`.
    pub(super) fn new(digest: &Digest, size: u64, split: SplitSize) -> Self {
        let most = split.blocks() - HEAD - END.len() as u64;
        let whole = MemberName { digest: digest.clone(), piece: None };
        let is_cut = whole.room(size) > most;
        let name = MemberName { piece: Some(1), ..whole };
        let content = most - name.room(0);
        Self { digest: digest.clone(), size, piece: is_cut.then_some(content) }
    }

    /// The member that holds the byte at `offset`, and where it ends in the blob. `None` when it would have a number that
    /// is too large.
    pub(super) fn at(&self, offset: u64) -> Option<(MemberName, u64)> {
        let digest = self.digest.clone();
        let Some(piece) = self.piece else {
            return Some((MemberName { digest, piece: None }, self.size));
        };
        let number = offset / piece + 1;
        let end = self.size.min(number * piece);
        let number = u32::try_from(number).ok().filter(|number| *number <= MAX_NUMBER)?;
        Some((MemberName { digest, piece: Some(number) }, end))
    }
}

/// The bytes that fill the last block of a member.
pub(super) fn padding(size: u64) -> Vec<u8> {
    vec![0; (size.next_multiple_of(BLOCK) - size) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Algorithm;

    fn split() -> SplitSize {
        SplitSize::new(1 << 20).unwrap()
    }

    #[test]
    fn heads_and_members_are_read_as_they_are_written_and_not_otherwise() {
        for number in [1, 999_999] {
            let head = PartHead { number, split: SplitSize::new(u64::MAX).unwrap() };
            let mut bytes = head.to_bytes();
            assert_eq!((bytes.len() as u64, PartHead::parse(&bytes)), (HEAD, Some(head)));
            bytes[110] ^= 1;
            assert_eq!(PartHead::parse(&bytes), None);
        }
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            for piece in [None, Some(1), Some(999_999)] {
                let name = MemberName { digest: Digest::with(algorithm, b"x"), piece };
                let mut bytes = name.header(u64::MAX / 2);
                let length = bytes.len() as u64;
                assert!(length <= MAX_HEADER);
                let found = MemberName::parse_header(&bytes);
                assert_eq!(found, Some((name, u64::MAX / 2, length)));
                for at in [0, 110, 150, 300] {
                    bytes[at] ^= 1;
                    assert_eq!(MemberName::parse_header(&bytes), None, "{at}");
                    bytes[at] ^= 1;
                }
            }
        }
    }

    #[test]
    fn members_of_other_names_are_none() {
        let hex = Digest::of(b"").hex().to_owned();
        for name in [
            format!("blobs/sha256/{hex}.1"),
            format!("blobs/sha256/{hex}.+00001"),
            format!("./blobs/sha256/{hex}"),
            format!("blobs/sha256/../sha256/{hex}"),
            format!("blobs/sha256/{}", hex.to_uppercase()),
            "index.json".to_owned(),
            String::new(),
        ] {
            assert_eq!(MemberName::parse_header(&header(&name, 1)), None, "{name}");
        }
        for name in ["bundle-1.tar", "bundle-0000001.tar", "bundle-000000.tar", "bundle-+00001.tar"]
        {
            assert_eq!(part_number(name), None, "{name}");
        }
    }

    #[test]
    fn pieces_fill_parts_and_no_more() {
        let digest = Digest::of(b"x");
        let most = (1 << 20) - 512 - HEAD - 1024;
        let fits = |size| Cut::new(&digest, size, split()).piece.is_none();
        assert!(fits(most - 512) && !fits(most - 511) && !fits(u64::MAX / 2));
        let size = 3 * (most - 512) + 7;
        let cut = Cut::new(&digest, size, split());
        let mut at = 0;
        for number in 1..=4 {
            let (name, end) = cut.at(at).unwrap();
            assert_eq!(name.piece, Some(number));
            assert!(name.room(end - at) <= most);
            at = end;
        }
        assert_eq!(at, size);
        assert!(Cut::new(&digest, u64::MAX / 2, split()).at(1 << 50).is_none());
    }
}
