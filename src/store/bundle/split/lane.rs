//! A part being written, member after member.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::format::{HEAD, MemberName, PartHead, padding, part_file};
use super::scan::Member;
use crate::model::{Algorithm, Digest, Hasher};
use crate::store::archive::END;
use crate::store::file::Span;
use crate::store::{Durability, Error, Result};

/// Bytes that are gathered before they go to the file.
const BUFFER: usize = 256 * 1024;

/// A part being written.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) head: PartHead,
    pub(super) file: Arc<File>,
    pub(super) path: PathBuf,
    /// Where the members end that are whole.
    pub(super) end: u64,
    /// The hash of all bytes before.
    pub(super) sum: Hasher,
    /// Whether one of them is a piece of a blob.
    has_piece: bool,
    /// A member behind them that was begun.
    pub(super) torn: Option<MemberName>,
    open: Option<Open>,
}

/// The member that is written now.
#[derive(Debug)]
struct Open {
    name: MemberName,
    start: u64,
    size: u64,
    /// How many of its bytes there are.
    written: u64,
    sum: Hasher,
    /// The last of them, which are not in the file yet.
    buffer: Vec<u8>,
}

/// What a part is called while it is written.
pub(super) fn partial_file(number: u32) -> String {
    format!("{}.partial", part_file(number))
}

impl Lane {
    /// A new part in `dir`.
    pub(super) fn create(dir: &Path, head: PartHead) -> Result<Self> {
        let path = dir.join(partial_file(head.number));
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        let file = Arc::new(file.map_err(Error::io("create", &path))?);
        let bytes = head.to_bytes();
        file.write_all_at(&bytes, 0).map_err(|error| {
            let _ = std::fs::remove_file(&path);
            Error::io("write", &path)(error)
        })?;
        let mut sum = Algorithm::Sha256.hasher();
        sum.update(&bytes);
        Ok(Self::at(head, file, path, HEAD, sum))
    }

    /// A part whose first `end` bytes have this hash.
    pub(super) fn at(
        head: PartHead,
        file: Arc<File>,
        path: PathBuf,
        end: u64,
        sum: Hasher,
    ) -> Self {
        Self { head, file, path, end, sum, has_piece: false, torn: None, open: None }
    }

    /// How many bytes members can still take. A piece of a blob has its part for its own.
    pub(super) fn room(&self) -> u64 {
        if self.has_piece {
            return 0;
        }
        self.head.split.blocks().saturating_sub(self.end + END.len() as u64)
    }

    /// Whether no member is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.end == HEAD
    }

    /// Begins a member, or goes on with it. Tells how many of its bytes there are, and adds them to `blob`.
    pub(super) fn begin(&mut self, name: MemberName, size: u64, blob: &mut Hasher) -> Result<u64> {
        let header = name.header(size);
        let start = self.end + header.len() as u64;
        let mut sum = self.sum.clone();
        sum.update(&header);
        let written = match self.torn.take() {
            Some(torn) if torn == name => self.length()?.saturating_sub(start).min(size),
            _ => 0,
        };
        self.cut(if written > 0 { start + written } else { self.end })?;
        self.write_at(&header, self.end)?;
        self.span().part(start, written).for_each(|bytes| {
            sum.update(bytes);
            blob.update(bytes);
        })?;
        self.open = Some(Open { name, start, size, written, sum, buffer: Vec::new() });
        Ok(written)
    }

    /// Takes further bytes of the member, and not more than belong to it. Tells how many.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let Some(open) = &mut self.open else { return Ok(0) };
        let left = usize::try_from(open.size - open.written).unwrap_or(usize::MAX);
        let bytes = &bytes[..bytes.len().min(left)];
        if open.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        let Some(open) = &mut self.open else { return Ok(0) };
        open.buffer.extend_from_slice(bytes);
        open.sum.update(bytes);
        open.written += bytes.len() as u64;
        Ok(bytes.len())
    }

    /// Ends the member, of which all bytes are there.
    pub(super) fn complete(&mut self) -> Result<Option<Member>> {
        self.flush()?;
        let Some(Open { name, start, size, mut sum, .. }) = self.open.take() else {
            return Ok(None);
        };
        let member = Member { name, start, size };
        sum.update(&padding(size));
        self.keep(&member, sum);
        self.cut(self.end).map(|()| Some(member))
    }

    /// Counts a member in that is whole; `sum` is the hash up to its end.
    pub(super) fn keep(&mut self, member: &Member, sum: Hasher) {
        (self.end, self.sum) = (member.end(), sum);
        self.has_piece |= member.name.piece.is_some();
    }

    /// Leaves the member as it is, for someone to go on with it.
    pub(super) fn leave(&mut self) {
        // What cannot be written now is written by whoever goes on.
        let _ = self.flush();
        self.torn = self.open.take().map(|open| open.name).or(self.torn.take());
    }

    /// Gives the member up.
    pub(super) fn give_up(&mut self) {
        (self.open, self.torn) = (None, None);
    }

    /// Makes the bytes durable.
    pub(super) fn sync(&self, durability: Durability) -> Result<()> {
        durability.sync(&self.file, &self.path)
    }

    /// Ends the part. What is behind its last whole member is gone. Tells the sum.
    pub(super) fn seal(&mut self, durability: Durability) -> Result<Digest> {
        self.cut(self.end)?;
        self.write_at(&END, self.end)?;
        self.sync(durability)?;
        let mut sum = self.sum.clone();
        sum.update(&END);
        Ok(sum.finish())
    }

    /// All that is in the file.
    pub(super) fn span(&self) -> Span {
        let (file, path) = (Arc::clone(&self.file), Arc::from(self.path.as_path()));
        Span { file, path, start: 0, length: self.length().unwrap_or_default() }
    }

    fn flush(&mut self) -> Result<()> {
        let Some(open) = &self.open else { return Ok(()) };
        let at = open.start + open.written - open.buffer.len() as u64;
        self.write_at(&open.buffer, at)?;
        if let Some(open) = &mut self.open {
            open.buffer.clear();
        }
        Ok(())
    }

    fn length(&self) -> Result<u64> {
        Ok(self.file.metadata().map_err(Error::io("read", &self.path))?.len())
    }

    /// Makes the file so long.
    fn cut(&self, length: u64) -> Result<()> {
        self.file.set_len(length).map_err(Error::io("write", &self.path))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.file.write_all_at(bytes, offset).map_err(Error::io("write", &self.path))
    }
}
