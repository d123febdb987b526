//! A tar archive that several tasks write at once. The size of each member is known ahead, so each gets its own place
//! in the file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tar::{EntryType, Header};
use tempfile::NamedTempFile;

use crate::store::{Durability, Error, Result, partial};

pub(in crate::store) const BLOCK: u64 = 512;
/// Bytes that are gathered before they go to the file. Larger pieces go there at once.
const BUFFER: usize = 256 * 1024;
/// What ends an archive.
pub(in crate::store) const END: [u8; 1024] = [0; 1024];
/// Longer paths have a header of their own.
const MAX_SHORT_PATH: usize = 100;

/// An archive being written under a private name.
///
/// A member has no header, so it is not there, until all of it is. What is left of members that were given up becomes
/// files in `_abandoned/`, since an archive has no holes.
#[derive(Debug)]
pub(super) struct TarWriter {
    partial: NamedTempFile,
    target: PathBuf,
    durability: Durability,
    space: Mutex<Space>,
}

#[derive(Debug, Default)]
struct Space {
    end: u64,
    free: Vec<Region>,
}

/// A part of the file: header and content of one member.
#[derive(Clone, Copy, Debug)]
struct Region {
    start: u64,
    header: u64,
    size: u64,
}

impl Region {
    fn length(&self) -> u64 {
        self.header + self.size.next_multiple_of(BLOCK)
    }
}

impl TarWriter {
    /// An empty archive that is to be called `target`.
    pub(super) fn create(target: &Path, durability: Durability) -> Result<Self> {
        if target.is_dir() {
            let place = target.display().to_string();
            return Err(Error::NotA { place, expected: "a file", source: None });
        }
        Ok(Self {
            partial: partial::temporary_beside(target)?,
            target: target.to_owned(),
            durability,
            space: Mutex::default(),
        })
    }

    /// A member of `size` bytes, to be written now.
    pub(super) fn member(&self, path: String, size: u64) -> Result<Member<'_>> {
        let region = self.reserve(header(&path, size).len() as u64, size)?;
        let offset = region.start + region.header;
        Ok(Member { writer: self, region: Some(region), path, buffer: Vec::new(), offset })
    }

    /// A small member, at once.
    pub(super) fn small_file(&self, path: String, bytes: &[u8]) -> Result<()> {
        let mut member = self.member(path, bytes.len() as u64)?;
        member.write(bytes)?;
        member.complete()
    }

    /// Ends the archive, makes it durable and gives it its name.
    pub(super) fn finish(self) -> Result<()> {
        let Space { end, free } = std::mem::take(&mut *self.space());
        for (number, region) in free.iter().enumerate() {
            let header = header(&format!("_abandoned/{number}"), region.length() - BLOCK);
            self.write_at(&header, region.start)?;
        }
        // Behind the end there may be bytes of a member that was given up.
        let length = end + END.len() as u64;
        self.write_at(&END, end)?;
        self.file().set_len(length).map_err(Error::io("write", self.partial.path()))?;
        self.durability.persist(self.partial, &self.target)?;
        let dir = self.target.parent().filter(|dir| !dir.as_os_str().is_empty());
        self.durability.sync_dir(dir.unwrap_or(Path::new(".")))
    }

    fn reserve(&self, header: u64, size: u64) -> Result<Region> {
        let mut space = self.space();
        let fits = |region: &Region| region.header == header && region.size == size;
        if let Some(at) = space.free.iter().position(fits) {
            return Ok(space.free.swap_remove(at));
        }
        // Sizes come from strangers: none may reach the end of what a file can be.
        let end = (size < 1 << 50).then(|| Region { start: space.end, header, size });
        let region = end.ok_or_else(|| Error::Unsupported {
            place: self.target.display().to_string(),
            why: "cannot take a blob of more than a pebibyte",
        })?;
        space.end += region.length();
        Ok(region)
    }

    /// Takes back the place of a member that was given up.
    fn release(&self, region: Region) {
        let mut space = self.space();
        if region.start + region.length() == space.end {
            space.end = region.start;
        } else {
            space.free.push(region);
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.file().write_all_at(bytes, offset).map_err(Error::io("write", self.partial.path()))
    }

    fn file(&self) -> &File {
        self.partial.as_file()
    }

    fn space(&self) -> MutexGuard<'_, Space> {
        self.space.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A member being written. Dropped before it is complete, it was never there.
pub(super) struct Member<'a> {
    writer: &'a TarWriter,
    region: Option<Region>,
    path: String,
    /// Bytes that are not in the file yet, and where they go there.
    buffer: Vec<u8>,
    offset: u64,
}

impl Member<'_> {
    /// Takes further bytes. Whoever calls sees to it that there are no more than was said.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        if bytes.len() > BUFFER {
            self.writer.write_at(bytes, self.offset)?;
            self.offset += bytes.len() as u64;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(())
    }

    /// Puts the member into the archive.
    pub(super) fn complete(mut self) -> Result<()> {
        self.flush()?;
        if let Some(region) = self.region {
            self.writer.write_at(&header(&self.path, region.size), region.start)?;
        }
        self.region = None;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.writer.write_at(&self.buffer, self.offset)?;
        self.offset += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        if let Some(region) = self.region.take() {
            self.writer.release(region);
        }
    }
}

/// The header of a file, with one for its long name in front where it needs one.
pub(in crate::store) fn header(path: &str, size: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if path.len() > MAX_SHORT_PATH {
        let length = path.len() as u64 + 1;
        bytes.extend(block(b"././@LongLink", EntryType::GNULongName, length));
        bytes.extend(path.as_bytes());
        bytes.resize((BLOCK + length.next_multiple_of(BLOCK)) as usize, 0);
    }
    let short = &path.as_bytes()[..path.len().min(MAX_SHORT_PATH)];
    bytes.extend(block(short, EntryType::Regular, size));
    bytes
}

/// One block of header. Owner and time are zero, so that the same images make the same archive.
fn block(name: &[u8], kind: EntryType, size: u64) -> [u8; BLOCK as usize] {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    *header.as_bytes()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::super::tar_read::Tar;
    use super::*;

    fn member<'a>(tar: &'a TarWriter, path: &str, content: &str) -> Member<'a> {
        let mut member = tar.member(path.to_owned(), content.len() as u64).unwrap();
        member.write(content.as_bytes()).unwrap();
        member
    }

    fn read(tar: &Tar, path: &str) -> Option<String> {
        let bytes = tar.file(path)?.read(u64::MAX).unwrap();
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn members_that_were_given_up_are_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.tar");
        let writer = TarWriter::create(&path, Durability::Off).unwrap();
        let long = "l".repeat(150);
        let given_up =
            [("a", "x".repeat(700)), (long.as_str(), "y".repeat(5)), ("b", "z".repeat(9))];
        let given_up = given_up.map(|(path, content)| member(&writer, path, &content));
        let kept = member(&writer, &format!("kept-{long}"), "kept");
        drop(given_up);
        member(&writer, "again", &"w".repeat(9)).complete().unwrap();
        kept.complete().unwrap();
        drop(member(&writer, "last", &"v".repeat(2000)));
        writer.finish().unwrap();

        let tar = Tar::open(&path).unwrap();
        assert_eq!(read(&tar, &format!("kept-{long}")).as_deref(), Some("kept"));
        assert_eq!(read(&tar, "again"), Some("w".repeat(9)));
        let mut paths: Vec<_> = tar.paths().collect();
        paths.retain(|path| !path.starts_with("_abandoned/"));
        assert_eq!(paths.len(), 2, "{paths:?}");
        let mut theirs = tar::Archive::new(File::open(&path).unwrap());
        let entries: io::Result<Vec<_>> = theirs.entries().unwrap().collect();
        assert_eq!(entries.unwrap().len(), 4);
    }

    #[test]
    fn a_size_beyond_all_bounds_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let writer = TarWriter::create(&dir.path().join("a.tar"), Durability::Off).unwrap();
        assert!(writer.member("a".to_owned(), u64::MAX).is_err());
        member(&writer, "b", "content").complete().unwrap();
    }
}
