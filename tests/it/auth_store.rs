//! Logins kept and forgotten: what is in the files afterwards, and who else can read them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use longshore::auth::{Credential, Error, Helpers, LoginStore, Lookup, Origin, Secret, Vault};
use longshore::config::AuthFiles;
use longshore::model::Registry;

use crate::support::vault::{NoVault, Shelf};

fn registry(text: &str) -> Registry {
    text.parse().unwrap()
}

fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic { username: username.into(), password: Secret::new(password.into()) }
}

fn store(path: &Path) -> LoginStore {
    LoginStore::new(path.to_owned(), Helpers::new(None))
}

async fn found(file: &Path, host: &str, path: &str) -> Option<String> {
    let lookup = Lookup::new(AuthFiles::Only(file.to_owned()), Helpers::new(None));
    match lookup.find(&registry(host), path).await.unwrap()?.credential {
        Credential::Basic { username, password } => {
            Some(format!("{username}:{}", password.expose()))
        }
        other => panic!("{other:?}"),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_new_file_is_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("containers/auth.json");
    let kept = store(&file).store(&registry("index.docker.io"), "", &basic("1|r", "a:b")).await;
    let origin = Origin::File { path: file.clone(), key: "docker.io".into() };
    assert_eq!(kept.unwrap(), origin);
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "{\n\t\"auths\": {\n\t\t\"docker.io\": {\n\t\t\t\"auth\": \"MXxyOmE6Yg==\"\n\t\t}\n\t}\n}\n"
    );
    assert_eq!(found(&file, "docker.io", "library/a").await.unwrap(), "1|r:a:b");
    assert_eq!(store(&file).erase(&registry("docker.io"), "").await.unwrap(), [origin]);
    assert_eq!(found(&file, "docker.io", "library/a").await, None);
    assert!(store(&file).erase(&registry("docker.io"), "").await.unwrap().is_empty());
}

#[tokio::test]
async fn the_same_login_again_takes_a_file_back_from_others() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    for _ in 0..2 {
        store(&file).store(&registry("quay.io"), "", &basic("u", "p")).await.unwrap();
        assert_eq!(mode(&file), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    }
}

#[tokio::test]
async fn a_link_stays_a_link_and_nothing_is_left_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("dotfiles/auth.json");
    fs::create_dir(real.parent().unwrap()).unwrap();
    fs::write(&real, "{\"detachKeys\":\"ctrl-e\"}").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
    let link = dir.path().join("auth.json");
    symlink("dotfiles/auth.json", &link).unwrap();
    store(&link).store(&registry("quay.io"), "org", &basic("u", "p")).await.unwrap();
    assert!(link.is_symlink());
    assert_eq!(mode(&real), 0o600);
    assert!(fs::read_to_string(&real).unwrap().starts_with("{\n\t\"detachKeys\": \"ctrl-e\",\n"));
    assert_eq!(found(&link, "quay.io", "org/app").await.unwrap(), "u:p");
    assert_eq!(fs::read_dir(real.parent().unwrap()).unwrap().count(), 1);

    let dangling = dir.path().join("dangling.json");
    symlink("nowhere/auth.json", &dangling).unwrap();
    let refused = store(&dangling).store(&registry("quay.io"), "", &basic("u", "p")).await;
    assert!(refused.unwrap_err().to_string().starts_with("cannot follow the link "));
}

#[tokio::test]
async fn writers_at_the_same_time_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file: PathBuf = dir.path().join("auth.json");
    let writers = (0..24).map(|n| {
        let file = file.clone();
        tokio::spawn(async move {
            let host = registry(&format!("r{n}.io"));
            store(&file).store(&host, "", &basic("u", &n.to_string())).await.unwrap();
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    for n in 0..24 {
        assert_eq!(found(&file, &format!("r{n}.io"), "").await.unwrap(), format!("u:{n}"));
    }
}

#[tokio::test]
async fn forms_that_are_only_read_are_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let secret = "kind: Secret\nstringData:\n  .dockerconfigjson: '{}'\n";
    for (text, form) in [
        (secret, "a Kubernetes pull secret"),
        ("auths: {}\n", "YAML"),
        (r#"{"a.io": {"auth": "dTpw"}}"#, "an auth file of the oldest form"),
    ] {
        let file = dir.path().join("f");
        fs::write(&file, text).unwrap();
        let refused = store(&file).store(&registry("quay.io"), "", &basic("u", "p")).await;
        assert!(matches!(refused, Err(Error::ReadOnly { form: said, .. }) if said == form));
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[tokio::test]
async fn the_keyring_takes_the_place_of_the_entry() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    let host = registry("quay.io");
    let shelf: Arc<Shelf> = Arc::default();
    let logins = store(&file).with_vault(shelf.clone());
    logins.store(&host, "", &basic("u", "plain")).await.unwrap();
    let kept = logins.store_in_keyring(&host, "", &basic("u", "hidden")).await.unwrap();
    assert_eq!(kept, Origin::Keyring { path: file.clone() });
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"quay.io\": \"longshore\"") && !text.contains("\"auth\":"), "{text}");

    // From now on a plain login goes to the keyring too, since that is where it would be read.
    logins.store(&host, "", &basic("u", "second")).await.unwrap();
    assert_eq!(shelf.get("quay.io").unwrap().unwrap().1.expose(), "second");
    let refused = logins.store(&host, "org", &basic("u", "p")).await.unwrap_err();
    assert!(refused.to_string().ends_with("knows hosts only: leave out the path 'org'"));

    assert_eq!(logins.erase(&host, "").await.unwrap(), [kept]);
    assert!(shelf.list().unwrap().is_empty());
    assert!(!fs::read_to_string(&file).unwrap().contains("longshore"));
}

#[tokio::test]
async fn a_helper_named_for_the_registry_keeps_its_login() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("docker-credential-note");
    let script = format!("#!/bin/sh\n(echo $1; cat; echo) >> {}/said\n", dir.path().display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let file = dir.path().join("auth.json");
    fs::write(&file, r#"{"credHelpers": {"quay.io": "note"}}"#).unwrap();
    let path = format!("{}:/usr/bin:/bin", dir.path().display());
    let logins = LoginStore::new(file.clone(), Helpers::new(Some(path.into())));
    let kept = logins.store(&registry("quay.io"), "", &basic("u", "p")).await.unwrap();
    assert_eq!(kept, Origin::Helper { name: "note".into(), path: file.clone() });
    assert_eq!(logins.erase_all().await.unwrap(), [kept]);
    assert_eq!(
        fs::read_to_string(dir.path().join("said")).unwrap(),
        "store\n{\"ServerURL\":\"quay.io\",\"Username\":\"u\",\"Secret\":\"p\"}\nerase\nquay.io\n"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), r#"{"credHelpers": {"quay.io": "note"}}"#);
}

#[tokio::test]
async fn a_password_that_a_helper_says_back_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("docker-credential-note");
    fs::write(&program, "#!/bin/sh\necho cannot keep hunter2\nexit 1\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let file = dir.path().join("auth.json");
    fs::write(&file, r#"{"credHelpers": {"quay.io": "note"}}"#).unwrap();
    let path = format!("{}:/usr/bin:/bin", dir.path().display());
    let logins = LoginStore::new(file, Helpers::new(Some(path.into())));
    let kept = logins.store(&registry("quay.io"), "", &basic("u", "hunter2")).await;
    let cause = std::error::Error::source(&kept.unwrap_err()).unwrap().to_string();
    assert!(cause.ends_with("said: (not shown, it may hold a secret)"), "{cause}");
}

#[tokio::test]
async fn all_can_be_forgotten_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    fs::write(
        &file,
        r#"{"auths": {"a.io": {}, "b.io/x": {}}, "credHelpers": {"c.io": "longshore"}, "x": 1}"#,
    )
    .unwrap();
    let shelf: Arc<Shelf> = Arc::default();
    shelf.store("c.io", "u", &Secret::new("p".into())).unwrap();
    let gone = store(&file).with_vault(shelf.clone()).erase_all().await.unwrap();
    assert_eq!(gone.len(), 3);
    assert!(shelf.list().unwrap().is_empty());
    let left: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(left, serde_json::json!({ "auths": {}, "credHelpers": {}, "x": 1 }));
}

#[tokio::test]
async fn a_keyring_that_is_absent_or_silent_is_an_error_and_the_file_stays() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    for (probe, why) in [
        (Duration::ZERO, "no keyring service answers here"),
        (Duration::from_secs(600), "the keyring service did not answer within 2 s"),
    ] {
        let logins = store(&file).with_vault(Arc::new(NoVault(probe)));
        let kept = logins.store_in_keyring(&registry("quay.io"), "", &basic("u", "p")).await;
        let Err(Error::Keyring(error)) = kept else { panic!("{kept:?}") };
        assert_eq!(error.to_string(), why);
        assert!(!file.exists());
    }
}
