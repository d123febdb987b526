//! A certificate authority of our own.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// A name that is in the servers' certificate and in no name service.
pub(crate) const INNER_NAME: &str = "api.cluster.internal";

/// An authority, and a server certificate by it for `localhost`, `127.0.0.1` and [`INNER_NAME`], as PEM files.
pub(crate) struct Authority {
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "longshore test authority");
        let key = KeyPair::generate().unwrap();
        let root = authority.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(authority, key);

        let server_key = KeyPair::generate().unwrap();
        let names = ["localhost", "127.0.0.1", INNER_NAME].map(str::to_owned);
        let server = CertificateParams::new(names);
        let server = server.unwrap().signed_by(&server_key, &issuer).unwrap().pem();

        let folder = tempfile::tempdir().unwrap();
        let write = |name, text| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir(folder.path().join("certs")).unwrap();
        write("certs/ca.crt", root);
        write("server.pem", server);
        write("server.key", server_key.serialize_pem());
        let client_key = KeyPair::generate().unwrap();
        let client = CertificateParams::new(["client".to_owned()]).unwrap();
        fs::create_dir(folder.path().join("mutual")).unwrap();
        write("mutual/ca.crt", fs::read_to_string(folder.path().join("certs/ca.crt")).unwrap());
        write("mutual/client.cert", client.signed_by(&client_key, &issuer).unwrap().pem());
        write("mutual/client.key", client_key.serialize_pem());
        Self { folder }
    }

    /// As [`Authority::certs`], with a client's certificate and key.
    pub(crate) fn mutual(&self) -> PathBuf {
        self.folder.path().join("mutual")
    }

    /// A folder as clients know it from `certs.d`, with the authority's `ca.crt`.
    pub(crate) fn certs(&self) -> PathBuf {
        self.folder.path().join("certs")
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }
}
