//! The request loop: authorise, send, retry, redirect. An attempt ends in a verdict, and the loop does what it says.

use std::time::SystemTime;

use http::StatusCode;
use http::header::{AUTHORIZATION, LOCATION};
use reqwest::Url;

use super::allowance::Allowance;
use super::authorizer::{Grant, Wish};
use super::challenge::Challenge;
use super::client::Inner;
use super::error::Error;
use super::outgoing::Outgoing;
use super::quota::{Admission, Spending};
use super::redact::{self, SafeUrl};
use super::redirect;
use super::request::{Identity, Purpose, Target};
use super::response::Response;
use super::retry::Attempts;
use super::slot::Slot;
use super::transport::{self, refusal};
use crate::model::WireErrors;

/// What one attempt came to.
enum Verdict {
    Done(Box<Response>),
    Redirect(Url),
    Reauthenticate(Grant, Result<Challenge, String>, WireErrors),
    Backoff(Error),
    Fail(Error),
}

/// Where a request stands on its way through redirects, and what it holds on all of it.
struct Journey<'a> {
    url: Url,
    hops: usize,
    slot: Slot,
    _spending: Option<Spending<'a>>,
}

impl Inner {
    /// Sends a request until there is an answer that it accepts, or an error that stays.
    pub(super) async fn run(
        &self,
        outgoing: &Outgoing,
        attempts: &mut Attempts,
    ) -> Result<Response, Error> {
        let start = self.start(&outgoing.request.target)?;
        let mut journey = self.begin(outgoing, start.clone()).await?;
        let mut wish = Wish::new(&outgoing.request.scopes);
        loop {
            match self.attempt(outgoing, &journey, &wish).await {
                Verdict::Done(response) => return Ok(*response),
                Verdict::Redirect(url) => {
                    journey = Journey { url, hops: journey.hops + 1, ..journey };
                }
                Verdict::Reauthenticate(grant, challenge, errors) => {
                    self.authorizer.refused(&grant, &mut wish, challenge, errors).await?;
                    if !outgoing.is_whole() {
                        return Err(Error::TokenRefused { host: redact::authority(&journey.url) });
                    }
                }
                Verdict::Backoff(error) => {
                    // Others need not wait while this one does.
                    drop(journey);
                    attempts.after(error).await?;
                    wish.begin_again();
                    journey = self.begin(outgoing, start.clone()).await?;
                }
                Verdict::Fail(error) => return Err(error),
            }
        }
    }

    /// Waits until the request may go out, and takes a slot where it has none.
    async fn begin(&self, outgoing: &Outgoing, url: Url) -> Result<Journey<'_>, Error> {
        let asked = &outgoing.request;
        let spending = if asked.spends() { Some(self.spend(outgoing).await?) } else { None };
        let slot = match &asked.slot {
            Some(slot) => slot.clone(),
            None => self.lanes.of(asked.purpose).take().await,
        };
        Ok(Journey { url, hops: 0, slot, _spending: spending })
    }

    /// Waits until the quota has one request left.
    async fn spend(&self, outgoing: &Outgoing) -> Result<Spending<'_>, Error> {
        loop {
            match self.quota.admit(self.transport.policy()).await? {
                Admission::Granted(spending) => return Ok(spending),
                Admission::Unknown(_asking) => {
                    let question = Outgoing::new(outgoing.request.question());
                    let mut attempts = self.transport.attempts();
                    // What the answer tells of the quota is noted as with all others; what else it says is of no use.
                    drop(Box::pin(self.run(&question, &mut attempts)).await);
                }
            }
        }
    }

    /// Where a request begins.
    fn start(&self, target: &Target) -> Result<Url, Error> {
        let refused = |why| Error::Address { host: self.registry.to_string(), why };
        match target {
            Target::Path(path) => self
                .base
                .join(path)
                .ok()
                .filter(|url| redirect::same_origin(url, &self.base))
                .ok_or_else(|| refused("to no path of its own".to_owned())),
            Target::Location(url) => redirect::resolve(&self.base, url.as_str()).map_err(refused),
        }
    }

    async fn attempt(&self, outgoing: &Outgoing, journey: &Journey<'_>, wish: &Wish) -> Verdict {
        let at_home = redirect::same_origin(&journey.url, &self.base);
        // Before the token is chosen: one that waits here grows old.
        self.transport.pass(&journey.url).await;
        let known = at_home && outgoing.request.identity == Identity::Ours;
        let grant = if known {
            match self.authorizer.grant(wish, &self.transport).await {
                Ok(grant) => grant,
                Err(error) => return Verdict::Fail(error),
            }
        } else {
            Grant::Unasked
        };
        let mark = self.quota.mark();
        let answer = self.exchange(outgoing, journey, &grant).await;
        if is_hard_pressed(&answer) {
            journey.slot.lane().pressed(mark.sent);
        }
        if at_home
            && outgoing.request.metered
            && let Ok(response) = &answer
            && response.status != StatusCode::UNAUTHORIZED
        {
            self.quota.told(Allowance::read(&response.headers, SystemTime::now()), mark);
        }
        match answer {
            Ok(response) if outgoing.request.accepts(response.status) => {
                Verdict::Done(Box::new(response))
            }
            Ok(response) if redirect::is_redirect(response.status) => {
                follow(outgoing, journey, &response)
            }
            Ok(response) if known && response.status == StatusCode::UNAUTHORIZED => {
                let challenge = Challenge::choose(&response.headers);
                Verdict::Reauthenticate(grant, challenge, transport::errors_of(response).await)
            }
            Ok(response) if !at_home && is_expired(response.status) => {
                let url = SafeUrl::new(&journey.url);
                let (registry, status) = (self.registry.clone(), response.status);
                Verdict::after(outgoing, Error::Expired { registry, url, status })
            }
            Ok(response) => {
                let error = refusal(outgoing.request.method.clone(), response).await;
                Verdict::after(outgoing, error)
            }
            Err(error) => Verdict::after(outgoing, error),
        }
    }

    async fn exchange(
        &self,
        outgoing: &Outgoing,
        journey: &Journey<'_>,
        grant: &Grant,
    ) -> Result<Response, Error> {
        let (asked, url) = (&outgoing.request, &journey.url);
        let mut request = reqwest::Request::new(asked.method.clone(), url.clone());
        *request.headers_mut() = asked.headers.clone();
        if let Some(header) = grant.header() {
            request.headers_mut().insert(AUTHORIZATION, header.clone());
        }
        outgoing.fill(&mut request, journey.slot.lane());
        let pool = match asked.purpose {
            Purpose::Metadata => &self.transport.pools.metadata,
            Purpose::Download | Purpose::Upload => &self.transport.pools.blob,
        };
        let stalled = outgoing.stalled(self.transport.stall);
        match self.transport.exchange(pool, request, stalled).await {
            Ok(response) => Ok(response.in_slot(&journey.slot)),
            Err(error) => Err(match outgoing.source_failure() {
                Some(source) => Error::Source { host: redact::authority(url), source },
                None => error,
            }),
        }
    }
}

impl Verdict {
    /// Whether a failure is final depends on what became of the body.
    fn after(outgoing: &Outgoing, error: Error) -> Self {
        if outgoing.may_repeat(&error) { Self::Backoff(error) } else { Self::Fail(error) }
    }
}

fn follow(outgoing: &Outgoing, journey: &Journey<'_>, response: &Response) -> Verdict {
    let (method, status) = (&outgoing.request.method, response.status);
    let location = response.header(&LOCATION);
    match redirect::follow(&journey.url, location, method, status, journey.hops) {
        Ok(url) if outgoing.is_whole() => Verdict::Redirect(url),
        Ok(_) => Verdict::Fail(refused_redirect(journey, "in the middle of an upload".to_owned())),
        Err(why) => Verdict::Fail(refused_redirect(journey, why)),
    }
}

fn refused_redirect(journey: &Journey<'_>, why: String) -> Error {
    Error::Redirect { url: SafeUrl::new(&journey.url), why }
}

/// Whether a host shows that it has too much to do.
fn is_hard_pressed(answer: &Result<Response, Error>) -> bool {
    match answer {
        Ok(response) => matches!(response.status.as_u16(), 429 | 503 | 504),
        Err(error) => error.is_transient(),
    }
}

/// Answers of storage hosts to an address that is no longer good.
fn is_expired(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 403 | 410)
}
