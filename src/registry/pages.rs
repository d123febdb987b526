//! Lists that come in pages (end-8, referrers, catalog).

use std::collections::HashSet;
use std::fmt;

use http::StatusCode;
use http::header::{ETAG, HeaderValue, IF_NONE_MATCH, LINK};
use serde::de::DeserializeOwned;

use super::link::next_page;
use crate::http::{Client, Error, Request, Scope, Target};

/// The most bytes that one list may have, all its pages together.
pub(super) const MAX_LIST: usize = 32 * 1024 * 1024;
/// The most pages that one list may have.
pub(super) const MAX_PAGES: usize = 10_000;

/// What can go wrong with a list.
pub(super) enum PageError {
    Request(Error),
    /// A verb phrase about the answer.
    Answer(String),
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Self::Request(error)
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => write!(f, "{error}"),
            Self::Answer(problem) => write!(f, "the answer {problem}"),
        }
    }
}

/// A list.
pub(super) struct Pages<T> {
    pub(super) pages: Vec<T>,
    /// The entity tag of the first page, if that is all of the list.
    pub(super) etag: Option<HeaderValue>,
}

/// Reads all pages from `first` on. A registry whose pages go in a circle is stopped.
pub(super) async fn read<T: DeserializeOwned>(
    client: &Client,
    first: Target,
    scope: Scope,
) -> Result<Vec<T>, PageError> {
    let first = Request::get(first).scope(scope.clone()).accept(&[StatusCode::OK]);
    Ok(read_from(client, first, scope).await?.map_or_else(Vec::new, |list| list.pages))
}

/// The same, but for a list of which `etag` is still true: that is `None`.
pub(super) async fn read_unless<T: DeserializeOwned>(
    client: &Client,
    first: Target,
    scope: Scope,
    etag: Option<HeaderValue>,
) -> Result<Option<Pages<T>>, PageError> {
    let first = Request::get(first).scope(scope.clone());
    let first = match etag {
        Some(etag) => {
            first.header(IF_NONE_MATCH, etag).accept(&[StatusCode::OK, StatusCode::NOT_MODIFIED])
        }
        None => first.accept(&[StatusCode::OK]),
    };
    read_from(client, first, scope).await
}

/// `None` when the first answer is that nothing has changed.
async fn read_from<T: DeserializeOwned>(
    client: &Client,
    first: Request,
    scope: Scope,
) -> Result<Option<Pages<T>>, PageError> {
    let mut list = Pages { pages: Vec::new(), etag: None };
    let mut room = MAX_LIST;
    let mut visited = HashSet::new();
    let mut next = Some(first);
    while let Some(request) = next {
        if list.pages.len() == MAX_PAGES {
            return Err(PageError::Answer(format!("has more than {MAX_PAGES} pages")));
        }
        let response = client.fetch(request, room).await?;
        if response.status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        room -= response.body.len();
        let url = response.url.clone();
        let header = response.header(&LINK);
        let link = header.and_then(next_page);
        // A list that ends early would look like one without the rest.
        if link.is_none() && header.is_some_and(|text| text.to_ascii_lowercase().contains("next")) {
            return Err(PageError::Answer("has a Link to its next page that is none".to_owned()));
        }
        let target = link.map(|link| response.resolve(link)).transpose()?;
        if !visited.insert(url) {
            return Err(PageError::Answer("names a page as its own next page".to_owned()));
        }
        let page = serde_json::from_slice(&response.body)
            .map_err(|error| PageError::Answer(format!("is not the list it should be: {error}")))?;
        let is_whole = list.pages.is_empty() && target.is_none();
        list.etag = response.headers.get(ETAG).filter(|_| is_whole).cloned();
        list.pages.push(page);
        next = target.map(|url| Request::get(url).scope(scope.clone()).accept(&[StatusCode::OK]));
    }
    Ok(Some(list))
}
