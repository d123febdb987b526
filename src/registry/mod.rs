//! The client side of the OCI distribution specification 1.1: one repository of one registry as a store.
//!
//! Nothing here knows layouts, plans or the terminal. How requests are authorised, retried and redirected is the
//! business of [`crate::http`].

mod blobs;
mod catalog;
mod download;
mod error;
mod fallback;
mod journal;
mod link;
mod listing;
mod manifests;
mod mark;
mod pages;
mod range;
mod referrers;
mod repository;
mod upload;

pub use catalog::catalog;
pub use error::Error;
pub use fallback::Fallback;
pub use journal::Journal;
pub use listing::{Kind, Lists, repositories};

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::http::{self, Client, Scope, Target};
use crate::model::{Descriptor, Digest, Repository};
use crate::store;

/// One repository of one registry.
#[derive(Clone)]
pub struct Remote {
    inner: Arc<Inner>,
    /// Lists beside the distribution specification.
    lists: Option<Arc<Lists>>,
}

struct Inner {
    client: Client,
    /// What the user calls it.
    name: Repository,
    /// What it is called on the registry that answers: another where `registries.conf` says so.
    wire: Repository,
    /// Uploads that the registry began when it could not mount: the next upload of the blob goes on with them.
    begun: Mutex<HashMap<Digest, upload::Session>>,
    journal: Arc<Journal>,
    /// Held while a list of referrers is read, changed and written.
    referrers: tokio::sync::Mutex<()>,
}

impl Remote {
    /// The repository that the user calls `name`, as `wire` on the registry of `client`.
    #[must_use]
    pub fn new(client: Client, name: Repository, wire: Repository) -> Self {
        Self::journaled(client, name, wire, Arc::default())
    }

    /// The same, with a journal of its uploads.
    #[must_use]
    pub fn journaled(
        client: Client,
        name: Repository,
        wire: Repository,
        journal: Arc<Journal>,
    ) -> Self {
        let (begun, referrers) = (Mutex::default(), tokio::sync::Mutex::default());
        let inner = Arc::new(Inner { client, name, wire, begun, journal, referrers });
        Self { inner, lists: None }
    }

    /// The same, with lists that its registry gives besides.
    #[must_use]
    pub fn listed_by(self, lists: Option<Arc<Lists>>) -> Self {
        Self { lists, ..self }
    }

    fn client(&self) -> &Client {
        &self.inner.client
    }

    /// `/v2/NAME/` and what follows.
    fn url(&self, rest: impl std::fmt::Display) -> Target {
        Target::Path(format!("/v2/{}/{rest}", self.inner.wire.path()))
    }

    /// What the journal knows of an upload of `blob` to this repository, wherever it was called what.
    fn journal_entry(&self, blob: &Descriptor) -> Option<journal::Entry> {
        let path = format!("/v2/{}/", self.inner.wire.path());
        let place = self.client().own_address(&path)?;
        self.inner.journal.entry(place.as_str(), blob)
    }

    fn place(&self) -> String {
        self.inner.name.to_string()
    }

    fn pull(&self) -> Scope {
        Scope::pull(&self.inner.wire)
    }

    fn push(&self) -> Scope {
        Scope::push(&self.inner.wire)
    }

    /// What to do with an error of a request that does `action` to `what`.
    fn failed(
        &self,
        action: &'static str,
        what: impl Into<String>,
    ) -> impl FnOnce(http::Error) -> store::Error {
        let (what, place) = (what.into(), self.place());
        move |source| Error::Request { action, what, place, source }.into()
    }

    /// An answer that is not what the specification asks for.
    fn odd(
        &self,
        action: &'static str,
        what: impl Into<String>,
        problem: impl Into<String>,
    ) -> store::Error {
        let (what, problem) = (what.into(), problem.into());
        Error::Answer { action, what, place: self.place(), problem }.into()
    }
}
