//! When to try again: a pure policy, the gate that all requests to a host wait at, and the loop's memory of its tries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::StatusCode;
use http::header::{DATE, HeaderMap, RETRY_AFTER};
use tokio::time::Instant;
use tracing::{info, warn};

use super::Error;
use super::error::named;

/// A shorter wait is not worth a warning: it is over before the warning is read, and the error follows if it was in vain.
const NOTICEABLE: Duration = Duration::from_secs(1);

/// How often to try, and how long to wait in between. It decides and never sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, the first among them.
    pub tries: u32,
    /// The wait after the first try; it doubles with each one.
    pub first: Duration,
    /// The longest wait of that kind.
    pub longest: Duration,
    /// The longest wait that a registry can ask for. One that asks for more is told as an error.
    pub patience: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 5,
            first: Duration::from_millis(200),
            longest: Duration::from_secs(30),
            patience: Duration::from_secs(300),
        }
    }
}

impl RetryPolicy {
    /// How long to wait after `made` tries; `None` when it is time to give up. `asked` is what the registry asked
    /// for, `jitter` a number from 0 to 1 that keeps clients apart: the wait is between half the backoff and all of
    /// it, and never shorter than what was asked for.
    #[must_use]
    pub fn wait(&self, made: u32, asked: Option<Duration>, jitter: f64) -> Option<Duration> {
        if made >= self.tries || asked.is_some_and(|asked| asked > self.patience) {
            return None;
        }
        let doublings = made.saturating_sub(1).min(31);
        let backoff = self.first.saturating_mul(1 << doublings).min(self.longest);
        let backoff = backoff.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
        Some(asked.map_or(backoff, |asked| asked.max(backoff)))
    }
}

/// What `Retry-After` asks for (RFC 9110, section 10.2.3): seconds, or a date. A date is measured against the
/// server's own clock when the answer tells it.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = server_time(headers).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default())
}

/// The server's clock, as `Date` tells it.
pub(super) fn server_time(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// For each host the time before which it asked not to be asked again.
#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<HashMap<String, Instant>>);

impl Gates {
    /// Lets no request to `host` pass for `wait`.
    fn close(&self, host: &str, wait: Duration) {
        let until = Instant::now() + wait;
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.entry(host.to_owned()).or_insert(until);
        *gate = until.max(*gate);
    }

    fn opens(&self, host: &str) -> Option<Instant> {
        let gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gates.get(host).copied().filter(|&opens| opens > Instant::now())
    }

    /// Waits until requests to `host` may pass.
    pub(super) async fn pass(&self, host: &str) {
        while let Some(opens) = self.opens(host) {
            tokio::time::sleep_until(opens).await;
        }
    }
}

/// The tries made so far at one piece of work.
pub struct Attempts {
    policy: RetryPolicy,
    gates: Arc<Gates>,
    made: u32,
}

impl Attempts {
    pub(super) fn new(policy: RetryPolicy, gates: Arc<Gates>) -> Self {
        Self { policy, gates, made: 0 }
    }

    /// Waits as long as it takes before another try after `error`, and tells of it in the log.
    ///
    /// # Errors
    /// Gives `error` back when another try makes no sense: it is final, or the tries are spent.
    pub async fn after(&mut self, error: Error) -> Result<(), Error> {
        self.made += 1;
        let wait = error
            .is_transient()
            .then(|| self.policy.wait(self.made, error.retry_after(), fastrand::f64()))
            .flatten();
        let Some(wait) = wait else { return Err(error) };
        let (reason, shown) = (reason(&error), shown(wait));
        let (next, tries) = (self.made + 1, self.policy.tries);
        if wait < NOTICEABLE {
            info!("{reason}: waiting {shown}, try {next} of {tries}");
        } else {
            warn!("{reason}: waiting {shown}, try {next} of {tries}");
        }
        if let Some(host) = who_asks_for_rest(&error) {
            self.gates.close(host, wait);
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// Starts to count anew, after progress.
    pub fn reset(&mut self) {
        self.made = 0;
    }
}

/// The host that wants fewer requests from all of us, not only this one later.
fn who_asks_for_rest(error: &Error) -> Option<&str> {
    match error {
        Error::Status { host, status, retry_after, .. }
            if retry_after.is_some() || *status == StatusCode::TOO_MANY_REQUESTS =>
        {
            Some(host)
        }
        _ => None,
    }
}

/// `quay.io answers 429 (too many requests)`, or the error with its cause.
fn reason(error: &Error) -> String {
    if let Error::Status { host, status, .. } = error {
        return format!("{host} answers {}", named(*status));
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// `40 ms`, `216 s`, `6 h`.
pub(super) fn shown(time: Duration) -> String {
    let seconds = time.as_secs_f64().round();
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else if seconds % 3600.0 == 0.0 {
        format!("{} h", seconds / 3600.0)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_the_longest_and_end() {
        let policy = RetryPolicy { tries: 5, longest: SECOND, ..RetryPolicy::default() };
        let waits: Vec<_> = (1..=5).map(|made| policy.wait(made, None, 1.0)).collect();
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(waits, [ms(200), ms(400), ms(800), ms(1000), None]);
        assert_eq!(policy.wait(2, None, 0.0), ms(200));
        assert_eq!(policy.wait(2, None, 7.0), ms(400));
    }

    #[test]
    fn a_registry_that_asks_for_time_gets_it_within_reason() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.wait(1, Some(5 * SECOND), 0.3), Some(5 * SECOND));
        assert_eq!(policy.wait(1, Some(Duration::ZERO), 1.0), Some(policy.first));
        assert_eq!(policy.wait(1, Some(3600 * SECOND), 0.3), None);
    }

    #[test]
    fn counting_far_does_not_overflow() {
        let policy = RetryPolicy { tries: u32::MAX, ..RetryPolicy::default() };
        assert_eq!(policy.wait(u32::MAX - 1, None, 1.0), Some(policy.longest));
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let asked = |fields: &[(http::HeaderName, &str)]| {
            let headers = fields.iter().map(|(k, v)| (k.clone(), v.parse().unwrap())).collect();
            retry_after(&headers, now)
        };
        let date = "Sun, 06 Nov 1994 08:49:47 GMT";
        assert_eq!(asked(&[(RETRY_AFTER, " 7 ")]), Some(7 * SECOND));
        assert_eq!(asked(&[(RETRY_AFTER, date)]), Some(10 * SECOND));
        assert_eq!(
            asked(&[(RETRY_AFTER, date), (DATE, "Sun, 06 Nov 1994 08:49:45 GMT")]),
            Some(2 * SECOND)
        );
        assert_eq!(asked(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:49:00 GMT")]), Some(Duration::ZERO));
        assert_eq!(asked(&[(RETRY_AFTER, "soon")]), None);
        assert_eq!(asked(&[]), None);
    }

    #[tokio::test]
    async fn all_requests_to_a_host_wait_at_its_gate() {
        let gates = Gates::default();
        let start = Instant::now();
        gates.close("quay.io", Duration::from_millis(40));
        gates.close("quay.io", Duration::from_millis(1));
        assert!(gates.opens("docker.io").is_none());
        gates.pass("quay.io").await;
        assert!(start.elapsed() >= Duration::from_millis(40));
    }
}
