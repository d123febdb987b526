//! TLS before a plain server inside the test process: which name was asked for, and who showed a certificate.

use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::certificates::Authority;

/// A connection that came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The name that was asked for (SNI); none for an address.
    pub(crate) name: Option<String>,
    /// The certificate that was shown, in DER form.
    pub(crate) certificate: Option<Vec<u8>>,
}

pub(crate) struct TlsFront {
    address: SocketAddr,
    callers: Arc<Mutex<Vec<Caller>>>,
    _stop: oneshot::Sender<()>,
}

impl TlsFront {
    /// Before the server at `inner`, with a certificate of `authority`. Clients may show one of that authority.
    pub(crate) fn before(inner: String, authority: &Authority) -> Self {
        let (config, callers) = (config(authority), Arc::<Mutex<Vec<Caller>>>::default());
        let (stop, stopped) = oneshot::channel();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let record = Arc::clone(&callers);
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                let acceptor = TlsAcceptor::from(Arc::new(config));
                tokio::select! {
                    () = accept(listener, acceptor, inner, record) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, callers, _stop: stop }
    }

    /// `https://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// All connections up to now.
    pub(crate) fn callers(&self) -> Vec<Caller> {
        self.callers.lock().unwrap().clone()
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    inner: String,
    callers: Arc<Mutex<Vec<Caller>>>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (acceptor, inner, callers) = (acceptor.clone(), inner.clone(), Arc::clone(&callers));
        tokio::spawn(async move {
            // One who does not trust the certificate goes away.
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let session = stream.get_ref().1;
            let shown = session.peer_certificates().and_then(|chain| chain.first());
            callers.lock().unwrap().push(Caller {
                name: session.server_name().map(str::to_owned),
                certificate: shown.map(|certificate| certificate.to_vec()),
            });
            let mut server = TcpStream::connect(inner).await.unwrap();
            // The end of either side ends both.
            drop(copy_bidirectional(&mut stream, &mut server).await);
        });
    }
}

fn config(authority: &Authority) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    let ca = fs::read(authority.certs().join("ca.crt")).unwrap();
    roots.add(CertificateDer::from_pem_slice(&ca).unwrap()).unwrap();
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .unwrap();
    let certificate = CertificateDer::from_pem_file(authority.certificate()).unwrap();
    let key = PrivateKeyDer::from_pem_file(authority.key()).unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![certificate], key)
        .unwrap()
}
