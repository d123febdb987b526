//! What a mirror writes down of a run.

use std::fs;

use serde_json::Value;

use crate::support::layout::{Layout, digest};
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

    // What is written once stays whole: a folder that cannot be written is told after the copies.
    fs::write(shell.path("file"), "").unwrap();
    let said = shell.fails(7, &[&mirror[..], &["--cluster-resources", "file", &same]].concat());
    assert!(said.contains("cannot write file"), "{said}");
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
