//! Paging of lists: `n`, `last`, and the `Link` to the next page (OCI distribution specification, «Listing Tags»;
//! RFC 8288).

use super::error::{Outcome, Reason, Refusal};
use super::query::{Query, encode};

/// Which part of a sorted list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// At most so many; all when not given.
    limit: Option<usize>,
    /// Only what sorts behind this.
    after: Option<String>,
}

impl Page {
    pub(super) fn from_query(query: &Query) -> Outcome<Self> {
        let number = |text: &str| {
            let message = "'n' has to be a number, zero or more";
            text.parse().map_err(|_| Refusal::new(Reason::PageInvalid, message))
        };
        Ok(Self {
            limit: query.get("n").map(number).transpose()?,
            after: query.get("last").filter(|last| !last.is_empty()).map(str::to_owned),
        })
    }

    /// The part of `sorted` that was asked for, and the `Link` header when there is more behind it.
    pub(super) fn cut<'a>(
        &self,
        sorted: &'a [String],
        path: &str,
    ) -> (&'a [String], Option<String>) {
        let start = match &self.after {
            Some(after) => sorted.partition_point(|entry| entry <= after),
            None => 0,
        };
        let rest = &sorted[start..];
        let limit = self.limit.unwrap_or(rest.len()).min(rest.len());
        let page = &rest[..limit];
        let link = page
            .last()
            .filter(|_| limit < rest.len())
            .map(|last| format!("<{path}?n={limit}&last={}>; rel=\"next\"", encode(last)));
        (page, link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(query: &str) -> Outcome<(Vec<String>, Option<String>)> {
        let all: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        let (page, link) = Page::from_query(&Query::parse(query)?)?.cut(&all, "/v2/x/tags/list");
        Ok((page.to_vec(), link))
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        for (query, page, link) in [
            ("", "abcde", None),
            ("n=2", "ab", Some("</v2/x/tags/list?n=2&last=b>; rel=\"next\"")),
            ("n=2&last=b", "cd", Some("</v2/x/tags/list?n=2&last=d>; rel=\"next\"")),
            ("n=2&last=d", "e", None),
            ("n=5", "abcde", None),
            ("n=9", "abcde", None),
            ("n=0", "", None),
            ("last=bb", "cde", None),
            ("last=z", "", None),
            ("last=", "abcde", None),
        ] {
            let (found, found_link) = cut(query).unwrap();
            assert_eq!((found.concat().as_str(), found_link.as_deref()), (page, link), "{query}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for query in ["n=-1", "n=x", "n="] {
            assert_eq!(cut(query).unwrap_err().reason(), Reason::PageInvalid);
        }
    }
}
