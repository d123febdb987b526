//! Signatures: `SHA256SUMS.sig` is an Ed25519 signature (RFC 8032) of `SHA256SUMS`, 64 bytes as `openssl pkeyutl` writes
//! and reads them. Pure.

use std::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410).
const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key that bundles are signed with.
pub struct SigningKey(Ed25519KeyPair);

/// A key that tells whether it was its owner who signed a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey([u8; 32]);

/// Why a text is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No private key.
    #[error("it has no private key: expected what 'openssl genpkey -algorithm ed25519' writes")]
    NoPrivate,
    /// No public key.
    #[error("it has no public key: expected what 'openssl pkey -pubout' writes of an Ed25519 key")]
    NoPublic,
    /// A key of another kind.
    #[error("it has a key, and that is not of Ed25519")]
    Kind,
}

impl SigningKey {
    /// Reads a PKCS#8 key in PEM.
    ///
    /// # Errors
    /// When there is none, or one of another kind.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| KeyError::NoPrivate)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        pair.map(Self).map_err(|_| KeyError::Kind)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl VerifyingKey {
    /// Reads a public key in PEM.
    ///
    /// # Errors
    /// When there is none, or one of another kind.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| KeyError::NoPublic)?;
        let key = der.as_ref().strip_prefix(&PREFIX).and_then(|key| key.try_into().ok());
        key.map(Self).ok_or(KeyError::Kind)
    }

    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_a_key_are_told_from_keys_of_another_kind() {
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
        assert!(VerifyingKey::from_pem(public.as_bytes()).is_ok());
        let other = public.replace("MCowBQYDK2VwAyEA", "MCowBQYDK2VuAyEA");
        assert!(matches!(VerifyingKey::from_pem(other.as_bytes()), Err(KeyError::Kind)));
        assert!(matches!(VerifyingKey::from_pem(b"x"), Err(KeyError::NoPublic)));
        assert!(matches!(SigningKey::from_pem(public.as_bytes()), Err(KeyError::NoPrivate)));
    }
}
