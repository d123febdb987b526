//! A host that answers as a test tells it, and a client for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, Method, Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use longshore::auth::{self, Credential, Keychain, Secret};
use longshore::config::Connection;
use longshore::http::{Client, ClientOptions, RetryPolicy, Traffic};
use longshore::model::Registry;

use super::serving::{self, Body, Broken, Served, full};

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Which of all requests, from 0.
    pub(crate) number: usize,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    /// As much of the body as came.
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn authorization(&self) -> Option<&str> {
        self.header(AUTHORIZATION)
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }
}

/// An answer.
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
    end: End,
    after: Duration,
}

/// What comes after the bytes of an answer.
enum End {
    Proper,
    /// The connection closes, with more bytes announced.
    Cut,
    /// Nothing, and the connection stays.
    Silence,
    /// A byte whenever this time has passed, for ever.
    Drops(Duration),
}

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            end: End::Proper,
            after: Duration::ZERO,
        }
    }

    pub(crate) fn ok(body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::new(200) }
    }

    pub(crate) fn body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Announces one byte more than there is.
    pub(crate) fn cut(self) -> Self {
        let announced = (self.body.len() + 1).to_string();
        Self { end: End::Cut, ..self }.header("content-length", announced)
    }

    pub(crate) fn then_silence(self) -> Self {
        Self { end: End::Silence, ..self }
    }

    pub(crate) fn then_drops(self, every: Duration) -> Self {
        Self { end: End::Drops(every), ..self }
    }

    /// Comes late.
    pub(crate) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    fn response(self) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let beginning = stream::iter([Ok(Frame::data(self.body.clone()))]);
        let body = match self.end {
            End::Proper => full(self.body),
            End::Cut => StreamBody::new(beginning.chain(stream::once(broken()))).boxed_unsync(),
            End::Drops(every) => StreamBody::new(beginning.chain(drops(every))).boxed_unsync(),
            End::Silence => StreamBody::new(beginning.chain(stream::pending())).boxed_unsync(),
        };
        response.body(body).unwrap()
    }
}

/// What was sent before is still under way, and an error would overtake it.
async fn broken() -> Result<Frame<Bytes>, Broken> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    Err("cut as ordered".into())
}

fn drops(every: Duration) -> impl Stream<Item = Result<Frame<Bytes>, Broken>> + Send {
    stream::repeat(()).then(move |()| async move {
        tokio::time::sleep(every).await;
        Ok(Frame::data(Bytes::from_static(b" ")))
    })
}

/// A running host. Dropping it ends it.
pub(crate) struct Responder {
    served: Served,
    asked: Arc<Mutex<Vec<Asked>>>,
    gauge: Arc<Gauge>,
}

/// How many requests are being answered.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Responder {
    /// A host that answers with what `answer` makes of each request; `None` closes the connection unanswered.
    pub(crate) fn new(answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let record = Arc::clone(&asked);
        let answer = Arc::new(answer);
        let gauge: Arc<Gauge> = Arc::default();
        let measure = Arc::clone(&gauge);
        let served = serving::serve(move |request| {
            let (record, answer) = (Arc::clone(&record), Arc::clone(&answer));
            let gauge = Arc::clone(&measure);
            async move {
                let now = gauge.now.fetch_add(1, Ordering::SeqCst) + 1;
                gauge.most.fetch_max(now, Ordering::SeqCst);
                let request = read(request).await;
                let request = {
                    let mut record = record.lock().unwrap();
                    let request = Asked { number: record.len(), ..request };
                    record.push(request.clone());
                    request
                };
                let reply = answer(&request);
                if let Some(reply) = &reply {
                    tokio::time::sleep(reply.after).await;
                }
                gauge.now.fetch_sub(1, Ordering::SeqCst);
                reply.map(Reply::response).ok_or_else(|| "no answer, as ordered".into())
            }
        });
        Self { served, asked, gauge }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.served.address()
    }

    /// The same as another host: `localhost:PORT`.
    pub(crate) fn other_name(&self) -> String {
        self.served.other_name()
    }

    /// All requests up to now.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Their methods and paths, as `GET /v2/`.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(|asked| format!("{} {}", asked.method, asked.path())).collect()
    }

    /// The most requests that were there at once, unanswered.
    pub(crate) fn most_at_once(&self) -> usize {
        self.gauge.most.load(Ordering::SeqCst)
    }

    /// Forgets how many there were.
    pub(crate) fn measure_again(&self) {
        self.gauge.most.store(0, Ordering::SeqCst);
    }

    /// A client over plain HTTP that is quick to try again.
    pub(crate) fn client(&self, login: Option<Credential>) -> Client {
        client(&self.address(), login, plain())
    }

    /// Such a client that shares `traffic` with others.
    pub(crate) fn client_in(&self, traffic: &Arc<Traffic>) -> Client {
        sharing(&self.address(), traffic, Duration::from_secs(1))
    }
}

/// A client over plain HTTP that shares `traffic` with others.
pub(crate) fn sharing(host: &str, traffic: &Arc<Traffic>, stall: Duration) -> Client {
    let traffic = Arc::clone(traffic);
    Client::new(ClientOptions { traffic, stall, ..options(host, None, plain()) }).unwrap()
}

fn plain() -> Connection {
    Connection { plain_http: true, ..Connection::default() }
}

async fn read(request: Request<Incoming>) -> Asked {
    let (head, mut body) = request.into_parts();
    let mut text = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        text.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
    }
    Asked {
        number: 0,
        method: head.method,
        target: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        headers: head.headers,
        body: String::from_utf8_lossy(&text).into_owned(),
    }
}

/// A client that is quick to try again, and to call a silent connection dead.
pub(crate) fn client(host: &str, login: Option<Credential>, connection: Connection) -> Client {
    impatient(host, login, connection, Duration::from_secs(1))
}

/// The same, with another idea of how long a connection may be silent.
pub(crate) fn impatient(
    host: &str,
    login: Option<Credential>,
    connection: Connection,
    stall: Duration,
) -> Client {
    Client::new(ClientOptions { stall, ..options(host, login, connection) }).unwrap()
}

/// What a client is made of that is quick to try again, and shares nothing.
fn options(host: &str, login: Option<Credential>, connection: Connection) -> ClientOptions {
    ClientOptions {
        registry: host.parse().unwrap(),
        host: host.to_owned(),
        connection,
        keychain: Arc::new(Login(login)),
        retry: RetryPolicy {
            first: Duration::from_millis(2),
            longest: Duration::from_millis(10),
            ..RetryPolicy::default()
        },
        stall: Duration::from_secs(1),
        traffic: Arc::default(),
    }
}

/// User name and password.
pub(crate) fn password(username: &str, password: &str) -> Option<Credential> {
    let password = Secret::new(password.to_owned());
    Some(Credential::Basic { username: username.to_owned(), password })
}

/// The same credential for everything.
struct Login(Option<Credential>);

#[async_trait]
impl Keychain for Login {
    async fn credential(&self, _: &Registry, _: &str) -> Result<Option<Credential>, auth::Error> {
        Ok(self.0.clone())
    }
}
