//! Keeps bytes in bulk to a rate, in pieces so small that nobody waits long for another's.

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::request::Upload;
use crate::model::{Rate, RateError, ReferenceError, Registry};

/// How much of the time in which nothing passed may be made up for.
const SPARE: Duration = Duration::from_millis(50);
/// Pieces are so many to the second: with the spare time, a tenth of a second's bytes may come at once.
const PIECES: u64 = 20;

/// The most bytes in a second, in each direction: of one registry, or of all together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The registry; `None` is all together.
    pub registry: Option<Registry>,
    /// The rate.
    pub rate: Rate,
}

/// What is no rate limit.
#[derive(Debug, thiserror::Error)]
pub enum RateLimitError {
    /// The rate is none.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// The registry is none.
    #[error(transparent)]
    Registry(#[from] ReferenceError),
}

impl FromStr for RateLimit {
    type Err = RateLimitError;

    /// Reads `RATE` or `HOST=RATE`.
    fn from_str(text: &str) -> Result<Self, RateLimitError> {
        match text.rsplit_once('=') {
            Some((host, rate)) => Ok(Self { registry: Some(host.parse()?), rate: rate.parse()? }),
            None => Ok(Self { registry: None, rate: text.parse()? }),
        }
    }
}

/// What has passed at a rate, and is paid for with time.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    /// When all that was taken is paid for.
    paid: Option<Instant>,
}

impl Bucket {
    /// When `bytes` may pass that somebody wants to take now.
    fn take(&mut self, bytes: usize, now: Instant) -> Instant {
        let earliest = now.checked_sub(SPARE).unwrap_or(now);
        let passes = self.paid.map_or(now, |paid| paid.max(earliest));
        let price = bytes as f64 / self.rate.get() as f64;
        self.paid = Some(passes + Duration::from_secs_f64(price));
        passes
    }
}

/// A rate that several streams share.
#[derive(Debug)]
pub(super) struct Throttle {
    bucket: Mutex<Bucket>,
    piece: usize,
}

impl Throttle {
    pub(super) fn new(rate: Rate) -> Arc<Self> {
        let piece = usize::try_from(rate.get() / PIECES).unwrap_or(usize::MAX).max(1);
        Arc::new(Self { bucket: Mutex::new(Bucket { rate, paid: None }), piece })
    }

    async fn pass(&self, bytes: usize) {
        let now = Instant::now();
        let passes = self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(bytes, now);
        if passes > now {
            tokio::time::sleep_until(passes).await;
        }
    }
}

/// All rates that some bytes are kept to; none is no limit.
#[derive(Clone, Debug, Default)]
pub(super) struct RateLimiter(Arc<[Arc<Throttle>]>);

impl RateLimiter {
    /// The narrowest comes first, so that what it holds up takes nothing from the others yet.
    pub(super) fn new(throttles: impl IntoIterator<Item = Arc<Throttle>>) -> Self {
        Self(throttles.into_iter().collect())
    }

    /// The first piece of `bytes`, as soon as it may pass.
    pub(super) async fn take(&self, bytes: &mut Bytes) -> Bytes {
        let most = self.0.iter().map(|throttle| throttle.piece).min().unwrap_or(usize::MAX);
        let piece = bytes.split_to(bytes.len().min(most));
        for throttle in self.0.iter() {
            throttle.pass(piece.len()).await;
        }
        piece
    }

    /// The same bytes, no faster than the rates allow.
    pub(super) fn limit(&self, upload: Upload) -> Upload {
        if self.0.is_empty() {
            return upload;
        }
        let state = (self.clone(), upload, Bytes::new());
        Box::pin(stream::try_unfold(state, |(limiter, mut upload, mut bytes)| async move {
            while bytes.is_empty() {
                match upload.next().await.transpose()? {
                    Some(chunk) => bytes = chunk,
                    None => return Ok(None),
                }
            }
            let piece = limiter.take(&mut bytes).await;
            Ok(Some((piece, (limiter, upload, bytes))))
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_limit_is_for_a_registry_or_for_all() {
        let limit: RateLimit = "localhost:5000=20M".parse().unwrap();
        assert_eq!(limit.registry, Some("localhost:5000".parse().unwrap()));
        let limit: RateLimit = "20M".parse().unwrap();
        assert_eq!(limit.registry, None);
        assert!("=20M".parse::<RateLimit>().is_err());
        assert!("a/b=20M".parse::<RateLimit>().is_err());
        assert!("quay.io=".parse::<RateLimit>().is_err());
    }

    proptest! {
        #[test]
        fn no_more_passes_in_any_time_than_the_rate_allows(
            rate in 1_000_u64..1_000_000_000,
            wishes in prop::collection::vec((0_u64..200_000, 0.0_f64..1.0), 1..60),
        ) {
            let mut bucket = Bucket { rate: rate.to_string().parse().unwrap(), paid: None };
            let piece = (rate / PIECES) as f64;
            let mut now = Instant::now();
            let mut passed: Vec<(Instant, f64)> = Vec::new();
            for (micros, part) in wishes {
                now += Duration::from_micros(micros);
                let bytes = (piece * part) as usize;
                let passes = bucket.take(bytes, now).max(now);
                passed.push((passes, bytes as f64));
            }
            for (index, (from, _)) in passed.iter().enumerate() {
                let mut sum = 0.0;
                for (at, bytes) in &passed[index..] {
                    sum += bytes;
                    let time = at.duration_since(*from) + SPARE;
                    prop_assert!(sum <= rate as f64 * time.as_secs_f64() + piece + 1.0);
                }
            }
        }

        #[test]
        fn who_always_wants_more_gets_the_whole_rate(rate in 1_000_u64..1_000_000_000) {
            let mut bucket = Bucket { rate: rate.to_string().parse().unwrap(), paid: None };
            let start = Instant::now();
            let mut now = start;
            let piece = (rate / PIECES) as usize;
            for _ in 0..PIECES * 10 {
                // The clock wakes late, by up to a spare time.
                now = bucket.take(piece, now).max(now) + SPARE / 2;
            }
            prop_assert!(now - start <= Duration::from_secs(10) + SPARE * 2);
        }
    }
}
