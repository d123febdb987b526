//! Waiting for several, but not for ever.

use std::time::Duration;

use futures_util::{Stream, StreamExt};

/// How long those who are ready wait for those who are not.
const PATIENCE: Duration = Duration::from_secs(3);

/// Those who are ready when all are, or when it took too long; one at least, if there is one. `None` is somebody who
/// does not come. Who is late stays in `all`.
pub(super) async fn gather<T>(all: &mut (impl Stream<Item = Option<T>> + Unpin)) -> Vec<T> {
    let mut ready = Vec::new();
    let mut too_long = std::pin::pin!(tokio::time::sleep(PATIENCE));
    loop {
        tokio::select! {
            biased;
            next = all.next() => match next {
                Some(one) => ready.extend(one),
                None => return ready,
            },
            () = &mut too_long, if !ready.is_empty() => return ready,
        }
    }
}
