//! A server that is told something: it is no registry, gets no login, and is not followed elsewhere.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method};
use reqwest::Url;

use super::error::Error;
use super::redact::{SafeUrl, authority};
use super::retry::{Gates, RetryPolicy, retry_after};
use super::tls::sending_failed;
use super::transport::Transport;
use crate::config::Connection;
use crate::model::one_line;

/// How long a connection may be silent. No answer is read.
const STALL: Duration = Duration::from_secs(5);

/// One address that is posted to. Its path is a secret with many services, so no message and no log shows it.
pub struct Receiver {
    url: Url,
    transport: Transport,
}

impl Receiver {
    /// The receiver at `url`, which is `https:` or `http:`; it is connected to when something is posted.
    ///
    /// # Errors
    /// When `url` is another kind of address, or the connection settings cannot be used.
    pub fn new(url: Url, connection: Connection, retry: RetryPolicy) -> Result<Self, Error> {
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(Error::Host(one_line(url.scheme(), 80)));
        }
        let connection = Connection { plain_http: url.scheme() == "http", ..connection };
        let host = authority(&url);
        let transport = Transport::new(&host, &connection, retry, STALL, Arc::<Gates>::default())?;
        Ok(Self { url, transport })
    }

    /// Where it is, without what may be secret about it.
    #[must_use]
    pub fn place(&self) -> SafeUrl {
        SafeUrl::place(&self.url)
    }

    /// Posts `body` until it is taken with any 2xx, as often as the policy allows; each try may take `patience`.
    ///
    /// # Errors
    /// When it is not taken.
    pub async fn post(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        patience: Duration,
    ) -> Result<(), Error> {
        let mut attempts = self.transport.attempts();
        loop {
            match self.try_post(headers.clone(), body.clone(), patience).await {
                Ok(()) => return Ok(()),
                Err(error) => attempts.after(error).await?,
            }
        }
    }

    async fn try_post(
        &self,
        headers: HeaderMap,
        body: Bytes,
        patience: Duration,
    ) -> Result<(), Error> {
        self.transport.pass(&self.url).await;
        let host = authority(&self.url);
        let request = self.transport.pools.metadata.post(self.url.clone()).headers(headers);
        let answer = tokio::time::timeout(patience, request.body(body).send()).await;
        let answer = match answer {
            Ok(answer) => answer.map_err(|error| sending_failed(&host, error))?,
            Err(_) => return Err(Error::Stalled { host, after: patience }),
        };
        tracing::debug!("POST {}: {}", self.place(), answer.status());
        if answer.status().is_success() {
            return Ok(());
        }
        // What its body says is not read: a receiver may say back the path that it was asked for.
        Err(Error::Status {
            host,
            status: answer.status(),
            method: Method::POST,
            url: self.place(),
            errors: Box::default(),
            retry_after: retry_after(answer.headers(), SystemTime::now()),
        })
    }
}
