//! The embedded registry, judged by skopeo: what it pushes is there digest for digest, and can be deleted again.

use longshore::model::Digest;
use longshore::server::{Htpasswd, Options, Tls};

use crate::support::certificates::Authority;
use crate::support::embedded::Embedded;
use crate::support::layout::{Layout, digest};
use crate::support::skopeo;

/// A layout with an image for two platforms, and the digest of its index.
fn layout(dir: &std::path::Path) -> (String, String) {
    let layout = Layout::new(dir);
    let base = layout.noise_layer(1, 3_000_000);
    let amd64 = layout.image("linux/amd64", &[base, layout.layer(&[("a", "amd64")])]);
    let arm64 = layout.image("linux/arm64", &[layout.layer(&[("a", "arm64")])]);
    let index = layout.index(&[amd64, arm64]);
    layout.name("v1", &index);
    (format!("oci:{}:v1", dir.display()), digest(&index).to_owned())
}

fn raw_digest(image: &str, flags: &[&str]) -> String {
    Digest::of(&skopeo::run(&[&["inspect", "--raw"], flags, &[image]].concat())).to_string()
}

#[test]
fn an_image_for_many_platforms_comes_and_goes_unchanged() {
    need!("skopeo");
    let folder = tempfile::tempdir().unwrap();
    let registry = Embedded::new();
    let (source, index) = layout(&folder.path().join("source"));
    let image = format!("docker://{}/org/app:v1", registry.address());
    let mirror = format!("docker://{}/mirror/app:v2", registry.address());
    let plain =
        ["--src-tls-verify=false", "--dest-tls-verify=false", "--all", "--preserve-digests"];
    let copy = |from: &str, to: &str| skopeo::run(&[&["copy"], &plain[..], &[from, to]].concat());

    copy(&source, &image);
    assert_eq!(raw_digest(&image, &["--tls-verify=false"]), index);
    copy(&image, &mirror);
    let back = format!("oci:{}:v1", folder.path().join("back").display());
    copy(&mirror, &back);
    assert_eq!(raw_digest(&back, &[]), index);
    // The repository on the disk is a layout that skopeo reads as it is.
    let on_disk = format!("oci:{}:v2", registry.root().join("mirror/app").display());
    assert_eq!(raw_digest(&on_disk, &[]), index);

    let repository = image.trim_end_matches(":v1");
    let tags = skopeo::json(&["list-tags", "--tls-verify=false", repository]);
    assert_eq!(tags["Tags"], serde_json::json!(["v1"]));
    let inspected = skopeo::json(&["inspect", "--tls-verify=false", &image]);
    assert_eq!(inspected["Digest"], index);
    assert_eq!(inspected["Os"], "linux");

    skopeo::run(&["delete", "--tls-verify=false", &image]);
    registry.ask("GET", "/v2/org/app/manifests/v1").expect(404);
    registry.ask("GET", "/v2/mirror/app/manifests/v2").expect(200);
}

#[test]
fn a_login_and_https_are_no_hindrance() {
    need!("skopeo");
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let hash = bcrypt::hash("secret", 4).unwrap();
    let options = Options {
        users: Some(Htpasswd::parse(&format!("org+robot:{hash}")).unwrap()),
        tls: Some(Tls::read(&authority.certificate(), &authority.key()).unwrap()),
        ..Options::new(folder.path().join("root"))
    };
    let registry = Embedded::with(options);
    let (source, index) = layout(&folder.path().join("source"));
    let image = format!("docker://{}/app:v1", registry.address());
    let certs = authority.certs().display().to_string();
    let to = ["--dest-creds", "org+robot:secret", "--dest-cert-dir", &certs];
    skopeo::run(&[&["copy", "--all"], &to[..], &[&source, &image]].concat());
    let with = ["--creds", "org+robot:secret", "--cert-dir", &certs];
    assert_eq!(raw_digest(&image, &with), index);
}
