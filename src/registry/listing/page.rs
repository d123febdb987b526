//! Pages of lists as JSON, read to the end without a login.

use std::collections::BTreeMap;
use std::time::SystemTime;

use http::StatusCode;
use http::header::{ACCEPT, DATE, HeaderValue};
use jiff::Timestamp;
use serde_json::Value;

use super::super::pages::{MAX_LIST, MAX_PAGES, PageError};
use crate::http::{Client, Request, Url};
use crate::model::Digest;

/// What a list tells of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) digest: Option<Digest>,
    pub(super) moved: Option<Timestamp>,
}

/// What a page holds, and where the list goes on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) names: Vec<(String, About)>,
    pub(super) next: Option<Next>,
}

/// Where a list goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// On the page with the next number.
    Number,
    /// On the page that this proves to be the next.
    Token(String),
    /// At this address.
    Address(String),
}

/// An answer to be read.
pub(super) struct Answer<'a> {
    pub(super) body: &'a [u8],
    /// When it was given, by the clock of whoever gave it.
    pub(super) given: Timestamp,
}

/// Makes a page of an answer; the error is a verb phrase.
pub(super) type Read<'a> = dyn Fn(&Answer<'_>) -> Result<Page, String> + Sync + 'a;

/// A whole list.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) names: BTreeMap<String, About>,
    /// How many pages it had. What was moved or removed while several were read may be missing.
    pub(super) pages: usize,
}

impl Told {
    /// Takes what is new. Of a name that is told twice, what was told of it last counts.
    fn add(&mut self, (name, about): (String, About)) {
        match self.names.get(&name) {
            Some(known) if known.moved >= about.moved => {}
            _ => {
                self.names.insert(name, about);
            }
        }
    }
}

/// Reads all pages from the path `first` on, within the bounds of all lists.
pub(super) async fn read(client: &Client, first: &str, read: &Read<'_>) -> Result<Told, PageError> {
    let odd = |why: &str| PageError::Answer(why.to_owned());
    let first =
        client.own_address(first).ok_or_else(|| odd("would be at no address of its host"))?;
    let (mut told, mut room, mut at) = (Told::default(), MAX_LIST, first.clone());
    loop {
        let request = Request::get(at)
            .anonymous()
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .accept(&[StatusCode::OK]);
        let response = client.fetch(request, room).await?;
        room -= response.body.len();
        let given = given(response.header(&DATE));
        let page = read(&Answer { body: &response.body, given }).map_err(PageError::Answer)?;
        let before = told.names.len();
        page.names.into_iter().for_each(|name| told.add(name));
        told.pages += 1;
        let Some(next) = page.next else { return Ok(told) };
        if told.names.len() == before {
            return Err(odd("goes on and brings nothing new"));
        }
        if told.pages == MAX_PAGES {
            return Err(odd("has too many pages"));
        }
        at = turned(client, &first, told.pages + 1, next)
            .ok_or_else(|| odd("goes on at an address of another host"))?;
    }
}

/// When an answer was given, as its header tells.
fn given(date: Option<&str>) -> Timestamp {
    let told = date.and_then(|date| httpdate::parse_http_date(date).ok());
    Timestamp::try_from(told.unwrap_or_else(SystemTime::now)).unwrap_or_default()
}

fn turned(client: &Client, first: &Url, number: usize, next: Next) -> Option<Url> {
    let with = |key: &str, value: &str| {
        let mut url = first.clone();
        url.query_pairs_mut().append_pair(key, value);
        url
    };
    match next {
        Next::Number => Some(with("page", &number.to_string())),
        Next::Token(token) => Some(with("next_page", &token)),
        Next::Address(address) => client.own_address(&address),
    }
}

/// A digest, where one is told.
pub(super) fn digest(value: &Value) -> Option<Digest> {
    value.as_str()?.parse().ok()
}

/// The JSON of an answer.
pub(super) fn json<'a, T: serde::Deserialize<'a>>(answer: &Answer<'a>) -> Result<T, String> {
    serde_json::from_slice(answer.body)
        .map_err(|error| format!("is not the list it should be: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_moved_last_counts() {
        let about = |second: Option<i64>| About {
            moved: second.map(|second| Timestamp::from_second(second).unwrap()),
            digest: None,
        };
        let mut told = Told::default();
        for second in [None, Some(2), Some(1), None] {
            told.add(("v1".to_owned(), about(second)));
        }
        assert_eq!(told.names["v1"], about(Some(2)));
    }

    #[test]
    fn the_clock_is_that_of_who_answers() {
        let told = given(Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(told.to_string(), "1994-11-06T08:49:37Z");
        assert!(given(Some("soon")) > told && given(None) > told);
    }
}
