//! Lists as Quay gives them.

use longshore::config::RegistryOptions;
use longshore::model::ListingApi;

use super::{Asker, digest, json, kind, login, strangers_got_no_login, tags};
use crate::support::responder::{Asked, Reply, Responder};

const TAGS: &str = "/api/v1/repository/org/app/tag/";
const STANDARD: &str = "/v2/org/app/tags/list";

/// A tag as Quay tells it.
fn tag(name: &str, digit: char) -> String {
    format!(
        r#"{{"name": "{name}", "reversion": false, "start_ts": 1690000000, "manifest_digest": "{}", "is_manifest_list":
            false, "size": 1234, "last_modified": "Sat, 22 Jul 2023 04:26:40 -0000"}}"#,
        digest(digit)
    )
}

fn page(tags: &[String], has_additional: bool) -> Option<Reply> {
    let tags = tags.join(",");
    json(format!(r#"{{"tags": [{tags}], "page": 1, "has_additional": {has_additional}}}"#))
}

fn asker(host: &Responder) -> Asker {
    Asker::of_kind(&host.address(), ListingApi::Quay)
}

/// A registry that lists `v1` and `v2` as all do, and answers with this beside it.
fn beside(answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Responder {
    Responder::new(move |asked| match asked.path() {
        STANDARD => tags(r#""v1", "v2""#),
        _ => answer(asked),
    })
}

#[tokio::test]
async fn one_question_tells_all_digests_and_times() {
    let host = Responder::new(|_| page(&[tag("v2", '2'), tag("v1", '1')], false));
    let listing = asker(&host).listing("org/app").await;
    let told: Vec<String> = listing
        .names
        .iter()
        .map(|listed| {
            let (digest, moved) = (listed.digest.as_ref().unwrap(), listed.moved.unwrap());
            format!("{} {digest} {moved}", listed.name)
        })
        .collect();
    let expected = |name: &str, digit| format!("{name} {} 2023-07-22T04:26:40Z", digest(digit));
    assert_eq!(told, [expected("v1", '1'), expected("v2", '2')]);
    assert_eq!(listing.mark, None);
    let targets: Vec<String> = host.asked().iter().map(|asked| asked.target.clone()).collect();
    assert_eq!(targets, [format!("{TAGS}?limit=100&onlyActiveTags=true")]);
}

#[tokio::test]
async fn a_list_of_several_pages_is_made_whole_by_the_registry() {
    let host = Responder::new(|asked| match (asked.path(), asked.target.contains("page=2")) {
        // One tag moved to the front meanwhile, and one is told on both pages.
        (TAGS, false) => page(&[tag("v4", '4'), tag("v3", '3')], true),
        (TAGS, true) => page(&[tag("v3", '3'), tag("v1", '1'), tag("bad tag", '5')], false),
        (STANDARD, _) => tags(r#""v1", "v2", "v3", "v4""#),
        _ => Some(Reply::new(404)),
    });
    assert_eq!(asker(&host).shown("org/app").await, ["v1+", "v2", "v3+", "v4+"]);
    assert_eq!(host.lines(), [TAGS, TAGS, STANDARD].map(|path| format!("GET {path}")));
}

#[tokio::test]
async fn what_is_refused_is_asked_of_the_registry() {
    for status in [400, 401, 403, 404, 501] {
        let host = beside(move |_| {
            let challenge = r#"Bearer realm="http://127.0.0.1:1/token",service="quay""#;
            Some(Reply::new(status).header("www-authenticate", challenge).body("<html>no</html>"))
        });
        let asker = asker(&host);
        assert_eq!(asker.shown("org/app").await, ["v1", "v2"], "{status}");
        assert_eq!(host.lines(), [format!("GET {TAGS}"), format!("GET {STANDARD}")], "{status}");
    }
    let host =
        beside(|_| Some(Reply::ok("<html>log in</html>").header("content-type", "text/html")));
    assert_eq!(asker(&host).shown("org/app").await, ["v1", "v2"]);
}

#[tokio::test]
async fn what_is_not_to_be_had_is_not_asked_for_again() {
    let host = Responder::new(|asked| match asked.path().starts_with("/api/") {
        true => Some(Reply::new(503)),
        false => tags(r#""v1""#),
    });
    let asker = asker(&host);
    for path in ["org/app", "org/app", "org/other"] {
        assert_eq!(asker.shown(path).await, ["v1"]);
    }
    let lines = host.lines();
    let api = lines.iter().filter(|line| line.contains("/api/")).count();
    assert_eq!((api, lines.len()), (3, 6), "{lines:?}");
}

#[tokio::test]
async fn a_private_repository_is_listed_by_login_and_the_login_stays_there() {
    let host = Responder::new(|asked| {
        if asked.path().starts_with("/api/") {
            return Some(Reply::new(401).header("www-authenticate", r#"Basic realm="quay""#));
        }
        match asked.authorization() {
            Some(_) => tags(r#""v1", "v2""#),
            None => Some(Reply::new(401).header("www-authenticate", r#"Basic realm="registry""#)),
        }
    });
    let asker = Asker::with(&host.address(), kind(ListingApi::Quay), login());
    assert_eq!(asker.shown("org/app").await, ["v1", "v2"]);
    // Now the registry is known to ask for a login.
    assert_eq!(asker.shown("org/app").await, ["v1", "v2"]);
    assert!(strangers_got_no_login(&host), "{:?}", host.lines());
}

#[tokio::test]
async fn odd_lists_are_passed_over() {
    let circle = beside(|_| page(&[tag("v1", '1')], true));
    assert_eq!(asker(&circle).shown("org/app").await, ["v1", "v2"]);
    assert_eq!(circle.asked().len(), 3);

    let empty = beside(|_| page(&[], true));
    assert_eq!(asker(&empty).shown("org/app").await, ["v1", "v2"]);
    assert_eq!(empty.asked().len(), 2);

    let huge = beside(|_| {
        let filler = " ".repeat(33 << 20);
        json(format!(r#"{{"tags": [], "has_additional": false{filler}}}"#))
    });
    assert_eq!(asker(&huge).shown("org/app").await, ["v1", "v2"]);
    assert_eq!(huge.asked().len(), 2);

    let cut = beside(|_| Some(Reply::ok(r#"{"tags": ["#)));
    assert_eq!(asker(&cut).shown("org/app").await, ["v1", "v2"]);
}

#[tokio::test]
async fn what_is_in_no_namespace_is_asked_of_the_registry() {
    let host = Responder::new(|_| tags(r#""v1""#));
    assert_eq!(asker(&host).shown("app").await, ["v1"]);
    assert_eq!(host.lines(), ["GET /v2/app/tags/list"]);
    let asker = Asker::of_kind(&host.address(), ListingApi::Distribution);
    assert_eq!(asker.shown("org/app").await, ["v1"]);
    assert_eq!(host.lines()[1..], [format!("GET {STANDARD}")]);
}

#[tokio::test]
async fn lists_can_be_elsewhere() {
    let api = Responder::new(|asked| match asked.path() {
        "/lists/api/v1/repository/org/app/tag/" => page(&[tag("v1", '1')], false),
        _ => Some(Reply::new(404)),
    });
    let registry = Responder::new(|_| Some(Reply::new(500)));
    let options = RegistryOptions {
        listing_url: Some(format!("http://{}/lists/", api.other_name()).parse().unwrap()),
        ..kind(ListingApi::Quay)
    };
    let asker = Asker::with(&registry.address(), options, login());
    assert_eq!(asker.shown("org/app").await, ["v1+"]);
    assert_eq!((api.asked().len(), registry.asked().len()), (1, 0));
    assert!(api.asked()[0].authorization().is_none());
}

/// Quay's repositories of the namespace `org`, on two pages.
fn namespaces(asked: &Asked) -> Option<Reply> {
    let next = asked.target.contains("next_page=gAAA%3D");
    match (asked.path(), next) {
        ("/api/v1/repository", false) => json(
            r#"{"repositories": [
                {"namespace": "org", "name": "app", "kind": "image", "is_public": true, "state": "NORMAL"},
                {"namespace": "org", "name": "team/app", "kind": "image", "is_public": true},
                {"namespace": "evil", "name": "app", "kind": "image"},
                {"namespace": "org", "name": "../x", "kind": "image"},
                {"namespace": "org", "name": "chart", "kind": "application"}
            ], "next_page": "gAAA="}"#,
        ),
        ("/api/v1/repository", true) => {
            json(r#"{"repositories": [{"namespace": "org", "name": "last", "kind": "image"}]}"#)
        }
        ("/v2/_catalog", _) if asked.authorization().is_some() => {
            json(r#"{"repositories": ["org/private", "org/app", "mine/app"]}"#)
        }
        _ => Some(Reply::new(401).header("www-authenticate", r#"Basic realm="registry""#)),
    }
}

#[tokio::test]
async fn a_namespace_is_listed_without_a_catalog() {
    let host = Responder::new(namespaces);
    let asker = asker(&host);
    assert_eq!(asker.below("org").await.unwrap(), ["org/app", "org/last", "org/team/app"]);
    assert_eq!(host.lines(), ["GET /api/v1/repository", "GET /api/v1/repository"]);
    assert_eq!(host.asked()[0].target, "/api/v1/repository?namespace=org&public=true");
    assert_eq!(asker.below("org/team").await.unwrap(), ["org/team/app"]);
    assert!(asker.below("../org").await.unwrap().is_empty());
}

#[tokio::test]
async fn who_has_a_login_sees_more_of_a_namespace() {
    let host = Responder::new(namespaces);
    let asker = Asker::with(&host.address(), kind(ListingApi::Quay), login());
    assert_eq!(
        asker.below("org").await.unwrap(),
        ["org/app", "org/last", "org/private", "org/team/app"]
    );
    assert!(strangers_got_no_login(&host), "{:?}", host.lines());

    let refusing = Responder::new(|asked| match asked.path() {
        "/v2/_catalog" => Some(Reply::new(401).header("www-authenticate", r#"Basic realm="r""#)),
        _ => json(r#"{"repositories": [{"namespace": "org", "name": "app"}]}"#),
    });
    let asker = Asker::with(&refusing.address(), kind(ListingApi::Quay), login());
    assert_eq!(asker.below("org").await.unwrap(), ["org/app"]);

    // Not refused, but not answered: nobody is to take a part for all.
    let broken = Responder::new(|asked| match asked.path() {
        "/v2/_catalog" => Some(Reply::new(502)),
        _ => json(r#"{"repositories": [{"namespace": "org", "name": "app"}]}"#),
    });
    let asker = Asker::with(&broken.address(), kind(ListingApi::Quay), login());
    assert!(super::chain(&asker.below("org").await.unwrap_err()).contains("502"));
}

#[tokio::test]
async fn a_namespace_that_is_not_told_is_looked_for_in_the_catalog() {
    for status in [401, 404, 503] {
        let host = Responder::new(move |asked| match asked.path() {
            "/v2/_catalog" => json(r#"{"repositories": ["org/app", "orgx/app", "org"]}"#),
            _ => Some(Reply::new(status)),
        });
        assert_eq!(asker(&host).below("org").await.unwrap(), ["org/app"], "{status}");
    }
}
