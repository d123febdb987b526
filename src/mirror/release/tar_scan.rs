//! One file out of a layer that is read once, from start to end. The layer may be hostile: nothing is unpacked, links
//! are not followed, and what is held in memory is bounded.
//!
//! Layers are tar files (OCI image specification, `layer.md`; POSIX.1-2024 `pax`; long names of GNU tar), as they are or
//! in gzip.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use tar::{EntryType, Header, PaxExtensions};

use crate::model::one_line;

const BLOCK: usize = 512;
/// The most bytes that the long name and other extensions of a member may have.
const MAX_EXTENSION: u64 = 64 * 1024;
/// The most bytes that a layer may unpack to.
const MAX_UNPACKED: u64 = 16 << 30;
/// What a whiteout of the image specification begins with.
const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

/// Why a layer cannot be searched.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// A compression that is not read.
    #[error("the layer is compressed with {0}, which is not read: expected gzip or none")]
    Compressed(&'static str),
    /// Cut off, damaged, or of another kind.
    #[error("the layer is no tar archive that can be read: {0}")]
    Damaged(&'static str),
    /// A file that is too large.
    #[error("'{path}' in the layer has {size} bytes: more than {limit} are not read")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        size: u64,
        /// What is read.
        limit: u64,
    },
    /// More than any honest layer.
    #[error("the layer unpacks to more than {} GiB", MAX_UNPACKED >> 30)]
    Bomb,
    /// Something else of the name.
    #[error("'{0}' in the layer is no regular file")]
    Kind(String),
    /// The decompressor gave up.
    #[error("the layer cannot be unpacked")]
    Io(#[from] io::Error),
}

type Result<T> = std::result::Result<T, LayerError>;

/// What a layer says of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The file, as the last of its name in the layer.
    File(Vec<u8>),
    /// It is not there, and not in a lower layer either.
    Removed,
    /// Nothing: it is as in the layer below.
    Nothing,
}

/// Looks for the file `path` in a layer. It is read to its end unless it is damaged.
pub(super) fn find(layer: impl Read, path: &str, limit: u64) -> Result<Found> {
    let mut layer = BufReader::new(layer);
    let head = peek(&mut layer)?;
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Err(LayerError::Compressed("zstd"));
    }
    if head.starts_with(b"BZh") {
        return Err(LayerError::Compressed("bzip2"));
    }
    if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z']) {
        return Err(LayerError::Compressed("xz"));
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        let unpacked = MultiGzDecoder::new(layer).take(MAX_UNPACKED);
        return Scan { tar: unpacked, path, limit, found: Found::Nothing }.run();
    }
    Scan { tar: layer.take(MAX_UNPACKED), path, limit, found: Found::Nothing }.run()
}

/// The first bytes, as many as come at once: more than a magic number has.
fn peek(layer: &mut impl BufRead) -> Result<Vec<u8>> {
    Ok(layer.fill_buf()?.iter().take(8).copied().collect())
}

struct Scan<'a, R> {
    tar: io::Take<R>,
    path: &'a str,
    limit: u64,
    found: Found,
}

/// What headers before a member say of it.
#[derive(Default)]
struct Extension {
    path: Option<String>,
    size: Option<u64>,
}

impl<R: Read> Scan<'_, R> {
    fn run(mut self) -> Result<Found> {
        let mut next = Extension::default();
        while let Some(header) = self.header()? {
            let size =
                header.entry_size().map_err(|_| LayerError::Damaged("a size is no number"))?;
            match header.entry_type() {
                EntryType::XHeader => next = self.pax(size, next)?,
                EntryType::GNULongName => {
                    let name = self.extension(size)?;
                    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
                    next.path = Some(String::from_utf8_lossy(name).into_owned());
                }
                EntryType::XGlobalHeader | EntryType::GNULongLink => self.skip(size)?,
                kind => {
                    let extension = std::mem::take(&mut next);
                    self.member(&header, kind, extension.size.unwrap_or(size), extension.path)?;
                }
            }
        }
        Ok(self.found)
    }

    /// The next header; `None` at the end.
    fn header(&mut self) -> Result<Option<Header>> {
        let mut header = Header::new_old();
        let block = header.as_mut_bytes();
        let mut filled = 0;
        while filled < BLOCK {
            match self.tar.read(&mut block[filled..])? {
                // Some writers leave out the blocks that end an archive.
                0 if filled == 0 => return self.ended().map(|()| None),
                0 => return Err(self.cut()),
                read => filled += read,
            }
        }
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum: u32 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| match at {
                148..156 => u32::from(b' '),
                _ => u32::from(*byte),
            })
            .sum();
        match header.cksum() {
            Ok(expected) if expected == sum => Ok(Some(header)),
            _ => Err(LayerError::Damaged("the checksum of a header is wrong")),
        }
    }

    fn member(
        &mut self,
        header: &Header,
        kind: EntryType,
        size: u64,
        long: Option<String>,
    ) -> Result<()> {
        let size = if has_content(kind) { size } else { 0 };
        let path =
            long.unwrap_or_else(|| String::from_utf8_lossy(&header.path_bytes()).into_owned());
        let path = plain(&path);
        if path == self.path {
            return self.wanted(kind, size);
        }
        let covers =
            removes(path, self.path) || (is_above(path, self.path) && kind != EntryType::Directory);
        if covers && self.found == Found::Nothing {
            self.found = Found::Removed;
        }
        self.skip(size)
    }

    fn wanted(&mut self, kind: EntryType, size: u64) -> Result<()> {
        let path = one_line(self.path, 200);
        if !matches!(kind, EntryType::Regular | EntryType::Continuous) {
            return Err(LayerError::Kind(path));
        }
        if size > self.limit {
            return Err(LayerError::TooLarge { path, size, limit: self.limit });
        }
        self.found = Found::File(self.content(size)?);
        Ok(())
    }

    fn pax(&mut self, size: u64, before: Extension) -> Result<Extension> {
        let mut extension = before;
        let records = self.extension(size)?;
        for record in PaxExtensions::new(&records) {
            let record = record.map_err(|_| LayerError::Damaged("an extended header is wrong"))?;
            match record.key() {
                Ok("path") => {
                    extension.path =
                        Some(String::from_utf8_lossy(record.value_bytes()).into_owned());
                }
                Ok("size") => {
                    extension.size = record.value().ok().and_then(|text| text.parse().ok());
                }
                _ => {}
            }
        }
        Ok(extension)
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>> {
        if size > MAX_EXTENSION {
            return Err(LayerError::Damaged("an extended header is too large"));
        }
        self.content(size)
    }

    /// The content of a member, and what fills its last block.
    fn content(&mut self, size: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.tar.by_ref().take(size).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < size {
            return Err(self.cut());
        }
        self.pass(padding(size))?;
        Ok(bytes)
    }

    fn skip(&mut self, size: u64) -> Result<()> {
        self.pass(size)?;
        self.pass(padding(size))
    }

    fn pass(&mut self, size: u64) -> Result<()> {
        let passed = io::copy(&mut self.tar.by_ref().take(size), &mut io::sink())?;
        if passed < size { Err(self.cut()) } else { Ok(()) }
    }

    fn ended(&self) -> Result<()> {
        if self.tar.limit() == 0 { Err(LayerError::Bomb) } else { Ok(()) }
    }

    fn cut(&self) -> LayerError {
        match self.ended() {
            Ok(()) => LayerError::Damaged("it ends in the middle of a member"),
            Err(bomb) => bomb,
        }
    }
}

fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64) - size
}

/// Links, folders and devices may have a size, and no content.
fn has_content(kind: EntryType) -> bool {
    !matches!(
        kind,
        EntryType::Link
            | EntryType::Symlink
            | EntryType::Char
            | EntryType::Block
            | EntryType::Directory
            | EntryType::Fifo
    )
}

/// A path without what does not matter in it: `./a/b/` is `a/b`.
fn plain(path: &str) -> &str {
    let mut path = path.trim_end_matches('/');
    loop {
        let rest = path.trim_start_matches('/');
        match rest.strip_prefix("./") {
            Some(rest) => path = rest,
            None => return rest,
        }
    }
}

fn is_above(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether the whiteout at `path`, if it is one, removes the file `wanted` of lower layers.
fn removes(path: &str, wanted: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if name == OPAQUE {
        return folder.is_empty() || is_above(folder, wanted);
    }
    let Some(name) = name.strip_prefix(WHITEOUT) else { return false };
    let removed = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    removed == wanted || is_above(&removed, wanted)
}

#[cfg(test)]
mod tests;
