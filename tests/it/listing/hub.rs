//! Lists as Docker Hub gives them.

use longshore::config::RegistryOptions;
use longshore::model::ListingApi;

use super::{Asker, chain, digest, json, kind, login, strangers_got_no_login, tags};
use crate::support::responder::{Reply, Responder};

/// Someone who asks a registry at `127.0.0.1`, and its lists at `localhost`.
fn asker(host: &Responder) -> Asker {
    let options = RegistryOptions {
        listing_url: Some(format!("http://{}", host.other_name()).parse().unwrap()),
        ..kind(ListingApi::DockerHub)
    };
    Asker::with(&host.address(), options, login())
}

fn tag(name: &str, digit: char) -> String {
    format!(
        r#"{{"name": "{name}", "digest": "{}", "full_size": 1, "tag_status": "active", "content_type": "image",
            "media_type": "application/vnd.oci.image.index.v1+json", "last_updated": "2021-01-05T21:06:53.506400Z",
            "tag_last_pushed": "2021-01-05T21:06:53.5064Z", "tag_last_pulled": null,
            "images": [{{"architecture": "amd64", "os": "linux", "digest": "{}"}}]}}"#,
        digest(digit),
        digest('f')
    )
}

fn page(items: &[String], next: Option<&str>) -> Option<Reply> {
    let next = next.map_or("null".to_owned(), |next| format!("\"{next}\""));
    let (count, items) = (items.len(), items.join(","));
    json(format!(r#"{{"count": {count}, "next": {next}, "previous": null, "results": [{items}]}}"#))
}

fn named(name: &str) -> String {
    format!(
        r#"{{"name": "{name}", "namespace": "org", "repository_type": "image", "is_private": false}}"#
    )
}

#[tokio::test]
async fn a_namespace_is_listed_by_name_and_the_catalog_is_not_asked() {
    let host = Responder::new(|asked| match asked.target.as_str() {
        "/v2/repositories/org/?page_size=100&ordering=name" => {
            let host = asked.header(http::header::HOST).unwrap();
            let next = format!("http://{host}/v2/repositories/org/?page=2&page_size=100");
            page(&[named("a"), named("b"), named("No Name")], Some(&next))
        }
        "/v2/repositories/org/?page=2&page_size=100" => page(&[named("c")], None),
        _ => Some(Reply::new(500)),
    });
    let asker = asker(&host);
    assert_eq!(asker.below("org").await.unwrap(), ["org/a", "org/b", "org/c"]);
    assert_eq!(host.lines(), ["GET /v2/repositories/org/"; 2]);
    assert!(strangers_got_no_login(&host));
    assert!(asker.below("org/a").await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_told_is_no_namespace() {
    let host = Responder::new(|asked| match asked.path() {
        "/v2/_catalog" => Some(Reply::new(401).header("www-authenticate", r#"Basic realm="r""#)),
        _ => Some(Reply::new(404).body(r#"{"message": "object not found", "errinfo": {}}"#)),
    });
    let error = asker(&host).below("org").await.unwrap_err();
    assert!(error.is_not_found(), "{}", chain(&error));
    assert!(chain(&error).contains("/org"), "{}", chain(&error));

    // One who plays Docker Hub may have a catalog.
    let host = Responder::new(|asked| match asked.path() {
        "/v2/_catalog" => json(r#"{"repositories": ["org/app"]}"#),
        _ => Some(Reply::new(404)),
    });
    assert_eq!(asker(&host).below("org").await.unwrap(), ["org/app"]);
}

#[tokio::test]
async fn a_tag_has_its_digest_where_it_is_told() {
    let host = Responder::new(|asked| match asked.path() {
        "/v2/repositories/org/app/tags" => {
            page(&[tag("v2", '2'), named("v1"), tag("bad tag", '3')], None)
        }
        _ => Some(Reply::new(500)),
    });
    let asker = asker(&host);
    let listing = asker.listing("org/app").await;
    assert_eq!(listing.names[0].digest, None);
    assert_eq!(listing.names[1].digest.as_ref().unwrap().to_string(), digest('2'));
    assert_eq!(listing.names[1].moved.unwrap().to_string(), "2021-01-05T21:06:53.5064Z");
    assert_eq!(host.asked()[0].target, "/v2/repositories/org/app/tags?page_size=100");
    assert!(strangers_got_no_login(&host));
    assert_eq!(host.asked().len(), 1);
}

#[tokio::test]
async fn the_next_page_is_on_the_same_host() {
    let stranger = Responder::new(|_| page(&[tag("evil", '6')], None));
    for elsewhere in [stranger.address(), "user:pw@localhost:1".to_owned()] {
        let next = format!("http://{elsewhere}/v2/repositories/org/app/tags?page=2");
        let host = Responder::new(move |asked| match asked.path() {
            "/v2/org/app/tags/list" => tags(r#""v1", "v2""#),
            _ => page(&[tag("v2", '2')], Some(&next)),
        });
        assert_eq!(asker(&host).shown("org/app").await, ["v1", "v2"]);
        assert_eq!(host.asked().len(), 2);
    }
    assert!(stranger.asked().is_empty());

    let host = Responder::new(|asked| match asked.path() {
        "/v2/org/app/tags/list" => tags(r#""v1", "v2""#),
        path => page(&[tag("v2", '2')], Some(path)),
    });
    assert_eq!(asker(&host).shown("org/app").await, ["v1", "v2"], "it goes in a circle");
    assert_eq!(host.asked().len(), 3);
}

#[tokio::test]
async fn pages_of_tags_are_made_whole_by_the_registry() {
    let host = Responder::new(|asked| match asked.target.as_str() {
        "/v2/repositories/org/app/tags?page_size=100" => {
            page(&[tag("v3", '3')], Some("/v2/repositories/org/app/tags?page=2"))
        }
        "/v2/repositories/org/app/tags?page=2" => page(&[tag("v1", '1')], None),
        _ => tags(r#""v1", "v2", "v3""#),
    });
    assert_eq!(asker(&host).shown("org/app").await, ["v1+", "v2", "v3+"]);
}
