//! The connections to one registry: TLS, trusted roots, proxies, pools.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Identity};

use super::error::{Cause, Error, Failure};
use super::redirect::is_local;
use super::trust;
use crate::config::Connection;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
pub(super) const USER_AGENT: &str = concat!("longshore/", env!("CARGO_PKG_VERSION"));

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
        let build = |adapt: fn(ClientBuilder) -> ClientBuilder| -> Result<Self, Cause> {
            let metadata = builder(host, connection, &["h2", "http/1.1"])?;
            let blob = builder(host, connection, &["http/1.1"])?.http1_only();
            Ok(Self {
                metadata: adapt(metadata).build().map_err(failure)?,
                blob: adapt(blob).build().map_err(failure)?,
            })
        };
        let pools = match build(std::convert::identity) {
            Err(_) if connection.plain_http => build(|builder| builder.tls_certs_only([])),
            other => other,
        };
        pools.map_err(|source| Error::Setup { host: host.to_owned(), source })
    }
}

pub(super) fn failure(error: reqwest::Error) -> Cause {
    Failure::from(error).into()
}

/// `protocols` are offered to the host in this order (RFC 7301).
fn builder(
    host: &str,
    connection: &Connection,
    protocols: &[&str],
) -> Result<ClientBuilder, Cause> {
    let builder = ClientBuilder::new()
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true);
    // A proxy cannot reach what only this machine can.
    let builder = if is_local(host) { builder.no_proxy() } else { builder };
    secured(builder, connection, protocols)
}

fn secured(
    builder: ClientBuilder,
    connection: &Connection,
    protocols: &[&str],
) -> Result<ClientBuilder, Cause> {
    if connection.roots.is_empty() || connection.insecure {
        let builder = builder.tls_danger_accept_invalid_certs(connection.insecure);
        return Ok(match &connection.identity {
            Some(pem) => builder.identity(Identity::from_pem(pem).map_err(failure)?),
            None => builder,
        });
    }
    let mut config = trust::client_config(connection)?;
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(builder.tls_backend_preconfigured(config))
}

/// Names the implementation of cryptography that rustls is to use. It does nothing when there is one already.
pub(super) fn install_provider() {
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
pub(super) fn tls_error(error: &reqwest::Error) -> Option<rustls::Error> {
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
