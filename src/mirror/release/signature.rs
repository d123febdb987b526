//! Signatures of releases: OpenPGP messages (RFC 9580) that hold which payload is signed, in the form of
//! containers-signature(5). Pure.
//!
//! Whether the signature is good is for the cluster to tell, which has the keys. Here is found out whether a message is
//! one, and of what: a web page is none, nor is the signature of another release.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, ZlibDecoder};
use serde::Deserialize;

use crate::model::{Digest, one_line};

/// The most bytes that all packets of a message may have together when they are unpacked. Real ones have less than 1 KiB.
const MAX_UNPACKED: u64 = 256 << 10;
/// How many packets may lie in each other.
const MAX_DEPTH: usize = 4;

/// A signature of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseSignature {
    /// The payload.
    pub payload: Digest,
    /// Its number among those of the payload, from 1.
    pub number: usize,
    /// The message.
    pub message: Bytes,
}

/// Why a message is no signature of a release.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// Something else, or a message that is packed in a way that is not known.
    #[error("it is no OpenPGP message: {0}")]
    Form(&'static str),
    /// It cannot be unpacked.
    #[error("it cannot be unpacked")]
    Packed(#[source] std::io::Error),
    /// Nobody signed it.
    #[error("it is not signed")]
    Unsigned,
    /// What is signed is something else.
    #[error("what is signed is no claim of a payload")]
    Claim(#[source] serde_json::Error),
    /// It is of another payload.
    #[error("it is of another payload: {0}")]
    Other(String),
}

impl ReleaseSignature {
    /// Takes `message` for the signature with this number of `payload`.
    ///
    /// # Errors
    /// When it is no signed message, or of another payload.
    pub fn read(payload: &Digest, number: usize, message: Bytes) -> Result<Self, SignatureError> {
        let mut found = Found { is_signed: false, literal: None, left: MAX_UNPACKED };
        found.read(&message, MAX_DEPTH)?;
        let signed = found.literal.ok_or(SignatureError::Form("it holds no data"))?;
        if !found.is_signed {
            return Err(SignatureError::Unsigned);
        }
        let Claim { critical } = serde_json::from_slice(&signed).map_err(SignatureError::Claim)?;
        if critical.image.digest != payload.as_str() {
            return Err(SignatureError::Other(one_line(&critical.image.digest, 100)));
        }
        Ok(Self { payload: payload.clone(), number, message })
    }
}

#[derive(Deserialize)]
struct Claim {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: Image,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// What is found in a message.
struct Found {
    is_signed: bool,
    literal: Option<Vec<u8>>,
    /// How many bytes may yet come of unpacking.
    left: u64,
}

/// Packets by their numbers.
const SIGNATURE: u8 = 2;
const COMPRESSED: u8 = 8;
const LITERAL: u8 = 11;

impl Found {
    fn read(&mut self, mut bytes: &[u8], depth: usize) -> Result<(), SignatureError> {
        if depth == 0 {
            return Err(SignatureError::Form("it is packed too often"));
        }
        while !bytes.is_empty() {
            let (kind, body) =
                packet(&mut bytes).ok_or(SignatureError::Form("a packet is cut off"))?;
            match kind {
                COMPRESSED => {
                    let unpacked = unpack(&body, &mut self.left)?;
                    self.read(&unpacked, depth - 1)?;
                }
                SIGNATURE => self.is_signed = true,
                LITERAL if self.literal.is_none() => self.literal = literal(&body),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Takes a packet off `bytes`: its kind, and what is in it. `None` when it is none.
fn packet(bytes: &mut &[u8]) -> Option<(u8, Vec<u8>)> {
    let head = take(bytes, 1)?[0];
    match (head & 0x80 != 0, head & 0x40 != 0) {
        (false, _) => None,
        (true, true) => Some((head & 0x3f, new_body(bytes)?)),
        (true, false) => {
            let length = match head & 3 {
                3 => bytes.len(),
                exponent => number(take(bytes, 1 << exponent)?),
            };
            Some(((head >> 2) & 15, take(bytes, length)?.to_vec()))
        }
    }
}

/// What is in a packet of the new form, which may come in parts.
fn new_body(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let first = usize::from(take(bytes, 1)?[0]);
        let (length, is_last) = match first {
            0..192 => (first, true),
            192..224 => (((first - 192) << 8) + number(take(bytes, 1)?) + 192, true),
            224..255 => (1 << (first & 31), false),
            _ => (number(take(bytes, 4)?), true),
        };
        body.extend_from_slice(take(bytes, length)?);
        if is_last {
            return Some(body);
        }
    }
}

fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| (number << 8) + usize::from(*byte))
}

fn unpack(body: &[u8], left: &mut u64) -> Result<Vec<u8>, SignatureError> {
    let (&method, packed) = body.split_first().ok_or(SignatureError::Form("a packet is empty"))?;
    let reader: Box<dyn Read + '_> = match method {
        0 => Box::new(packed),
        1 => Box::new(DeflateDecoder::new(packed)),
        2 => Box::new(ZlibDecoder::new(packed)),
        _ => return Err(SignatureError::Form("it is compressed in another way than ZIP or ZLIB")),
    };
    let mut unpacked = Vec::new();
    let size = reader.take(*left + 1).read_to_end(&mut unpacked).map_err(SignatureError::Packed)?;
    *left = left.checked_sub(size as u64).ok_or(SignatureError::Form("it is too large"))?;
    Ok(unpacked)
}

/// The data behind a format, a file name and a date.
fn literal(mut body: &[u8]) -> Option<Vec<u8>> {
    take(&mut body, 1)?;
    let name = number(take(&mut body, 1)?);
    take(&mut body, name + 4)?;
    Some(body.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(payload: &str) -> Vec<u8> {
        format!(r#"{{"critical":{{"image":{{"docker-manifest-digest":"{payload}"}}}}}}"#).into()
    }

    fn old(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[0x80 | kind << 2 | 1, length[0], length[1]], body].concat()
    }

    fn in_parts(kind: u8, body: &[u8]) -> Vec<u8> {
        let (first, rest) = body.split_at(64);
        let head = [0xc0 | kind, 0xe6];
        [&head, first, &[u8::try_from(rest.len()).unwrap()], rest].concat()
    }

    fn of(data: &[u8]) -> Vec<u8> {
        [b"b\x01x\0\0\0\0", data].concat()
    }

    fn read(message: &[u8]) -> Result<ReleaseSignature, SignatureError> {
        ReleaseSignature::read(&Digest::of(b""), 1, Bytes::copy_from_slice(message))
    }

    #[test]
    fn a_claim_is_found_in_old_packets_new_ones_and_compressed_ones() {
        let data = of(&claim(Digest::of(b"").as_str()));
        let message = [old(4, b"once"), old(LITERAL, &data), old(SIGNATURE, b"me")].concat();
        read(&message).unwrap();
        read(&[in_parts(LITERAL, &data), old(SIGNATURE, b"me")].concat()).unwrap();
        let mut packed = Vec::new();
        flate2::read::DeflateEncoder::new(&message[..], flate2::Compression::fast())
            .read_to_end(&mut packed)
            .unwrap();
        // Without a length, as gpg writes it.
        read(&[&[0x80 | COMPRESSED << 2 | 3, 1], &packed[..]].concat()).unwrap();
    }

    #[test]
    fn what_gpg_signs_is_read() {
        let message = include_bytes!("../../../fixtures/release/signature.gpg");
        read(message).unwrap();
        let other = Digest::of(b"another");
        let error = ReleaseSignature::read(&other, 1, Bytes::from_static(message)).unwrap_err();
        assert!(error.to_string().contains(Digest::of(b"").as_str()), "{error}");
    }

    #[test]
    fn no_message_unpacks_to_more_than_so_much_in_all() {
        let zip = |body: &[u8]| {
            let mut zipped = vec![1];
            let mut encoder = flate2::read::DeflateEncoder::new(body, flate2::Compression::best());
            encoder.read_to_end(&mut zipped).unwrap();
            old(COMPRESSED, &zipped)
        };
        let large = zip(&old(1, &[0; 60_000]));
        for message in [large.repeat(5), zip(&large.repeat(3)).repeat(2)] {
            let error = read(&message).unwrap_err().to_string();
            assert_eq!(error, "it is no OpenPGP message: it is too large");
        }
    }

    #[test]
    fn what_is_no_signature_of_the_payload_is_refused() {
        let data = of(&claim("sha256:1234"));
        let signature = old(SIGNATURE, b"me");
        for (message, says) in [
            (b"<html>captive portal</html>".to_vec(), "it is no OpenPGP message"),
            (vec![], "it is no OpenPGP message: it holds no data"),
            (old(LITERAL, &data), "it is not signed"),
            (
                [old(LITERAL, &data), signature.clone()].concat(),
                "it is of another payload: sha256:",
            ),
            ([old(LITERAL, &of(b"hello")), signature.clone()].concat(), "what is signed is no"),
            (old(COMPRESSED, b"\x03BZh"), "it is no OpenPGP message: it is compressed"),
            (old(COMPRESSED, b"\x01\xff\xff"), "it cannot be unpacked"),
            (signature[..4].to_vec(), "it is no OpenPGP message: a packet is cut off"),
            (
                (0..5).fold(old(1, b""), |m, _| old(COMPRESSED, &[b"\0", &m[..]].concat())),
                "it is no",
            ),
        ] {
            let error = read(&message).unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
        }
    }
}
