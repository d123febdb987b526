//! How long one thing may take, all its tries and parts together.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The end of one's patience.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    after: Duration,
    at: Instant,
}

impl Deadline {
    /// It begins now.
    pub(super) fn new(after: Duration) -> Self {
        let now = Instant::now();
        let century = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        Self { after, at: now.checked_add(after).unwrap_or(now + century) }
    }

    /// The one that comes first.
    pub(super) fn or(self, other: Option<Self>) -> Self {
        other.filter(|other| other.at < self.at).unwrap_or(self)
    }

    /// The result of `work`. The error tells how long it was waited for in vain.
    pub(super) async fn hold<T>(self, work: impl Future<Output = T>) -> Result<T, Duration> {
        timeout_at(self.at, work).await.map_err(|_| self.after)
    }
}
