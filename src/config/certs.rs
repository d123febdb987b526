//! Certificates for a host: `certs.d` folders (containers-certs.d(5)), `--cert-dir`, `--ca-file`.

use std::path::{Path, PathBuf};

use super::{Connection, ConnectionOptions, Env, Error, read};
use crate::model::Registry;

/// What one file of certificates may have at most.
const LIMIT: u64 = 4 * 1024 * 1024;

/// What a certificate in PEM form starts with (RFC 7468, section 5).
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

impl Connection {
    /// Reads the certificates for `registry`: those of the folder asked for or else of the first `certs.d` folder that
    /// has one for this host and port, and the file asked for.
    ///
    /// # Errors
    /// When a file or folder that was asked for, or one in the folder, cannot be read, or a client certificate and its
    /// key are not both there.
    pub fn load(
        options: &ConnectionOptions,
        registry: &Registry,
        env: &Env,
    ) -> Result<Self, Error> {
        let mut found = match &options.cert_dir {
            Some(folder) => Certificates::read(folder)?,
            None => usual_folders(env, registry)
                .iter()
                .find_map(|folder| Certificates::read_if_there(folder).transpose())
                .unwrap_or_else(|| Ok(Certificates::default()))?,
        };
        if let Some(file) = &options.ca_file {
            found.roots.push(roots(file)?);
        }
        Ok(Self {
            plain_http: options.plain_http,
            insecure: options.insecure,
            roots: found.roots,
            identity: found.identity,
        })
    }
}

/// The folders for a host, the user's own first. A registry's name has neither `/` nor `..`, so they stay where they
/// are.
fn usual_folders(env: &Env, registry: &Registry) -> Vec<PathBuf> {
    let own = env.config_home().map(|dir| dir.join("containers/certs.d"));
    let system = ["/etc/containers/certs.d", "/etc/docker/certs.d"].map(PathBuf::from);
    own.into_iter().chain(system).map(|dir| dir.join(registry.as_str())).collect()
}

/// What a folder holds.
#[derive(Default)]
struct Certificates {
    roots: Vec<Vec<u8>>,
    identity: Option<Vec<u8>>,
}

impl Certificates {
    fn read_if_there(folder: &Path) -> Result<Option<Self>, Error> {
        match Self::read(folder) {
            Err(Error::Read { path, source }) if path == folder && read::is_absent(&source) => {
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// `*.crt` are roots; `NAME.cert` and `NAME.key` are a client certificate and its key. Of several pairs the first
    /// by name is taken.
    fn read(folder: &Path) -> Result<Self, Error> {
        let mut found = Self::default();
        for path in files(folder)? {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("crt") => found.roots.push(roots(&path)?),
                Some("cert") => {
                    let identity = identity(&path, &path.with_extension("key"))?;
                    found.identity.get_or_insert(identity);
                }
                Some("key") => present(&path, &path.with_extension("cert"))?,
                _ => {}
            }
        }
        Ok(found)
    }
}

/// Certificates to trust. A file without one is an error: the trust that it was to give would be missed silently.
fn roots(file: &Path) -> Result<Vec<u8>, Error> {
    let bytes = read::bytes(file, LIMIT)?;
    if bytes.windows(PEM.len()).any(|window| window == PEM) {
        Ok(bytes)
    } else {
        Err(Error::NoCertificate { path: file.to_owned() })
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = std::fs::read_dir(folder).map_err(Error::read(folder))?;
    let paths = entries.map(|entry| Ok(entry.map_err(Error::read(folder))?.path()));
    let mut paths = paths.collect::<Result<Vec<_>, Error>>()?;
    paths.sort();
    Ok(paths)
}

fn identity(certificate: &Path, key: &Path) -> Result<Vec<u8>, Error> {
    present(certificate, key)?;
    let mut both = read::bytes(certificate, LIMIT)?;
    both.push(b'\n');
    both.extend(read::bytes(key, LIMIT)?);
    Ok(both)
}

/// Makes sure that the other half of a pair is there.
fn present(half: &Path, other: &Path) -> Result<(), Error> {
    if other.is_file() {
        return Ok(());
    }
    Err(Error::HalfPair { present: half.to_owned(), missing: other.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn write(folder: &Path, names: &[&str]) {
        fs::create_dir_all(folder).unwrap();
        for name in names {
            fs::write(folder.join(name), pem(name)).unwrap();
        }
    }

    fn pem(name: &str) -> Vec<u8> {
        [PEM, name.as_bytes()].concat()
    }

    fn load(home: &Path, options: &ConnectionOptions) -> Result<Connection, Error> {
        let env = Env::fake(home, []);
        Connection::load(options, &"registry.test:5000".parse().unwrap(), &env)
    }

    #[test]
    fn the_folder_of_host_and_port_is_read() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".config/containers/certs.d/registry.test:5000");
        write(
            &folder,
            &["b.crt", "a.crt", "client.cert", "client.key", "z.cert", "z.key", "x.txt"],
        );
        let other = home.path().join(".config/containers/certs.d/registry.test");
        write(&other, &["no.crt"]);
        let found = load(home.path(), &ConnectionOptions::default()).unwrap();
        assert_eq!(found.roots, [pem("a.crt"), pem("b.crt")]);
        let identity = [pem("client.cert"), pem("client.key")].join(&b'\n');
        assert_eq!(found.identity.unwrap(), identity);
    }

    #[test]
    fn what_is_asked_for_must_be_there() {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), &["ca.pem"]);
        let ca_file = home.path().join("ca.pem");
        let asked = ConnectionOptions { ca_file: Some(ca_file), ..Default::default() };
        assert_eq!(load(home.path(), &asked).unwrap().roots, [pem("ca.pem")]);
        let nowhere = home.path().join("nowhere");
        for asked in [
            ConnectionOptions { ca_file: Some(nowhere.clone()), ..Default::default() },
            ConnectionOptions { cert_dir: Some(nowhere.clone()), ..Default::default() },
        ] {
            let error = load(home.path(), &asked).map(drop).unwrap_err();
            assert_eq!(error.to_string(), format!("cannot read {}", nowhere.display()));
        }
    }

    #[test]
    fn a_file_without_a_certificate_is_not_passed_over() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("ca.der");
        fs::write(&file, b"\x30\x82").unwrap();
        let asked = ConnectionOptions { ca_file: Some(file.clone()), ..Default::default() };
        let error = load(home.path(), &asked).map(drop).unwrap_err().to_string();
        assert_eq!(error, format!("{} holds no certificate in PEM form", file.display()));
    }

    #[test]
    fn half_a_pair_is_an_error_that_names_both_files() {
        for (half, other) in [("client.cert", "client.key"), ("client.key", "client.cert")] {
            let home = tempfile::tempdir().unwrap();
            write(home.path(), &[half]);
            let asked =
                ConnectionOptions { cert_dir: Some(home.path().into()), ..Default::default() };
            let error = load(home.path(), &asked).map(drop).unwrap_err().to_string();
            let path = |name| home.path().join(name).display().to_string();
            assert_eq!(error, format!("{} needs {} beside it", path(half), path(other)));
        }
    }
}
