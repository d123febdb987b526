//! What a mirror writes down of a run.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::layout::{Layout, digest};
use crate::support::program::Ran;
use crate::support::registry::Registry;
use crate::support::shell::Shell;

#[test]
fn a_run_is_written_down_for_clusters_engines_and_ci() {
    need!("docker-registry");
    let shell = Shell::new();
    let registry = Registry::open();
    let layout = Layout::new(shell.path("images"));
    let image = layout.image("linux/amd64", &[layout.noise_layer(1, 1000)]);
    layout.name("v1", &image);
    let at = |name: &str| format!("{}/{name}", registry.address());
    let mirror = ["mirror", "--src-plain-http", "--dest-plain-http"];
    shell.ok(&[&mirror[..], &["oci:images:v1", &at("from/app:v1")]].concat());

    let same = format!("{}={}", at("from/app:v1"), at("to/app:v1"));
    let renamed = format!("{}={}", at("from/app:v1"), at("to/renamed:stable"));
    let lost = format!("{}={}", at("from/app:v2"), at("to/app:v2"));
    let reports = ["--report", "report.json", "--junit", "junit.xml", "--cluster-resources", "out"];
    shell.fails(1, &[&mirror[..], &reports, &["--icsp", &same, &renamed, &lost]].concat());

    let read = |file: &str| fs::read_to_string(shell.path(file)).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    let images = report["images"].as_array().unwrap();
    assert_eq!(images.len(), 3);
    assert_eq!(images[0]["digest"], digest(&image));
    assert!(images[0]["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(images[2]["error"]["kind"], "not-found");
    let junit = read("junit.xml");
    assert!(junit.contains("tests=\"3\" failures=\"1\""), "{junit}");
    assert!(junit.contains(&format!("name=\"{}\"", at("to/app:v1"))), "{junit}");

    let (from, app, other) = (at("from/app"), at("to/app"), at("to/renamed"));
    let entry = format!("- source: {from}\n    mirrors:\n    - {app}\n");
    assert!(read("out/idms.yaml").contains(&format!("{entry}    - {other}\n")));
    assert!(read("out/icsp.yaml").contains("kind: ImageContentSourcePolicy"));
    let by_tag = read("out/itms.yaml");
    assert!(by_tag.ends_with(&format!("  {entry}")), "{by_tag}");
    let engines = read("out/registries.conf");
    assert!(
        engines.contains(&format!("location = \"{other}\"\npull-from-mirror = \"digest-only\"")),
        "{engines}"
    );
    // What went there is read again, and is there.
    assert_eq!(read("out/mapping.txt"), format!("{same}\n{renamed}\n"));
    shell.ok(&[&mirror[..], &["-f", "out/mapping.txt"]].concat());

    // An engine that is told of the mirror finds the image there when its source has lost it.
    let conf = engines.replace("[[registry.mirror]]\n", "[[registry.mirror]]\ninsecure = true\n");
    let conf = conf.replace(&format!("location = \"{from}\""), "location = \"127.0.0.1:1/gone\"");
    fs::write(shell.path("registries.conf"), conf).unwrap();
    let conf = shell.path("registries.conf");
    let mut pull = crate::support::program::longshore(shell.home());
    pull.env("CONTAINERS_REGISTRIES_CONF", conf);
    let pulled = pull.args(["pull", &at("from/app:v1"), "oci:pulled:v1"]).output().unwrap();
    assert!(pulled.status.success(), "{pulled:?}");
}

#[test]
fn nothing_is_asked_for_that_would_not_be_done() {
    let shell = Shell::new();
    for flags in [
        "--report r.json --dry-run oci:a oci:b",
        "--junit j.xml --plan p.lock oci:a oci:b",
        "--cluster-resources out --dry-run oci:a oci:b",
        "--failed f.txt --dry-run oci:a oci:b",
        "--failed f.txt --apply p.lock",
        "--dry-run --from bundle:b localhost:1",
        "--icsp oci:a oci:b",
    ] {
        shell.fails(2, &["mirror"].into_iter().chain(flags.split(' ')).collect::<Vec<_>>());
    }
}

/// A layout that is mirrored into another, with these flags.
fn told(shell: &Shell, flags: &[&str]) -> Ran {
    let layout = Layout::new(shell.path("image"));
    layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(1, 1000)]));
    shell.run(&[&["mirror", "oci:image:v1", "oci:copy:v1"], flags].concat())
}

#[test]
fn places_that_cannot_be_written_are_refused_before_anything_is_copied() {
    let shell = Shell::new();
    fs::write(shell.path("file"), "").unwrap();
    fs::create_dir(shell.path("folder")).unwrap();
    fs::write(shell.path("mine"), "q.io/org/app:v1 oci:app\n").unwrap();
    for (flag, place, code) in [
        ("--report", "folder", 7),
        ("--junit", "none/junit.xml", 7),
        ("--failed", "none/failed.txt", 7),
        ("--cluster-resources", "file", 7),
        ("--failed", "mine", 2),
    ] {
        let ran = told(&shell, &[flag, place]);
        assert_eq!(ran.code, Some(code), "{flag} {place}: {}", ran.stderr);
        assert!(ran.stderr.contains(place), "{flag} {place}: {}", ran.stderr);
        assert!(!shell.path("copy").exists(), "{flag} {place}");
    }
    assert_eq!(fs::read_to_string(shell.path("mine")).unwrap(), "q.io/org/app:v1 oci:app\n");
}

#[test]
fn what_is_no_file_is_written_to_and_stays() {
    need!("mkfifo");
    let shell = Shell::new();
    let pipe = shell.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn(move || fs::read(pipe).unwrap());
    let ran = told(&shell, &["--report", "pipe", "--junit", "/dev/null"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let report: Value = serde_json::from_slice(&reader.join().unwrap()).unwrap();
    assert_eq!(report["images"][0]["outcome"], "copied");
    assert!(!fs::metadata("/dev/null").unwrap().is_file());

    fs::write(shell.path("target"), "").unwrap();
    std::os::unix::fs::symlink("target", shell.path("link")).unwrap();
    assert_eq!(told(&shell, &["--report", "link"]).code, Some(0));
    assert!(fs::symlink_metadata(shell.path("link")).unwrap().is_symlink());
    assert!(fs::read_to_string(shell.path("target")).unwrap().contains("present"));
}

#[test]
fn a_receipt_without_end_is_refused() {
    let shell = Shell::new();
    let said = shell.fails(2, &["mirror", "--have", "/dev/zero", "q.io/a/b:v1", "bundle:out"]);
    assert!(said.contains("/dev/zero is larger than 64 MiB"), "{said}");
}
