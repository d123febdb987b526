//! `--on-change-url URL`: an address of the person's that each change is posted to.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use super::Change;
use crate::auth::Secret;
use crate::config::Connection;
use crate::http::{Error, Receiver, RetryPolicy, SafeUrl, Url};

const EVENT: HeaderName = HeaderName::from_static("x-longshore-event");
const DELIVERY: HeaderName = HeaderName::from_static("x-longshore-delivery");
const SIGNATURE: HeaderName = HeaderName::from_static("x-longshore-signature-256");

/// What a file with a key may have at most.
const LONGEST_SECRET: u64 = 64 * 1024;
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// An address that each change is posted to, as JSON.
///
/// | header | is |
/// |---|---|
/// | `X-Longshore-Event` | `change` |
/// | `X-Longshore-Delivery` | the same for every try at the same change, so that a receiver can tell |
/// | `X-Longshore-Signature-256` | with a key: `sha256=` and the HMAC of the body (RFC 2104) in hex |
///
/// A receiver that cannot be reached, is busy (429) or in trouble (5xx) is tried again, after as long as its
/// `Retry-After` says. Redirects are not followed.
///
/// Source of the form: GitHub, «Validating webhook deliveries», `X-Hub-Signature-256`.
pub struct Webhook {
    receiver: Receiver,
    key: Option<Secret>,
}

/// Why a change was not posted, or cannot be.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The text is no address that can be posted to. It may hold a secret and is not shown.
    #[error("the address of the webhook is not an https:// or http:// address")]
    Address,
    /// Its connection cannot be set up.
    #[error("the webhook {place} cannot be used")]
    Setup {
        /// Where it is.
        place: SafeUrl,
        /// What is wrong.
        #[source]
        source: Error,
    },
    /// It did not take the change.
    #[error("the webhook {place} did not accept it")]
    Refused {
        /// Where it is.
        place: SafeUrl,
        /// What was met.
        #[source]
        source: Error,
    },
}

impl Webhook {
    /// The webhook at `address`; what is sent there is signed when there is a `key`.
    ///
    /// # Errors
    /// When the address is none, or its connection cannot be set up.
    pub fn new(
        address: &str,
        key: Option<Secret>,
        connection: Connection,
        retry: RetryPolicy,
    ) -> Result<Self, WebhookError> {
        let url: Url = address.parse().map_err(|_| WebhookError::Address)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(WebhookError::Address);
        }
        let place = SafeUrl::place(&url);
        let receiver = Receiver::new(url, connection, retry)
            .map_err(|source| WebhookError::Setup { place, source })?;
        Ok(Self { receiver, key })
    }

    /// Posts `change`.
    ///
    /// # Errors
    /// When it was not taken.
    pub async fn post(&self, change: &Change) -> Result<(), WebhookError> {
        let body = change.to_json();
        let headers = headers(body.as_bytes(), self.key.as_ref());
        let posted = self.receiver.post(&headers, &Bytes::from(body), PATIENCE).await;
        posted.map_err(|source| WebhookError::Refused { place: self.receiver.place(), source })
    }
}

fn headers(body: &[u8], key: Option<&Secret>) -> HeaderMap {
    // The body holds the moment of the change: no two changes have the same.
    let delivery = hex(&Sha256::digest(body)[..16]);
    let signature = key.map(|key| format!("sha256={}", hex(&sign(key.expose().as_bytes(), body))));
    let texts = [(DELIVERY, Some(delivery)), (SIGNATURE, signature)];
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(EVENT, HeaderValue::from_static("change"));
    headers.extend(texts.into_iter().filter_map(|(name, text)| {
        // Hexadecimal digits are fit for a header.
        Some((name, HeaderValue::try_from(text?).ok()?))
    }));
    headers
}

/// HMAC-SHA256 (RFC 2104).
fn sign(key: &[u8], text: &[u8]) -> Vec<u8> {
    // A key of any length will do.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read the webhook's key in {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is nothing in the file, too much, or something that is no text.
    #[error("{} holds no key: expected some text of at most 64 KiB", .0.display())]
    NoKey(PathBuf),
}

/// The key in a file, without the end of its line.
///
/// # Errors
/// When the file cannot be read, or holds none.
pub fn read_secret(path: &Path) -> Result<Secret, SecretError> {
    let mut text = String::new();
    let read =
        File::open(path).and_then(|file| file.take(LONGEST_SECRET + 1).read_to_string(&mut text));
    let no_key = || SecretError::NoKey(path.to_owned());
    match read {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(no_key()),
        Err(source) => return Err(SecretError::Read { path: path.to_owned(), source }),
        Ok(_) => {}
    }
    let key = text.trim_end_matches(['\r', '\n']);
    if key.is_empty() || text.len() as u64 > LONGEST_SECRET {
        return Err(no_key());
    }
    Ok(Secret::new(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, sections 4.2, 4.3, 4.4, 4.7 and 4.8.
    #[test]
    fn signatures_are_those_of_the_standard() {
        for (key, text, expected) in [
            (
                vec![0x0b; 20],
                b"Hi There".to_vec(),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 20],
                vec![0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hex(&sign(&key, &text)), expected);
        }
    }

    #[test]
    fn a_key_is_a_text_without_its_end_of_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for (text, expected) in [
            (&b"geheim\n"[..], Some("geheim")),
            (b" a b \r\n", Some(" a b ")),
            (b"", None),
            (b"\n", None),
            (b"\xff\xfe", None),
            (&[b'x'; 64 * 1024 + 1], None),
        ] {
            std::fs::write(&path, text).unwrap();
            let read = read_secret(&path);
            assert_eq!(read.as_ref().ok().map(Secret::expose), expected);
            assert!(expected.is_some() || matches!(read, Err(SecretError::NoKey(_))));
        }
        assert!(matches!(read_secret(&folder.path().join("none")), Err(SecretError::Read { .. })));
    }

    #[test]
    fn what_is_no_web_address_is_refused_and_not_shown() {
        for address in
            ["ftp://x/geheim", "hooks.io/geheim", "file:///etc/geheim", "unix:/geheim", ""]
        {
            let made = Webhook::new(address, None, Connection::default(), RetryPolicy::default());
            let error = made.err().unwrap();
            assert!(matches!(error, WebhookError::Address), "{address}");
            assert!(!error.to_string().contains("geheim"));
        }
    }
}
