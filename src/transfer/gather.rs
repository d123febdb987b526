//! Waiting for several, but not for ever.

use std::time::Duration;

use futures_util::{Stream, StreamExt};

/// How long those who are ready wait for those who are not.
const PATIENCE: Duration = Duration::from_secs(3);

/// Those who are ready when all are, or when the first of them waited too long; one at least, if there is one. `None` is
/// somebody who does not come. Who is late stays in `all`.
pub(super) async fn gather<T>(all: &mut (impl Stream<Item = Option<T>> + Unpin)) -> Vec<T> {
    let mut ready = Vec::new();
    while ready.is_empty() {
        match all.next().await {
            Some(first) => ready.extend(first),
            None => return ready,
        }
    }
    let others = async {
        while let Some(one) = all.next().await {
            ready.extend(one);
        }
    };
    // Who is not ready by then is late.
    let _ = tokio::time::timeout(PATIENCE, others).await;
    ready
}
