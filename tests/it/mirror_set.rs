//! Sets of images: from a file to a registry, judged by skopeo.

use std::fs;

use crate::support::layout::{Layout, digest};
use crate::support::shell::Shell;
use crate::support::site::Site;
use crate::support::skopeo;

/// A fixture with its placeholders replaced, in the home folder.
pub(crate) fn write_fixture(shell: &Shell, name: &str, values: &[(&str, &str)]) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/imageset/");
    let mut text = fs::read_to_string(format!("{path}{name}")).unwrap();
    for (placeholder, value) in values {
        text = text.replace(placeholder, value);
    }
    fs::write(shell.path(name), text).unwrap();
}

#[test]
fn additional_images_go_below_the_root() {
    need!("docker-registry", "skopeo");
    let (from, to, shell) = (Site::open(), Site::open(), Shell::new());
    let layout = Layout::new(shell.path("images/app"));
    let images = [("linux/amd64", 1), ("linux/arm64", 2)]
        .map(|(platform, seed)| layout.image(platform, &[layout.noise_layer(seed, 10_000)]));
    let index = layout.index(&images);
    layout.name("v1", &index);
    let pushed = from.image("team/app:v1");
    shell.ok(&["push", "--plain-http", "oci:images/app", &pushed]);
    write_fixture(
        &shell,
        "additional-images.yaml",
        &[("SOURCE", from.registry.address()), ("DIGEST", digest(&index))],
    );
    let original = from.fetch("team/app:v1");
    let set = ["-c", "additional-images.yaml", "--src-plain-http", "--dest-plain-http"];
    let ran = shell.run(&[&["mirror"], &set[..], &[&to.image("ns")]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);

    let by_digest = digest(&index).replace("sha256:", "ns/team/app:image-");
    let whole = [
        "ns/team/app:v1",
        &by_digest,
        "ns/team/app:v2",
        "ns/other/path/app:stable",
        "ns/images/app:latest",
    ];
    for name in whole {
        assert_eq!(to.fetch(name), original, "{name}");
    }
    let arm = format!("docker://{}", to.image("ns/team/arm-app:v1"));
    let config = skopeo::json(&["inspect", "--tls-verify=false", "--config", &arm]);
    assert_eq!(config["architecture"], "arm64");
    assert_eq!(ran.stdout.lines().count(), whole.len() + 1);
    for blocked in ["blocked/by-origin:v1 (by '^", "team/app:v1 (by '/blocked/by-dest.*:v1$')"] {
        assert!(ran.stderr.contains(blocked), "{}", ran.stderr);
    }
    shell.fails(4, &["tags", "--plain-http", &to.image("ns/blocked/by-destination")]);
}

#[test]
fn a_set_goes_into_a_layout_too() {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("images"));
    layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(1, 1000)]));
    let set = "{kind: ImageSetConfiguration, apiVersion: mirror.openshift.io/v2alpha1, mirror: \
               {additionalImages: [{name: 'oci:images:v1', targetRepo: org/app}]}}";
    let ran = shell.feed(set, &["mirror", "-c", "-", "oci:copy"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(shell.ok(&["tags", "oci:copy"]), "org/app:v1\n");
}

#[test]
fn a_set_that_is_not_understood_changes_nothing() {
    let shell = Shell::new();
    let refused = |line: &str, says: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let said = shell.fails(2, &words);
        assert!(said.contains(says), "{line}: {said}");
    };
    let head = "kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\n";
    let body = "mirror:\n  operators:\n  - catalog: registry.redhat.io/redhat/redhat-operator-index:v4.18\n";
    fs::write(shell.path("set.yaml"), format!("{head}{body}")).unwrap();
    refused(
        "mirror -c set.yaml oci:copy",
        "error: set.yaml:4:3: mirror.operators is not supported",
    );
    fs::write(shell.path("set.yaml"), format!("{head}mirror:\n  images: []\n")).unwrap();
    refused("mirror -c set.yaml oci:copy", "error: set.yaml:4:3: not a set of images");
    refused("mirror -c set.yaml oci:copy", "hint: the line reads: images: []");
    let clash = "mirror:\n  additionalImages:\n  - name: quay.io/a/b\n  - name: docker.io/a/b\n";
    fs::write(shell.path("clash.yaml"), format!("{head}{clash}")).unwrap();
    refused("mirror -c clash.yaml a.io", "error: clash.yaml:6:11: ");
    refused("mirror -c set.yaml mirror", "expected REGISTRY[/NAMESPACE], oci:DIR or bundle:DIR");
    refused("mirror -c set.yaml file://x", "'file://x' is no place for a set");
    refused("mirror -c set.yaml a.io/x b.io/x", "what a file or a bundle holds goes to one place");
    refused(
        "mirror -c set.yaml --platform linux/arm64 a.io",
        "--platform, --filter-by-os, --from-dir and --dir are not for it",
    );
    refused("mirror -c set.yaml -f mappings.txt", "cannot be used with '--filename");
    shell.fails(7, &["mirror", "-c", "none.yaml", "oci:copy"]);
    assert!(!shell.path("copy").exists());
}
