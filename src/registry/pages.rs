//! Lists that come in pages (end-8, referrers, catalog).

use std::collections::HashSet;

use http::StatusCode;
use http::header::LINK;
use serde::de::DeserializeOwned;

use super::link::next_page;
use crate::http::{Client, Error, Request, Scope, Target};

/// The most bytes that one list may have, all its pages together.
const MAX_LIST: usize = 32 * 1024 * 1024;
/// The most pages that one list may have.
const MAX_PAGES: usize = 10_000;

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

/// Reads all pages from `first` on. A registry whose pages go in a circle is stopped.
pub(super) async fn read<T: DeserializeOwned>(
    client: &Client,
    first: Target,
    scope: Scope,
) -> Result<Vec<T>, PageError> {
    let mut pages = Vec::new();
    let mut room = MAX_LIST;
    let mut visited = HashSet::new();
    let mut next = Some(first);
    while let Some(target) = next {
        if pages.len() == MAX_PAGES {
            return Err(PageError::Answer(format!("has more than {MAX_PAGES} pages")));
        }
        let request = Request::get(target).scope(scope.clone()).accept(&[StatusCode::OK]);
        let response = client.fetch(request, room).await?;
        room -= response.body.len();
        let url = response.url.clone();
        let link = response.header(&LINK).and_then(next_page);
        next = link.map(|link| response.resolve(link)).transpose()?.map(Target::Location);
        if !visited.insert(url) {
            return Err(PageError::Answer("names a page as its own next page".to_owned()));
        }
        let page = serde_json::from_slice(&response.body)
            .map_err(|error| PageError::Answer(format!("is not the list it should be: {error}")))?;
        pages.push(page);
    }
    Ok(pages)
}
