//! Lists that a registry gives beside the distribution specification: those of Quay, which tell digests in bulk, and
//! those of Docker Hub, which has no catalog.
//!
//! They are asked without a login: robot accounts have none there, and Docker Hub has its lists on another host. What is
//! refused so, or answered oddly, is asked of the standard lists as if these were not there.

mod hub;
mod page;
mod quay;
mod repositories;
mod tags;

use std::sync::atomic::{AtomicBool, Ordering};

pub use repositories::repositories;

use self::page::{Read, Told};
use super::pages::PageError;
use crate::http::{self, Client};

/// Whose lists they are, and which of them are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Quay's, of tags and of repositories.
    Quay,
    /// Docker Hub's, of tags and of repositories.
    DockerHub,
    /// Docker Hub's of repositories alone: what its registry tells of tags is less to read.
    DockerHubRepositories,
}

/// The lists of one registry.
pub struct Lists {
    kind: Kind,
    client: Client,
    /// What is in front of the path of each list.
    path: String,
    /// They were not to be had, and are not asked for again.
    given_up: AtomicBool,
}

impl Lists {
    /// The lists that `client` gets below `path`.
    #[must_use]
    pub fn new(kind: Kind, client: Client, path: &str) -> Self {
        Self { kind, client, path: path.to_owned(), given_up: AtomicBool::default() }
    }

    /// The tags of a repository, if they are told.
    async fn tags(&self, repository: &str) -> Option<Told> {
        // What is in no namespace has no such lists.
        if !repository.contains('/') || self.given_up.load(Ordering::Relaxed) {
            return None;
        }
        let asked = match self.kind {
            Kind::Quay => self.read(&quay::tags_of(repository), &quay::tags).await,
            Kind::DockerHub => self.read(&hub::tags_of(repository), &hub::tags).await,
            Kind::DockerHubRepositories => return None,
        };
        asked
            .inspect_err(|error| tracing::debug!("the registry is asked for its tags: {error}"))
            .ok()
    }

    /// The paths of the repositories of a namespace, those that everybody can see.
    async fn repositories(&self, namespace: &str) -> Result<Vec<String>, PageError> {
        let told = match self.kind {
            Kind::Quay => self.read(&quay::repositories_of(namespace), &quay::repositories).await,
            Kind::DockerHub | Kind::DockerHubRepositories => {
                let read = |page: &page::Answer<'_>| hub::repositories(namespace, page);
                self.read(&hub::repositories_of(namespace), &read).await
            }
        };
        Ok(told?.names.into_keys().collect())
    }

    async fn read(&self, first: &str, read: &Read<'_>) -> Result<Told, PageError> {
        let told = page::read(&self.client, &format!("{}{first}", self.path), read).await;
        if let Err(PageError::Request(error)) = &told
            && !is_about_this(error)
        {
            self.given_up.store(true, Ordering::Relaxed);
        }
        told
    }
}

/// Whether one list is refused, and others may be told.
fn is_about_this(error: &http::Error) -> bool {
    match error.status() {
        Some(status) => status.is_client_error() && status.as_u16() != 429,
        None => matches!(error, http::Error::TooLarge { .. }),
    }
}
