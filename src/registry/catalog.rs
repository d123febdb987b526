//! Tags of a repository (end-8) and repositories of a registry (`_catalog`, which the specification reserves and many
//! registries answer).

use serde::Deserialize;

use super::pages::{self, PageError};
use super::{Error, Remote, mark};
use crate::http::{Client, Scope, Target, Url};
use crate::model::{RefName, Tag};
use crate::store::{self, Listed, Listing, Mark, Names, Result};

#[derive(Deserialize)]
struct TagPage {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct CatalogPage {
    repositories: Option<Vec<String>>,
}

/// The list of the tags of a repository.
const TAGS: &str = "tags/list?n=1000";

impl Remote {
    /// All tags, sorted.
    pub(super) async fn tags(&self) -> Result<Vec<RefName>> {
        let pages = pages::read(self.client(), self.url(TAGS), self.pull()).await;
        Ok(sorted(pages.map_err(|error| self.no_tags(error))?))
    }

    /// All tags, sorted, unless they are those of the list with this mark.
    pub(super) async fn marked_tags(&self, mark: Option<&Mark>) -> Result<Names> {
        let url = self.address(TAGS);
        let etag = url.as_ref().zip(mark).and_then(|(url, mark)| mark::entity_tag(url, mark));
        let list = pages::read_unless(self.client(), self.url(TAGS), self.pull(), etag).await;
        let Some(list) = list.map_err(|error| self.no_tags(error))? else {
            return Ok(Names::Unchanged);
        };
        let mark = url.zip(list.etag).and_then(|(url, etag)| mark::of(&url, &etag));
        let names = sorted(list.pages).into_iter().map(Listed::from).collect();
        Ok(Names::Listed(Listing { names, mark }))
    }

    /// The address of a list of this repository.
    fn address(&self, list: &str) -> Option<Url> {
        self.client().own_address(&format!("/v2/{}/{list}", self.inner.wire.path()))
    }

    fn no_tags(&self, error: PageError) -> store::Error {
        match error {
            PageError::Request(error) => self.failed("read", "the list of tags")(error),
            PageError::Answer(problem) => self.odd("read", "the list of tags", problem),
        }
    }
}

fn sorted(pages: Vec<TagPage>) -> Vec<RefName> {
    let names = pages.into_iter().filter_map(|page| page.tags).flatten();
    let tags = known_tags(names.map(|name| (name, ())));
    let mut tags: Vec<RefName> = tags.into_iter().map(|(tag, ())| tag.into()).collect();
    tags.sort();
    tags.dedup();
    tags
}

/// Tags that no request could ever name are left out; the first of them is told. Docker Hub has repositories from
/// before tags had names: an empty one is `latest`.
pub(super) fn known_tags<T>(names: impl IntoIterator<Item = (String, T)>) -> Vec<(Tag, T)> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (name, about) in names {
        match name.parse::<Tag>() {
            _ if name.is_empty() => known.push((Tag::latest(), about)),
            Ok(tag) => known.push((tag, about)),
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
    read(client).await.map_err(|error| failed(client.registry().to_string(), error))
}

pub(super) async fn read(client: &Client) -> std::result::Result<Vec<String>, PageError> {
    let first = Target::Path("/v2/_catalog?n=1000".to_owned());
    let pages: Vec<CatalogPage> = pages::read(client, first, Scope::catalog()).await?;
    let mut names: Vec<String> =
        pages.into_iter().filter_map(|page| page.repositories).flatten().collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// What to say of a list of repositories that cannot be read.
pub(super) fn failed(place: String, error: PageError) -> store::Error {
    let (action, what) = ("read", "the list of repositories".to_owned());
    match error {
        PageError::Request(source) => Error::Request { action, what, place, source },
        PageError::Answer(problem) => Error::Answer { action, what, place, problem },
    }
    .into()
}
