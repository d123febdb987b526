//! A registry that we did not write: Debian's `docker-registry`, on a free port, its storage in a temporary folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::certificates::Authority;
use super::tokens::{self, TokenServer};

/// A running registry. Dropping it ends it and removes what it holds.
pub(crate) struct Registry {
    child: Child,
    folder: TempDir,
    address: String,
}

impl Registry {
    /// Everybody may do everything.
    pub(crate) fn open() -> Self {
        Self::start(tempfile::tempdir().unwrap(), &json!({}), &json!({}))
    }

    /// Nothing can be deleted: as it is started without settings.
    pub(crate) fn without_deletion() -> Self {
        Self::start_with(tempfile::tempdir().unwrap(), &json!({}), &json!({}), false)
    }

    /// Only this user may do anything, with Basic authentication.
    pub(crate) fn with_password(user: &str, password: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let auth = htpasswd(folder.path(), user, password);
        Self::start(folder, &json!({}), &auth)
    }

    /// As [`Registry::with_password`], over TLS.
    pub(crate) fn with_tls(authority: &Authority, user: &str, password: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let auth = htpasswd(folder.path(), user, password);
        let tls = json!({"certificate": authority.certificate(), "key": authority.key()});
        Self::start(folder, &tls, &auth)
    }

    /// Over TLS, for clients with a certificate by `authority`.
    pub(crate) fn with_client_certificates(authority: &Authority) -> Self {
        let tls = json!({
            "certificate": authority.certificate(), "key": authority.key(),
            "clientcas": [authority.mutual().join("ca.crt")],
        });
        Self::start(tempfile::tempdir().unwrap(), &tls, &json!({}))
    }

    /// Whoever brings a token of `server` may do what it says.
    pub(crate) fn with_tokens(server: &TokenServer) -> Self {
        let token = json!({
            "realm": server.realm(), "service": tokens::SERVICE,
            "issuer": tokens::ISSUER, "rootcertbundle": server.certificate(),
        });
        Self::start(tempfile::tempdir().unwrap(), &json!({}), &json!({"token": token}))
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The folder where repositories and blobs are kept.
    pub(crate) fn storage(&self) -> PathBuf {
        self.folder.path().join("storage/docker/registry/v2")
    }

    /// Lets no file grow beyond so many bytes, as on a full disk; `None` is as before.
    pub(crate) fn grow_files_to(&self, bytes: Option<u64>) {
        let soft = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
        let (process, limit) = (self.child.id().to_string(), format!("--fsize={soft}:unlimited"));
        let status = Command::new("prlimit").args(["--pid", &process, &limit]).status().unwrap();
        assert!(status.success(), "prlimit: {status}");
    }

    fn start(folder: TempDir, tls: &Value, auth: &Value) -> Self {
        Self::start_with(folder, tls, auth, true)
    }

    fn start_with(folder: TempDir, tls: &Value, auth: &Value, deletes: bool) -> Self {
        let config = json!({
            "version": "0.1",
            "log": {"level": "info", "formatter": "text"},
            "storage": {
                "filesystem": {"rootdirectory": folder.path().join("storage")},
                "delete": {"enabled": deletes},
            },
            "http": {"addr": "127.0.0.1:0", "secret": "of the tests", "tls": tls},
            "auth": auth,
        });
        let (file, log) = (folder.path().join("config.yml"), folder.path().join("log"));
        fs::write(&file, config.to_string()).unwrap();
        let output = File::create(&log).unwrap();
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let mut registry = Self { child, folder, address: String::new() };
        registry.address = registry.wait(&log);
        registry
    }

    /// Waits until the log names the address, which is bound by then.
    fn wait(&mut self, log: &Path) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let text = fs::read_to_string(log).unwrap();
            if let Some((_, rest)) = text.split_once("listening on ") {
                let end = rest.find(['"', ',']).unwrap();
                return rest[..end].to_owned();
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "docker-registry: {text}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The `auth` section for one user, whose password is kept in `folder`.
fn htpasswd(folder: &Path, user: &str, password: &str) -> Value {
    let output = Command::new("htpasswd").args(["-nbBC", "4", user, password]).output().unwrap();
    assert!(output.status.success(), "htpasswd: {}", String::from_utf8_lossy(&output.stderr));
    let path = folder.join("htpasswd");
    fs::write(&path, output.stdout).unwrap();
    json!({"htpasswd": {"realm": "tests", "path": path}})
}
