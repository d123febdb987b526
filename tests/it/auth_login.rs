//! `login` and `logout` against registries that ask.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use longshore::auth::{
    Credential, Error, Helpers, KeyringError, LoginStore, Lookup, Origin, Secret, Vault,
};
use longshore::config::{AuthFiles, Connection};
use longshore::http::Proof;
use longshore::ops::{LoginError, LoginOptions, LoginReport, Place, login, logout};

use crate::support::registry::Registry;
use crate::support::tokens::{IDENTITY_TOKEN, TokenServer};
use crate::support::vault::{NoVault, Shelf};

const USER: &str = "12345678|robot";
const PASSWORD: &str = "p:w";

fn basic(password: &str) -> Credential {
    Credential::Basic { username: USER.into(), password: Secret::new(password.into()) }
}

fn http() -> Option<Connection> {
    Some(Connection { plain_http: true, ..Connection::default() })
}

fn options(target: &str, credential: Credential, prove: Option<Connection>) -> LoginOptions {
    LoginOptions { target: target.parse().unwrap(), credential, place: Place::File, prove }
}

fn store(file: &Path) -> LoginStore {
    LoginStore::new(file.to_owned(), Helpers::new(None))
}

/// The whole chain of what went wrong.
fn why(result: Result<LoginReport, LoginError>) -> String {
    let error = result.unwrap_err();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn only_a_proven_password_is_kept() {
    need!("docker-registry", "htpasswd");
    let registry = Registry::with_password(USER, PASSWORD);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    let address = registry.address();

    let wrong = login(options(address, basic("secret-but-wrong"), http()), &store(&file)).await;
    let said = why(wrong);
    assert!(said.contains("does not take the login") && !said.contains("secret"), "{said}");
    assert!(!file.exists());

    let report = login(options(address, basic(PASSWORD), http()), &store(&file)).await.unwrap();
    assert_eq!(report.proof, Some(Proof::Taken));
    assert_eq!(report.kept, Origin::File { path: file.clone(), key: address.to_owned() });

    let unproven = login(options(address, basic("any"), None), &store(&file)).await.unwrap();
    assert_eq!(unproven.proof, None);
}

#[tokio::test]
async fn a_token_server_proves_passwords_and_identity_tokens() {
    need!("docker-registry");
    let server = TokenServer::new(USER, PASSWORD, 300);
    let registry = Registry::with_tokens(&server);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    let target = format!("{}/org", registry.address());

    let wrong = login(options(&target, basic("wrong"), http()), &store(&file)).await;
    assert!(why(wrong).contains("not proven"));
    assert!(!file.exists());

    let report = login(options(&target, basic(PASSWORD), http()), &store(&file)).await.unwrap();
    assert_eq!(report.proof, Some(Proof::Taken));
    let scope = ("scope".to_owned(), "repository:org:pull".to_owned());
    let asked = server.asked().pop().unwrap();
    assert!(asked.user.is_some() && asked.parameters.contains(&scope), "{asked:?}");

    let token = |text: &str| Credential::IdentityToken(Secret::new(text.into()));
    let good = options(registry.address(), token(IDENTITY_TOKEN), http());
    assert_eq!(login(good, &store(&file)).await.unwrap().proof, Some(Proof::Taken));
    let bad = options(registry.address(), token("other"), http());
    assert!(why(login(bad, &store(&file)).await).contains("not proven"));
    assert!(fs::read_to_string(&file).unwrap().contains(IDENTITY_TOKEN));
}

#[tokio::test]
async fn a_registry_that_lets_everybody_in_proves_nothing_and_says_so() {
    need!("docker-registry");
    let registry = Registry::open();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    let report = login(options(registry.address(), basic("any"), http()), &store(&file)).await;
    assert_eq!(report.unwrap().proof, Some(Proof::NotAsked));
}

#[tokio::test]
async fn without_a_keyring_the_login_goes_to_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    let wanted = || LoginOptions { place: Place::Keyring, ..options("quay.io", basic("p"), None) };
    let report = login(wanted(), &store(&file).with_vault(Arc::new(NoVault::default()))).await;
    let report = report.unwrap();
    assert!(matches!(report.no_keyring, Some(KeyringError::Absent(_))));
    assert_eq!(report.kept, Origin::File { path: file.clone(), key: "quay.io".into() });

    let shelf: Arc<Shelf> = Arc::default();
    let report = login(wanted(), &store(&file).with_vault(shelf.clone())).await.unwrap();
    assert!(report.no_keyring.is_none());
    assert_eq!(report.kept, Origin::Keyring { path: file.clone() });
    assert_eq!(shelf.list().unwrap(), [("quay.io".to_owned(), USER.to_owned())]);
}

#[tokio::test]
async fn logout_tells_what_is_still_found() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("auth.json"), dir.path().join("config.json"));
    fs::write(&second, r#"{"auths": {"quay.io": {"auth": "dTpw"}}}"#).unwrap();
    let target = "quay.io/org".parse().unwrap();
    login(options("quay.io/org", basic("p"), None), &store(&first)).await.unwrap();
    let files = || AuthFiles::Search(vec![first.clone(), second.clone()]);
    let lookup = || Lookup::new(files(), Helpers::new(None));

    let report = logout(&target, &store(&first), &lookup()).await.unwrap();
    let in_file = |path: &Path, key: &str| Origin::File { path: path.into(), key: key.into() };
    assert_eq!(report.forgotten, [in_file(&first, "quay.io/org")]);
    assert_eq!(report.remaining, Some(in_file(&second, "quay.io")));

    let again = logout(&target, &store(&first), &lookup()).await.unwrap();
    assert!(again.forgotten.is_empty());
    let missing = AuthFiles::Only(dir.path().join("none.json"));
    let lookup = Lookup::new(missing.clone(), Helpers::new(None));
    let nobody = logout(&target, &store(missing.first().unwrap()), &lookup).await.unwrap();
    assert!(nobody.forgotten.is_empty() && nobody.remaining.is_none());
}

#[tokio::test]
async fn a_registry_token_is_for_files_only() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    let token = Credential::RegistryToken(Secret::new("t".into()));
    let shelf: Arc<Shelf> = Arc::default();
    let store = store(&file).with_vault(shelf);
    let wanted = LoginOptions { place: Place::Keyring, ..options("quay.io", token.clone(), None) };
    let refused = login(wanted, &store).await.unwrap_err();
    let LoginError::NotKept { source, .. } = refused else { panic!("{refused}") };
    assert!(matches!(source, Error::RegistryToken { .. }), "{source}");
    login(options("quay.io", token, None), &store).await.unwrap();
    assert!(fs::read_to_string(&file).unwrap().contains("\"registrytoken\": \"t\""));
}
