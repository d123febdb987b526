//! The proof that the bytes sent are those that the descriptor names.

use bytes::Bytes;

use crate::model::{Descriptor, Hasher};
use crate::store::{Error, Result};

/// The running proof of the bytes sent. Bytes sent a second time are not hashed again; the registry, which is given
/// the digest, would notice if they were others.
pub(super) struct Proof {
    descriptor: Descriptor,
    place: String,
    work: Work,
    /// The most bytes that the registry can have.
    sent: u64,
}

enum Work {
    /// The bytes are hashed as far as they were sent.
    Under(Hasher),
    Done,
    LeftToRegistry,
}

impl Proof {
    /// Of a blob that is hashed while it is sent from its first byte on.
    pub(super) fn new(blob: &Descriptor, place: String) -> Self {
        let work = Work::Under(blob.digest.algorithm().hasher());
        Self { descriptor: blob.clone(), place, work, sent: 0 }
    }

    /// Of a blob that the registry alone hashes, and of which so many bytes were sent before.
    pub(super) fn left_to_registry(blob: &Descriptor, place: String, sent: u64) -> Self {
        Self { descriptor: blob.clone(), place, work: Work::LeftToRegistry, sent }
    }

    /// The most bytes that the registry can have.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Takes in a chunk that begins at `at`. With the last one the blob is proven, before that chunk is sent.
    pub(super) fn take(&mut self, at: u64, chunk: &Bytes) -> Result<()> {
        let end = at + chunk.len() as u64;
        if chunk.is_empty() && at < self.descriptor.size {
            return Err(Error::Size {
                digest: self.descriptor.digest.clone(),
                expected: self.descriptor.size,
                found: at,
                place: self.place.clone(),
            });
        }
        let known = usize::try_from(self.sent.saturating_sub(at)).unwrap_or(usize::MAX);
        if let (Work::Under(hasher), Some(new)) = (&mut self.work, chunk.get(known..)) {
            hasher.update(new);
        }
        self.sent = self.sent.max(end);
        if end == self.descriptor.size { self.prove() } else { Ok(()) }
    }

    fn prove(&mut self) -> Result<()> {
        let Work::Under(hasher) = &mut self.work else { return Ok(()) };
        let found = hasher.clone().finish();
        self.work = Work::Done;
        if found == self.descriptor.digest {
            return Ok(());
        }
        let (expected, place) = (self.descriptor.digest.clone(), self.place.clone());
        Err(Error::Digest { expected, found, place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, MediaType};

    fn blob() -> Descriptor {
        Descriptor::new(MediaType::from("x/y"), Digest::of(b"hello"), 5)
    }

    fn take(proof: &mut Proof, at: u64, bytes: &'static [u8]) -> Result<()> {
        proof.take(at, &Bytes::from_static(bytes))
    }

    #[test]
    fn bytes_are_hashed_once_and_proven_at_the_end() {
        let mut proof = Proof::new(&blob(), String::new());
        take(&mut proof, 0, b"hel").unwrap();
        assert_eq!(proof.sent(), 3);
        take(&mut proof, 1, b"elL").unwrap();
        take(&mut proof, 4, b"o").unwrap_err();

        let mut proof = Proof::new(&blob(), String::new());
        take(&mut proof, 0, b"hell").unwrap();
        take(&mut proof, 2, b"llo").unwrap();
        assert_eq!(proof.sent(), 5);
        assert!(matches!(take(&mut proof, 4, b""), Err(Error::Size { found: 4, .. })));
    }

    #[test]
    fn a_proof_that_is_left_to_the_registry_stays_so() {
        let mut proof = Proof::left_to_registry(&blob(), String::new(), 3);
        assert_eq!(proof.sent(), 3);
        take(&mut proof, 3, b"XX").unwrap();
        assert_eq!(proof.sent(), 5);
        assert!(matches!(take(&mut proof, 4, b""), Err(Error::Size { found: 4, .. })));
    }
}
