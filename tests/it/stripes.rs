//! One blob over several connections: registries that give parts rightly, wrongly, slowly and not at all.

use std::ops::Range;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use longshore::http::Client;
use longshore::model::{Descriptor, ImageRef};
use longshore::registry::Remote;
use longshore::store::Source;

use crate::registry_client::{copy, image_of, read, remote};
use crate::support::faults::{Fault, Proxy};
use crate::support::paced::{Given, Paced};
use crate::support::registry::Registry;
use crate::support::responder;

/// The smallest blob that is read over several connections.
const BIG: u64 = 64 << 20;
/// What a connection brings per second.
const RATE: u64 = 80 << 20;

fn repository(address: &str) -> (Client, Remote) {
    let plain = longshore::config::Connection { plain_http: true, ..Default::default() };
    let client = responder::client(address, None, plain);
    let image: ImageRef = format!("{address}/app").parse().unwrap();
    (client.clone(), Remote::new(client, image.repository.clone(), image.repository))
}

/// A registry, and a client that takes several connections from the start.
fn wide(given: impl Fn(usize) -> Given + Send + Sync + 'static) -> (Paced, Client, Remote) {
    let registry = Paced::new(RATE, &[BIG], given);
    let (client, remote) = repository(&registry.address());
    client.width().found(4);
    (registry, client, remote)
}

/// Reads the only layer, proven.
async fn read_all(registry: &Paced, remote: &Remote) {
    let layer = &registry.layers()[0];
    assert_eq!(read(remote, layer).await.unwrap(), layer.size);
}

/// Reads a layer from an offset on, and proves nothing but the length.
async fn length_from(remote: &Remote, layer: &Descriptor, offset: u64) -> u64 {
    let mut stream = remote.blob(layer, offset).await.unwrap();
    let mut length = 0;
    while let Some(bytes) = stream.next().await {
        length += bytes.unwrap().len() as u64;
    }
    length
}

/// Whether there are several, and no byte was asked for twice. They are asked for side by side: which of them a
/// registry hears of first is open.
fn are_apart(segments: &[Range<u64>]) -> bool {
    let mut segments = segments.to_vec();
    segments.sort_by_key(|segment| segment.start);
    segments.len() > 1 && segments.windows(2).all(|pair| pair[0].end <= pair[1].start)
}

#[tokio::test]
async fn a_long_download_finds_out_that_more_connections_are_faster() {
    let registry = Paced::new(RATE, &[3 * BIG, BIG], |_| Given::Rightly);
    let (client, remote) = repository(&registry.address());
    read_all(&registry, &remote).await;
    assert_eq!(registry.asked()[0], None, "it begins with one connection");
    let segments = registry.segments();
    assert!(are_apart(&segments), "{segments:?}");
    // The next one begins with as many.
    client.width().found(4);
    let layer = &registry.layers()[1];
    assert_eq!(read(&remote, layer).await.unwrap(), layer.size);
    let more = &registry.segments()[segments.len()..];
    let first = more.iter().map(|segment| segment.start).min();
    assert!(first < Some(8 << 20) && are_apart(more), "{more:?}");
}

#[tokio::test]
async fn a_registry_that_gives_no_parts_is_read_over_one_connection() {
    for given in [Given::Whole, Given::Refused(429), Given::Labelled("bytes BEFORE-LAST/SIZE")] {
        let (registry, client, remote) = wide(move |_| given);
        read_all(&registry, &remote).await;
        assert_eq!(client.width().best(), None, "{given:?}");
        let asked = registry.asked().len();
        assert!(asked <= 4, "{given:?}: {asked} requests");
        let mut stream = remote.blob(&registry.layers()[0], 0).await.unwrap();
        stream.next().await.unwrap().unwrap();
        assert_eq!(registry.asked().len(), asked + 1, "{given:?}: it was not remembered");
    }
}

#[tokio::test]
async fn another_answer_than_the_segment_is_a_refusal() {
    for given in [
        Given::Refused(416),
        Given::Refused(503),
        Given::Labelled("bytes AFTER-LAST/SIZE"),
        Given::Labelled("bytes FIRST-FIRST/SIZE"),
        Given::Labelled("bytes FIRST-18446744073709551615/*"),
        Given::Labelled("bytes FIRST-LAST/99999999999"),
        Given::Labelled("items FIRST-LAST/SIZE"),
        Given::Labelled("bytes */SIZE"),
    ] {
        let (registry, client, remote) = wide(move |_| given);
        let mut stream = remote.blob(&registry.layers()[0], 0).await.unwrap();
        while client.width().best().is_some() {
            stream.next().await.unwrap_or_else(|| panic!("{given:?} was taken")).unwrap();
        }
    }
}

#[tokio::test]
async fn a_registry_that_wants_fewer_requests_later_is_read_on_over_one_connection() {
    join_all([1, 4, 9].map(|refused| async move {
        let (registry, client, remote) =
            wide(move |part| if part < refused { Given::Rightly } else { Given::Refused(429) });
        read_all(&registry, &remote).await;
        assert_eq!(client.width().best(), None);
    }))
    .await;
}

#[tokio::test]
async fn a_segment_that_breaks_goes_on_where_it_broke() {
    let (registry, _, remote) = wide(|part| match part {
        1 | 3 | 4 => Given::Cut(1 << 20),
        _ => Given::Rightly,
    });
    read_all(&registry, &remote).await;
    let segments = registry.segments();
    let resumed = segments.iter().filter(|segment| {
        segments.iter().any(|whole| whole.end == segment.end && whole.start < segment.start)
    });
    assert!(resumed.count() > 0, "{segments:?}");
}

#[tokio::test]
async fn segments_that_never_come_are_read_otherwise() {
    join_all([Given::Hanging, Given::Short(1000), Given::Cut(0)].map(|given| async move {
        let (registry, client, remote) =
            wide(move |part| if (3..5).contains(&part) { given } else { Given::Rightly });
        read_all(&registry, &remote).await;
        assert!(client.width().best().is_some(), "{given:?}");
    }))
    .await;
}

#[tokio::test]
async fn more_bytes_than_a_segment_has_are_not_taken() {
    let (registry, _, remote) = wide(|_| Given::Long);
    read_all(&registry, &remote).await;
    let segments = registry.segments();
    assert!(are_apart(&segments), "{segments:?}");
}

#[tokio::test]
async fn a_download_goes_on_from_an_offset_over_several_connections() {
    let registry = Paced::new(RATE, &[BIG + 12_345], |_| Given::Rightly);
    let (client, remote) = repository(&registry.address());
    client.width().found(4);
    let layer = &registry.layers()[0];
    assert_eq!(length_from(&remote, layer, 12_345).await, BIG);
    assert_eq!(registry.asked()[0], Some(12_345..u64::MAX));
    assert!(are_apart(&registry.segments()));
    let segments = registry.segments().len();
    assert_eq!(length_from(&remote, layer, 12_346).await, BIG - 1);
    assert_eq!(registry.segments().len(), segments, "so little comes over one connection");
}

#[tokio::test]
async fn a_download_that_is_dropped_leaves_nothing_under_way() {
    let registry = Paced::new(16 << 20, &[BIG], |_| Given::Rightly);
    let (client, remote) = repository(&registry.address());
    client.width().found(4);
    let mut stream = remote.blob(&registry.layers()[0], 0).await.unwrap();
    while registry.under_way() < 3 {
        stream.next().await.expect("never more than two").unwrap();
    }
    drop(stream);
    let ended = tokio::time::timeout(Duration::from_secs(20), async {
        while registry.under_way() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    ended.await.expect("connections are left");
}

#[tokio::test]
async fn readers_that_stop_hold_up_nobody() {
    let registry = Paced::new(RATE, &[BIG; 5], |_| Given::Rightly);
    let (client, remote) = repository(&registry.address());
    client.width().found(8);
    let mut stopped = Vec::new();
    for layer in &registry.layers()[1..] {
        let mut stream = remote.blob(layer, 0).await.unwrap();
        stream.next().await.unwrap().unwrap();
        stopped.push(stream);
    }
    read_all(&registry, &remote).await;
    drop(stopped);
}

#[tokio::test]
async fn each_segment_is_redirected_anew() {
    need!("docker-registry");
    let registry = Registry::open();
    let (_dir, layout, layer) = image_of(BIG + 1);
    copy(layout, remote(registry.address(), "app"), longshore::transfer::Attachments::None)
        .await
        .unwrap();
    let proxy = Proxy::before(registry.address());
    proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Redirect);
    let (client, remote) = repository(&proxy.address());
    client.width().found(4);
    assert_eq!(read(&remote, &layer).await.unwrap(), layer.size);
    let parts = proxy.seen_elsewhere();
    let parts = parts.iter().filter(|seen| seen.header(http::header::RANGE).is_some());
    assert!(parts.count() > 1);
}
