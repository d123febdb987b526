//! How many requests a registry gets at once.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use longshore::http::{Client, Purpose, Request, Traffic, TrafficOptions};

use crate::support::responder::{Reply, Responder, sharing};

const KINDS: [Purpose; 3] = [Purpose::Metadata, Purpose::Download, Purpose::Upload];

fn at_most(requests: usize) -> Arc<Traffic> {
    Arc::new(Traffic::new(TrafficOptions {
        max_per_host: NonZeroUsize::new(requests),
        ..TrafficOptions::default()
    }))
}

/// Takes its time, so that requests meet.
fn slow() -> Responder {
    Responder::new(|_| Some(Reply::ok("fine").after(Duration::from_millis(10))))
}

async fn ask(client: &Client, request: Request) {
    let response = client.send(request).await.unwrap();
    assert_eq!(response.bytes(10).await.unwrap(), "fine");
}

#[tokio::test]
async fn no_more_requests_of_a_kind_are_under_way_than_allowed() {
    for kind in KINDS {
        let host = slow();
        let traffic = at_most(3);
        // Both ends of a copy may be the same registry.
        let ends = [host.client_in(&traffic), host.client_in(&traffic)];
        let request = || match kind {
            Purpose::Upload => {
                let body = stream::iter([Ok("abc".into())]).boxed();
                Request::put("/v2/u").stream(Some(3), body).purpose(kind)
            }
            _ => Request::get("/v2/x").purpose(kind),
        };
        join_all((0..24).map(|n| ask(&ends[n % 2], request()))).await;
        assert_eq!(host.most_at_once(), 3, "{kind:?}");
    }
}

#[tokio::test]
async fn one_registry_may_be_allowed_fewer_than_others() {
    let hosts = [slow(), slow()];
    let own = [(hosts[0].address().parse().unwrap(), NonZeroUsize::new(2).unwrap())];
    for (max_per_host, most) in [(None, 2), (NonZeroUsize::new(3), 3)] {
        let max_per_registry = own.clone().into();
        let options =
            TrafficOptions { max_per_host, max_per_registry, ..TrafficOptions::default() };
        let client = hosts[0].client_in(&Arc::new(Traffic::new(options)));
        join_all((0..12).map(|_| ask(&client, Request::get("/v2/x")))).await;
        assert_eq!(hosts[0].most_at_once(), most);
        hosts[0].measure_again();
    }
    let max_per_registry = own.into();
    let options = TrafficOptions { max_per_registry, ..TrafficOptions::default() };
    let client = hosts[1].client_in(&Arc::new(Traffic::new(options)));
    join_all((0..12).map(|_| ask(&client, Request::get("/v2/x")))).await;
    assert!(hosts[1].most_at_once() > 2);
}

#[tokio::test]
async fn kinds_and_registries_do_not_wait_for_each_other() {
    let (one, other) = (slow(), slow());
    let traffic = at_most(1);
    let client = one.client_in(&traffic);
    let _held = client.slot(Purpose::Download).await;
    ask(&client, Request::get("/v2/x")).await;
    ask(&client, Request::get("/v2/x").purpose(Purpose::Upload)).await;
    ask(&other.client_in(&traffic), Request::get("/v2/x").purpose(Purpose::Download)).await;
}

#[tokio::test]
async fn a_slot_is_kept_until_the_answer_was_read_or_dropped() {
    let host = slow();
    let client = host.client_in(&at_most(1));
    let request = || Request::get("/v2/x").purpose(Purpose::Download);
    let response = client.send(request()).await.unwrap();
    assert!(client.try_slot(Purpose::Download).is_none());
    let mut stream = response.into_stream();
    assert!(client.try_slot(Purpose::Download).is_none());
    while stream.next().await.is_some() {}
    assert!(client.try_slot(Purpose::Download).is_some());
    let response = client.send(request()).await.unwrap();
    drop(response);
    assert!(client.try_slot(Purpose::Download).is_some());
}

#[tokio::test]
async fn an_answer_without_a_body_keeps_no_slot() {
    let host = slow();
    let client = host.client_in(&at_most(1));
    let _kept = client.send(Request::head("/v2/x")).await.unwrap();
    assert!(client.try_slot(Purpose::Metadata).is_some());
}

#[tokio::test]
async fn requests_in_one_slot_wait_for_no_other() {
    let host = slow();
    let client = host.client_in(&at_most(1));
    let slot = client.slot(Purpose::Download).await;
    let request = || Request::get("/v2/x").in_slot(&slot);
    let first = client.send(request()).await.unwrap();
    ask(&client, request()).await;
    drop(first);
    assert!(client.try_slot(Purpose::Download).is_none());
    drop(slot);
    assert!(client.try_slot(Purpose::Download).is_some());
}

#[tokio::test]
async fn a_registry_that_is_asked_too_much_is_asked_less() {
    // All of the first that come refuse; those that come later see how many there are at once.
    let refused = AtomicUsize::new(0);
    let host = Responder::new(move |_| {
        let refuse = refused.fetch_add(1, Ordering::SeqCst) < 16;
        let reply = if refuse { Reply::new(429) } else { Reply::ok("fine") };
        Some(reply.after(Duration::from_millis(10)))
    });
    let client = host.client_in(&Arc::default());
    join_all((0..16).map(|_| ask(&client, Request::get("/v2/x")))).await;
    assert_eq!(host.most_at_once(), 16);
    host.measure_again();
    join_all((0..16).map(|_| ask(&client, Request::get("/v2/x")))).await;
    assert_eq!(host.most_at_once(), 8);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_sign_of_pressure() {
    let host = Responder::new(|asked| {
        Some(if asked.path() == "/v2/broken" { Reply::ok("fi").cut() } else { Reply::ok("fine") })
    });
    let client = host.client_in(&at_most(2));
    let response = client.send(Request::get("/v2/broken").purpose(Purpose::Download)).await;
    assert!(response.unwrap().bytes(10).await.is_err());
    let _one = client.try_slot(Purpose::Download).unwrap();
    assert!(client.try_slot(Purpose::Download).is_none());
    assert!(client.try_slot(Purpose::Upload).is_some());
}

const RATE: u32 = 200 * 1024;
const SIZE: u32 = 10 * 1024;
const BODIES: u32 = 24;

/// Moves bodies of `SIZE` from or to a host under its two names.
async fn move_bodies(purpose: Purpose, limits: &[&str]) {
    let host = Responder::new(|asked| {
        Some(if asked.method == "GET" { Reply::ok(vec![0; SIZE as usize]) } else { Reply::ok("") })
    });
    let address = host.address();
    let limits = limits.iter().map(|limit| limit.replace("HOST", &address).parse().unwrap());
    let options = TrafficOptions { limits: limits.collect(), ..TrafficOptions::default() };
    let traffic = Arc::new(Traffic::new(options));
    // All wait longer for their turns than a connection may be silent.
    let silence = Duration::from_millis(400);
    let clients = [host.address(), host.other_name()].map(|name| sharing(&name, &traffic, silence));
    let request = || match purpose {
        Purpose::Upload => {
            let body = stream::iter([Ok(vec![0; SIZE as usize].into())]).boxed();
            Request::put("/v2/u").stream(Some(u64::from(SIZE)), body).purpose(purpose)
        }
        _ => Request::get("/v2/x").purpose(purpose),
    };
    let moves = (0..BODIES as usize).map(|n| {
        let client = &clients[n % 2];
        async move { client.send(request()).await.unwrap().bytes(1 << 20).await.unwrap() }
    });
    join_all(moves).await;
}

/// The time that so many bytes take at least, but for those that may come at once.
fn least(bytes: u32) -> Duration {
    Duration::from_secs(1) * (bytes - RATE / 10) / RATE
}

#[tokio::test]
async fn bytes_come_and_go_no_faster_than_the_limit() {
    for purpose in [Purpose::Download, Purpose::Upload] {
        let begun = Instant::now();
        move_bodies(purpose, &["1G", "200k"]).await;
        assert!(begun.elapsed() >= least(BODIES * SIZE), "{purpose:?}");
    }
}

#[tokio::test]
async fn a_registry_can_have_a_limit_of_its_own() {
    let begun = Instant::now();
    move_bodies(Purpose::Download, &["HOST=200k", "1G"]).await;
    assert!(begun.elapsed() >= least(BODIES * SIZE / 2));
}
