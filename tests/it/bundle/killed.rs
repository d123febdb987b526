//! Bundles that are stopped in the middle, by a kill or a full disk, and what becomes of them.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use super::{Scene, import, sums_are_right};
use crate::support::faults::{Fault, Proxy};
use crate::support::program;
use crate::support::site::Site;

const NAMES: [&str; 3] = ["org/a:v1", "org/b:v1", "org/c:v1"];
const ROUNDS: u64 = 12;

/// Three images of some size.
fn scene() -> Scene {
    let scene = Scene::new();
    for (seed, name) in (1..).zip(NAMES) {
        let layers = [10, 20, 30].map(|more| scene.layout.noise_layer(more + seed, 1_500_000));
        scene.image(name, &layers);
    }
    scene
}

/// Kills the command again and again, a bit later each time, until it has ended by itself.
fn kill_again_and_again(scene: &Scene, arguments: &[&str], mut after_each: impl FnMut()) {
    let mut killed = 0;
    for round in 0..ROUNDS {
        let mut child = scene.shell.start(arguments);
        std::thread::sleep(Duration::from_millis(40 + 40 * round));
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        after_each();
    }
    assert!(killed > 0, "it was always done before it could be killed");
    scene.shell.ok(arguments);
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
    kill_again_and_again(&scene, &write, || {
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
    kill_again_and_again(&scene, &import("bundle:out", &root), || {
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
fn a_disk_that_was_full_is_no_loss() {
    need!("docker-registry", "skopeo", "sha256sum", "prlimit");
    let (scene, far) = (scene(), Site::open());
    let file = scene.mappings(&NAMES, "out");
    // No file may grow beyond this: layers do not fit, manifests do.
    let mut command = std::process::Command::new("prlimit");
    let longshore = program::longshore(scene.shell.home());
    command.arg("--fsize=1000000").arg(longshore.get_program());
    command.args(["mirror", "--src-plain-http", "-f", &file]).current_dir(scene.shell.home());
    command.env_clear().envs(longshore.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let ended = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(!ended.success());
    scene.shell.fails(7, &import("bundle:out", &far.image("ns")));
    scene.pack(&NAMES, "out");
    sums_are_right(&scene.shell.path("out"));
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &NAMES);
}
