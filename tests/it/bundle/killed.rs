//! Bundles that are stopped in the middle, by a kill or a full disk, and what becomes of them.

use std::fs;
use std::time::Duration;

use http::header::RANGE;

use super::{Scene, import, sums_are_right};
use crate::support::faults::{Fault, Proxy};
use crate::support::site::Site;
use crate::support::skopeo;

const NAMES: [&str; 3] = ["org/a:v1", "org/b:v1", "org/c:v1"];

/// Three images of some size.
fn scene() -> Scene {
    let scene = Scene::new();
    for (seed, name) in (1..).zip(NAMES) {
        let layers = [10, 20, 30].map(|more| scene.layout.noise_layer(more + seed, 1_500_000));
        scene.image(name, &layers);
    }
    scene
}

#[test]
fn a_killed_writer_leaves_a_bundle_that_is_refused_until_it_is_finished() {
    need!("docker-registry", "skopeo", "sha256sum");
    let (scene, far) = (scene(), Site::open());
    let proxy = Proxy::before(scene.near.registry.address());
    proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Slow(Duration::from_millis(2)));
    let lines = NAMES.map(|name| format!("{}/{name} bundle:out\n", proxy.address()));
    fs::write(scene.shell.path("slow"), lines.concat()).unwrap();
    let (root, dir) = (far.image("ns"), scene.shell.path("out"));
    let write = ["mirror", "--src-plain-http", "-f", "slow"];
    scene.shell.killed_again_and_again(&write, || {
        if dir.join("SHA256SUMS").exists() && !dir.join("bundle.unfinished").exists() {
            sums_are_right(&dir);
        } else if dir.exists() {
            let ran = scene.shell.run(&import("bundle:out", &root));
            assert_eq!(ran.code, Some(7), "{}", ran.stderr);
        }
    });
    sums_are_right(&dir);
    let names = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().starts_with("_partial")));
    scene.shell.ok(&import("bundle:out", &root));
    scene.is_at(&far, &NAMES);
}

#[test]
fn a_killed_import_is_finished_by_the_next() {
    need!("docker-registry", "skopeo");
    let (scene, far) = (scene(), Site::open());
    scene.pack(&NAMES, "out");
    let proxy = Proxy::before(far.registry.address());
    proxy.fault(usize::MAX, "POST", "/blobs/", Fault::Delay(Duration::from_millis(30)));
    let root = format!("{}/ns", proxy.address());
    scene.shell.killed_again_and_again(&import("bundle:out", &root), || {
        for name in NAMES {
            let tags = scene.shell.run(&[
                "tags",
                "--plain-http",
                &far.image(&format!("ns/{}", &name[..5])),
            ]);
            if tags.stdout.contains("v1") {
                scene.is_at(&far, &[name]);
            }
        }
    });
    scene.is_at(&far, &NAMES);
}

#[test]
fn a_killed_update_is_refused_until_it_is_finished() {
    need!("docker-registry", "skopeo", "sha256sum");
    for split in [&[][..], &["--split", "4MiB"]] {
        let (scene, far) = (scene(), Site::open());
        let first =
            [&["mirror", "--src-plain-http", &scene.near.image(NAMES[0]), "bundle:out"], split];
        scene.shell.ok(&first.concat());
        let proxy = Proxy::before(scene.near.registry.address());
        proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Slow(Duration::from_millis(20)));
        let from = format!("{}/{}", proxy.address(), NAMES[1]);
        let to = format!("bundle:out:{}", NAMES[1]);
        let update = ["mirror", "--src-plain-http", &from, &to];
        let mut child = scene.shell.start(&update);
        while proxy.count("GET", "/blobs/") == 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let said = scene.shell.fails(7, &import("bundle:out", &far.image("ns")));
        assert!(said.contains("bundle:out is not finished"), "{said}");
        scene.shell.ok(&update);
        sums_are_right(&scene.shell.path("out"));
        scene.shell.ok(&import("bundle:out", &far.image("ns")));
        scene.is_at(&far, &NAMES[..2]);
    }
}

#[test]
fn a_disk_that_was_full_is_no_loss() {
    need!("docker-registry", "skopeo", "sha256sum");
    let (scene, far) = (scene(), Site::open());
    let proxy = Proxy::before(scene.near.registry.address());
    let lines = NAMES.map(|name| format!("{}/{name} bundle:out\n", proxy.address()));
    fs::write(scene.shell.path("mappings"), lines.concat()).unwrap();
    let write = ["mirror", "--src-plain-http", "-f", "mappings"];
    // Layers do not fit, all else does.
    let ran = scene.shell.run_short_of_disk(1000, &write);
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    assert!(ran.stderr.contains("cannot write out/"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: make room, then run the same again"), "{}", ran.stderr);
    scene.shell.fails(7, &import("bundle:out", &far.image("ns")));
    let before = proxy.seen().len();
    scene.shell.ok(&write);
    let continued = proxy.seen().split_off(before);
    let continued = continued.iter().filter(|seen| seen.header(RANGE).is_some()).count();
    assert!(continued >= NAMES.len(), "{continued}: what was written is not fetched again");
    sums_are_right(&scene.shell.path("out"));
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &NAMES);
}

#[test]
fn an_import_to_a_full_disk_is_finished_when_there_is_room() {
    need!("docker-registry", "skopeo", "prlimit");
    let (scene, far) = (scene(), Site::open());
    scene.pack(&NAMES, "out");
    let root = far.image("ns");
    far.registry.grow_files_to(Some(1_000_000));
    let said = scene.shell.fails(5, &import("bundle:out", &root));
    assert!(said.contains("500 (internal server error)"), "{said}");
    for repository in NAMES.map(|name| name.trim_end_matches(":v1")) {
        let place = far.image(&format!("ns/{repository}"));
        assert_eq!(scene.shell.run(&["tags", "--plain-http", &place]).stdout, "");
    }
    far.registry.grow_files_to(None);
    scene.shell.ok(&import("bundle:out", &root));
    scene.is_at(&far, &NAMES);
}

#[test]
fn an_import_into_a_layout_on_a_full_disk_too() {
    need!("docker-registry", "skopeo");
    let scene = scene();
    scene.pack(&NAMES, "out");
    let import = ["mirror", "--from", "bundle:out", "oci:far"];
    let ran = scene.shell.run_short_of_disk(1000, &import);
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    assert!(ran.stderr.contains("cannot write far/"), "{}", ran.stderr);
    assert_eq!(scene.shell.run(&["tags", "oci:far"]).stdout, "");
    scene.shell.ok(&import);
    for name in NAMES {
        let copy = skopeo::fetch(&scene.shell.full(&format!("oci:far:{name}")), &[]);
        assert_eq!(copy, scene.near.fetch(name));
    }
}
