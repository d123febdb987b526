//! How long a plan takes, reckoned with a speed that is told beside the time.

use super::Estimate;

/// A speed to reckon with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// Bytes that move in a second.
    pub bytes_per_second: u64,
    /// Requests that are answered in a second.
    pub requests_per_second: u64,
}

/// A good line to a busy registry.
impl Default for Speed {
    fn default() -> Self {
        Self { bytes_per_second: 20 << 20, requests_per_second: 50 }
    }
}

impl Speed {
    pub(super) fn estimate(self, bytes: u64, requests: u64) -> Estimate {
        let moving = bytes.div_ceil(self.bytes_per_second.max(1));
        let asking = requests.div_ceil(self.requests_per_second.max(1));
        Estimate {
            seconds: moving.saturating_add(asking),
            bytes_per_second: self.bytes_per_second,
            requests_per_second: self.requests_per_second,
        }
    }
}
