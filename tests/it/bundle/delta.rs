//! Bundles that leave out what the far side has.

use std::fs;
use std::path::Path;

use http::Method;
use serde_json::Value;

use super::{Scene, contents, import, sums_are_right};
use crate::support::faults::{Fault, Proxy};
use crate::support::layout::{Layer, digest};
use crate::support::site::Site;

/// How many images there are, how many of them have changed, and how large the new layer of each of these is.
struct Set {
    images: usize,
    changed: usize,
    layer: u64,
}

const SMALL: Set = Set { images: 6, changed: 2, layer: 2_000_000 };

/// A set of images on both sides, of which some have changed on the near one since.
struct Moved {
    scene: Scene,
    far: Site,
    names: Vec<String>,
    /// The layers that the far side lacks.
    new: Vec<Layer>,
}

impl Moved {
    fn new(set: &Set) -> Self {
        let (scene, far) = (Scene::new(), Site::open());
        let names: Vec<String> =
            (0..set.images).map(|number| format!("org/app-{number}:v1")).collect();
        let shared = scene.layout.noise_layer(1, 200_000);
        for (seed, name) in (100..).zip(&names) {
            scene.make(name, &[shared.clone(), scene.layout.noise_layer(seed, 100_000)]);
        }
        scene.push(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let moved = Self { scene, far, names, new: Vec::new() };
        moved.scene.pack(&moved.names(), "first");
        moved.scene.shell.ok(&import("bundle:first", &moved.far.image("ns")));
        moved.change(&shared, set)
    }

    fn change(mut self, shared: &Layer, set: &Set) -> Self {
        for (seed, name) in (200..).zip(self.names.iter().take(set.changed)) {
            let new = self.scene.layout.noise_layer(seed, set.layer);
            self.scene.layout.name(&format!("new-{seed}"), &{
                let image = self.scene.layout.image("linux/amd64", &[shared.clone(), new.clone()]);
                self.scene.layout.index(&[image])
            });
            let (from, to) = (format!("oci:made:new-{seed}"), self.scene.near.image(name));
            self.scene.shell.ok(&["mirror", "--dest-plain-http", &from, &to]);
            self.new.push(new);
        }
        self
    }

    fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    /// The receipt of the far side, in `receipt.json`.
    fn receipt(&self, place: &str) -> String {
        let receipt = self.scene.shell.ok(&["inventory", "--plain-http", place]);
        fs::write(self.scene.shell.path("receipt.json"), &receipt).unwrap();
        receipt
    }

    /// The delta, in `delta`.
    fn pack(&self, flags: &[&str]) -> std::path::PathBuf {
        let file = self.scene.mappings(&self.names(), "delta");
        self.scene.shell.ok(&[&["mirror", "--src-plain-http", "-f", &file], flags].concat());
        self.scene.shell.path("delta")
    }

    /// The delta holds the new layers, and next to nothing besides.
    fn is_small(&self, delta: &Path) {
        sums_are_right(delta);
        let size = |layer: &Layer| layer.descriptor["size"].as_u64().unwrap();
        let new: u64 = self.new.iter().map(size).sum();
        let held = contents(delta);
        let held: Vec<_> = held["blobs"].as_array().unwrap().iter().collect();
        let layers =
            |digest: &str| self.new.iter().any(|layer| layer.descriptor["digest"] == digest);
        let found = held.iter().filter(|blob| layers(blob["digest"].as_str().unwrap()));
        assert_eq!(found.count(), self.new.len());
        let files = super::files(&delta.join("blobs")).into_keys();
        let all: u64 = files.map(|path| fs::metadata(path).unwrap().len()).sum();
        assert!(all > new && all - new < new / 100, "{all} bytes for {new}");
    }
}

#[test]
fn a_delta_holds_what_a_receipt_does_not_tell_of() {
    need!("docker-registry", "skopeo", "sha256sum");
    let set = Set { images: 70, changed: 5, layer: 5_000_000 };
    let moved = Moved::new(&set);
    let receipt = moved.receipt(&moved.far.image("ns"));
    assert!(receipt.len() < 10_000 && receipt.lines().count() == set.images + 2, "{receipt}");
    let delta = moved.pack(&["--have", "receipt.json"]);
    moved.is_small(&delta);
    let proxy = Proxy::before(moved.far.registry.address());
    moved.scene.shell.ok(&import("bundle:delta", &format!("{}/ns", proxy.address())));
    let some: Vec<&str> = moved.names().into_iter().step_by(4).collect();
    moved.scene.is_at(&moved.far, &some);
    let sent = proxy.uploaded();
    assert!(sent < set.changed as u64 * set.layer * 101 / 100, "{sent}");
}

#[test]
fn a_plan_counts_what_a_bundle_has_and_presumes() {
    need!("docker-registry", "skopeo", "sha256sum");
    let moved = Moved::new(&SMALL);
    moved.receipt(&moved.far.image("ns"));
    let shell = &moved.scene.shell;
    let plan = |flags: &[&str]| -> Value {
        let file = moved.scene.mappings(&moved.names(), "delta");
        let plan = ["mirror", "--src-plain-http", "-f", &file, "--plan", "m.lock", "-o", "json"];
        let said = shell.ok(&[&plan[..], flags].concat());
        serde_json::from_str::<Value>(&said).unwrap()["totals"].clone()
    };
    let have = ["--have", "receipt.json"];
    let (whole, planned) = (plan(&[]), plan(&have));
    assert_eq!(whole["blobs"]["present"]["blobs"], 0);
    let bytes = |kind: &str| planned["blobs"][kind]["bytes"].as_u64();
    let both = bytes("copy").zip(bytes("present")).map(|(copy, present)| copy + present);
    assert_eq!(both, whole["blobs"]["copy"]["bytes"].as_u64());
    assert!(!shell.path("delta").exists());

    shell.ok(&[&["mirror", "--src-plain-http", "--apply", "m.lock"], &have[..]].concat());
    let delta = shell.path("delta");
    moved.is_small(&delta);
    let layers = super::files(&delta.join("blobs")).into_keys();
    let disk: u64 = layers.map(|path| fs::metadata(path).unwrap().len()).sum();
    assert_eq!(planned["disk"], disk);
    let again = plan(&[]);
    let blobs = &again["blobs"];
    assert_eq!((&again["disk"], &blobs["copy"]["blobs"]), (&0.into(), &0.into()), "{again}");
    assert_eq!(blobs["present"]["bytes"], whole["blobs"]["copy"]["bytes"], "{again}");
}

#[test]
fn a_delta_to_an_earlier_bundle() {
    need!("docker-registry", "skopeo", "sha256sum");
    let moved = Moved::new(&SMALL);
    fs::rename(moved.scene.shell.path("first/bundle.json"), moved.scene.shell.path("first.json"))
        .unwrap();
    fs::remove_dir_all(moved.scene.shell.path("first")).unwrap();
    let delta = moved.pack(&["--since", "first.json"]);
    moved.is_small(&delta);
    moved.scene.shell.ok(&import("bundle:delta", &moved.far.image("ns")));
    moved.scene.is_at(&moved.far, &moved.names());
}

#[test]
fn a_missing_base_is_refused_before_anything_is_written() {
    need!("docker-registry", "skopeo");
    let moved = Moved::new(&SMALL);
    moved.receipt(moved.far.registry.address());
    let delta = moved.pack(&["--have", "receipt.json"]);
    let other = Site::open();
    let proxy = Proxy::before(other.registry.address());
    let root = format!("{}/ns", proxy.address());
    let said = moved.scene.shell.fails(4, &import("bundle:delta", &root));
    let presumed = contents(&delta)["presumed"].as_array().unwrap().clone();
    assert!(presumed.len() > SMALL.images - SMALL.changed);
    for blob in &presumed {
        let line = format!("blob {} of", blob["digest"].as_str().unwrap());
        assert!(said.contains(&line), "{line}: {said}");
    }
    assert!(said.contains("longshore inventory"), "{said}");
    let reads = [Method::GET, Method::HEAD];
    assert!(proxy.seen().iter().all(|seen| reads.contains(&seen.method)));
}

#[test]
fn what_is_presumed_elsewhere_is_mounted_or_copied_over() {
    need!("docker-registry", "skopeo");
    for refuse in [false, true] {
        let (scene, far) = (Scene::new(), Site::open());
        let (base, more) =
            (scene.layout.noise_layer(1, 300_000), scene.layout.noise_layer(2, 1000));
        scene.image("base/os:v1", std::slice::from_ref(&base));
        scene.pack(&["base/os:v1"], "first");
        scene.shell.ok(&import("bundle:first", far.registry.address()));
        let place = far.image("base/os");
        let receipt = scene.shell.ok(&["inventory", "--plain-http", &place]);
        fs::write(scene.shell.path("receipt.json"), receipt).unwrap();

        scene.image("org/app:v1", &[base.clone(), more]);
        let (from, have) = (scene.near.image("org/app:v1"), ["--have", "receipt.json"]);
        scene.shell.ok(&["mirror", "--src-plain-http", have[0], have[1], &from, "bundle:delta"]);
        let presumed = contents(&scene.shell.path("delta"))["presumed"].clone();
        assert_eq!(presumed[0]["repository"], "/base/os");
        assert_eq!(presumed[0]["digest"], digest(&base.descriptor));

        let proxy = Proxy::before(far.registry.address());
        if refuse {
            proxy.fault(usize::MAX, "POST", "mount=", Fault::RefuseMount);
        }
        scene.shell.ok(&import("bundle:delta", &format!("{}/ns", proxy.address())));
        scene.is_at(&far, &["org/app:v1"]);
        assert_eq!(proxy.uploaded() > 300_000, refuse);
    }
}

#[test]
fn a_delta_that_was_killed_or_updated_keeps_to_its_base() {
    need!("docker-registry", "skopeo", "sha256sum");
    let moved = Moved::new(&SMALL);
    moved.receipt(&moved.far.image("ns"));
    let delta = moved.pack(&["--have", "receipt.json"]);
    let before = super::files(&delta);
    // Without the receipt, what the bundle presumes itself still counts.
    moved.pack(&[]);
    assert_eq!(super::files(&delta), before);
    // Of a bundle that was not finished nothing is known: what was left out is fetched.
    fs::write(delta.join("bundle.unfinished"), "").unwrap();
    fs::remove_file(delta.join("SHA256SUMS")).unwrap();
    fs::remove_file(delta.join("bundle.json")).unwrap();
    moved.pack(&[]);
    assert_eq!(contents(&delta)["presumed"].as_array().unwrap().len(), 0);
    moved.scene.shell.ok(&import("bundle:delta", &Site::open().image("ns")));
}

#[test]
fn a_layout_has_a_receipt_too() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let (base, more) = (scene.layout.noise_layer(1, 300_000), scene.layout.noise_layer(2, 1000));
    scene.image("org/app:v1", std::slice::from_ref(&base));
    let pull =
        ["mirror", "--src-plain-http", &scene.near.image("org/app:v1"), "oci:far:org/app:v1"];
    scene.shell.ok(&pull);
    fs::write(scene.shell.path("receipt.json"), scene.shell.ok(&["inventory", "oci:far"])).unwrap();
    scene.image("org/app:v2", &[base, more]);
    let (from, have) = (scene.near.image("org/app:v2"), ["--have", "receipt.json"]);
    scene.shell.ok(&["mirror", "--src-plain-http", have[0], have[1], &from, "bundle:delta"]);
    assert_eq!(contents(&scene.shell.path("delta"))["presumed"].as_array().unwrap().len(), 1);
    scene.shell.ok(&["mirror", "--from", "bundle:delta", "oci:far"]);
    let copy = crate::support::skopeo::fetch(&scene.shell.full("oci:far:org/app:v2"), &[]);
    assert_eq!(copy, scene.near.fetch("org/app:v2"));
    scene.shell.fails(4, &["mirror", "--from", "bundle:delta", "oci:empty"]);
    assert!(!scene.shell.path("empty").exists());
}

#[test]
fn receipts_that_cannot_be_used_are_refused() {
    let shell = crate::support::shell::Shell::new();
    fs::write(shell.path("bad.json"), r#"{"format": "longshore-bundle", "version": 1}"#).unwrap();
    let said = shell.fails(7, &["mirror", "--have", "bad.json", "quay.io/a/b:v1", "bundle:out"]);
    assert!(said.contains("bad.json is no receipt"), "{said}");
    let said = shell.fails(7, &["mirror", "--have", "none.json", "quay.io/a/b:v1", "bundle:out"]);
    assert!(said.contains("cannot read none.json"), "{said}");
    let said = shell.fails(2, &["mirror", "--have", "bad.json", "quay.io/a/b:v1", "oci:out"]);
    assert!(said.contains("no destination is a bundle"), "{said}");
}
