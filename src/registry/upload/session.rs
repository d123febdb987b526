//! An upload that the registry knows of: where it goes on, and how far it got.

use http::header::{HeaderName, RANGE};
use reqwest::Url;

use super::super::journal::Record;
use super::super::range;
use crate::http::{Client, Error, Response};

/// Chunks are at least this large, whatever less the registry would take.
const CHUNK: u64 = 64 * 1024 * 1024;
/// The largest smallest chunk that a registry may ask for.
const MAX_CHUNK: u64 = 5 * 1024 * 1024 * 1024;
const CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");

/// An upload that the registry knows of.
#[derive(Clone)]
pub(in crate::registry) struct Session {
    pub(super) location: Url,
    /// The smallest chunk that the registry takes; without one it takes a stream.
    pub(super) chunk: Option<u64>,
    /// The bytes that the registry acknowledged.
    pub(super) received: u64,
    pub(super) standing: Standing,
}

/// Whether `received` is all that the registry has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The registry said so.
    Told,
    /// A request broke off, or an earlier process did: it may be more.
    Broken,
    /// The registry does not go on from there: it is more or less, or the registry lost the upload.
    Refused,
}

impl Session {
    /// The upload that an answer of 202 began.
    pub(super) fn begun(response: &Response) -> Result<Self, Error> {
        let chunk = response.header(&CHUNK_MIN_LENGTH).and_then(|text| text.trim().parse().ok());
        let (location, chunk) = (response.location()?, chunk.map(within_reason));
        Ok(Self { location, chunk, received: 0, standing: Standing::Told })
    }

    /// The upload that an earlier process began; only at this registry itself.
    pub(super) fn recalled(client: &Client, record: &Record) -> Option<Self> {
        let location = client.own_address(&record.location)?;
        let (chunk, received) = (record.chunk.map(within_reason), record.acknowledged);
        Some(Self { location, chunk, received, standing: Standing::Broken })
    }

    /// The same upload as its status tells it, when at most `sent` bytes were sent; `None` when that cannot be.
    pub(super) fn told(self, status: &Response, sent: u64) -> Option<Self> {
        let received = range::received(status.header(&RANGE)?)?;
        let may_be = match self.standing {
            Standing::Told | Standing::Broken => true,
            Standing::Refused => received != self.received,
        };
        let location = status.location().unwrap_or(self.location);
        (may_be && received <= sent).then_some(Self {
            location,
            received,
            standing: Standing::Told,
            ..self
        })
    }

    /// Takes note of the answer to a request that sent the bytes up to `end`.
    pub(super) fn advance(&mut self, answer: &Response, end: u64) {
        if let Ok(location) = answer.location() {
            self.location = location;
        }
        // One byte of difference is a matter of dialect, see `received`.
        let told = answer.header(&RANGE).and_then(range::received);
        self.received = told.filter(|told| told.saturating_add(1) < end).unwrap_or(end);
    }
}

fn within_reason(chunk: u64) -> u64 {
    chunk.clamp(CHUNK, MAX_CHUNK)
}
