//! A file that the next writer of the same blob continues.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::OFlags;

use super::state::State;
use super::{blob_path, has_name, open_own, state_path};
use crate::model::{Descriptor, Digest, Hasher};

/// Bytes that are read back at once.
const CHUNK: usize = 256 * 1024;

/// File systems where setting a time waits until all that was written is there (`statfs(2)`): 9p, CephFS, CIFS, FUSE,
/// NFS, SMB, SMB 2.
const REMOTE: [u32; 7] =
    [0x0102_1997, 0x00c3_6400, 0xff53_4d42, 0x6573_5546, 0x0000_6969, 0x0000_517b, 0xfe53_4d42];

/// A file named for the digest of the blob that is written to it. Whoever holds its lock is the only one who writes.
///
/// Each write leaves it with the same time of modification, the *stamp*. The saved hash is of use as long as the file
/// has this stamp: no one else has written to it, and it has not been copied. Without a stamp all is read back.
#[derive(Debug)]
pub(super) struct KeptFile {
    file: File,
    path: PathBuf,
    digest: Digest,
    stamp: Option<SystemTime>,
}

impl KeptFile {
    /// The file for `blob` in `dir`, and the hash of the bytes that are in it, with their number. `None` when someone
    /// else writes it, or when what has its name is not ours alone.
    pub(super) fn open(dir: &Path, blob: &Descriptor) -> Option<(Self, Hasher, u64)> {
        let path = blob_path(dir, &blob.digest);
        let file = open_own(&path, OFlags::RDWR | OFlags::CREATE)?;
        file.try_lock().ok()?;
        if !has_name(&file, &path) {
            return None;
        }
        let digest = blob.digest.clone();
        let mut kept = Self { file, path, digest, stamp: None };
        let (hasher, length) = match kept.hash(blob) {
            Ok(hashed) => hashed,
            Err(_) => (kept.clear().ok()?, 0),
        };
        kept.stamp = stamp_for(&kept.file);
        kept.save(&hasher, length);
        kept.seal();
        Some((kept, hasher, length))
    }

    /// Hashes what is in the file, as far as that has not been done before.
    fn hash(&mut self, blob: &Descriptor) -> io::Result<(Hasher, u64)> {
        let metadata = self.file.metadata()?;
        let length = metadata.len();
        if length > blob.size {
            return Ok((self.clear()?, 0));
        }
        let modified = metadata.modified()?;
        let saved = State::read(&state_path(&self.path), &self.digest)
            .filter(|state| state.stamp == modified && state.offset <= length);
        let (mut hasher, mut at) = match saved {
            Some(state) => (state.hasher, state.offset),
            None => (self.digest.algorithm().hasher(), 0),
        };
        let mut bytes = vec![0; CHUNK];
        while at < length {
            let piece = CHUNK.min(usize::try_from(length - at).unwrap_or(CHUNK));
            self.file.read_exact_at(&mut bytes[..piece], at)?;
            hasher.update(&bytes[..piece]);
            at += piece as u64;
        }
        self.file.seek(SeekFrom::Start(length))?;
        Ok((hasher, length))
    }

    /// Throws away what is in the file.
    fn clear(&mut self) -> io::Result<Hasher> {
        let _ = std::fs::remove_file(state_path(&self.path));
        self.file.set_len(0)?;
        self.file.rewind()?;
        Ok(self.digest.algorithm().hasher())
    }

    /// Writes down the hash of all that is in the file.
    pub(super) fn save(&self, hasher: &Hasher, offset: u64) {
        if let Some(stamp) = self.stamp.filter(|_| offset > 0) {
            let state = State { offset, hasher: hasher.clone(), stamp };
            state.write(&state_path(&self.path), &self.digest);
        }
    }

    /// Gives the file another name.
    pub(super) fn rename(self, target: &Path) -> io::Result<()> {
        let _ = std::fs::remove_file(state_path(&self.path));
        std::fs::rename(&self.path, target)
    }

    /// Removes the file.
    pub(super) fn remove(self) {
        let _ = std::fs::remove_file(state_path(&self.path));
        let _ = std::fs::remove_file(&self.path);
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// That it cannot be done has the same effect as no stamp.
    fn seal(&self) {
        if let Some(stamp) = self.stamp {
            let _ = self.file.set_modified(stamp);
        }
    }
}

fn stamp_for(file: &File) -> Option<SystemTime> {
    let kind = rustix::fs::fstatfs(file).ok()?.f_type;
    // The kinds are numbers of 32 bits, in fields of various widths and signs.
    let is_remote = REMOTE.contains(&(kind as u32));
    (!is_remote).then(SystemTime::now)
}

impl Write for KeptFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.seal();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MediaType;

    /// Writes all but the last byte of a blob, and lets go of it.
    fn interrupted(dir: &Path, bytes: &[u8]) -> Descriptor {
        let blob = Descriptor::new(MediaType::ImageLayer, Digest::of(bytes), bytes.len() as u64);
        let (mut file, mut hasher, at) = KeptFile::open(dir, &blob).unwrap();
        assert_eq!(at, 0);
        let (most, _) = bytes.split_at(bytes.len() - 1);
        file.write_all(most).unwrap();
        hasher.update(most);
        file.save(&hasher, most.len() as u64);
        blob
    }

    fn saved(dir: &Path, blob: &Descriptor) -> Option<(u64, bool)> {
        let path = blob_path(dir, &blob.digest);
        let state = State::read(&state_path(&path), &blob.digest)?;
        let modified = std::fs::metadata(path).unwrap().modified().unwrap();
        Some((state.offset, state.stamp == modified))
    }

    #[test]
    fn a_saved_hash_counts_until_someone_else_writes() {
        let dir = tempfile::tempdir().unwrap();
        let blob = interrupted(dir.path(), &[7; 1000]);
        assert_eq!(saved(dir.path(), &blob), Some((999, true)));

        let (mut file, _, at) = KeptFile::open(dir.path(), &blob).unwrap();
        assert!(KeptFile::open(dir.path(), &blob).is_none(), "it is locked");
        assert_eq!((at, saved(dir.path(), &blob)), (999, Some((999, true))));
        file.write_all(&[7]).unwrap();
        assert_eq!(saved(dir.path(), &blob), Some((999, true)));
        drop(file);

        let path = blob_path(dir.path(), &blob.digest);
        File::options().write(true).open(&path).unwrap().write_all(&[8]).unwrap();
        assert_eq!(saved(dir.path(), &blob), Some((999, false)));
        let (_, hasher, at) = KeptFile::open(dir.path(), &blob).unwrap();
        assert_eq!(at, 1000);
        assert_ne!(hasher.finish(), blob.digest);
    }
}
