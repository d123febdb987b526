//! TLS of the server: a certificate chain and its key, both PEM.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// The server's certificate and key, ready for use.
#[derive(Clone)]
pub struct Tls(pub(super) Arc<ServerConfig>);

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read, or is not PEM of the kind that is needed.
    #[error("cannot read {what} from {}", path.display())]
    Read {
        /// `certificates`, `a private key`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What was met.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// Key and certificate do not belong together, or are of a kind that is not supported.
    #[error("the certificate in {} cannot be used", path.display())]
    Unusable {
        /// The file of the certificate.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads the certificate chain from one file and the key from another; they may be the same file.
    ///
    /// # Errors
    /// When one of them cannot be read, or when they do not belong together.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(unreadable("certificates", certificate))?;
        let private =
            PrivateKeyDer::from_pem_file(key).map_err(unreadable("a private key", key))?;
        let unusable = |source| TlsError::Unusable { path: certificate.to_owned(), source };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

fn unreadable(
    what: &'static str,
    path: &Path,
) -> impl FnOnce(rustls_pki_types::pem::Error) -> TlsError {
    let path = path.to_owned();
    move |source| TlsError::Read { what, path, source }
}
