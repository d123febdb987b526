//! What is written down of a blob on its way: how far it is hashed, and how to tell that nothing happened to it since.

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use super::open_own;
use crate::model::{Digest, Hasher};

/// The form, and its version.
const MAGIC: &[u8; 8] = b"partial1";
const BOOT_ID: usize = 36;
/// More than any state has.
const MAX_SIZE: u64 = 1024;

/// A hash of the first bytes of a file.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// How many bytes are hashed.
    pub(super) offset: u64,
    /// Their hash.
    pub(super) hasher: Hasher,
    /// The time of modification that the file has for as long as no one else writes to it.
    pub(super) stamp: SystemTime,
}

impl State {
    /// What is written down in the file `path` of the blob `digest`, by a process since the machine was started last:
    /// what was in memory at a power failure is lost, and the file may hold less than was written.
    pub(super) fn read(path: &Path, digest: &Digest) -> Option<Self> {
        let file = open_own(path, OFlags::RDONLY)?;
        let length = file.metadata().ok()?.len();
        let mut bytes = vec![0; usize::try_from(length.min(MAX_SIZE)).ok()?];
        file.read_exact_at(&mut bytes, 0).ok()?;
        Self::decode(&bytes, digest, boot_id()?)
    }

    /// Writes it down. That it cannot be costs time, and no more.
    pub(super) fn write(&self, path: &Path, digest: &Digest) {
        let Some(boot_id) = boot_id() else { return };
        let Some(bytes) = self.encode(digest, boot_id) else { return };
        if let Some(file) = open_own(path, OFlags::RDWR | OFlags::CREATE) {
            let _ = file.write_all_at(&bytes, 0);
        }
    }

    /// Form, boot, stamp, offset and hash, and a digest of all that and of what it is about.
    fn encode(&self, digest: &Digest, boot_id: &[u8; BOOT_ID]) -> Option<Vec<u8>> {
        let stamp = self.stamp.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let mut bytes = Vec::new();
        bytes.extend(MAGIC);
        bytes.extend(boot_id);
        bytes.extend(stamp.as_secs().to_le_bytes());
        bytes.extend(stamp.subsec_nanos().to_le_bytes());
        bytes.extend(self.offset.to_le_bytes());
        bytes.extend(self.hasher.saved());
        bytes.extend(seal(&bytes, digest).as_bytes());
        Some(bytes)
    }

    fn decode(bytes: &[u8], digest: &Digest, boot_id: &[u8; BOOT_ID]) -> Option<Self> {
        let (bytes, sealed) = bytes.split_at_checked(bytes.len().checked_sub(64)?)?;
        if sealed != seal(bytes, digest).as_bytes() {
            return None;
        }
        let (magic, bytes) = bytes.split_first_chunk()?;
        let (boot, bytes) = bytes.split_first_chunk()?;
        if (magic, boot) != (MAGIC, boot_id) {
            return None;
        }
        let (secs, bytes) = bytes.split_first_chunk()?;
        let (nanos, bytes) = bytes.split_first_chunk()?;
        let (offset, hash) = bytes.split_first_chunk()?;
        let stamp = Duration::from_secs(u64::from_le_bytes(*secs))
            + Duration::from_nanos(u32::from_le_bytes(*nanos).into());
        Some(Self {
            offset: u64::from_le_bytes(*offset),
            hasher: digest.algorithm().restored(hash)?,
            stamp: SystemTime::UNIX_EPOCH.checked_add(stamp)?,
        })
    }
}

fn seal(bytes: &[u8], digest: &Digest) -> String {
    Digest::of(&[bytes, digest.as_str().as_bytes()].concat()).hex().to_owned()
}

/// Which of its lives the machine is in; `None` where the system does not tell.
fn boot_id() -> Option<&'static [u8; BOOT_ID]> {
    static BOOT: OnceLock<Option<[u8; BOOT_ID]>> = OnceLock::new();
    let read = || {
        let text = std::fs::read("/proc/sys/kernel/random/boot_id").ok()?;
        text.trim_ascii_end().try_into().ok()
    };
    BOOT.get_or_init(read).as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_believed_when_it_is_whole_and_of_this_boot_and_blob() {
        let (blob, other) = (Digest::of(b"abcdef"), Digest::of(b""));
        let (boot, next_boot) = ([b'0'; BOOT_ID], [b'1'; BOOT_ID]);
        let mut hasher = blob.algorithm().hasher();
        hasher.update(b"abc");
        let stamp = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
        let bytes = State { offset: 3, hasher, stamp }.encode(&blob, &boot).unwrap();

        let mut read = State::decode(&bytes, &blob, &boot).unwrap();
        read.hasher.update(b"def");
        assert_eq!((read.offset, read.stamp, read.hasher.finish()), (3, stamp, blob.clone()));

        assert!(State::decode(&bytes, &blob, &next_boot).is_none());
        assert!(State::decode(&bytes, &other, &boot).is_none());
        for end in 0..bytes.len() {
            assert!(State::decode(&bytes[..end], &blob, &boot).is_none(), "{end} bytes");
            let mut torn = bytes.clone();
            torn[end] ^= 1;
            assert!(State::decode(&torn, &blob, &boot).is_none(), "byte {end}");
        }
    }
}
