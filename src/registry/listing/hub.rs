//! What Docker Hub answers beside the registry (docs.docker.com, «Docker Hub API»).

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::page::{About, Answer, Next, Page, digest, json};

/// Where the tags of a repository are listed.
pub(super) fn tags_of(repository: &str) -> String {
    format!("/v2/repositories/{repository}/tags?page_size=100")
}

/// Where the repositories of a namespace are listed: by name, which stays the same while pages are read.
pub(super) fn repositories_of(namespace: &str) -> String {
    format!("/v2/repositories/{namespace}/?page_size=100&ordering=name")
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Item>,
    #[serde(default)]
    next: Option<String>,
}

/// A tag or a repository. One that is odd does not spoil a list: each field is whatever it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    name: Value,
    /// What the tag means. It may be missing; those of its images are others.
    digest: Value,
    tag_last_pushed: Value,
    last_updated: Value,
}

pub(super) fn tags(answer: &Answer<'_>) -> Result<Page, String> {
    page(answer, |item| {
        let pushed = moment(&item.tag_last_pushed).or_else(|| moment(&item.last_updated));
        let about = About { digest: digest(&item.digest), moved: pushed };
        Some((item.name.as_str()?.to_owned(), about))
    })
}

pub(super) fn repositories(namespace: &str, answer: &Answer<'_>) -> Result<Page, String> {
    page(answer, |item| Some((format!("{namespace}/{}", item.name.as_str()?), About::default())))
}

fn page(
    answer: &Answer<'_>,
    told: impl Fn(&Item) -> Option<(String, About)>,
) -> Result<Page, String> {
    let Results { results, next } = json(answer)?;
    let next = next.filter(|next| !next.is_empty()).map(Next::Address);
    Ok(Page { names: results.iter().filter_map(told).collect(), next })
}

fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn answer(body: &str) -> Answer<'_> {
        Answer { body: body.as_bytes(), given: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_tag_has_the_digest_of_what_it_means() {
        let body = format!(
            r#"{{"count": 3, "next": "https://hub.docker.com/v2/x?page=2", "previous": null, "results": [
                {{"name": "latest", "digest": "{DIGEST}", "tag_status": "active", "content_type": "image",
                  "last_updated": "2021-01-05T21:06:53.506400Z", "tag_last_pushed": "2021-01-06T00:00:00Z",
                  "images": [{{"architecture": "amd64", "digest": "sha256:00"}}]}},
                {{"name": "old", "last_updated": "2016-01-01T00:00:00.5Z", "tag_last_pushed": null,
                  "images": [{{"digest": "{DIGEST}"}}]}},
                {{"name": "odd", "digest": 1, "last_updated": "never"}},
                {{"name": null}}
            ]}}"#
        );
        let page = tags(&answer(&body)).unwrap();
        let shown: Vec<String> = page
            .names
            .iter()
            .map(|(name, about)| {
                let moved = about.moved.map_or("-".to_owned(), |moved| moved.to_string());
                format!("{name} {} {moved}", about.digest.is_some())
            })
            .collect();
        assert_eq!(
            shown,
            ["latest true 2021-01-06T00:00:00Z", "old false 2016-01-01T00:00:00.5Z", "odd false -"]
        );
        assert_eq!(page.next, Some(Next::Address("https://hub.docker.com/v2/x?page=2".to_owned())));
    }

    #[test]
    fn repositories_are_those_of_the_namespace_asked_for() {
        let body =
            r#"{"count": 1, "next": null, "results": [{"namespace": "evil", "name": "app"}, {}]}"#;
        let page = repositories("org", &answer(body)).unwrap();
        assert_eq!(page.names, [("org/app".to_owned(), About::default())]);
        assert_eq!(page.next, None);
        for bad in ["{}", r#"{"message": "object not found"}"#, "<html>"] {
            assert!(repositories("org", &answer(bad)).is_err(), "{bad}");
        }
    }
}
