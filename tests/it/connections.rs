//! How the command reaches a registry: client certificates, HTTP versions, proxies.

use std::fs;
use std::path::Path;

use longshore::server::{Options, Tls};

use crate::support::certificates::Authority;
use crate::support::embedded::Embedded;
use crate::support::faults::Proxy;
use crate::support::layout::Layout as Fixture;
use crate::support::program;
use crate::support::registry::Registry;

fn image(home: &Path) {
    let fixture = Fixture::new(home.join("images"));
    let image = fixture.image("linux/amd64", &[fixture.layer(&[("a", "b")])]);
    fixture.name("v1", &image);
}

#[test]
fn a_client_certificate_comes_from_certs_d_or_from_the_folder_given() {
    need!("docker-registry");
    let authority = Authority::new();
    let registry = Registry::with_client_certificates(&authority);
    let home = tempfile::tempdir().unwrap();
    image(home.path());
    let source = format!("oci:{}:v1", home.path().join("images").display());
    let target = format!("{}/app:v1", registry.address());
    let ca = authority.mutual().join("ca.crt");
    let stranger =
        program::run(home.path(), &["push", "--ca-file", ca.to_str().unwrap(), &source, &target]);
    assert_eq!(stranger.code, Some(5), "{}", stranger.stderr);
    let folder = authority.mutual();
    let known = program::run(
        home.path(),
        &["push", "--cert-dir", folder.to_str().unwrap(), &source, &target],
    );
    assert_eq!(known.code, Some(0), "{}", known.stderr);

    let certs = home.path().join(".config/containers/certs.d").join(registry.address());
    fs::create_dir_all(&certs).unwrap();
    for name in ["ca.crt", "client.cert", "client.key"] {
        fs::copy(folder.join(name), certs.join(name)).unwrap();
    }
    let found = program::run(home.path(), &["tags", registry.address().split('/').next().unwrap()]);
    assert_ne!(found.code, Some(0), "a registry is no repository");
    let found = program::run(home.path(), &["tags", &format!("{}/app", registry.address())]);
    assert_eq!((found.code, found.stdout.as_str()), (Some(0), "v1\n"), "{}", found.stderr);
}

#[test]
fn blobs_go_over_http_1_and_the_rest_over_http_2() {
    let authority = Authority::new();
    let root = tempfile::tempdir().unwrap();
    let tls = Tls::read(&authority.certificate(), &authority.key()).unwrap();
    let registry = Embedded::with(Options { tls: Some(tls), ..Options::new(root.path()) });
    let home = tempfile::tempdir().unwrap();
    image(home.path());
    let source = format!("oci:{}:v1", home.path().join("images").display());
    let target = format!("{}/app:v1", registry.address());
    let ca = authority.certs().join("ca.crt");
    let ca = ca.to_str().unwrap();
    let pushed = program::run(home.path(), &["push", "-vv", "--ca-file", ca, &source, &target]);
    assert_eq!(pushed.code, Some(0), "{}", pushed.stderr);
    let to = format!("oci:{}", home.path().join("copy").display());
    let pulled = program::run(home.path(), &["pull", "-vv", "--ca-file", ca, &target, &to]);
    let log = format!("{}{}", pushed.stderr, pulled.stderr);
    for (part, version) in [
        ("PUT https://", "HTTP/"),
        ("/manifests/v1: 200 OK", "HTTP/2.0"),
        ("/manifests/v1: 201 Created", "HTTP/2.0"),
        ("/blobs/sha256:", "HTTP/1.1"),
    ] {
        let mut lines =
            log.lines().filter(|line| line.contains(part) && !line.contains("HEAD")).peekable();
        assert!(lines.peek().is_some(), "{part}: {log}");
        assert!(lines.all(|line| line.contains(version)), "{part} {version}: {log}");
    }
}

#[test]
fn proxies_come_from_the_environment() {
    need!("docker-registry");
    let registry = Registry::open();
    let proxy = Proxy::before(registry.address());
    let home = tempfile::tempdir().unwrap();
    image(home.path());
    let source = format!("oci:{}:v1", home.path().join("images").display());
    let output = program::longshore(home.path())
        .args(["push", "--plain-http", &source, "registry.invalid/app:v1"])
        .env("HTTP_PROXY", format!("http://{}", proxy.address()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(proxy.count("PUT", "/v2/app/manifests/v1"), 1);
}

#[test]
fn the_settings_are_read_once_however_many_parts_of_a_verb_need_them() {
    let home = tempfile::tempdir().unwrap();
    let conf = home.path().join("registries.conf");
    fs::write(&conf, "[registries.search]\nregistries = ['localhost:1']\n").unwrap();
    let output = program::longshore(home.path())
        .args([
            "mirror",
            "--retries",
            "0",
            "--src-plain-http",
            "--src-creds",
            "u:pw",
            "app:v1",
            "oci:x",
        ])
        .env("CONTAINERS_REGISTRIES_CONF", &conf)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told.matches("old format").count(), 1, "{told}");
    assert_eq!(output.status.code(), Some(5), "{told}");
}
