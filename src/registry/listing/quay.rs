//! What Quay answers beside the registry (`/api/v1/repository`; docs.quay.io, «Red Hat Quay API»).

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Deserialize;
use serde_json::Value;

use super::page::{About, Answer, Next, Page, digest, json};

/// The longest token of a next page that is sent back.
const MAX_TOKEN: usize = 4096;

/// Where the tags of a repository are listed. It gives no more than 100 at once.
pub(super) fn tags_of(repository: &str) -> String {
    format!("/api/v1/repository/{repository}/tag/?limit=100&onlyActiveTags=true")
}

/// Where the repositories of a namespace are listed.
pub(super) fn repositories_of(namespace: &str) -> String {
    format!("/api/v1/repository?namespace={namespace}&public=true")
}

#[derive(Deserialize)]
struct Tags {
    tags: Vec<Tag>,
    #[serde(default)]
    has_additional: bool,
}

/// One odd tag does not spoil a list: each field is whatever it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Tag {
    name: Value,
    manifest_digest: Value,
    start_ts: Value,
    end_ts: Value,
    last_modified: Value,
}

pub(super) fn tags(answer: &Answer<'_>) -> Result<Page, String> {
    let Tags { tags, has_additional } = json(answer)?;
    let names = tags.iter().filter(|tag| tag.is_alive(answer.given));
    Ok(Page {
        names: names.filter_map(Tag::told).collect(),
        next: has_additional.then_some(Next::Number),
    })
}

impl Tag {
    /// Tags have an end when they are to be removed, and when they were.
    fn is_alive(&self, now: Timestamp) -> bool {
        self.end_ts.as_i64().is_none_or(|end| end <= 0 || end > now.as_second())
    }

    fn told(&self) -> Option<(String, About)> {
        let about = About { digest: digest(&self.manifest_digest), moved: self.moved() };
        Some((self.name.as_str()?.to_owned(), about))
    }

    fn moved(&self) -> Option<Timestamp> {
        match self.start_ts.as_i64() {
            Some(second) => Timestamp::from_second(second).ok(),
            None => {
                rfc2822::parse(self.last_modified.as_str()?).ok().map(|zoned| zoned.timestamp())
            }
        }
    }
}

#[derive(Deserialize)]
struct Repositories {
    repositories: Vec<Repository>,
    #[serde(default)]
    next_page: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Repository {
    namespace: Value,
    name: Value,
    /// `application` is no repository of images.
    kind: Value,
}

pub(super) fn repositories(answer: &Answer<'_>) -> Result<Page, String> {
    let Repositories { repositories, next_page } = json(answer)?;
    if next_page.as_ref().is_some_and(|token| token.len() > MAX_TOKEN) {
        return Err("has a next page with too long a name".to_owned());
    }
    let path = |repository: &Repository| {
        let (namespace, name) = (repository.namespace.as_str()?, repository.name.as_str()?);
        let is_of_images = repository.kind.as_str().is_none_or(|kind| kind == "image");
        is_of_images.then(|| (format!("{namespace}/{name}"), About::default()))
    };
    Ok(Page {
        names: repositories.iter().filter_map(path).collect(),
        next: next_page.map(Next::Token),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn answer(body: &str) -> Answer<'_> {
        Answer { body: body.as_bytes(), given: Timestamp::from_second(1_700_000_000).unwrap() }
    }

    #[test]
    fn tags_have_digests_and_times() {
        let body = format!(
            r#"{{"tags": [{{"name": "v1", "reversion": false, "start_ts": 1690000000, "manifest_digest": "{DIGEST}",
                "is_manifest_list": true, "size": null, "last_modified": "Sat, 22 Jul 2023 04:26:40 -0000"}}],
                "page": 1, "has_additional": true}}"#
        );
        let page = tags(&answer(&body)).unwrap();
        let moved = Timestamp::from_second(1_690_000_000).ok();
        let about = About { digest: DIGEST.parse().ok(), moved };
        assert_eq!(page, Page { names: vec![("v1".into(), about)], next: Some(Next::Number) });
    }

    #[test]
    fn odd_tags_are_told_as_far_as_they_make_sense() {
        let body = r#"{"tags": [
            {"name": "none", "manifest_digest": null},
            {"name": "bad", "manifest_digest": "sha256:xyz", "start_ts": "yesterday", "last_modified": 7},
            {"name": "far", "manifest_digest": ["a"], "start_ts": 9223372036854775807},
            {"name": "said", "last_modified": "Sat, 22 Jul 2023 04:26:40 -0000"},
            {"name": "ends", "end_ts": 1700000001, "expiration": "soon"},
            {"name": "over", "end_ts": 1699999999},
            {"name": 3}, {}
        ]}"#;
        let page = tags(&answer(body)).unwrap();
        let names: Vec<&str> = page.names.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["none", "bad", "far", "said", "ends"]);
        assert!(page.names.iter().all(|(_, about)| about.digest.is_none()));
        let moved: Vec<_> = page.names.iter().filter_map(|(_, about)| about.moved).collect();
        assert_eq!(moved, [Timestamp::from_second(1_690_000_000).unwrap()]);
        assert_eq!(page.next, None);
        for bad in ["", "<html>", "[]", "{}", r#"{"tags": null}"#, r#"{"tags": [1]}"#] {
            assert!(tags(&answer(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn repositories_are_those_of_images() {
        let body = r#"{"repositories": [
            {"namespace": "org", "name": "app", "kind": "image", "is_public": true, "state": "NORMAL"},
            {"namespace": "org", "name": "team/app"},
            {"namespace": "org", "name": "chart", "kind": "application"},
            {"name": "app"}, {"namespace": "org"}
        ], "next_page": "gAAA=="}"#;
        let page = repositories(&answer(body)).unwrap();
        let names: Vec<&str> = page.names.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["org/app", "org/team/app"]);
        assert_eq!(page.next, Some(Next::Token("gAAA==".to_owned())));
        let long = format!(r#"{{"repositories": [], "next_page": "{}"}}"#, "x".repeat(4097));
        assert!(repositories(&answer(&long)).is_err());
    }
}
