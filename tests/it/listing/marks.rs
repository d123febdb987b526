//! Lists of the distribution specification, and those that need not be sent again.

use http::header::IF_NONE_MATCH;
use longshore::store::{Mark, Names};

use super::{Asker, tags};
use crate::support::layout::Layout;
use crate::support::responder::{Asked, Reply, Responder};
use crate::support::shell::Shell;
use crate::support::site::Site;

/// A registry whose one list of tags has this entity tag.
fn tagged(etag: &'static str) -> Responder {
    Responder::new(move |asked| match asked.header(IF_NONE_MATCH) {
        Some(shown) if shown == etag => Some(Reply::new(304).header("etag", etag)),
        _ => Some(tags(r#""v2", "v1""#)?.header("etag", etag)),
    })
}

fn shown(asked: &[Asked]) -> Vec<Option<&str>> {
    asked.iter().map(|asked| asked.header(IF_NONE_MATCH)).collect()
}

#[tokio::test]
async fn a_list_that_is_unchanged_is_not_sent_again() {
    for etag in [r#""1""#, r#"W/"a-b""#] {
        let host = tagged(etag);
        let asker = Asker::of(&host.address());
        let listing = asker.listing("org/app").await;
        let names: Vec<_> = listing.names.iter().map(|listed| listed.name.as_str()).collect();
        assert_eq!(names, ["v1", "v2"]);
        let mark: Mark = String::from(listing.mark.unwrap()).parse().unwrap();
        let again = asker.names("org/app", Some(&mark)).await.unwrap();
        assert_eq!(again, Names::Unchanged);
        // Another list, of which the registry may say the same.
        let other = asker.names("org/other", Some(&mark)).await.unwrap();
        assert!(matches!(other, Names::Listed(_)));
        assert_eq!(shown(&host.asked()), [None, Some(etag), None]);
    }
}

#[tokio::test]
async fn a_list_that_has_changed_comes_with_its_new_mark() {
    let (old, new) = (tagged(r#""1""#), tagged(r#""2""#));
    let mark = Asker::of(&old.address()).listing("org/app").await.mark.unwrap();
    let text = mark.as_str().replace(r#""1""#, r#""0""#);
    let asker = Asker::of(&old.address());
    let Names::Listed(listing) =
        asker.names("org/app", Some(&text.parse().unwrap())).await.unwrap()
    else {
        panic!("it has changed")
    };
    assert_eq!(listing.mark, Some(mark.clone()));
    let Names::Listed(listing) =
        Asker::of(&new.address()).names("org/app", Some(&mark)).await.unwrap()
    else {
        panic!("another registry was shown the mark")
    };
    assert_ne!(listing.mark, Some(mark));
    assert_eq!(shown(&new.asked()), [None]);
}

#[tokio::test]
async fn nothing_is_unchanged_of_which_nothing_was_shown() {
    let host = Responder::new(|_| Some(Reply::new(304).header("etag", r#""1""#)));
    let asker = Asker::of(&host.address());
    let foreign: Mark = r#"0000000000000000 "1""#.parse().unwrap();
    for mark in [None, Some(&foreign)] {
        let error = asker.names("org/app", mark).await.unwrap_err();
        assert!(super::chain(&error).contains("304"), "{error}");
    }
}

#[tokio::test]
async fn only_a_list_of_one_page_is_marked() {
    let host = Responder::new(|asked| {
        let reply = match asked.target.contains("last=") {
            false => tags(r#""v1""#)?
                .header("link", r#"</v2/org/app/tags/list?n=1000&last=v1>; rel="next""#),
            true => tags(r#""v2""#)?,
        };
        Some(reply.header("etag", r#""1""#))
    });
    let listing = Asker::of(&host.address()).listing("org/app").await;
    assert_eq!((listing.names.len(), listing.mark), (2, None));
    for etag in [format!("\"{}\"", "x".repeat(600)), "unquoted".to_owned()] {
        let host = Responder::new(move |_| Some(tags(r#""v1""#)?.header("etag", etag.clone())));
        let listing = Asker::of(&host.address()).listing("org/app").await;
        assert_eq!((listing.names.len(), listing.mark), (1, None));
    }
}

#[tokio::test]
async fn a_registry_without_entity_tags_lists_as_ever() {
    need!("docker-registry");
    let (site, shell) = (Site::open(), Shell::new());
    let fixture = Layout::new(shell.path("images"));
    let layer = fixture.layer(&[("etc/name", "app")]);
    fixture.name("v1", &fixture.image("linux/amd64", &[layer]));
    for name in ["ns/app:v2", "ns/app:v1", "ns/deep/app:v1", "ns:v1", "nsx/app:v1"] {
        shell.ok(&["push", "--plain-http", "oci:images:v1", &site.image(name)]);
    }
    let asker = Asker::of(site.registry.address());
    let listing = asker.listing("ns/app").await;
    let names: Vec<_> = listing.names.iter().map(|one| (one.name.as_str(), &one.digest)).collect();
    assert_eq!(names, [("v1", &None), ("v2", &None)]);
    assert_eq!(listing.mark, None);
    let mark = r#"0000000000000000 "1""#.parse().unwrap();
    let again = asker.names("ns/app", Some(&mark)).await.unwrap();
    assert_eq!(again, Names::Listed(listing));
    assert_eq!(asker.below("ns").await.unwrap(), ["ns/app", "ns/deep/app"]);
    assert_eq!(asker.below("ns/deep").await.unwrap(), ["ns/deep/app"]);
    assert!(asker.below("ns/app").await.unwrap().is_empty());
    assert!(asker.names("ns/none", None).await.unwrap_err().is_not_found());

    // The repository of the namespace's own name belongs to what a place holds.
    let tags_in = |place: &str| {
        let place = format!("{}/{place}", site.registry.address());
        let receipt = shell.ok(&["inventory", "--plain-http", &place]);
        let receipt: serde_json::Value = serde_json::from_str(&receipt).unwrap();
        let repositories = receipt["repositories"].as_array().unwrap().iter();
        repositories.map(|one| one["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tags_in("ns"), ["ns", "ns/app", "ns/deep/app"]);
    assert_eq!(tags_in("ns/app"), ["ns/app"]);
    assert_eq!(tags_in("ns/deep"), ["ns/deep/app"]);
}
