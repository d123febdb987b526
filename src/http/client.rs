//! One registry, as the layers above ask it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Url;

use super::authorizer::Authorizer;
use super::error::Error;
use super::memory::Memory;
use super::outgoing::Outgoing;
use super::quota::Quota;
use super::redirect;
use super::request::{Purpose, Request};
use super::response::Response;
use super::retry::{Attempts, RetryPolicy};
use super::slot::Slot;
use super::traffic::{Lanes, Traffic};
use super::transport::Transport;
use super::width::Width;
use crate::auth::Keychain;
use crate::config::Connection;
use crate::model::{Registry, one_line};

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

/// What requests to one registry share.
pub(super) struct Inner {
    pub(super) registry: Registry,
    pub(super) base: Url,
    pub(super) transport: Transport,
    pub(super) lanes: Arc<Lanes>,
    pub(super) quota: Quota,
    pub(super) authorizer: Authorizer,
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
    pub(crate) fn own_address(&self, kept: &str) -> Option<Url> {
        let base = &self.0.base;
        redirect::resolve_own(base, kept).ok().filter(|url| redirect::same_origin(url, base))
    }

    /// Whether there is a login for the repository `path`.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub async fn has_login(&self, path: &str) -> Result<bool, Error> {
        self.0.authorizer.has_credential(path).await
    }

    /// The tries of a loop above this one: downloads and uploads that go on where they broke off.
    #[must_use]
    pub fn attempts(&self) -> Attempts {
        self.0.transport.attempts()
    }

    /// A slot for a request, or for several one after the other, as soon as one is free.
    pub async fn slot(&self, purpose: Purpose) -> Slot {
        self.0.lanes.of(purpose).take().await
    }

    /// A slot, if one is free now and nobody waits for it.
    #[must_use]
    pub fn try_slot(&self, purpose: Purpose) -> Option<Slot> {
        self.0.lanes.of(purpose).try_take()
    }

    /// A slot without waiting, beyond the limit if need be: for someone who holds a slot that others wait for. It is
    /// free again like all others.
    #[must_use]
    pub fn slot_at_once(&self, purpose: Purpose) -> Slot {
        self.0.lanes.of(purpose).take_at_once()
    }

    /// The memory of the run for bytes that come before their turn.
    pub(crate) fn memory(&self) -> &Memory {
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
