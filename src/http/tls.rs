//! The connections to one registry: TLS, trusted roots, proxies, pools.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity};

use super::error::{Error, Failure};
use super::redirect::is_local;
use crate::config::Connection;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const USER_AGENT: &str = concat!("longshore/", env!("CARGO_PKG_VERSION"));

/// Two pools: one speaks HTTP/2 where it can, the other HTTP/1.1 alone. HTTP/2 cuts bulk into frames of 16 KiB and
/// puts all of it on one connection.
pub(super) struct Pools {
    pub(super) metadata: reqwest::Client,
    pub(super) blob: reqwest::Client,
}

impl Pools {
    /// Sets up the connections to `host` (`host[:port]`).
    ///
    /// The roots are the system's and those of `connection`. A system without any is no obstacle to plain HTTP.
    pub(super) fn new(host: &str, connection: &Connection) -> Result<Self, Error> {
        install_provider();
        let setup = |source: reqwest::Error| Error::Setup {
            host: host.to_owned(),
            source: Failure::from(source),
        };
        let build = |base: &dyn Fn() -> reqwest::Result<ClientBuilder>| {
            Ok(Self { metadata: base()?.build()?, blob: base()?.http1_only().build()? })
        };
        let pools = build(&|| builder(host, connection));
        let pools = match pools {
            Err(_) if connection.plain_http => {
                build(&|| Ok(builder(host, connection)?.tls_certs_only([])))
            }
            other => other,
        };
        pools.map_err(setup)
    }
}

fn builder(host: &str, connection: &Connection) -> reqwest::Result<ClientBuilder> {
    let mut builder = ClientBuilder::new()
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true);
    for pem in &connection.roots {
        for certificate in Certificate::from_pem_bundle(pem)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    if let Some(pem) = &connection.identity {
        builder = builder.identity(Identity::from_pem(pem)?);
    }
    if connection.insecure {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    // A proxy cannot reach what only this machine can.
    Ok(if is_local(host) { builder.no_proxy() } else { builder })
}

/// Names the implementation of cryptography that rustls is to use. It does nothing when there is one already.
fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that another thread was faster, with the same provider.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}

/// Sorts what the HTTP stack met before an answer came.
pub(super) fn sending_failed(host: &str, error: reqwest::Error) -> Error {
    let host = host.to_owned();
    let tls = tls_error(&error);
    let connecting = error.is_connect();
    let source = Failure::from(error);
    match tls {
        Some(rustls::Error::InvalidCertificate(_)) => Error::Certificate { host, source },
        Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => {
            Error::PlainHttp { host }
        }
        Some(_) => Error::Tls { host, source },
        None if connecting => Error::Connect { host, source },
        None => Error::Broken { host, source },
    }
}

/// The error of the TLS layer among the causes of `error`; the layers between wrap it in `io::Error`.
fn tls_error(error: &reqwest::Error) -> Option<rustls::Error> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls.clone());
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_told() {
        let connection = Connection {
            roots: vec![b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----".to_vec()],
            ..Connection::default()
        };
        let error = Pools::new("quay.io", &connection).err().unwrap();
        assert_eq!(error.to_string(), "cannot set up the connection to quay.io");
        assert!(!error.is_transient());
    }
}
