//! The HTTP layer: accepts connections, speaks TLS, HTTP/1.1 and HTTP/2, and gives up on clients that stand still.
//! What is answered is up to whom it hands requests to ([`Answers`]).

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::answer::Body;
use super::idle::Watched;

/// Connections that are served at once; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;
/// How long a connection may stand still.
const IDLE: Duration = Duration::from_secs(300);
/// How long a client has for a TLS handshake, and for the head of a request.
const HEAD: Duration = Duration::from_secs(60);
/// How long requests that are being answered have when the server is to end.
const GRACE: Duration = Duration::from_secs(10);
/// Headers of a request.
const MAX_HEADERS: usize = 100;
/// Bytes of the headers of an HTTP/2 request.
const MAX_HEADER_BYTES: u32 = 64 * 1024;
/// Bytes that an HTTP/2 client may send before it has to wait: as many as keep a fast link busy.
const WINDOW: u32 = 4 * 1024 * 1024;

/// Whoever answers requests.
pub(super) trait Answers: Send + Sync + 'static {
    /// The answer to one.
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response<Body>> + Send;
}

/// Serves until `shutdown` is ready; then lets requests under way finish for a moment.
pub(super) async fn serve<A: Answers>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: Arc<A>,
    shutdown: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut shutdown => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let connection = connect(stream, tls.clone(), Arc::clone(&service), graceful.watcher());
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }
    drop(listener);
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off");
    }
}

async fn connect<A: Answers>(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    service: Arc<A>,
    watcher: Watcher,
) {
    // Without it, small answers wait for the acknowledgement of what went before.
    let _ = stream.set_nodelay(true);
    let stream = Watched::new(stream, IDLE);
    let Some(tls) = tls else { return speak(stream, service, watcher).await };
    match timeout(HEAD, tls.accept(stream)).await {
        Ok(Ok(stream)) => speak(stream, service, watcher).await,
        Ok(Err(error)) => tracing::debug!("no TLS handshake: {error}"),
        Err(_) => tracing::debug!("no TLS handshake in time"),
    }
}

async fn speak<S, A: Answers>(stream: S, answers: Arc<A>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let answers = Arc::clone(&answers);
        async move { Ok::<_, Infallible>(answers.answer(request).await) }
    });
    let mut protocols = auto::Builder::new(TokioExecutor::new());
    protocols
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(MAX_HEADERS)
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEADER_BYTES)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let connection = protocols.serve_connection(TokioIo::new(stream), service).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!("a connection ended early: {error}");
    }
}
