//! Lists that come in pieces («Retrieving large results sets in chunks» of the Kubernetes documentation).

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::refused;
use crate::imagestream::Result;
use crate::kube::{Client, Error, segment};

/// Whole objects.
pub(super) const WHOLE: &str = "application/json";

/// Their names alone, from servers that can leave out the rest.
pub(super) const NAMES: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";

/// How many objects are asked for at once.
const PAGE: usize = 250;

/// How often a list is begun anew because the server forgot where it stood.
const ATTEMPTS: usize = 3;

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default)]
    metadata: ListMeta,
    // Go writes an empty list as null.
    items: Option<Vec<T>>,
}

#[derive(Default, Deserialize)]
struct ListMeta {
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

/// All objects of the list at `path`.
pub(super) async fn all<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    form: &'static str,
) -> Result<Vec<T>> {
    let mut attempt = 1;
    loop {
        match once(client, path, form).await {
            Err(error) if is_forgotten(&error) && attempt < ATTEMPTS => attempt += 1,
            other => return other.map_err(refused),
        }
    }
}

async fn once<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    form: &'static str,
) -> std::result::Result<Vec<T>, Error> {
    let mut all = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let from = next.map(|at| format!("&continue={}", segment(&at))).unwrap_or_default();
        let page: Page<T> = client.get_as(&format!("{path}?limit={PAGE}{from}"), form).await?;
        all.extend(page.items.unwrap_or_default());
        next = page.metadata.next.filter(|at| !at.is_empty());
        if next.is_none() {
            return Ok(all);
        }
    }
}

/// A list may be walked for a few minutes, then the server no longer knows it as it was.
fn is_forgotten(error: &Error) -> bool {
    error.status().is_some_and(|status| status.code == 410)
}
