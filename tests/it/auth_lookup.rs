//! Which credential is found where: files in their order, helpers, the keyring.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use longshore::auth::{Credential, Helpers, Keychain, Lookup, Origin, Secret, Vault};
use longshore::config::{AuthFiles, Env};
use longshore::model::Registry;

use crate::support::vault::Shelf;

/// A home folder with auth files and helpers in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A helper that counts its calls in `calls` and then does `script`.
    fn helper(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let log = self.path().join("calls");
        let text = format!("#!/bin/sh\necho {name} $1 >> {}\n{script}\n", log.display());
        let path = self.write(&format!("bin/docker-credential-{name}"), &text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.path().join("calls")).unwrap_or_default()
    }

    fn helpers(&self) -> Helpers {
        Helpers::new(Some(format!("{}:/bin:/usr/bin", self.path().join("bin").display()).into()))
    }

    fn only(&self, file: PathBuf) -> Lookup {
        Lookup::new(AuthFiles::Only(file), self.helpers())
    }

    fn lookup(&self) -> Lookup {
        let env = Env::fake(self.path(), []);
        Lookup::new(AuthFiles::find(&env, None), self.helpers())
    }
}

fn registry(text: &str) -> Registry {
    text.parse().unwrap()
}

/// `user:password` of a credential, `token` of a token.
fn show(credential: &Credential) -> String {
    match credential {
        Credential::Basic { username, password } => format!("{username}:{}", password.expose()),
        Credential::IdentityToken(token) => format!("identity {}", token.expose()),
        Credential::RegistryToken(token) => format!("registry {}", token.expose()),
    }
}

async fn find(lookup: &Lookup, host: &str, path: &str) -> Option<String> {
    let found = lookup.credential(&registry(host), path).await.unwrap();
    found.as_ref().map(show)
}

const PODMAN: &str = ".config/containers/auth.json";
const DOCKER: &str = ".docker/config.json";

#[tokio::test]
async fn the_first_file_with_a_credential_wins() {
    let home = Home::new();
    home.write(PODMAN, r#"{"auths": {"quay.io/org": {"auth": "cG9kbWFuOjE="}, "a.io": {}}}"#);
    let docker = home.write(
        DOCKER,
        r#"{"auths": {"quay.io": {"auth": "ZG9ja2VyOjI="}, "a.io": {"identitytoken": "t"}}}"#,
    );
    home.write(".dockercfg", r#"{"https://index.docker.io/v1/": {"auth": "b2xkOjM="}}"#);
    let lookup = home.lookup();
    assert_eq!(find(&lookup, "quay.io", "org/app").await.unwrap(), "podman:1");
    assert_eq!(find(&lookup, "quay.io", "other/app").await.unwrap(), "docker:2");
    assert_eq!(find(&lookup, "a.io", "x").await.unwrap(), "identity t");
    assert_eq!(find(&lookup, "registry-1.docker.io", "library/a").await.unwrap(), "old:3");
    assert_eq!(find(&lookup, "ghcr.io", "x").await, None);
    let found = lookup.find(&registry("quay.io"), "").await.unwrap().unwrap();
    assert_eq!(found.origin, Origin::File { path: docker, key: "quay.io".into() });
}

#[tokio::test]
async fn what_is_given_by_hand_is_for_its_registry_alone() {
    let home = Home::new();
    home.write(PODMAN, r#"{"auths": {"quay.io": {"auth": "cG9kbWFuOjE="}}}"#);
    let given = Credential::Basic { username: "me".into(), password: Secret::new("x".into()) };
    let lookup = home.lookup().with_given(registry("ghcr.io"), given);
    assert_eq!(find(&lookup, "ghcr.io", "a").await.unwrap(), "me:x");
    assert_eq!(find(&lookup, "quay.io", "a").await.unwrap(), "podman:1");
}

#[tokio::test]
async fn a_named_file_must_exist_and_is_the_only_one() {
    let home = Home::new();
    home.write(PODMAN, r#"{"auths": {"quay.io": {"auth": "cG9kbWFuOjE="}}}"#);
    let missing = home.only(home.path().join("none.json"));
    let error = missing.find(&registry("quay.io"), "").await.unwrap_err();
    assert!(error.is_missing_file(), "{error}");
    let empty = home.only(home.write("empty.json", ""));
    assert_eq!(find(&empty, "quay.io", "").await, None);
}

#[tokio::test]
async fn a_later_broken_file_harms_nobody_who_does_not_need_it() {
    let home = Home::new();
    home.write(PODMAN, r#"{"auths": {"quay.io": {"auth": "cG9kbWFuOjE="}}}"#);
    home.write(DOCKER, "{\n  \"auths\": secret}");
    let lookup = home.lookup();
    assert_eq!(find(&lookup, "quay.io", "").await.unwrap(), "podman:1");
    let error = lookup.find(&registry("ghcr.io"), "").await.unwrap_err().to_string();
    assert!(error.ends_with("config.json:2:12: not valid JSON"), "{error}");
}

#[tokio::test]
async fn a_helper_is_asked_once_and_only_for_its_host() {
    let home = Home::new();
    home.write(
        DOCKER,
        r#"{"credHelpers": {"quay.io": "good", "gcr.io": "broken", "none.io": "nothing"},
            "auths": {"none.io": {"auth": "dTpw"}}}"#,
    );
    home.helper(
        "good",
        r#"read s; echo "{\"ServerURL\":\"$s\",\"Username\":\"u\",\"Secret\":\"$s\"}""#,
    );
    home.helper("broken", "echo pass is not initialized; exit 1");
    home.helper("nothing", "echo credentials not found in native keychain; exit 1");
    let lookup = home.lookup();
    let host = registry("quay.io");
    let (a, b) = tokio::join!(lookup.find(&host, "a"), lookup.find(&host, "b"));
    assert_eq!(show(&a.unwrap().unwrap().credential), "u:quay.io");
    assert!(matches!(b.unwrap().unwrap().origin, Origin::Helper { name, .. } if name == "good"));
    assert_eq!(home.calls(), "good get\n");
    assert_eq!(find(&lookup, "none.io", "a").await.unwrap(), "u:p");
    let error = lookup.find(&registry("gcr.io"), "a").await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        error.to_string(),
        "the credential helper docker-credential-broken failed for gcr.io"
    );
    assert!(cause.ends_with("and said: pass is not initialized"), "{cause}");
}

#[tokio::test]
async fn what_a_failing_helper_says_is_told_without_secrets() {
    let home = Home::new();
    let login = r#"{"Username":"u","Secret":"hunter2"}"#;
    let flood = format!("echo '{login}'; head -c 3000000 /dev/zero | tr '\\0' ' '");
    for (name, script, told) in [
        ("leaky", format!("echo '{login}'; exit 1"), "said: (not shown, it may hold a secret)"),
        ("flood", flood, "its answer is not a login"),
        ("silent", "exit 1".to_owned(), "said: nothing"),
    ] {
        home.helper(name, &script);
        home.write(DOCKER, &format!(r#"{{"credHelpers": {{"quay.io": "{name}"}}}}"#));
        let error = home.lookup().find(&registry("quay.io"), "").await.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.ends_with(told), "{name}: {cause}");
    }
}

#[tokio::test]
async fn helpers_say_identity_token_by_a_user_name() {
    let home = Home::new();
    home.write(DOCKER, r#"{"credsStore": "acr"}"#);
    home.helper("acr", r#"echo '{"ServerURL":"","Username":"<token>","Secret":"t"}'"#);
    assert_eq!(find(&home.lookup(), "x.azurecr.io", "a").await.unwrap(), "identity t");
}

#[tokio::test]
async fn a_broken_store_is_passed_over_and_a_hanging_helper_stopped() {
    let home = Home::new();
    home.write(
        DOCKER,
        r#"{"credsStore": "absent", "credHelpers": {"slow.io": "slow", "up.io": "../x"}}"#,
    );
    home.helper("slow", "exec sleep 60");
    assert_eq!(find(&home.lookup(), "quay.io", "a").await, None);
    let quick = home.helpers().with_timeout(Duration::from_millis(200));
    let lookup = Lookup::new(AuthFiles::Only(home.path().join(DOCKER)), quick);
    for (host, cause) in [
        ("slow.io", "it did not answer within 0 s and was stopped"),
        ("up.io", "'../x' is not a name of a helper"),
    ] {
        let error = lookup.find(&registry(host), "a").await.unwrap_err();
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), cause);
    }
}

#[tokio::test]
async fn our_own_name_means_the_keyring_without_a_process() {
    let home = Home::new();
    let file = home.write(DOCKER, r#"{"credHelpers": {"quay.io": "longshore"}}"#);
    home.helper("longshore", "exit 1");
    let shelf = Arc::new(Shelf::default());
    shelf.store("https://quay.io/", "org+robot", &Secret::new("p".into())).unwrap();
    let lookup = home.lookup().with_vault(shelf);
    let found = lookup.find(&registry("quay.io"), "a").await.unwrap().unwrap();
    assert_eq!(show(&found.credential), "org+robot:p");
    assert_eq!(found.origin, Origin::Keyring { path: file });
    assert_eq!(home.calls(), "");
}
