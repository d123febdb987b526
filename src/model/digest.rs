//! Content digests (OCI image specification, `descriptor.md#digests`): `sha256:…` and `sha512:…`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest as _, Sha256, Sha512};

/// The registered digest algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// `sha256`, 64 hexadecimal digits.
    Sha256,
    /// `sha512`, 128 hexadecimal digits.
    Sha512,
}

impl Algorithm {
    /// The name as it stands before the colon.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The number of hexadecimal digits of a digest.
    #[must_use]
    pub fn hex_len(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    /// An empty running hash.
    #[must_use]
    pub fn hasher(self) -> Hasher {
        match self {
            Self::Sha256 => Hasher::Sha256(Sha256::new()),
            Self::Sha512 => Hasher::Sha512(Box::new(Sha512::new())),
        }
    }

    /// The running hash that [`Hasher::saved`] wrote down; `None` when it wrote nothing of the kind.
    #[must_use]
    pub fn restored(self, state: &[u8]) -> Option<Hasher> {
        Some(match self {
            Self::Sha256 => Hasher::Sha256(restored(state)?),
            Self::Sha512 => Hasher::Sha512(Box::new(restored(state)?)),
        })
    }
}

fn restored<H: SerializableState>(state: &[u8]) -> Option<H> {
    let state: &SerializedState<H> = state.try_into().ok()?;
    H::deserialize(state).ok()
}

impl FromStr for Algorithm {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        match text {
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            other => Err(DigestError::Algorithm(super::one_line(other, 32))),
        }
    }
}

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// No colon between algorithm and digits.
    #[error("'{0}' is not a digest: expected ALGORITHM:HEX")]
    Form(String),
    /// An algorithm that is neither `sha256` nor `sha512`.
    #[error("digest algorithm '{0}' is not supported: expected sha256 or sha512")]
    Algorithm(String),
    /// Too few, too many, or other than lower-case hexadecimal digits.
    #[error("a {algorithm} digest has {expected} lower-case hexadecimal digits: '{found}'")]
    Hex {
        /// The algorithm named.
        algorithm: &'static str,
        /// How many digits it takes.
        expected: usize,
        /// What stood there.
        found: String,
    },
}

/// A digest whose algorithm is known and whose digits are whole: safe to use as a file name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest {
    text: String,
    algorithm: Algorithm,
}

impl Digest {
    /// The SHA-256 digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::with(Algorithm::Sha256, bytes)
    }

    /// The digest of `bytes` under `algorithm`.
    #[must_use]
    pub fn with(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = algorithm.hasher();
        hasher.update(bytes);
        hasher.finish()
    }

    /// The algorithm before the colon.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hexadecimal digits after the colon.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.text[self.algorithm.as_str().len() + 1..]
    }

    /// The first twelve digits, for messages.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.hex()[..12]
    }

    /// The whole text, `sha256:…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (name, hex) =
            text.split_once(':').ok_or_else(|| DigestError::Form(super::one_line(text, 80)))?;
        let algorithm: Algorithm = name.parse()?;
        let whole = hex.len() == algorithm.hex_len()
            && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !whole {
            return Err(DigestError::Hex {
                algorithm: algorithm.as_str(),
                expected: algorithm.hex_len(),
                found: super::one_line(hex, 140),
            });
        }
        Ok(Self { text: text.to_owned(), algorithm })
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.text
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A running hash; a clone is a saved state.
#[derive(Clone)]
pub enum Hasher {
    /// Running SHA-256.
    Sha256(Sha256),
    /// Running SHA-512.
    Sha512(Box<Sha512>),
}

impl Hasher {
    /// Takes in further bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The state, as bytes that [`Algorithm::restored`] reads. They are of use to this version of the program alone.
    #[must_use]
    pub fn saved(&self) -> Vec<u8> {
        match self {
            Self::Sha256(hash) => hash.serialize().to_vec(),
            Self::Sha512(hash) => hash.serialize().to_vec(),
        }
    }

    /// The digest of all bytes taken in.
    #[must_use]
    pub fn finish(self) -> Digest {
        let (algorithm, bytes) = match self {
            Self::Sha256(hash) => (Algorithm::Sha256, hash.finalize().to_vec()),
            Self::Sha512(hash) => (Algorithm::Sha512, hash.finalize().to_vec()),
        };
        let mut text = String::with_capacity(algorithm.as_str().len() + 1 + bytes.len() * 2);
        text.push_str(algorithm.as_str());
        text.push(':');
        for byte in bytes {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
            }
        }
        Digest { text, algorithm }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_digests_are_the_known_ones() {
        assert_eq!(
            Digest::of(b"").as_str(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert!(Digest::with(Algorithm::Sha512, b"").hex().starts_with("cf83e1357eefb8bd"));
    }

    #[test]
    fn a_saved_hash_goes_on_where_it_was() {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let mut hasher = algorithm.hasher();
            hasher.update(&[1; 1000]);
            let saved = hasher.saved();
            let mut restored = algorithm.restored(&saved).unwrap();
            hasher.update(b"more");
            restored.update(b"more");
            assert_eq!(restored.finish(), hasher.finish());
            assert!(algorithm.restored(&saved[1..]).is_none() && algorithm.restored(b"").is_none());
        }
        assert!(Algorithm::Sha512.restored(&Algorithm::Sha256.hasher().saved()).is_none());
    }

    #[test]
    fn only_whole_lower_case_digests_are_taken() {
        let whole = Digest::of(b"x").to_string();
        assert_eq!(whole.parse::<Digest>().unwrap().hex().len(), 64);
        for bad in [
            "",
            "sha256",
            "sha256:",
            "sha256:abc",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
            &whole.to_uppercase(),
            &format!("{whole}0"),
            &whole.replace("sha256:", "sha256:../"),
            &whole.replace("sha256:", "sha512:"),
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }
}
