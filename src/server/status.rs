//! A small server that tells how a long run is doing: pages of text, to be read by people, probes and Prometheus.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpListener;

use super::StartError;
use super::answer::{Body, empty};
use super::connection::{self, Answers};

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whether all is well; a probe sees 503 where it is not.
    pub is_well: bool,
    /// Its type.
    pub media_type: &'static str,
    /// Its text.
    pub text: String,
}

/// A server of pages that listens, and answers once it runs.
#[derive(Debug)]
pub struct StatusServer {
    listener: TcpListener,
    address: SocketAddr,
}

/// The pages.
struct Pages<F>(F);

impl StatusServer {
    /// Listens on `address`, with port 0 for one that is free: [`StatusServer::local_addr`] tells which.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn bind(address: &str) -> Result<Self, StartError> {
        let refused = |source| StartError::Listen { address: address.to_owned(), source };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address })
    }

    /// The address and port that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers with `pages`, by their paths, until `shutdown` is ready.
    pub async fn run(
        self,
        pages: impl Fn(&str) -> Option<Page> + Send + Sync + 'static,
        shutdown: impl Future<Output = ()>,
    ) {
        connection::serve(self.listener, None, Arc::new(Pages(pages)), shutdown).await;
    }
}

impl<F: Fn(&str) -> Option<Page> + Send + Sync + 'static> Answers for Pages<F> {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        let Some(page) = (self.0)(request.uri().path()) else {
            return empty(StatusCode::NOT_FOUND);
        };
        let body = match *request.method() {
            Method::HEAD => Body::Empty,
            _ => Body::Whole(Bytes::from(page.text)),
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            if page.is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(page.media_type));
        response
    }
}
