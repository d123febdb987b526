//! Small HTTP servers inside the test process, each on a thread of its own.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Why an answer breaks off.
pub(crate) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer; an error in it closes the connection.
pub(crate) type Body = UnsyncBoxBody<Bytes, Broken>;

/// A body of known bytes.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// A running server. Dropping it ends it.
pub(crate) struct Served {
    address: SocketAddr,
    _stop: oneshot::Sender<Infallible>,
}

impl Served {
    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// The same under a name that makes it another host: `localhost:PORT`.
    pub(crate) fn other_name(&self) -> String {
        format!("localhost:{}", self.address.port())
    }
}

/// Serves HTTP/1.1 on a free port of the loopback address. An error from `answer` closes the connection unanswered.
pub(crate) fn serve<F, R>(answer: F) -> Served
where
    F: Fn(Request<Incoming>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Response<Body>, Broken>> + Send + 'static,
{
    let (stop, stopped) = oneshot::channel();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            tokio::select! {
                () = accept(listener, Arc::new(answer)) => {}
                _ = stopped => {}
            }
        });
    });
    Served { address, _stop: stop }
}

async fn accept<F, R>(listener: TcpListener, answer: Arc<F>)
where
    F: Fn(Request<Incoming>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Response<Body>, Broken>> + Send + 'static,
{
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let answer = Arc::clone(&answer);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| answer(request));
            let connection = hyper::server::conn::http1::Builder::new();
            // A fault ends here as an error, which is what it is for.
            drop(connection.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}
