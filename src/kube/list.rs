//! Lists that come in pages («Retrieving large results sets in chunks» of the Kubernetes documentation).

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::{Call, Client, JSON, segment};
use super::deadline::Deadline;
use super::error::{Error, ListFault};

/// The names of objects alone, from servers that can leave out the rest.
const NAMES: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";
const NAMES_KIND: &str = "PartialObjectMetadataList";

/// How many objects are asked for at once.
const PAGE: usize = 250;

/// The most pages of a list.
const PAGES: usize = 4000;

/// The most bytes of all its pages.
const BYTES: usize = 1024 * 1024 * 1024;

/// How often a list is begun anew because the server forgot where it stood.
const ATTEMPTS: usize = 3;

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default)]
    kind: String,
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

/// An object of which only the name matters.
#[derive(Deserialize)]
struct Named {
    metadata: Name,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

impl Client {
    /// All objects of the list at `path`, which says that it is of this `kind`. A time limit is one for all its pages.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        kind: &'static str,
    ) -> Result<Vec<T>, Error> {
        self.list_as(path, JSON, &[kind]).await
    }

    /// Their names.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn names(&self, path: &str, kind: &'static str) -> Result<Vec<String>, Error> {
        let all: Vec<Named> = self.list_as(path, NAMES, &[NAMES_KIND, kind]).await?;
        Ok(all.into_iter().map(|named| named.metadata.name).collect())
    }

    async fn list_as<T: DeserializeOwned>(
        &self,
        path: &str,
        accept: &'static str,
        kinds: &[&'static str],
    ) -> Result<Vec<T>, Error> {
        let deadline = self.deadline();
        let mut attempt = 1;
        loop {
            match self.walk(path, accept, kinds, deadline).await {
                Err(error) if is_forgotten(&error) && attempt < ATTEMPTS => attempt += 1,
                other => return other,
            }
        }
    }

    async fn walk<T: DeserializeOwned>(
        &self,
        path: &str,
        accept: &'static str,
        kinds: &[&'static str],
        deadline: Option<Deadline>,
    ) -> Result<Vec<T>, Error> {
        let mut way = Way::default();
        let mut all = Vec::new();
        let mut from = String::new();
        loop {
            let path = format!("{path}?limit={PAGE}{from}");
            let call = Call { accept, deadline, ..Call::get(&path) };
            let body = self.body(&call).await?;
            let page: Page<T> = self.read(&body)?;
            if !kinds.contains(&page.kind.as_str()) {
                return Err(self.of_another_kind(&page.kind, kinds[kinds.len() - 1]));
            }
            all.extend(page.items.unwrap_or_default());
            let Some(next) = page.metadata.next.filter(|at| !at.is_empty()) else {
                return Ok(all);
            };
            from = format!("&continue={}", segment(&next));
            way.goes_on(next, body.len()).map_err(|fault| self.bad_list(fault))?;
        }
    }
}

/// The pages of a list that have come.
#[derive(Default)]
struct Way {
    bytes: usize,
    /// Where each next page was said to begin.
    marks: HashSet<String>,
}

impl Way {
    /// Whether a page may follow at `next`, after one of so many bytes.
    fn goes_on(&mut self, next: String, bytes: usize) -> Result<(), ListFault> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > BYTES || self.marks.len() + 1 >= PAGES {
            return Err(ListFault::TooLarge);
        }
        if self.marks.insert(next) { Ok(()) } else { Err(ListFault::Circular) }
    }
}

/// A list may be walked for a few minutes, then the server no longer knows it as it was.
fn is_forgotten(error: &Error) -> bool {
    error.status().is_some_and(|status| status.code == 410)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_an_end() {
        let pages = |bytes: usize, mark: fn(usize) -> usize| {
            let mut way = Way::default();
            (0..).find_map(|page| {
                let fault = way.goes_on(mark(page).to_string(), bytes).err()?;
                Some((page + 1, fault))
            })
        };
        assert_eq!(pages(1, |page| page), Some((PAGES, ListFault::TooLarge)));
        assert_eq!(pages(BYTES / 2, |page| page), Some((3, ListFault::TooLarge)));
        assert_eq!(pages(usize::MAX, |page| page), Some((1, ListFault::TooLarge)));
        assert_eq!(pages(1, |page| page % 3), Some((4, ListFault::Circular)));
    }
}
