//! The embedded registry behind `longshore serve`: the server side of the OCI distribution specification 1.1 over a
//! store of layouts. The repository `a/b` is the OCI image layout `ROOT/a/b`, which other tools may read as it is.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use longshore::server::{Options, Server};
//!
//! let server = Server::bind("127.0.0.1:0", Options::new("images")).await?;
//! println!("listening on {}", server.local_addr());
//! server.run(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```
//!
//! What holds whenever the process may be killed: a blob is found under its digest only when all its bytes are there
//! and proven, a tag points to a manifest that is there, and an upload goes on where it stopped.
//!
//! Names, digests, tags and sizes that come from outside are checked before a path is made of them, and no link is
//! followed below the root. Nothing here knows the client: registries, HTTP requests, credentials.

mod answer;
mod blobs;
mod connection;
mod error;
mod htpasswd;
mod idle;
mod lists;
mod manifests;
mod name;
mod page;
mod query;
mod range;
mod registry;
mod request;
mod route;
mod sessions;
mod status;
mod tls;
mod upload_id;
mod uploads;

pub use htpasswd::{Htpasswd, HtpasswdError};
pub use status::{Page, StatusServer};
pub use tls::{Tls, TlsError};

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio_rustls::TlsAcceptor;

use registry::Registry;

/// How a registry is served.
#[derive(Debug)]
pub struct Options {
    /// The folder of the repositories. It is made when it is not there.
    pub root: PathBuf,
    /// Who is let in; everyone, when not given.
    pub users: Option<Htpasswd>,
    /// The certificate for HTTPS; plain HTTP, when not given.
    pub tls: Option<Tls>,
    /// Refuse whatever would change something.
    pub read_only: bool,
}

impl Options {
    /// An open registry over plain HTTP that can be read and written.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), users: None, tls: None, read_only: false }
    }
}

/// Why a registry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is not to be had.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The folder cannot be used.
    #[error("cannot use {} as the root of a registry", root.display())]
    Root {
        /// The folder.
        root: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// A registry that listens, and answers once it runs.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
    registry: Arc<Registry>,
}

impl Server {
    /// Listens on `address`, with port 0 for one that is free: [`Server::local_addr`] tells which. Uploads of an
    /// earlier run are found again; those older than a week are swept away.
    ///
    /// # Errors
    /// When the address is taken, or when the root cannot be made or read.
    pub async fn bind(
        address: impl ToSocketAddrs + std::fmt::Display,
        options: Options,
    ) -> Result<Self, StartError> {
        let refused = |source| StartError::Listen { address: address.to_string(), source };
        let listener = TcpListener::bind(&address).await.map_err(refused)?;
        let bound = listener.local_addr().map_err(refused)?;
        let Options { root, users, tls, read_only } = options;
        let registry = Registry::open(&root, users, read_only)
            .map_err(|source| StartError::Root { root, source })?;
        Ok(Self { listener, address: bound, tls, registry: Arc::new(registry) })
    }

    /// The address and port that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `shutdown` is ready. Requests that are under way then have ten seconds to finish.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let tls = self.tls.map(|tls| TlsAcceptor::from(tls.0));
        connection::serve(self.listener, tls, self.registry, shutdown).await;
    }
}
