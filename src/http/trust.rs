//! TLS for a host that certificates of its own are trusted for.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls_platform_verifier::Verifier;

use super::error::Cause;
use crate::config::Connection;
use crate::model::one_line;

/// Trusts the system's roots and those of `connection`, and shows its client certificate to a server that asks.
pub(super) fn client_config(connection: &Connection) -> Result<ClientConfig, Cause> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let own = certificates(connection.roots.iter().map(Vec::as_slice))?;
    let system = Verifier::new_with_extra_roots(own.iter().cloned(), Arc::clone(&provider))?;
    let verifier = OwnRoots { usual: Arc::new(system), own };
    configured(provider, verifier, connection.identity.as_deref())
}

/// Trusts the roots of `pem` and no others, and shows the client certificate in `identity` to a server that asks.
pub(super) fn client_config_of(pem: &[u8], identity: Option<&[u8]>) -> Result<ClientConfig, Cause> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let own = certificates([pem])?;
    let mut roots = RootCertStore::empty();
    for root in &own {
        roots.add(root.clone())?;
    }
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    configured(provider, OwnRoots { usual: usual.build()?, own }, identity)
}

fn configured(
    provider: Arc<CryptoProvider>,
    verifier: OwnRoots,
    identity: Option<&[u8]>,
) -> Result<ClientConfig, Cause> {
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    Ok(match identity {
        Some(pem) => config
            .with_client_auth_cert(certificates([pem])?, PrivateKeyDer::from_pem_slice(pem)?)?,
        None => config.with_no_client_auth(),
    })
}

fn certificates<'a>(
    pems: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let certificates = pems.into_iter().flat_map(CertificateDer::pem_slice_iter);
    Ok(certificates.collect::<Result<_, _>>()?)
}

/// Verifies as usual, and takes a server's certificate that is itself among the roots of its own.
///
/// A certificate that signs itself is a root and a server's at once, and `openssl req -x509` marks it as an authority.
/// RFC 5280 keeps the two apart and so does the system's verifier; registries are run with such certificates all the
/// same, and other clients take them.
#[derive(Debug)]
struct OwnRoots {
    usual: Arc<dyn ServerCertVerifier>,
    own: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for OwnRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.usual.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            // It is in force: an expired one is refused as such, before its kind is looked at.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self.own.contains(end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

/// What is wrong with a certificate, as a sentence about it.
pub(super) fn told(fault: &CertificateError) -> String {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet".into()
        }
        CertificateError::Revoked => "it was revoked".into(),
        CertificateError::UnknownIssuer => {
            "it was issued by an authority that is not trusted here (unknown issuer)".into()
        }
        CertificateError::NotValidForName => "it is for another name".into(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names = one_line(&presented.join(", "), 200);
            format!("it is for {names}, not for {}", expected.to_str())
        }
        CertificateError::Other(other) => {
            format!("it cannot be that of a server ({})", one_line(&other.to_string(), 100))
        }
        other => one_line(&other.to_string(), 200),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

    use super::*;

    /// A certificate that signs itself, for `localhost`, in force through the year 2025.
    fn signed_by_itself() -> CertificateDer<'static> {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2025, 1, 1);
        params.not_after = date_time_ymd(2026, 1, 1);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    /// Asks for `name` on a day of the year `year`, with `root` as the only root of our own.
    fn verify(
        root: &CertificateDer<'static>,
        shown: &CertificateDer<'_>,
        name: &str,
        year: u64,
    ) -> Result<(), Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let system = Verifier::new_with_extra_roots([root.clone()], provider).unwrap();
        let verifier = OwnRoots { usual: Arc::new(system), own: vec![root.clone()] };
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let now = Duration::from_secs((year - 1970) * 31_556_952 + 15_000_000);
        let now = UnixTime::since_unix_epoch(now);
        verifier.verify_server_cert(shown, &[], &name, &[], now).map(drop)
    }

    #[test]
    fn what_is_wrong_is_told_in_words() {
        let (root, other) = (signed_by_itself(), signed_by_itself());
        let fault = |shown: &CertificateDer<'static>, name: &str, year| match verify(
            &root, shown, name, year,
        )
        .unwrap_err()
        {
            Error::InvalidCertificate(fault) => told(&fault),
            other => panic!("{other}"),
        };
        assert_eq!(fault(&root, "localhost", 2027), "it has expired");
        assert_eq!(fault(&root, "localhost", 2024), "it is not valid yet");
        let name = fault(&root, "elsewhere", 2025);
        assert!(name.contains("localhost") && name.ends_with("not for elsewhere"), "{name}");
        let self_made = fault(&other, "localhost", 2025);
        assert_eq!(self_made, "it cannot be that of a server (CaUsedAsEndEntity)");
    }

    #[test]
    fn a_root_may_be_the_server_itself() {
        let (root, other) = (signed_by_itself(), signed_by_itself());
        verify(&root, &root, "localhost", 2025).unwrap();
        for (shown, name, year) in
            [(&other, "localhost", 2025), (&root, "elsewhere", 2025), (&root, "localhost", 2027)]
        {
            let refused = verify(&root, shown, name, year).unwrap_err();
            assert!(matches!(refused, Error::InvalidCertificate(_)), "{refused:?}");
        }
    }
}
