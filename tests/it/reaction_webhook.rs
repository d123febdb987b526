//! `--on-change-url URL`: what is posted, how often, and what of it is said.

use std::time::Duration;

use futures_util::StreamExt;
use http::Method;
use longshore::auth::Secret;
use longshore::config::Connection;
use longshore::http::RetryPolicy;
use longshore::reaction::{Change, Reactions, Via, Webhook, WebhookError};

use crate::support::responder::{Asked, Reply, Responder};
use crate::support::streams::a_change;

fn webhook(url: &str, key: Option<&str>) -> Webhook {
    let retry = RetryPolicy {
        first: Duration::from_millis(2),
        longest: Duration::from_millis(10),
        ..RetryPolicy::default()
    };
    let key = key.map(|key| Secret::new(key.to_owned()));
    Webhook::new(url, key, Connection::default(), retry).unwrap()
}

fn header<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.headers.get(name).map(|value| value.to_str().unwrap())
}

/// The signature as a receiver computes it, with another implementation.
pub(crate) fn signature(key: &str, body: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.as_bytes());
    let tag = ring::hmac::sign(&key, body.as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

#[tokio::test]
async fn a_change_is_posted_and_signed() {
    let host = Responder::new(|_| Some(Reply::new(204)));
    let url = format!("http://{}/hooks/1?token=t", host.address());
    webhook(&url, Some("geheim")).post(&a_change()).await.unwrap();
    webhook(&url, None).post(&a_change()).await.unwrap();
    let [signed, unsigned] = <[Asked; 2]>::try_from(host.asked()).unwrap();
    assert_eq!((signed.method.clone(), signed.target.as_str()), (Method::POST, "/hooks/1?token=t"));
    assert_eq!(signed.body, a_change().to_json());
    assert_eq!(header(&signed, "content-type"), Some("application/json"));
    assert_eq!(header(&signed, "x-longshore-event"), Some("change"));
    let expected = signature("geheim", &signed.body);
    assert_eq!(header(&signed, "x-longshore-signature-256"), Some(expected.as_str()));
    assert_eq!(header(&unsigned, "x-longshore-signature-256"), None);
}

#[tokio::test]
async fn a_receiver_in_trouble_is_tried_again() {
    for trouble in [500, 502, 503, 504, 429, 0] {
        let host = Responder::new(move |asked| match (asked.number, trouble) {
            (3.., _) => Some(Reply::ok("thanks")),
            (_, 0) => None,
            (_, status) => Some(Reply::new(status)),
        });
        let url = format!("http://{}/", host.address());
        webhook(&url, Some("k")).post(&a_change()).await.unwrap();
        let asked = host.asked();
        assert_eq!(asked.len(), 4, "{trouble}");
        let deliveries: Vec<_> = asked.iter().map(|a| header(a, "x-longshore-delivery")).collect();
        assert!(deliveries[0].unwrap().len() == 32, "{deliveries:?}");
        assert!(deliveries.iter().all(|id| *id == deliveries[0]), "{deliveries:?}");
        assert!(asked.iter().all(|a| a.body == asked[0].body), "{trouble}");
    }
}

#[tokio::test]
async fn two_changes_are_two_deliveries() {
    let host = Responder::new(|_| Some(Reply::ok("")));
    let url = format!("http://{}/", host.address());
    let reactions = Reactions::new(None, Some(webhook(&url, None)));
    let changes = [a_change(), Change { tag: "v2".to_owned(), ..a_change() }];
    let outcomes: Vec<_> = reactions.tell(&changes).collect().await;
    assert!(outcomes.iter().all(|o| o.via == Via::Webhook && o.result.is_ok()));
    let asked = host.asked();
    assert_eq!(asked.len(), 2);
    assert_ne!(
        header(&asked[0], "x-longshore-delivery"),
        header(&asked[1], "x-longshore-delivery")
    );
}

#[tokio::test]
async fn it_waits_as_long_as_it_is_asked_to() {
    let host = Responder::new(|asked| match asked.number {
        0 => Some(Reply::new(503).header("retry-after", "1")),
        _ => Some(Reply::ok("")),
    });
    let begun = std::time::Instant::now();
    let url = format!("http://{}/", host.address());
    webhook(&url, None).post(&a_change()).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(host.asked().len(), 2);
}

/// An error with its causes.
fn told(error: &WebhookError) -> String {
    let first: &dyn std::error::Error = error;
    let causes = std::iter::successors(Some(first), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test]
async fn a_refusal_is_told_without_the_address() {
    for (status, tries) in [(400, 1), (401, 1), (404, 1), (410, 1), (500, 5)] {
        let host = Responder::new(move |asked| Some(Reply::new(status).body(asked.target.clone())));
        let url = format!("http://me:pw@{}/services/geheim?key=geheim", host.address());
        let error = webhook(&url, Some("geheim")).post(&a_change()).await.unwrap_err();
        let told = told(&error);
        assert_eq!(host.asked().len(), tries, "{status}");
        assert!(told.contains(&status.to_string()) && told.contains(&host.address()), "{told}");
        assert!(!told.contains("geheim") && !told.contains("pw"), "{told}");
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let elsewhere = Responder::new(|_| Some(Reply::ok("")));
    for status in [301, 302, 303, 307, 308] {
        let target = format!("http://{}/", elsewhere.address());
        let host =
            Responder::new(move |_| Some(Reply::new(status).header("location", target.clone())));
        let url = format!("http://{}/", host.address());
        let error = webhook(&url, Some("k")).post(&a_change()).await.unwrap_err();
        assert!(told(&error).contains(&status.to_string()), "{}", told(&error));
        assert_eq!(host.asked().len(), 1, "{status}");
    }
    assert_eq!(elsewhere.asked().len(), 0);
}

#[tokio::test]
async fn nobody_there_is_told() {
    let address = Responder::new(|_| None).address();
    let url = format!("http://{address}/geheim");
    let error = webhook(&url, None).post(&a_change()).await.unwrap_err();
    let told = told(&error);
    assert!(told.contains("cannot connect") && !told.contains("geheim"), "{told}");
}
