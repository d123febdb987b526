//! Images go from end to end through the command, and skopeo says whether they are the same.

use std::fs;

use serde_json::Value;

use crate::support::layout::{Layout, digest};
use crate::support::shell::Shell;
use crate::support::site::Site;
use crate::support::skopeo;

/// An image for two platforms in the layout `image`, under the name `v1`. Its digest.
fn make_image(shell: &Shell) -> String {
    let layout = Layout::new(shell.path("image"));
    let images = [("linux/amd64", 1), ("linux/arm64", 2)].map(|(platform, seed)| {
        let shared = layout.layer(&[("etc/os-release", "ID=test\n")]);
        layout.image(platform, &[shared, layout.noise_layer(seed, 1_500_000)])
    });
    let index = layout.index(&images);
    layout.name("v1", &index);
    digest(&index).to_owned()
}

/// Push, pull, mirror, look; each proven by skopeo.
fn round_trip(site: &Site) {
    let shell = Shell::new();
    let made = make_image(&shell);
    let original = skopeo::fetch(&shell.full("oci:image:v1"), &[]);
    site.login(&shell);
    let (here, there) = (site.image("team/app:v1"), site.image("mirror/app:v2"));
    let flag = site.flag("");

    let said = shell.ok(&["push", &flag, "oci:image:v1", &here]);
    assert!(said.contains(&made), "{said}");
    assert_eq!(site.fetch("team/app:v1"), original);

    let said = shell.ok(&["pull", &flag, &here, "oci:copy:v1"]);
    assert!(said.contains(&made), "{said}");
    let copy = shell.full("oci:copy:v1");
    assert_eq!(skopeo::fetch(&copy, &[]), original);

    shell.ok(&["mirror", &site.flag("src-"), &site.flag("dest-"), &here, &there]);
    assert_eq!(site.fetch("mirror/app:v2"), original);

    assert_eq!(shell.ok(&["tags", &flag, &site.image("mirror/app")]), "v2\n");
    let inspected: Value =
        serde_json::from_str(&shell.ok(&["inspect", &flag, "-o", "json", &here])).unwrap();
    assert_eq!(inspected["digest"], made);
}

#[test]
fn an_open_registry() {
    need!("docker-registry", "skopeo");
    round_trip(&Site::open());
}

#[test]
fn a_registry_with_passwords() {
    need!("docker-registry", "htpasswd", "skopeo");
    round_trip(&Site::with_password());
}

#[test]
fn a_registry_with_tls() {
    need!("docker-registry", "htpasswd", "skopeo");
    round_trip(&Site::with_tls());
}

#[test]
fn a_registry_with_tokens() {
    need!("docker-registry", "skopeo");
    round_trip(&Site::with_tokens(300));
}

#[test]
fn files_and_folders_of_every_kind() {
    need!("docker-registry", "skopeo");
    let (site, shell) = (Site::open(), Shell::new());
    make_image(&shell);
    let original = skopeo::fetch(&shell.full("oci:image:v1"), &[]);
    let (flag, here) = (site.flag(""), site.image("team/app:v1"));
    shell.ok(&["push", &flag, "oci:image:v1", &here]);
    for (kind, path) in [("oci-archive", "image.tar"), ("dir", "folder")] {
        shell.ok(&["pull", &flag, &here, &format!("{kind}:{path}")]);
        let written = format!("{kind}:{}", shell.path(path).display());
        assert_eq!(skopeo::fetch(&written, &[]), original, "{kind}");
        shell.ok(&["push", &flag, &format!("{kind}:{path}"), &site.image(&format!("{kind}:v1"))]);
        assert_eq!(site.fetch(&format!("{kind}:v1")), original, "{kind}");
    }
}

#[test]
fn a_docker_archive_holds_one_platform() {
    need!("docker-registry", "skopeo");
    let (site, shell) = (Site::open(), Shell::new());
    make_image(&shell);
    let (flag, here) = (site.flag(""), site.image("team/app:v1"));
    shell.ok(&["push", &flag, "oci:image:v1", &here]);
    let platform = ["--platform", "linux/arm64"];
    shell.ok(&[&["pull", &flag], &platform[..], &[&here, "docker-archive:app.tar"]].concat());
    let archive = shell.full("docker-archive:app.tar");
    let config = skopeo::json(&["inspect", "--config", &archive]);
    assert_eq!(config["architecture"], "arm64");
    let original = shell.full("oci:image:v1");
    let wanted = skopeo::json(&["inspect", "--config", "--override-arch", "arm64", &original]);
    assert_eq!(config["rootfs"], wanted["rootfs"]);

    shell.ok(&["push", &flag, "docker-archive:app.tar", &site.image("again/app:v1")]);
    assert!(!site.fetch("again/app:v1").is_empty());
}

#[test]
fn one_platform_of_several() {
    need!("docker-registry", "skopeo");
    let (site, shell) = (Site::open(), Shell::new());
    let index = make_image(&shell);
    let (flag, here) = (site.flag(""), site.image("team/app:v1"));
    shell.ok(&["push", &flag, "oci:image:v1", &here]);
    let pulled = shell.run(&["pull", &flag, "--platform", "linux/arm64", &here, "oci:one:v1"]);
    assert_eq!(pulled.code, Some(0), "{}", pulled.stderr);
    let note = format!("platforms picked from the index {index}");
    assert!(pulled.stderr.contains(&note), "{}", pulled.stderr);
    let one = shell.full("oci:one:v1");
    let config = skopeo::json(&["inspect", "--config", "--override-arch", "arm64", &one]);
    assert_eq!(config["architecture"], "arm64");
    let blobs = fs::read_dir(shell.path("one/blobs/sha256")).unwrap().count();
    let all = fs::read_dir(shell.path("image/blobs/sha256")).unwrap().count();
    assert!(blobs < all, "{blobs} of {all}");
    shell.fails(4, &["pull", &flag, "--platform", "linux/s390x", &here, "oci:none:v1"]);
}

#[test]
fn many_images_to_many_places() {
    need!("docker-registry", "skopeo");
    let (from, to, shell) = (Site::open(), Site::open(), Shell::new());
    make_image(&shell);
    let original = skopeo::fetch(&shell.full("oci:image:v1"), &[]);
    shell.ok(&["push", &from.flag(""), "oci:image:v1", &from.image("team/app:v1")]);
    let mappings = format!(
        "# what goes where\n{0} {1} oci:backup:v1\n{0}={2}\n{3}={4}\n",
        from.image("team/app:v1"),
        to.image("one/app:v1"),
        to.image("two/app:v1"),
        from.image("team/nothing:v1"),
        to.image("three/app:v1"),
    );
    fs::write(shell.path("mappings"), mappings).unwrap();
    let flags = ["--src-plain-http", "--dest-plain-http", "-f", "mappings"];
    let said = shell.fails(1, &[&["mirror"], &flags[..]].concat());
    assert!(said.contains("team/nothing"), "{said}");
    assert_eq!(to.fetch("one/app:v1"), original);
    assert_eq!(to.fetch("two/app:v1"), original);
    let backup = shell.full("oci:backup:v1");
    assert_eq!(skopeo::fetch(&backup, &[]), original);
    shell.fails(4, &["tags", "--plain-http", &to.image("three/app")]);
}

#[test]
fn what_refers_to_an_image_goes_along() {
    need!("docker-registry", "skopeo");
    let (site, shell) = (Site::open(), Shell::new());
    let layout = Layout::new(shell.path("image"));
    let image = layout.image("linux/amd64", &[layout.noise_layer(1, 1000)]);
    layout.name("v1", &image);
    let bill = layout.referrer(&image, "application/spdx+json", "a bill of materials");
    layout.cosign_signature(&image, "signed");
    let tag = format!("{}.sig", digest(&image).replace(':', "-"));

    let here = site.image("team/app:v1");
    let plain = ["--dest-plain-http", "oci:image:v1"];
    shell.ok(&["mirror", "--no-referrers", plain[0], plain[1], &site.image("bare/app:v1")]);
    assert_eq!(shell.ok(&["tags", "--plain-http", &site.image("bare/app")]), "v1\n");

    shell.ok(&["mirror", plain[0], plain[1], &here]);
    let tags = shell.ok(&["tags", "--plain-http", &site.image("team/app")]);
    // docker-registry 2.8 has no list of referrers, so the list stands under a tag.
    let list = digest(&image).replace(':', "-");
    assert_eq!(tags, format!("{list}\n{tag}\nv1\n"));
    let list = format!("docker://{}", site.image(&format!("team/app:{list}")));
    let listed = skopeo::json(&["inspect", "--raw", "--tls-verify=false", &list]);
    assert_eq!(listed["manifests"][0]["digest"], digest(&bill));

    shell.ok(&["mirror", "--referrers", "--src-plain-http", &here, "oci:back:v1"]);
    let blobs = |name: &str| {
        let files = fs::read_dir(shell.path(name).join("blobs/sha256")).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(blobs("back"), blobs("image"));
}

#[test]
fn a_destination_without_a_name_takes_many_images_and_one_with_a_name_takes_one() {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("images"));
    for name in ["a", "b"] {
        let image = layout.image("linux/amd64", &[layout.layer(&[("etc/name", name)])]);
        layout.name(name, &image);
    }
    shell.ok(&["mirror", "oci:images:a=oci:copy", "oci:images:b=oci:copy"]);
    assert_eq!(shell.ok(&["tags", "oci:copy"]), "a\nb\n");
    let twice = shell.fails(2, &["mirror", "oci:images:a=oci:copy:x", "oci:images:b=oci:copy:x"]);
    assert!(twice.contains("oci:copy:x is named as a destination twice"), "{twice}");
    let same = shell.fails(2, &["mirror", "oci:images:a", "oci:images"]);
    assert!(same.contains("oci:images:a is both source and destination"), "{same}");
    let folder = shell.fails(2, &["mirror", "oci:images:a=dir:one", "oci:images:b=dir:one"]);
    assert!(folder.contains("dir:one is named as a destination twice"), "{folder}");
}
