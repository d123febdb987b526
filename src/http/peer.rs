//! A server that is no registry: asked with a proof that is given along, without challenges, slots and redirects.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{HOST, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Identity, Proxy, Url};

use super::client::STALL;
use super::error::{Cause, Error};
use super::redact::{SafeUrl, Secrets, authority};
use super::redirect::is_local;
use super::request::Repeat;
use super::response::Response;
use super::retry::{Attempts, Gates, RetryPolicy, retry_after};
use super::tls::{CONNECT_TIMEOUT, USER_AGENT, failure, install_provider, sending_failed};
use super::trust;
use crate::auth::Secret;
use crate::model::WireErrors;

/// How often a connection on which nothing moves is looked after: an answer may take an hour.
const LOOK_AFTER: Duration = Duration::from_secs(30);

/// Whose certificates are believed.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// Those of the authorities that the system trusts.
    #[default]
    System,
    /// Those of these authorities alone, in PEM form.
    Only(Vec<u8>),
    /// Anybody's.
    Anything,
}

/// What a [`Peer`] is made of.
#[derive(Clone)]
pub struct PeerOptions {
    /// Its address; paths are appended to the path in it.
    pub server: Url,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// The name that its certificate is for, when that is another than the one in its address.
    pub server_name: Option<String>,
    /// A client certificate chain and its key, both PEM, in one text.
    pub identity: Option<Secret>,
    /// The proxy to go through; without one, that of the environment.
    pub proxy: Option<Url>,
    /// How often to try again.
    pub retry: RetryPolicy,
}

/// A server that is no registry. A clone shares its connections.
#[derive(Clone)]
pub struct Peer {
    server: Url,
    /// The address that is dialled, and the `Host` to send where that differs from it.
    dialled: Url,
    host: Option<HeaderValue>,
    pool: reqwest::Client,
    retry: RetryPolicy,
    gates: Arc<Gates>,
}

/// What a [`Peer`] is asked.
#[derive(Clone)]
pub struct Question {
    /// The method.
    pub method: Method,
    /// Path and query, below the server's address.
    pub path: String,
    /// Headers, the proof of identity among them.
    pub headers: HeaderMap,
    /// The body, if any.
    pub body: Option<Bytes>,
    /// Whether it may be asked again when it is not known what became of it.
    pub repeat: Repeat,
    /// How long the whole answer may take; without a limit as long as the connection lives.
    pub patience: Option<Duration>,
    /// The most bytes that an answer may have.
    pub limit: usize,
}

/// What a [`Peer`] answers at last, whatever the status.
#[derive(Debug)]
pub struct Answer {
    /// The answer. What it says back of the proof of identity is taken out, unless it is a success.
    pub response: Response<Bytes>,
    /// How often the question was sent.
    pub tries: u32,
}

impl Peer {
    /// Sets up the connections; it connects to nobody yet.
    ///
    /// # Errors
    /// When certificates, key or proxy cannot be used.
    pub fn new(options: PeerOptions) -> Result<Self, Error> {
        install_provider();
        let host = authority(&options.server);
        let dialled = dialled(&options);
        let pool = pool(&options).map_err(|source| Error::Setup { host: host.clone(), source })?;
        let named = options.server_name.is_some();
        Ok(Self {
            dialled,
            host: HeaderValue::from_str(&host).ok().filter(|_| named),
            pool,
            retry: options.retry,
            gates: Arc::default(),
            server: options.server,
        })
    }

    /// The address of `path` without its secrets, for messages.
    #[must_use]
    pub fn shown(&self, path: &str) -> SafeUrl {
        SafeUrl::new(&below(&self.server, path))
    }

    /// Asks until there is an answer that another try would not change, or an error that stays.
    ///
    /// # Errors
    /// When no answer comes. [`Error::TooSlow`] when the patience is spent.
    pub async fn ask(&self, question: &Question) -> Result<Answer, Error> {
        let mut attempts = Attempts::new(self.retry, Arc::clone(&self.gates));
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.exchange(question).await {
                Ok(response) => {
                    let error = self.refusal(question, &response);
                    let ends = !question.may_repeat(&error);
                    if ends || attempts.after(error).await.is_err() {
                        return Ok(Answer { response, tries });
                    }
                    continue;
                }
                Err(error) => error,
            };
            if !question.may_repeat(&error) {
                return Err(error);
            }
            attempts.after(error).await?;
        }
    }

    async fn exchange(&self, question: &Question) -> Result<Response<Bytes>, Error> {
        let host = authority(&self.server);
        self.gates.pass(&host).await;
        let request = self.request(question);
        let (secrets, shown) = (Secrets::of(&request), self.shown(&question.path));
        let whole = async {
            let answer = self.pool.execute(request).await;
            let answer = answer.map_err(|error| sending_failed(&host, error))?;
            tracing::debug!("{} {shown}: {}", question.method, answer.status());
            Response::new(answer, STALL, Secrets::default()).read(question.limit).await
        };
        let mut response = within(question.patience, &shown, whole).await?;
        if !response.status.is_success() {
            response.body = secrets.hide(&response.body).into();
        }
        Ok(response)
    }

    fn request(&self, question: &Question) -> reqwest::Request {
        let url = below(&self.dialled, &question.path);
        let mut request = reqwest::Request::new(question.method.clone(), url);
        *request.headers_mut() = question.headers.clone();
        if let Some(host) = &self.host {
            request.headers_mut().insert(HOST, host.clone());
        }
        *request.body_mut() = question.body.clone().map(Into::into);
        request
    }

    fn refusal(&self, question: &Question, response: &Response<Bytes>) -> Error {
        Error::Status {
            host: authority(&self.server),
            status: response.status,
            method: question.method.clone(),
            url: self.shown(&question.path),
            errors: Box::new(WireErrors::parse(b"")),
            retry_after: retry_after(&response.headers, SystemTime::now()),
        }
    }
}

impl Question {
    /// Whether it may be asked again after `error`. A server that names a time to come back has not carried it out.
    fn may_repeat(&self, error: &Error) -> bool {
        let refused = matches!(error, Error::Connect { .. })
            || error.status() == Some(StatusCode::TOO_MANY_REQUESTS)
            || error.retry_after().is_some();
        error.is_transient() && (refused || self.repeat == Repeat::Freely)
    }
}

async fn within<T>(
    patience: Option<Duration>,
    url: &SafeUrl,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match patience {
        None => work.await,
        Some(after) => tokio::time::timeout(after, work)
            .await
            .unwrap_or_else(|_| Err(Error::TooSlow { url: url.clone(), after })),
    }
}

/// `path` (with its query) behind the path of `server`.
fn below(server: &Url, path: &str) -> Url {
    let mut url = server.clone();
    let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
    url.set_path(&format!("{}{path}", server.path().trim_end_matches('/')));
    url.set_query(query);
    url
}

/// The server's address, with the name that its certificate is for in place of its own.
fn dialled(options: &PeerOptions) -> Url {
    let mut url = options.server.clone();
    if let Some(name) = &options.server_name {
        let port = url.port_or_known_default();
        // A name that is none leaves the address as it is, and the certificate is refused.
        let _ = url.set_host(Some(name)).map(|()| url.set_port(port));
    }
    url
}

fn pool(options: &PeerOptions) -> Result<reqwest::Client, Cause> {
    let builder = ClientBuilder::new()
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .tcp_keepalive(LOOK_AFTER)
        .http2_keep_alive_interval(LOOK_AFTER)
        .http2_keep_alive_timeout(CONNECT_TIMEOUT);
    let builder = routed(builder, options)?;
    secured(builder, options)?.build().map_err(failure)
}

/// The way to the server. One whose certificate is for another name is dialled directly: that name says nothing to a
/// proxy.
fn routed(builder: ClientBuilder, options: &PeerOptions) -> Result<ClientBuilder, Cause> {
    let host = authority(&options.server);
    Ok(match &options.proxy {
        Some(proxy) => builder.proxy(Proxy::all(through(proxy)).map_err(failure)?),
        None if options.server_name.is_some() => {
            builder.no_proxy().http1_only().dns_resolver(Arc::new(Instead::of(&options.server)))
        }
        None if is_local(&host) => builder.no_proxy(),
        None => builder,
    })
}

/// Go and kubectl let a SOCKS proxy look up names.
fn through(proxy: &Url) -> String {
    match proxy.as_str().strip_prefix("socks5://") {
        Some(rest) => format!("socks5h://{rest}"),
        None => proxy.as_str().to_owned(),
    }
}

fn secured(builder: ClientBuilder, options: &PeerOptions) -> Result<ClientBuilder, Cause> {
    let identity = options.identity.as_ref().map(|pem| pem.expose().as_bytes());
    if let Trust::Only(pem) = &options.trust {
        let mut config = trust::client_config_of(pem, identity)?;
        let protocols: &[&str] = match options.server_name {
            Some(_) => &["http/1.1"],
            None => &["h2", "http/1.1"],
        };
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        return Ok(builder.tls_backend_preconfigured(config));
    }
    let believes_all = matches!(options.trust, Trust::Anything);
    let builder = builder.tls_danger_accept_invalid_certs(believes_all);
    Ok(match identity {
        Some(pem) => builder.identity(Identity::from_pem(pem).map_err(failure)?),
        None if options.server.scheme() == "http" => builder.tls_certs_only([]),
        None => builder,
    })
}

/// Finds the addresses of one server, whatever name is looked up.
struct Instead {
    host: String,
    port: u16,
}

impl Instead {
    fn of(server: &Url) -> Self {
        let host = server.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        Self { host, port: server.port_or_known_default().unwrap_or_default() }
    }
}

impl Resolve for Instead {
    fn resolve(&self, _: Name) -> Resolving {
        let place = (self.host.clone(), self.port);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host(place).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
