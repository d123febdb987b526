//! One exchange with one host: waits at the host's gate, sends, waits for the head of the answer.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Url;

use super::error::Error;
use super::redact::{SafeUrl, Secrets, authority};
use super::response::Response;
use super::retry::{Attempts, Gates, RetryPolicy, retry_after};
use super::tls::{Pools, sending_failed};
use crate::config::Connection;
use crate::model::WireErrors;

/// The most that is read of an error's body.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// The connections of one registry and what its hosts asked for.
pub(super) struct Transport {
    pub(super) pools: Pools,
    pub(super) stall: Duration,
    policy: RetryPolicy,
    gates: Arc<Gates>,
}

impl Transport {
    pub(super) fn new(
        host: &str,
        connection: &Connection,
        policy: RetryPolicy,
        stall: Duration,
        gates: Arc<Gates>,
    ) -> Result<Self, Error> {
        let pools = Pools::new(host, connection)?;
        Ok(Self { pools, stall, policy, gates })
    }

    pub(super) fn policy(&self) -> &RetryPolicy {
        &self.policy
    }

    pub(super) fn attempts(&self) -> Attempts {
        Attempts::new(self.policy, Arc::clone(&self.gates))
    }

    /// Waits until the host of `url` may be asked again.
    pub(super) async fn pass(&self, url: &Url) {
        self.gates.pass(&authority(url)).await;
    }

    /// Sends `request`. It is given up when `stalled` ends first.
    pub(super) async fn exchange(
        &self,
        pool: &reqwest::Client,
        request: reqwest::Request,
        stalled: impl Future<Output = Duration>,
    ) -> Result<Response, Error> {
        let host = authority(request.url());
        self.gates.pass(&host).await;
        let asked = format!("{} {}", request.method(), SafeUrl::new(request.url()));
        let secrets = Secrets::of(&request);
        let result = tokio::select! {
            answer = pool.execute(request) => answer.map_err(|error| sending_failed(&host, error)),
            after = stalled => Err(Error::Stalled { host, after }),
        };
        match &result {
            Ok(answer) => tracing::debug!("{asked}: {} ({:?})", answer.status(), answer.version()),
            Err(error) => tracing::debug!("{asked}: {error}"),
        }
        result.map(|answer| Response::new(answer, self.stall, secrets))
    }
}

/// Makes an error of an answer that is none.
pub(super) async fn refusal(method: http::Method, response: Response) -> Error {
    let (status, host) = (response.status, authority(&response.url));
    let url = SafeUrl::new(&response.url);
    let retry_after = retry_after(&response.headers, SystemTime::now());
    let errors = Box::new(errors_of(response).await);
    Error::Status { host, status, method, url, errors, retry_after }
}

/// What the body of an error says, without what it says back of the login. A body that breaks off says what came of
/// it.
pub(super) async fn errors_of(mut response: Response) -> WireErrors {
    let secrets = std::mem::take(&mut response.body.secrets);
    WireErrors::parse(secrets.hide(&response.beginning(MAX_ERROR_BODY).await).as_bytes())
}
