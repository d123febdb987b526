//! The name of an upload in its address: 128 random bits in hexadecimal digits. Whoever does not know it cannot
//! write to the upload.

use std::fmt;
use std::str::FromStr;

use super::error::{Reason, Refusal};

/// The identifier of an upload; safe as a file name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct UploadId(String);

impl UploadId {
    /// A new one, from the system's random numbers.
    pub(super) fn random() -> std::io::Result<Self> {
        let mut bytes = [0; 16];
        std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
        Ok(Self(format!("{:032x}", u128::from_be_bytes(bytes))))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UploadId {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let sound =
            text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        sound
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Refusal::new(Reason::UploadUnknown, "there is no such upload"))
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
