//! Tags of a repository (end-8) and repositories of a registry (`_catalog`, which the specification reserves and many
//! registries answer).

use serde::Deserialize;

use super::pages::{self, PageError};
use super::{Error, Remote};
use crate::http::{Client, Scope, Target};
use crate::model::{RefName, Tag};
use crate::store::{self, Result};

#[derive(Deserialize)]
struct TagPage {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct CatalogPage {
    repositories: Option<Vec<String>>,
}

impl Remote {
    /// All tags, sorted.
    pub(super) async fn tags(&self) -> Result<Vec<RefName>> {
        let pages: Vec<TagPage> =
            pages::read(self.client(), self.url("tags/list?n=1000"), self.pull()).await.map_err(
                |error| match error {
                    PageError::Request(error) => self.failed("read", "the list of tags")(error),
                    PageError::Answer(problem) => self.odd("read", "the list of tags", problem),
                },
            )?;
        let names = pages.into_iter().filter_map(|page| page.tags).flatten();
        let mut tags: Vec<RefName> = known_tags(names);
        tags.sort();
        tags.dedup();
        Ok(tags)
    }
}

/// Tags that no request could ever name are left out; the first of them is told. Docker Hub has repositories from
/// before tags had names: an empty one is `latest`.
fn known_tags(names: impl Iterator<Item = String>) -> Vec<RefName> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for name in names {
        match name.parse::<Tag>() {
            _ if name.is_empty() => known.push(RefName::from(Tag::latest())),
            Ok(tag) => known.push(RefName::from(tag)),
            Err(error) => unknown.push(error),
        }
    }
    if let Some(first) = unknown.first() {
        tracing::warn!("left out of the list ({} in all): {first}", unknown.len());
    }
    known
}

/// All repositories of the registry behind `client`, sorted, as far as it tells them.
///
/// # Errors
/// When the registry has no catalog, keeps it to itself, or answers with something else.
pub async fn catalog(client: &Client) -> Result<Vec<String>> {
    let place = client.registry().to_string();
    let what = "the list of repositories".to_owned();
    let first = Target::Path("/v2/_catalog?n=1000".to_owned());
    let pages: Vec<CatalogPage> =
        pages::read(client, first, Scope::catalog()).await.map_err(|error| {
            store::Error::from(match error {
                PageError::Request(source) => {
                    Error::Request { action: "read", what, place, source }
                }
                PageError::Answer(problem) => {
                    Error::Answer { action: "read", what, place, problem }
                }
            })
        })?;
    let mut names: Vec<String> =
        pages.into_iter().filter_map(|page| page.repositories).flatten().collect();
    names.sort();
    names.dedup();
    Ok(names)
}
