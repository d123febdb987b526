//! All repositories of a registry, or those below a path.

use super::{Kind, Lists};
use crate::http::Client;
use crate::model::RepositoryPath;
use crate::registry::catalog::{self, catalog};
use crate::registry::pages::PageError;
use crate::store::Result;

/// The repositories of the registry behind `client`, as far as it tells them, sorted: all, or those below the path
/// `below`. What is below a path is asked of `lists` too, if there are any.
///
/// # Errors
/// When the registry lists nothing of the kind, keeps it to itself, or answers with something else.
pub async fn repositories(
    client: &Client,
    lists: Option<&Lists>,
    below: Option<&str>,
) -> Result<Vec<RepositoryPath>> {
    let names = match (lists, below) {
        (Some(lists), Some(below)) => listed(client, lists, below).await?,
        _ => catalog(client).await?,
    };
    let paths = names.iter().filter_map(|name| name.parse::<RepositoryPath>().ok());
    let mut paths: Vec<_> = match below {
        Some(below) => paths.filter(|path| path.is_below(below)).collect(),
        None => paths.collect(),
    };
    paths.sort();
    paths.dedup();
    Ok(paths)
}

async fn listed(client: &Client, lists: &Lists, below: &str) -> Result<Vec<String>> {
    let place = format!("{}/{below}", client.registry());
    let namespace = below.split('/').next().unwrap_or_default();
    if namespace.parse::<RepositoryPath>().is_err() {
        return Ok(Vec::new());
    }
    match (lists.repositories(namespace).await, lists.kind) {
        (Ok(mut names), Kind::Quay) => {
            names.extend(more(client, below).await?);
            Ok(names)
        }
        (Ok(names), Kind::DockerHub | Kind::DockerHubRepositories) => Ok(names),
        (Err(error), kind) => {
            tracing::debug!("{} is asked for its catalog: {error}", client.registry());
            match (catalog(client).await, kind) {
                (Err(_), Kind::DockerHub | Kind::DockerHubRepositories) => {
                    Err(catalog::failed(place, error))
                }
                (names, _) => names,
            }
        }
    }
}

/// What the catalog tells to someone with a login: Quay's own list is of what everybody can see.
async fn more(client: &Client, below: &str) -> Result<Vec<String>> {
    let place = client.registry().to_string();
    let has_login = client.has_login(below).await;
    if !has_login.map_err(|error| catalog::failed(place.clone(), error.into()))? {
        return Ok(Vec::new());
    }
    match catalog::read(client).await {
        Ok(names) => Ok(names),
        Err(error) if is_refused(&error) => {
            tracing::debug!("{place} has no catalog: {error}");
            Ok(Vec::new())
        }
        Err(error) => Err(catalog::failed(place, error)),
    }
}

/// Whether there is no catalog, at least not for us.
fn is_refused(error: &PageError) -> bool {
    match error {
        PageError::Answer(_) => true,
        PageError::Request(error) => {
            error.is_denied()
                || error
                    .status()
                    .is_some_and(|status| status.is_client_error() && status.as_u16() != 429)
        }
    }
}
