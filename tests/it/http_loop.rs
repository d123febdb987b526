//! The HTTP loop against hosts that misbehave: retries, redirects, silence, broken bodies.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use http::header::RANGE;
use longshore::config::Connection;
use longshore::http::{Error, Purpose, Request};

use crate::support::certificates::Authority;
use crate::support::registry::Registry;
use crate::support::responder::{Reply, Responder, client, password};

/// Fails `times` times as told, then answers `fine`.
fn failing(times: usize, how: impl Fn() -> Option<Reply> + Send + Sync + 'static) -> Responder {
    Responder::new(move |asked| if asked.number < times { how() } else { Some(Reply::ok("fine")) })
}

async fn text(host: &Responder, request: Request) -> Result<Bytes, Error> {
    host.client(None).fetch(request, 1000).await.map(|response| response.body)
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for status in [408, 429, 500, 502, 503, 504] {
        let host = failing(4, move || Some(Reply::new(status)));
        assert_eq!(text(&host, Request::get("/v2/x")).await.unwrap(), "fine", "{status}");
        assert_eq!(host.asked().len(), 5);
    }
    let host = failing(2, || None);
    assert_eq!(text(&host, Request::get("/v2/x")).await.unwrap(), "fine");
}

#[tokio::test]
async fn what_stays_is_told_at_once() {
    for status in [400, 403, 404, 405, 416, 501] {
        let host = failing(9, move || Some(Reply::new(status)));
        let error = text(&host, Request::get("/v2/x")).await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert!(!error.is_transient());
        assert_eq!(host.asked().len(), 1);
    }
}

#[tokio::test]
async fn the_tries_end_and_the_last_answer_is_told_in_a_line() {
    let page = "<html><head><title>429</title></head><body><h1>Too\x1b[31m many</h1></body></html>";
    let host = failing(99, move || Some(Reply::new(429).body(page)));
    let error = text(&host, Request::get("/v2/x?_state=secret")).await.unwrap_err();
    assert_eq!(host.asked().len(), 5);
    let address = host.address();
    assert_eq!(
        error.to_string(),
        format!("GET http://{address}/v2/x?_state=…: 429 (too many requests): 429 Too [31m many")
    );
}

#[tokio::test]
async fn an_endless_error_is_not_read_to_its_end() {
    let host = failing(9, || Some(Reply::new(404).body("x".repeat(1 << 20)).then_silence()));
    let error = text(&host, Request::get("/v2/x")).await.unwrap_err();
    assert!(error.to_string().len() < 400, "{error}");
}

#[tokio::test]
async fn all_requests_wait_when_one_is_asked_to() {
    let host = Responder::new(|asked| {
        Some(match asked.path() {
            "/v2/first" if asked.number == 0 => Reply::new(503).header("retry-after", "1"),
            _ => Reply::ok(""),
        })
    });
    let client = host.client(None);
    let start = Instant::now();
    let first = client.send(Request::get("/v2/first"));
    let second = async {
        while host.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        client.send(Request::get("/v2/second")).await
    };
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_ok() && second.is_ok());
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(host.lines()[0], "GET /v2/first");
    assert_eq!(host.asked().len(), 3);
}

#[tokio::test]
async fn a_date_is_waited_for() {
    let host = failing(1, || {
        let now = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(100));
        let then = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(101));
        Some(Reply::new(429).header("date", now).header("retry-after", then))
    });
    let start = Instant::now();
    text(&host, Request::get("/v2/x")).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_registry_that_asks_for_hours_is_told_so() {
    let host = failing(9, || Some(Reply::new(429).header("retry-after", "21600")));
    let error = text(&host, Request::get("/v2/x")).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(21600)));
    assert_eq!(host.asked().len(), 1);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_asked_for_again() {
    let host = failing(1, || Some(Reply::ok("fi").cut()));
    assert_eq!(text(&host, Request::get("/v2/x")).await.unwrap(), "fine");

    let host = failing(9, || Some(Reply::ok("fi").cut()));
    let response =
        host.client(None).send(Request::get("/v2/x").purpose(Purpose::Download)).await.unwrap();
    let parts: Vec<_> = response.into_stream().collect().await;
    let error = parts.into_iter().find_map(Result::err).unwrap();
    assert!(matches!(error, Error::BrokenBody { .. }), "{error:?}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn silence_is_a_broken_connection() {
    let host = failing(1, || Some(Reply::ok("fi").then_silence()));
    assert_eq!(text(&host, Request::get("/v2/x")).await.unwrap(), "fine");

    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = mute.local_addr().unwrap().to_string();
    let connection = Connection { plain_http: true, ..Connection::default() };
    let error =
        client(&address, None, connection).send(Request::get("/v2/").once()).await.unwrap_err();
    assert!(matches!(error, Error::Stalled { .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_too_large_is_refused() {
    let host = failing(0, || None);
    let error = host.client(None).fetch(Request::get("/v2/x"), 3).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 3, .. }), "{error:?}");
}

#[tokio::test]
async fn other_hosts_learn_no_authorisation() {
    for status in [301, 302, 303, 307, 308] {
        let storage = Responder::new(|_| Some(Reply::ok("blob")));
        let to = format!("http://{}/bucket?sig=1", storage.other_name());
        let registry = Responder::new(move |asked| {
            Some(match asked.authorization() {
                None => Reply::new(401).header("www-authenticate", "Basic realm=x"),
                Some(_) => Reply::new(status).header("location", &to),
            })
        });
        let client = registry.client(password("user", "pass"));
        let request = Request::get("/v2/a/blobs/x")
            .purpose(Purpose::Download)
            .header(RANGE, "bytes=2-".parse().unwrap());
        let response = client.send(request).await.unwrap();
        assert_eq!(response.bytes(10).await.unwrap(), "blob");
        let [asked] = &storage.asked()[..] else { panic!("{:?}", storage.asked()) };
        assert_eq!(asked.authorization(), None, "{status}");
        assert_eq!(asked.header(RANGE), Some("bytes=2-"));
        assert_eq!(asked.target, "/bucket?sig=1");
    }
}

#[tokio::test]
async fn an_expired_redirect_is_asked_for_anew() {
    let storage = Responder::new(|asked| {
        Some(if asked.target.ends_with("sig=0") { Reply::new(403) } else { Reply::ok("blob") })
    });
    let to = storage.other_name();
    let registry = Responder::new(move |asked| {
        Some(Reply::new(307).header("location", format!("http://{to}/b?sig={}", asked.number)))
    });
    assert_eq!(text(&registry, Request::get("/v2/b")).await.unwrap(), "blob");
    assert_eq!(registry.asked().len(), 2);
}

#[tokio::test]
async fn redirects_end() {
    let host = Responder::new(|_| Some(Reply::new(302).header("location", "/v2/again")));
    let error = text(&host, Request::get("/v2/x")).await.unwrap_err();
    assert!(matches!(error, Error::Redirect { .. }), "{error:?}");
    assert_eq!(host.asked().len(), 11);
}

#[tokio::test]
async fn a_location_on_another_host_is_not_authorised() {
    let elsewhere = Responder::new(|_| Some(Reply::new(201)));
    let location = format!("http://{}/upload", elsewhere.other_name());
    let registry = Responder::new(move |asked| {
        Some(match asked.authorization() {
            None => Reply::new(401).header("www-authenticate", "Basic realm=x"),
            Some(_) => Reply::new(202).header("location", &location),
        })
    });
    let client = registry.client(password("user", "pass"));
    let started = client.send(Request::post("/v2/a/blobs/uploads/")).await.unwrap();
    let put = Request::put(started.location().unwrap()).body("bytes");
    client.send(put).await.unwrap();
    assert_eq!(elsewhere.asked()[0].authorization(), None);
    assert_eq!(elsewhere.asked()[0].body, "bytes");
}

fn upload(parts: &[&'static str]) -> longshore::http::Upload {
    let parts: Vec<_> = parts.iter().map(|part| Ok(Bytes::from_static(part.as_bytes()))).collect();
    stream::iter(parts).boxed()
}

#[tokio::test]
async fn a_stream_is_sent_with_its_length_and_once() {
    let host = failing(0, || None);
    let request =
        Request::patch("/v2/u").stream(Some(6), upload(&["abc", "def"])).purpose(Purpose::Upload);
    host.client(None).send(request).await.unwrap();
    assert_eq!(host.asked()[0].body, "abcdef");
    assert_eq!(host.asked()[0].headers["content-length"], "6");

    let host = failing(9, || Some(Reply::new(503)));
    let request = Request::put("/v2/u").stream(None, upload(&["abc"])).purpose(Purpose::Upload);
    let error = host.client(None).send(request).await.unwrap_err();
    assert!(error.is_transient());
    assert_eq!(host.asked().len(), 1);
}

#[tokio::test]
async fn a_failing_source_is_told_as_such() {
    let host = failing(0, || None);
    let parts = [Ok(Bytes::from("abc")), Err("the disk is gone".into())];
    let request =
        Request::put("/v2/u").stream(Some(9), stream::iter(parts).boxed()).purpose(Purpose::Upload);
    let error = host.client(None).send(request).await.unwrap_err();
    let Error::Source { source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source.to_string(), "the disk is gone");
}

#[tokio::test]
async fn a_slow_source_is_not_the_hosts_silence() {
    let host = failing(0, || None);
    let late = stream::once(async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Ok(Bytes::from("late"))
    });
    let request = Request::put("/v2/u").stream(None, late.boxed()).purpose(Purpose::Upload);
    host.client(None).send(request).await.unwrap();
    assert_eq!(host.asked()[0].body, "late");
}

#[tokio::test]
async fn what_may_have_been_done_is_not_repeated() {
    let host = failing(1, || None);
    let error = text(&host, Request::patch("/v2/u").body("abc")).await.unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error:?}");
    assert_eq!(host.asked().len(), 1);

    let host = failing(1, || Some(Reply::new(429)));
    text(&host, Request::patch("/v2/u").body("abc")).await.unwrap();
    assert_eq!(host.asked()[1].body, "abc");
}

#[tokio::test]
async fn only_the_statuses_asked_for_are_answers() {
    let host = Responder::new(|_| Some(Reply::new(404)));
    let request = Request::head("/v2/x").accept(&[StatusCode::OK, StatusCode::NOT_FOUND]);
    assert_eq!(host.client(None).send(request).await.unwrap().status, 404);
    let host = failing(0, || None);
    let request = Request::get("/v2/x").accept(&[StatusCode::PARTIAL_CONTENT]);
    assert_eq!(host.client(None).send(request).await.unwrap_err().status(), Some(StatusCode::OK));
}

#[tokio::test]
async fn nobody_there_is_told_after_some_tries() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let connection = Connection { plain_http: true, ..Connection::default() };
    let error = client(&address, None, connection).send(Request::get("/v2/")).await.unwrap_err();
    let Error::Connect { source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("refused"), "{source}");
    assert_eq!(error.to_string(), format!("cannot connect to {address}"));
}

#[tokio::test]
async fn plain_http_where_tls_is_due_is_known() {
    let host = failing(0, || None);
    let client = client(&host.address(), None, Connection::default());
    let error = client.send(Request::get("/v2/")).await.unwrap_err();
    assert!(matches!(error, Error::PlainHttp { .. }), "{error:?}");
}

#[tokio::test]
async fn a_certificate_is_trusted_by_its_authority_alone() {
    need!("docker-registry", "htpasswd");
    let authority = Authority::new();
    let registry = Registry::with_tls(&authority, "ann", "s3cret");
    let ping = async |connection| {
        client(registry.address(), password("ann", "s3cret"), connection).ping().await
    };

    let error = ping(Connection::default()).await.unwrap_err();
    assert!(matches!(error, Error::Certificate { .. }), "{error:?}");
    assert!(!error.is_transient());

    let root = std::fs::read(authority.certs().join("ca.crt")).unwrap();
    ping(Connection { roots: vec![root], ..Connection::default() }).await.unwrap();
    ping(Connection { insecure: true, ..Connection::default() }).await.unwrap();
}

#[tokio::test]
async fn bytes_in_bulk_come_whole() {
    let blob = Bytes::from(vec![7; 20_000_000]);
    let sent = blob.clone();
    let host = Responder::new(move |_| Some(Reply::ok(sent.clone())));
    let response =
        host.client(None).send(Request::get("/v2/b").purpose(Purpose::Download)).await.unwrap();
    let parts: Vec<Bytes> = response.into_stream().try_collect().await.unwrap();
    assert!(parts.concat() == blob);
}
