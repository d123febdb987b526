//! Auth files shared with skopeo: it reads what we write, and we read what it writes.

use std::path::Path;
use std::process::Command;

use longshore::auth::{Credential, Helpers, LoginStore, Lookup, Secret};
use longshore::config::AuthFiles;

use crate::support::registry::Registry;

/// A robot's name and a password with all that could go wrong on the way.
const USER: &str = "org+robot";
const PASSWORD: &str = "p:ä+/=\"x";

/// Runs skopeo with this auth file and no other; tells whether it succeeded.
fn skopeo(file: &Path, args: &[&str]) -> bool {
    let status = Command::new("skopeo")
        .args(args)
        .arg("--authfile")
        .arg(file)
        .args(["--tls-verify=false"])
        .env("HOME", file.parent().unwrap())
        .status();
    status.unwrap().success()
}

#[tokio::test]
async fn skopeo_reads_what_we_write() {
    need!("docker-registry", "skopeo", "htpasswd");
    let registry = Registry::with_password(USER, PASSWORD);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    let host = registry.address().parse().unwrap();
    let logins = LoginStore::new(file.clone(), Helpers::new(None));
    let login = |password: &str| Credential::Basic {
        username: USER.into(),
        password: Secret::new(password.into()),
    };
    let get = ["login", "--get-login", registry.address()];
    let verify = ["login", registry.address()];

    logins.store(&host, "", &login(PASSWORD)).await.unwrap();
    assert!(skopeo(&file, &get) && skopeo(&file, &verify), "skopeo logs in with what it found");
    logins.store(&host, "", &login("wrong")).await.unwrap();
    assert!(!skopeo(&file, &verify));
    logins.erase(&host, "").await.unwrap();
    assert!(!skopeo(&file, &get));
}

#[tokio::test]
async fn we_read_what_skopeo_writes() {
    need!("docker-registry", "skopeo", "htpasswd");
    let registry = Registry::with_password(USER, PASSWORD);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    assert!(skopeo(&file, &["login", "-u", USER, "-p", PASSWORD, registry.address()]));
    let lookup = Lookup::new(AuthFiles::Only(file), Helpers::new(None));
    let found = lookup.find(&registry.address().parse().unwrap(), "a/b").await.unwrap().unwrap();
    let Credential::Basic { username, password } = found.credential else { panic!() };
    assert_eq!((username.as_str(), password.expose()), (USER, PASSWORD));
}
