//! What requests bring: headers as text; bodies, taken piece by piece and not for ever.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout, timeout_at};

use super::error::{Outcome, Reason, Refusal};

/// How long a body may stand still.
const STALL: Duration = Duration::from_secs(60);
/// How long a body that nobody wants is read, so that the client gets to read the answer.
const UNWANTED: Duration = Duration::from_secs(5);

/// A header as text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Gives the bytes of a body to `take` as they come.
pub(super) async fn receive(
    body: &mut Incoming,
    mut take: impl FnMut(&[u8]) -> Outcome<()>,
) -> Outcome<()> {
    while let Some(bytes) = next(body).await? {
        take(&bytes)?;
    }
    Ok(())
}

/// A body as a whole; `None` when it is larger than `limit`.
pub(super) async fn collect(body: &mut Incoming, limit: usize) -> Outcome<Option<Bytes>> {
    let mut whole = BytesMut::new();
    while let Some(bytes) = next(body).await? {
        if whole.len() + bytes.len() > limit {
            return Ok(None);
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(Some(whole.freeze()))
}

/// Reads what a refused request still sends, while the refusal is on its way: a connection that is closed with unread
/// bytes is reset, and the refusal lost.
pub(super) async fn discard(mut body: Incoming) {
    let deadline = Instant::now() + UNWANTED;
    while let Ok(Some(Ok(_))) = timeout_at(deadline, body.frame()).await {}
}

async fn next(body: &mut Incoming) -> Outcome<Option<Bytes>> {
    loop {
        match timeout(STALL, body.frame()).await {
            Err(_) => return Err(Refusal::new(Reason::Stalled, "the body stopped coming")),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => {
                return Err(Refusal::new(Reason::UploadInvalid, "the body broke off"));
            }
            // What is no data are trailers.
            Ok(Some(Ok(frame))) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}
