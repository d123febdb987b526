//! Who is let in, how, and what becomes of a secret.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::shell::Shell;
use crate::support::site::{PASSWORD, Site, USER};

const DEMO: &str = concat!("oci-archive:", env!("CARGO_MANIFEST_DIR"), "/fixtures/demo.oci.tar");

#[test]
fn a_login_is_proven_before_it_is_kept() {
    need!("docker-registry", "htpasswd");
    let (site, shell) = (Site::with_password(), Shell::new());
    let address = site.registry.address();
    let login = ["login", "--plain-http", "--username", USER, "--password-stdin", address];
    let refused = shell.feed("wrong", &login);
    assert_eq!(refused.code, Some(3));
    let auth = shell.path("run/containers/auth.json");
    assert!(!auth.exists());

    site.login(&shell);
    assert_eq!(fs::metadata(&auth).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(shell.ok(&["login", "--get-login", address]).trim(), USER);
    shell.ok(&["push", "--plain-http", DEMO, &site.image("team/app:v1")]);
    shell.ok(&["logout", address]);
    shell.fails(3, &["tags", "--plain-http", &site.image("team/app")]);
}

#[test]
fn a_token_server_is_asked_once_for_each_scope() {
    need!("docker-registry");
    let (site, shell) = (Site::with_tokens(300), Shell::new());
    let creds = format!("--creds={USER}:{PASSWORD}");
    shell.ok(&["push", "--plain-http", &creds, DEMO, &site.image("team/app:v1")]);
    let tokens = site.tokens.as_ref().unwrap();
    let asked = tokens.asked();
    assert!((1..=2).contains(&asked.len()), "{asked:?}");
    assert!(asked.iter().all(|asked| asked.user.as_deref() == Some(USER)), "{asked:?}");
}

#[test]
fn a_stranger_may_pull_what_is_public_and_push_nothing() {
    need!("docker-registry");
    let (site, shell) = (Site::with_tokens(300), Shell::new());
    let creds = format!("--creds={USER}:{PASSWORD}");
    shell.ok(&["push", "--plain-http", &creds, DEMO, &site.image("public/app:v1")]);
    shell.ok(&["pull", "--plain-http", &site.image("public/app:v1"), "oci:copy:v1"]);
    shell.fails(3, &["push", "--plain-http", DEMO, &site.image("public/app:v2")]);
    shell.fails(3, &["pull", "--plain-http", &site.image("private/app:v1"), "oci:copy:v2"]);
}

#[test]
fn a_certificate_is_trusted_only_when_told_so() {
    need!("docker-registry", "htpasswd");
    let (site, shell) = (Site::with_tls(), Shell::new());
    let creds = format!("--creds={USER}:{PASSWORD}");
    let tags = |flag: &str, code: i32| {
        let image = site.image("team/app");
        let args = ["tags", &creds, flag, &image];
        shell.fails(code, &args)
    };
    let said = tags("-q", 5);
    assert!(said.contains("certificate"), "{said}");
    // Trusted, and then there is no such repository.
    tags(&site.flag(""), 4);
    tags("--insecure", 4);
    let plain = tags("--plain-http", 1);
    assert!(plain.contains("leave out --plain-http") && !plain.contains(PASSWORD), "{plain}");
}

#[test]
fn secrets_are_not_told() {
    need!("docker-registry", "htpasswd");
    let (site, shell) = (Site::with_password(), Shell::new());
    let creds = format!("--creds={USER}:not-{PASSWORD}");
    let image = site.image("team/app:v1");
    let said = shell.fails(3, &["pull", "-vv", "--plain-http", &creds, &image, "oci:copy"]);
    assert!(!said.contains(PASSWORD), "{said}");
    let encoded =
        base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("{USER}:not-{PASSWORD}"));
    assert!(!said.contains(&encoded), "{said}");
}
