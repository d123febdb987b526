//! Bundles in tar files of a certain size, with `tar` as one more judge.

mod hostile;
mod killed;
mod update;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Scene, contents, files, import, sums_are_right};
use crate::support::layout::digest;
use crate::support::site::Site;
use crate::support::skopeo;

const MIB: u64 = 1 << 20;

/// The parts of a bundle, sorted.
fn parts(dir: &Path) -> Vec<PathBuf> {
    let mut parts: Vec<PathBuf> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.retain(|path| path.to_string_lossy().contains(".tar"));
    parts.sort();
    parts
}

/// The bundle is finished: no part is larger than `size`, and `tar` and `sha256sum` read all of it.
fn is_whole(dir: &Path, size: u64) -> Vec<PathBuf> {
    sums_are_right(dir);
    let (parts, sums) = (parts(dir), fs::read_to_string(dir.join("SHA256SUMS")).unwrap());
    for part in &parts {
        assert!(fs::metadata(part).unwrap().len() < size, "{}", part.display());
        let name = part.file_name().unwrap().to_str().unwrap();
        assert!(name.ends_with(".tar") && sums.contains(&format!("  {name}\n")), "{name}: {sums}");
        run(dir, &format!("tar tf {name}"));
    }
    let names: Vec<String> = run(dir, "for part in *.tar; do tar tf $part; done | sort | uniq -d")
        .lines()
        .map(str::to_owned)
        .collect();
    assert!(names.is_empty(), "twice: {names:?}");
    assert!(!dir.join("bundle.unfinished").exists());
    parts
}

fn run(dir: &Path, script: &str) -> String {
    let output = Command::new("sh").args(["-ec", script]).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_digest_arrives_over_parts() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let (scene, far) = (Scene::new(), Site::open());
    let names = ["org/app:v1", "org/app:v2", "other/tool:latest"];
    let layers = [(1, 300_000), (2, 700_000), (3, 3_500_000), (4, 10), (5, 600_000)];
    let layers = layers.map(|(seed, size)| scene.layout.noise_layer(seed, size));
    let index = scene.image(names[0], &layers[..3]);
    scene.image(names[1], &layers[2..4]);
    scene.image(names[2], &layers[3..]);
    scene.layout.referrer(&index, "application/spdx+json", "a bill of materials");
    scene.layout.cosign_signature(&index, "signed");
    scene.image(names[0], &layers[..3]);
    let file = scene.mappings(&names, "out");
    let write = ["mirror", "--referrers", "--src-plain-http", "-f", &file];
    scene.shell.ok(&[&write[..], &["--split", "1MiB"]].concat());
    let dir = scene.shell.path("out");
    let parts = is_whole(&dir, MIB);
    assert!(parts.len() >= 6 && parts.len() <= 10, "{parts:?}");
    assert_eq!(contents(&dir)["split"], MIB);
    // Blobs are there once; the small files are all that is not in a part.
    let outside: u64 = files(&dir)
        .into_keys()
        .filter(|path| !parts.contains(path))
        .map(|path| fs::metadata(path).unwrap().len())
        .sum();
    assert!(outside < 40_000, "{outside}");

    let root = far.image("ns");
    scene.shell.ok(&import("bundle:out", &root));
    scene.is_at(&far, &names);
    let signed = digest(&index).replace(':', "-");
    for tag in [format!("{signed}.sig"), signed] {
        let name = format!("org/app:{tag}");
        assert_eq!(far.fetch(&format!("ns/{name}")), scene.near.fetch(&name));
    }
    // Nothing is new: nothing changes, with --split or without.
    let before = files(&dir);
    scene.shell.ok(&write);
    scene.shell.ok(&[&write[..], &["--split", "1048576"]].concat());
    assert_eq!(files(&dir), before);
}

#[test]
fn what_tar_unpacks_is_a_layout() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let scene = Scene::new();
    let layers = [(1, 900_000), (2, 2_500_000), (3, 600_000)];
    let layers = layers.map(|(seed, size)| scene.layout.noise_layer(seed, size));
    scene.image("org/app:v1", &layers);
    scene.pack_split(&["org/app:v1"], "out", "1M");
    let dir = scene.shell.path("out");
    is_whole(&dir, MIB);
    run(&dir, "for part in *.tar; do tar xf $part; done; rm *.tar");
    run(
        &dir.join("blobs/sha256"),
        "for first in *.000001; do h=${first%.*}; cat $h.* > $h; rm $h.*; done",
    );
    let image = format!("oci:{}:org/app:v1", dir.display());
    assert_eq!(skopeo::fetch(&image, &[]), scene.near.fetch("org/app:v1"));
}

#[test]
fn a_split_bundle_is_a_source_too() {
    need!("docker-registry", "skopeo", "tar");
    let scene = Scene::new();
    scene.image("org/app:v1", &[1, 2].map(|seed| scene.layout.noise_layer(seed, 1_200_000)));
    scene.pack_split(&["org/app:v1"], "out", "1M");
    scene.shell.ok(&["mirror", "bundle:out:org/app:v1", "oci:copy:v1"]);
    let copy = skopeo::fetch(&scene.shell.full("oci:copy:v1"), &[]);
    assert_eq!(copy, scene.near.fetch("org/app:v1"));
}
