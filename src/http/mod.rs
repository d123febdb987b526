//! The one loop that all traffic with registries goes through: authorise, send, retry, redirect.
//!
//! A [`Client`] speaks for one registry. [`Client::send`] makes attempts, each of which ends in a verdict; the loop
//! does what the verdict says. What is decided is decided in pure parts: [`RetryPolicy`], challenges, redirects,
//! tokens.
//!
//! What it never does: send `Authorization` to another host than the registry's and its token server's, lower HTTPS
//! to HTTP, or put a secret into a message. Nothing here knows manifests, blobs, tags or files.

mod allowance;
mod authorizer;
mod challenge;
mod error;
mod memory;
mod outgoing;
mod pace;
mod place;
mod quota;
mod redact;
mod redirect;
mod request;
mod response;
mod retry;
mod scope;
mod tls;
mod token;
mod tokens;
mod traffic;
mod transport;
mod trust;
mod tuner;
mod width;

pub use allowance::Allowance;
pub use error::{Cause, Error, Failure};
pub use memory::{Memory, Reserved};
pub use pace::{Rate, RateError, RateLimit};
pub use place::Place;
pub use redact::SafeUrl;
pub use request::{Body, Purpose, Repeat, Request, Target, Upload};
pub use reqwest::Url;
pub use response::{ByteStream, Incoming, Response};
pub use retry::{Attempts, RetryPolicy};
pub use scope::Scope;
pub use traffic::{Traffic, TrafficOptions};
pub use width::Width;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::http::StatusCode;
use ::http::header::{AUTHORIZATION, LOCATION};
use bytes::Bytes;

use crate::auth::Keychain;
use crate::config::Connection;
use crate::model::{Registry, WireErrors, one_line};
use authorizer::{Authorizer, Grant, Wish};
use challenge::Challenge;
use outgoing::Outgoing;
use quota::{Admission, Quota, Spending};
use traffic::Lanes;
use transport::{Transport, refusal};

/// How long no byte may come before a connection counts as dead.
pub const STALL: Duration = Duration::from_secs(30);

/// What a [`Client`] is made of.
pub struct ClientOptions {
    /// The registry as users name it: what credentials are looked up by.
    pub registry: Registry,
    /// The `host[:port]` that answers for it.
    pub host: String,
    /// How to reach it.
    pub connection: Connection,
    /// Where credentials come from.
    pub keychain: Arc<dyn Keychain>,
    /// How often to try again.
    pub retry: RetryPolicy,
    /// How long no byte may come before a connection counts as dead: [`STALL`].
    pub stall: Duration,
    /// What it shares with all other clients of the run.
    pub traffic: Arc<Traffic>,
}

/// One registry: connections, tokens, and what the host asked for. A clone shares all of it.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    registry: Registry,
    base: Url,
    transport: Transport,
    lanes: Arc<Lanes>,
    quota: Quota,
    authorizer: Authorizer,
    memory: Memory,
    width: Width,
}

/// What a login is worth, as the registry tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The registry asked for it and took it.
    Taken,
    /// The registry lets everybody in and did not look at it.
    NotAsked,
}

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
    place: Place,
    _spending: Option<Spending<'a>>,
}

impl Client {
    /// A client; it connects to nobody yet.
    ///
    /// # Errors
    /// When the host is none or the connection settings cannot be used.
    pub fn new(options: ClientOptions) -> Result<Self, Error> {
        let ClientOptions { registry, host, connection, keychain, retry, stall, traffic } = options;
        let scheme = if connection.plain_http { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{host}/"))
            .ok()
            .filter(|url| url.path() == "/" && url.username().is_empty() && url.query().is_none())
            .ok_or_else(|| Error::Host(one_line(&host, 80)))?;
        let transport =
            Transport::new(&host, &connection, retry, stall, Arc::clone(&traffic.gates))?;
        let (lanes, quota) = (traffic.lanes(&registry), Quota::new(registry.clone()));
        let authorizer = Authorizer::new(registry.clone(), base.clone(), keychain);
        let (memory, width) = (traffic.memory.clone(), Width::default());
        let inner = Inner { registry, base, transport, lanes, quota, authorizer, memory, width };
        Ok(Self(Arc::new(inner)))
    }

    /// The registry it speaks for.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// An address that this registry gave for itself, now or in an earlier run, absolute or as a path. `None` when it is
    /// no address, or one of another host: what was kept is not trusted with a login or with content elsewhere.
    #[must_use]
    pub fn own_address(&self, kept: &str) -> Option<Url> {
        let base = &self.0.base;
        redirect::resolve_own(base, kept).ok().filter(|url| redirect::same_origin(url, base))
    }

    /// The tries of a loop above this one: downloads and uploads that go on where they broke off.
    #[must_use]
    pub fn attempts(&self) -> Attempts {
        self.0.transport.attempts()
    }

    /// A place for a request, or for several one after the other, as soon as one is free.
    pub async fn place(&self, purpose: Purpose) -> Place {
        self.0.lanes.of(purpose).take().await
    }

    /// A place, if one is free now and nobody waits for it.
    #[must_use]
    pub fn try_place(&self, purpose: Purpose) -> Option<Place> {
        self.0.lanes.of(purpose).try_take()
    }

    /// A place without waiting, beyond the limit if need be: for someone who holds a place that others wait for. It is
    /// free again like all others.
    #[must_use]
    pub fn place_at_once(&self, purpose: Purpose) -> Place {
        self.0.lanes.of(purpose).take_at_once()
    }

    /// The memory of the run for bytes that come before their turn.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.0.memory
    }

    /// Over how many connections long downloads are best read, as they find out.
    #[must_use]
    pub fn width(&self) -> &Width {
        &self.0.width
    }

    /// Sends a request until there is an answer that it accepts, or an error that stays.
    ///
    /// # Errors
    /// The last one. It is transient when the tries are spent, or when the body could be sent only once.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        self.0.run(&Outgoing::new(request), &mut self.attempts()).await
    }

    /// Sends a request and reads the answer's body, at most `limit` bytes, as one piece of work: a body that breaks
    /// off is a reason to ask again.
    ///
    /// # Errors
    /// As for [`Client::send`] and [`Response::read`].
    pub async fn fetch(&self, request: Request, limit: usize) -> Result<Response<Bytes>, Error> {
        let outgoing = Outgoing::new(request);
        let mut attempts = self.attempts();
        loop {
            let response = self.0.run(&outgoing, &mut attempts).await?;
            match response.read(limit).await {
                Ok(response) => return Ok(response),
                Err(error) if outgoing.may_repeat(&error) => attempts.after(error).await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks for `/v2/`, which proves the login if the registry looks at it.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when the login is not taken; all that [`Client::send`] gives.
    pub async fn ping(&self) -> Result<Proof, Error> {
        self.send(Request::get("/v2/")).await?;
        Ok(if self.0.authorizer.was_asked() { Proof::Taken } else { Proof::NotAsked })
    }
}

impl Inner {
    async fn run(&self, outgoing: &Outgoing, attempts: &mut Attempts) -> Result<Response, Error> {
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

    /// Waits until the request may go out, and takes a place where it has none.
    async fn begin(&self, outgoing: &Outgoing, url: Url) -> Result<Journey<'_>, Error> {
        let asked = &outgoing.request;
        let spending = if asked.spends() { Some(self.spend(outgoing).await?) } else { None };
        let place = match &asked.place {
            Some(place) => place.clone(),
            None => self.lanes.of(asked.purpose).take().await,
        };
        Ok(Journey { url, hops: 0, place, _spending: spending })
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
        let grant = if at_home {
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
            journey.place.lane().pressed(mark.sent);
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
            Ok(response) if at_home && response.status == StatusCode::UNAUTHORIZED => {
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
        outgoing.fill(&mut request, journey.place.lane());
        let pool = match asked.purpose {
            Purpose::Metadata => &self.transport.pools.metadata,
            Purpose::Download | Purpose::Upload => &self.transport.pools.blob,
        };
        let stalled = outgoing.stalled(self.transport.stall);
        match self.transport.exchange(pool, request, stalled).await {
            Ok(response) => Ok(response.at(&journey.place)),
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
