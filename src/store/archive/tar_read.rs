//! Where the members of a tar archive are (POSIX.1-2024 `pax`, with the long names of GNU tar). The archive may be
//! hostile: nothing is unpacked, and every number and name is checked.

use std::collections::HashMap;
use std::os::unix::fs::FileExt;
use std::path::Path;

use tar::{EntryType, Header, PaxExtensions};

use crate::model::one_line;
use crate::store::file::Span;
use crate::store::{Error, Result};

const BLOCK: u64 = 512;
/// Far more than any image has blobs.
const MAX_MEMBERS: usize = 100_000;
/// The most bytes that long names and other extensions of one member may have.
const MAX_EXTENSION: u64 = 64 * 1024;

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
enum TarError {
    #[error("it is compressed with {0}: unpack it first")]
    Compressed(&'static str),
    #[error("it ends in the middle of a member")]
    Truncated,
    #[error("a header at byte {0} is damaged, or this is something else than tar")]
    Header(u64),
    #[error("the path '{0}' leads out of the archive")]
    Path(String),
    #[error("'{0}' is in it twice")]
    Duplicate(String),
    #[error("'{0}' is neither a file nor a folder nor a link")]
    Kind(String),
    #[error("it has more than {MAX_MEMBERS} members")]
    TooMany,
    #[error("the extended header at byte {0} cannot be read")]
    Extension(u64),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

type Scanned<T> = std::result::Result<T, TarError>;

#[derive(Debug)]
enum Member {
    File { start: u64, length: u64 },
    Link(String),
}

/// The members of an archive.
#[derive(Debug)]
pub(super) struct Tar {
    whole: Span,
    members: HashMap<String, Member>,
}

impl Tar {
    /// Reads the headers of all members.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let place = || path.display().to_string();
        let whole = Span::open(path)?.ok_or_else(|| Error::Missing { path: path.to_owned() })?;
        let members = Scan { whole: &whole, at: 0, next: Extension::default() }.run();
        let members = members.map_err(|cause| Error::NotA {
            place: place(),
            expected: "a tar archive that can be read",
            source: Some(Box::new(cause)),
        })?;
        Ok(Self { whole, members })
    }

    /// The file of this path. A link is followed once, and only to another member.
    pub(super) fn file(&self, path: &str) -> Option<Span> {
        let member = match self.members.get(path)? {
            Member::Link(target) => self.members.get(target)?,
            file @ Member::File { .. } => file,
        };
        match *member {
            Member::File { start, length } => Some(Span { start, length, ..self.whole.clone() }),
            Member::Link(_) => None,
        }
    }

    /// The paths of all files.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }
}

/// What extended headers say of the next member.
#[derive(Default)]
struct Extension {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

struct Scan<'a> {
    whole: &'a Span,
    at: u64,
    next: Extension,
}

impl Scan<'_> {
    fn run(mut self) -> Scanned<HashMap<String, Member>> {
        self.refuse_compressed()?;
        let mut members = HashMap::new();
        while let Some(header) = self.header()? {
            if let Some((path, member)) = self.member(&header)? {
                if members.len() == MAX_MEMBERS {
                    return Err(TarError::TooMany);
                }
                if let Some(Member::File { .. }) = members.insert(path.clone(), member) {
                    return Err(TarError::Duplicate(one_line(&path, 120)));
                }
            }
        }
        Ok(members)
    }

    fn refuse_compressed(&self) -> Scanned<()> {
        let mut magic = [0; 6];
        let length = usize::try_from(self.whole.length.min(6)).unwrap_or_default();
        self.whole.file.read_exact_at(&mut magic[..length], 0)?;
        match magic {
            [0x1f, 0x8b, ..] => Err(TarError::Compressed("gzip")),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Err(TarError::Compressed("zstd")),
            [0xfd, b'7', b'z', b'X', b'Z', 0] => Err(TarError::Compressed("xz")),
            [b'B', b'Z', b'h', ..] => Err(TarError::Compressed("bzip2")),
            _ => Ok(()),
        }
    }

    /// The next header, the end of the archive being a block of zeros or the end of the file.
    fn header(&mut self) -> Scanned<Option<Header>> {
        if self.at == self.whole.length && self.at > 0 {
            return Ok(None);
        }
        let mut header = Header::new_old();
        let bytes = header.as_mut_bytes();
        self.whole.file.read_exact_at(bytes, self.at).map_err(|_| TarError::Truncated)?;
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
        let field: u32 = bytes[148..156].iter().map(|byte| u32::from(*byte)).sum();
        let expected = sum - field + 8 * u32::from(b' ');
        if header.cksum().ok() != Some(expected) {
            return Err(TarError::Header(self.at));
        }
        self.at += BLOCK;
        Ok(Some(header))
    }

    /// Goes past the member that `header` begins.
    fn member(&mut self, header: &Header) -> Scanned<Option<(String, Member)>> {
        let kind = header.entry_type();
        if let EntryType::GNULongName
        | EntryType::GNULongLink
        | EntryType::XHeader
        | EntryType::XGlobalHeader = kind
        {
            return self.extension(kind, header).map(|()| None);
        }
        let next = std::mem::take(&mut self.next);
        let raw = next.path.unwrap_or_else(|| header.path_bytes().into_owned());
        let raw = String::from_utf8_lossy(&raw).into_owned();
        let path = inside(&raw).ok_or_else(|| TarError::Path(one_line(&raw, 120)))?;
        match kind {
            EntryType::Regular | EntryType::Continuous => {
                let length = match next.size {
                    Some(size) => size,
                    None => self.size(header)?,
                };
                let start = self.skip(length)?;
                Ok(Some((path, Member::File { start, length })))
            }
            EntryType::Directory => Ok(None),
            EntryType::Symlink | EntryType::Link => {
                let target = next.link.or_else(|| header.link_name_bytes().map(Into::into));
                let target = String::from_utf8_lossy(&target.unwrap_or_default()).into_owned();
                let base = if kind == EntryType::Symlink { parent(&path) } else { "" };
                Ok(inside(&format!("{base}{target}")).map(|target| (path, Member::Link(target))))
            }
            _ => Err(TarError::Kind(one_line(&path, 120))),
        }
    }

    fn extension(&mut self, kind: EntryType, header: &Header) -> Scanned<()> {
        let at = self.at;
        let length = self.size(header)?;
        if length > MAX_EXTENSION {
            return Err(TarError::Extension(at));
        }
        let start = self.skip(length)?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        self.whole.file.read_exact_at(&mut bytes, start)?;
        match kind {
            EntryType::GNULongName => self.next.path = Some(until_zero(bytes)),
            EntryType::GNULongLink => self.next.link = Some(until_zero(bytes)),
            EntryType::XHeader => {
                self.pax(&bytes).ok_or(TarError::Extension(at))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn pax(&mut self, bytes: &[u8]) -> Option<()> {
        for field in PaxExtensions::new(bytes) {
            let field = field.ok()?;
            let value = field.value_bytes().to_vec();
            match field.key().ok()? {
                "path" => self.next.path = Some(value),
                "linkpath" => self.next.link = Some(value),
                "size" => self.next.size = Some(String::from_utf8(value).ok()?.parse().ok()?),
                key if key.starts_with("GNU.sparse.") => return None,
                _ => {}
            }
        }
        Some(())
    }

    fn size(&self, header: &Header) -> Scanned<u64> {
        header.entry_size().map_err(|_| TarError::Header(self.at - BLOCK))
    }

    /// Goes past `length` bytes and what fills their last block; tells where they start.
    fn skip(&mut self, length: u64) -> Scanned<u64> {
        let start = self.at;
        let end = start.checked_add(length).filter(|end| *end <= self.whole.length);
        let end = end.ok_or(TarError::Truncated)?;
        self.at = end.next_multiple_of(BLOCK).min(self.whole.length);
        Ok(start)
    }
}

fn until_zero(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}

/// The folder of a path, with a slash behind it unless it is the top.
fn parent(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..=at])
}

/// A path without `.` and `..`; `None` when it leads out of the archive.
fn inside(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    if path.starts_with('/') || path.contains('\0') {
        return None;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(members: &[(&str, EntryType, &str)]) -> tempfile::NamedTempFile {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, kind, content) in members {
            let mut header = Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            if kind.is_symlink() || kind.is_hard_link() {
                header.set_link_name_literal(content).unwrap();
                header.set_size(0);
            } else {
                header.set_size(content.len() as u64);
            }
            header.set_cksum();
            let data = if header.size().unwrap() == 0 { "" } else { content };
            builder.append(&header, data.as_bytes()).unwrap();
        }
        written(&builder.into_inner().unwrap())
    }

    fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    fn why_not(file: &tempfile::NamedTempFile) -> String {
        let error = Tar::open(file.path()).unwrap_err();
        std::error::Error::source(&error).unwrap().to_string()
    }

    fn content(tar: &Tar, path: &str) -> Option<String> {
        tar.file(path).map(|span| String::from_utf8(span.read(99).unwrap().to_vec()).unwrap())
    }

    #[test]
    fn files_are_found_whatever_form_their_path_has() {
        use EntryType::{Directory, Link, Regular, Symlink};
        let file = archive(&[
            ("./", Directory, ""),
            ("./a/b", Regular, "one"),
            ("a/link", Symlink, "../a/b"),
            ("hard", Link, "./a/b"),
            ("out", Symlink, "../../etc/passwd"),
            ("abs", Symlink, "/etc/passwd"),
            ("loop", Symlink, "loop"),
        ]);
        let tar = Tar::open(file.path()).unwrap();
        for path in ["a/b", "a/link", "hard"] {
            assert_eq!(content(&tar, path).as_deref(), Some("one"), "{path}");
        }
        for path in ["out", "abs", "loop", "a", "./a/b", "../a/b", ""] {
            assert_eq!(content(&tar, path), None, "{path}");
        }
    }

    #[test]
    fn long_names_are_read() {
        let long = format!("{}/{}", "d".repeat(90), "f".repeat(150));
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_size(3);
        builder.append_data(&mut header, &long, &b"gnu"[..]).unwrap();
        builder.append_pax_extensions([("path", format!("p{long}").as_bytes())]).unwrap();
        header.set_size(3);
        header.set_path("short").unwrap();
        header.set_cksum();
        builder.append(&header, &b"pax"[..]).unwrap();
        let tar = Tar::open(written(&builder.into_inner().unwrap()).path()).unwrap();
        assert_eq!(content(&tar, &long).as_deref(), Some("gnu"));
        assert_eq!(content(&tar, &format!("p{long}")).as_deref(), Some("pax"));
    }

    #[test]
    fn hostile_archives_are_refused() {
        use EntryType::{Char, GNULongName, Regular, XHeader};
        let refused = [
            (archive(&[("../x", Regular, "")]), "leads out"),
            (archive(&[("a/../../x", Regular, "")]), "leads out"),
            (archive(&[("/etc/x", Regular, "")]), "leads out"),
            (archive(&[("a", Regular, "1"), ("./a", Regular, "2")]), "twice"),
            (archive(&[("null", Char, "")]), "neither a file"),
            (archive(&[("x", XHeader, "9999 path=a\n")]), "extended header"),
            (archive(&[("x", GNULongName, &"n".repeat(70_000))]), "extended header"),
            (written(b"\x1f\x8b\x08\0\0\0\0\0"), "gzip"),
            (written(b""), "middle"),
            (written(&[b'x'; 2048]), "damaged"),
        ];
        for (file, why) in &refused {
            assert!(why_not(file).contains(why), "{why}: {}", why_not(file));
        }
    }

    #[test]
    fn an_archive_that_is_cut_is_refused() {
        let whole = archive(&[("a", EntryType::Regular, &"x".repeat(2000))]);
        let bytes = std::fs::read(whole.path()).unwrap();
        for length in [100, 512, 700, 2000] {
            assert!(why_not(&written(&bytes[..length])).contains("middle"), "{length}");
        }
    }

    #[test]
    fn a_size_beyond_all_bounds_is_refused() {
        let mut header = Header::new_gnu();
        header.set_path("a").unwrap();
        header.set_size(u64::MAX - 100);
        header.set_cksum();
        assert!(why_not(&written(header.as_bytes())).contains("middle"));
    }
}
