//! Bundles that say who made them, with `openssl` as the judge.

use std::fs;
use std::process::Command;

use super::files;
use crate::support::layout::Layout;
use crate::support::shell::Shell;

const PACK: [&str; 3] = ["mirror", "oci:made:v1", "bundle:out:org/app:v1"];
const IMPORT: [&str; 4] = ["mirror", "--from", "bundle:out", "oci:copy"];

pub(super) fn openssl(shell: &Shell, arguments: &str) {
    let arguments = arguments.split(' ');
    let output =
        Command::new("openssl").args(arguments).current_dir(shell.home()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// An image to pack, and the keys of two people.
fn shell() -> Shell {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("made"));
    layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(1, 5000)]));
    for name in ["ann", "bob"] {
        openssl(&shell, &format!("genpkey -algorithm ed25519 -out {name}.pem"));
        openssl(&shell, &format!("pkey -in {name}.pem -pubout -out {name}.pub"));
    }
    shell
}

#[test]
fn a_signed_bundle_is_taken_from_its_signer_alone() {
    need!("openssl");
    let shell = shell();
    shell.ok(&[&PACK[..], &["--sign-key", "ann.pem"]].concat());
    openssl(
        &shell,
        "pkeyutl -verify -pubin -inkey ann.pub -rawin -in out/SHA256SUMS -sigfile out/SHA256SUMS.sig",
    );
    let said = shell.fails(6, &[&IMPORT[..], &["--verify-key", "bob.pub"]].concat());
    assert!(said.contains("is not signed by the owner of this key"), "{said}");
    assert!(!shell.path("copy").exists());
    shell.ok(&[&IMPORT[..], &["--verify-key", "ann.pub"]].concat());
    let before = files(&shell.path("out"));
    shell.ok(&[&PACK[..], &["--sign-key", "ann.pem"]].concat());
    assert_eq!(files(&shell.path("out")), before);
}

#[test]
fn a_signature_is_of_all_that_is_there() {
    need!("openssl");
    let shell = shell();
    shell.ok(&PACK);
    let verified = [&IMPORT[..], &["--verify-key", "ann.pub"]].concat();
    let said = shell.fails(6, &verified);
    assert!(said.contains("bundle:out is not signed"), "{said}");
    openssl(
        &shell,
        "pkeyutl -sign -inkey ann.pem -rawin -in out/SHA256SUMS -out out/SHA256SUMS.sig",
    );
    shell.ok(&verified);
    let layout = shell.path("made");
    fs::remove_dir_all(&layout).unwrap();
    let layout = Layout::new(layout);
    layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(2, 5000)]));
    shell.ok(&PACK);
    assert!(!shell.path("out/SHA256SUMS.sig").exists());
}

#[test]
fn keys_that_cannot_be_used_are_refused() {
    need!("openssl");
    let shell = shell();
    openssl(&shell, "genpkey -algorithm x25519 -out other.pem");
    for (key, why) in [
        ("ann.pub", "it has no private key"),
        ("other.pem", "not of Ed25519"),
        ("none.pem", "cannot read none.pem"),
    ] {
        let said = shell.fails(7, &[&PACK[..], &["--sign-key", key]].concat());
        assert!(said.contains(why), "{said}");
    }
    shell.ok(&PACK);
    let said = shell.fails(7, &[&IMPORT[..], &["--verify-key", "ann.pem"]].concat());
    assert!(said.contains("it has no public key"), "{said}");
    shell.fails(2, &[&PACK[..], &["--verify-key", "ann.pub"]].concat());
    shell.fails(2, &["mirror", "--sign-key", "ann.pem", "oci:made:v1", "oci:copy:v1"]);
}
