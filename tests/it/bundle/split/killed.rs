//! Split bundles whose writer is stopped, by a kill or a full disk: what was whole is not fetched again.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use http::header::RANGE;
use longshore::model::Digest;

use super::super::{Scene, import};
use super::{MIB, is_whole, parts};
use crate::support::faults::{Fault, Proxy};
use crate::support::program;
use crate::support::site::Site;

const NAMES: [&str; 3] = ["org/a:v1", "org/b:v1", "org/c:v1"];

/// Three images, each with a layer that is larger than a part.
fn scene() -> Scene {
    let scene = Scene::new();
    for (seed, name) in (1..).zip(NAMES) {
        let sizes = [(10, 700_000), (20, 2_400_000), (30, 40_000), (40, 600_000)];
        let layers = sizes.map(|(more, size)| scene.layout.noise_layer(more + seed, size));
        scene.image(name, &layers);
    }
    scene
}

/// The blobs of which all bytes are there in one member of a part, finished or not.
fn whole_blobs(dir: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in parts(dir) {
        let mut tar = tar::Archive::new(File::open(part).unwrap());
        for entry in tar.entries().unwrap() {
            let Ok(mut entry) = entry else { break };
            let name = entry.path().unwrap().display().to_string();
            let mut bytes = Vec::new();
            if entry.read_to_end(&mut bytes).is_err() {
                break;
            }
            let digest = Digest::of(&bytes).to_string();
            if name == format!("blobs/{}", digest.replace(':', "/")) {
                found.insert(digest);
            }
        }
    }
    found
}

#[test]
fn a_killed_writer_goes_on_where_it_was() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let (scene, far) = (scene(), Site::open());
    let proxy = Proxy::before(scene.near.registry.address());
    proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Slow(Duration::from_millis(2)));
    let lines = NAMES.map(|name| format!("{}/{name} bundle:out\n", proxy.address()));
    fs::write(scene.shell.path("slow"), lines.concat()).unwrap();
    let dir = scene.shell.path("out");
    let write = ["mirror", "--src-plain-http", "--split", "1MiB", "-f", "slow"];
    let (mut killed, mut kept) = (0, 0);
    for round in 0..14 {
        let whole = if dir.exists() { whole_blobs(&dir) } else { BTreeSet::new() };
        let before = proxy.seen().len();
        let mut child = scene.shell.start(&write);
        std::thread::sleep(Duration::from_millis(60 + 40 * round));
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        for seen in &proxy.seen()[before..] {
            let again = whole.iter().find(|digest| seen.is("GET", &format!("/blobs/{digest}")));
            assert_eq!(again, None, "round {round}");
        }
        kept += whole.len();
        if dir.join("bundle.unfinished").exists() {
            let ran = scene.shell.run(&import("bundle:out", &far.image("ns")));
            assert_eq!(ran.code, Some(7), "{}", ran.stderr);
        }
    }
    assert!(killed > 3 && kept > 0, "{killed} {kept}");
    let whole = whole_blobs(&dir);
    let before = proxy.seen().len();
    scene.shell.ok(&write);
    let seen = proxy.seen();
    assert!(whole.iter().all(|digest| {
        !seen[before..].iter().any(|seen| seen.is("GET", &format!("/blobs/{digest}")))
    }));
    is_whole(&dir, MIB);
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &NAMES);
}

/// Whether so many parts are finished, and another has some bytes.
fn is_under_way(dir: &Path, finished: usize) -> bool {
    let parts = if dir.exists() { parts(dir) } else { Vec::new() };
    let (partial, whole): (Vec<_>, Vec<_>) =
        parts.into_iter().partition(|part| part.extension().is_some_and(|e| e == "partial"));
    let length = |part: &PathBuf| fs::metadata(part).map_or(0, |file| file.len());
    whole.len() >= finished && partial.iter().any(|part| length(part) > 400_000)
}

#[test]
fn a_blob_is_continued_where_its_bytes_end() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    for (size, finished) in [("8MiB", 0), ("1MiB", 2)] {
        let scene = Scene::new();
        let layer = scene.layout.noise_layer(1, 5_000_000);
        scene.layout.name("v1", &scene.layout.image("linux/amd64", std::slice::from_ref(&layer)));
        let (image, wanted) = (scene.near.image("org/app:v1"), layer.descriptor["digest"].as_str());
        scene.shell.ok(&["mirror", "--dest-plain-http", "oci:made:v1", &image]);
        let proxy = Proxy::before(scene.near.registry.address());
        proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Slow(Duration::from_millis(10)));
        let from = format!("{}/org/app:v1", proxy.address());
        let write = ["mirror", "--src-plain-http", "--split", size, &from, "bundle:out"];
        let mut child = scene.shell.start(&write);
        let dir = scene.shell.path("out");
        while !is_under_way(&dir, finished) {
            assert!(child.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let before = proxy.seen().len();
        scene.shell.ok(&write);
        let seen = proxy.seen();
        let mut gets = seen[before..].iter().filter(|seen| seen.is("GET", wanted.unwrap()));
        let range = gets.next().unwrap().header(RANGE).unwrap_or("bytes=0-");
        let start = range.trim_start_matches("bytes=").split('-').next().unwrap();
        let least = finished as u64 * (MIB - 8192) + 256 * 1024;
        assert!(start.parse::<u64>().unwrap() >= least, "{size}: {range}");
        is_whole(&dir, 8 * MIB);
    }
}

#[test]
fn a_disk_that_was_full_keeps_what_was_whole() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let (scene, far) = (scene(), Site::open());
    let proxy = Proxy::before(scene.near.registry.address());
    let lines = NAMES.map(|name| format!("{}/{name} bundle:out\n", proxy.address()));
    fs::write(scene.shell.path("mappings"), lines.concat()).unwrap();
    let write = ["mirror", "--src-plain-http", "--split", "2MiB", "-f", "mappings"];
    // No part may grow beyond 1.5 MB: a piece of a large layer does not fit, smaller blobs do.
    let longshore = program::longshore(scene.shell.home());
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 2930; exec \"$@\"", "sh"]);
    command.arg(longshore.get_program()).args(write);
    command.current_dir(scene.shell.home()).env_clear();
    command.envs(longshore.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let ended = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code() == Some(7) && said.contains("cannot write"), "{said}");
    let whole = whole_blobs(&scene.shell.path("out"));
    assert!(!whole.is_empty());
    scene.shell.fails(7, &import("bundle:out", &far.image("ns")));
    let before = proxy.seen().len();
    scene.shell.ok(&write);
    for seen in &proxy.seen()[before..] {
        let again = whole.iter().find(|digest| seen.is("GET", &format!("/blobs/{digest}")));
        assert_eq!(again, None);
    }
    is_whole(&scene.shell.path("out"), 2 * MIB);
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &NAMES);
}

#[test]
fn what_is_there_of_a_blob_and_is_wrong_is_fetched_anew() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let (scene, far) = (scene(), Site::open());
    let proxy = Proxy::before(scene.near.registry.address());
    proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Slow(Duration::from_millis(4)));
    let lines = NAMES.map(|name| format!("{}/{name} bundle:out\n", proxy.address()));
    fs::write(scene.shell.path("slow"), lines.concat()).unwrap();
    let write = ["mirror", "--src-plain-http", "--split", "1MiB", "-f", "slow"];
    let mut child = scene.shell.start(&write);
    let dir = scene.shell.path("out");
    while !is_under_way(&dir, 0) {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let unfinished: Vec<_> = parts(&dir)
        .into_iter()
        .filter(|part| part.extension().is_some_and(|e| e == "partial"))
        .collect();
    assert!(!unfinished.is_empty());
    for part in unfinished {
        let mut bytes = fs::read(&part).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(part, bytes).unwrap();
    }
    scene.pack_split(&NAMES, "out", "1MiB");
    is_whole(&dir, MIB);
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &NAMES);
}

#[test]
fn a_failed_blob_costs_no_other() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let (scene, far) = (scene(), Site::open());
    let lost = scene.layout.noise_layer(21, 2_400_000).descriptor["digest"].clone();
    let write = ["mirror", "--src-plain-http", "--retries", "0", "--split", "1MiB", "-f"];
    let dir = scene.shell.path("out");
    let proxy = Proxy::before(scene.near.registry.address());
    proxy.fault(usize::MAX, "GET", lost.as_str().unwrap(), Fault::Damage);
    let lines = NAMES.map(|name| format!("{}/{name} bundle:out\n", proxy.address()));
    fs::write(scene.shell.path("mappings"), lines.concat()).unwrap();
    scene.shell.fails(1, &[&write[..], &["mappings"]].concat());
    is_whole(&dir, MIB);
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &NAMES[1..]);
    let whole = whole_blobs(&dir);
    scene.pack_split(&NAMES, "out", "1MiB");
    assert!(whole.is_subset(&whole_blobs(&dir)));
    is_whole(&dir, MIB);
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &NAMES);
}

#[test]
fn an_update_that_is_killed_is_finished_by_the_next() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let (scene, far) = (scene(), Site::open());
    scene.pack_split(&NAMES[..1], "out", "1MiB");
    let proxy = Proxy::before(scene.near.registry.address());
    proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Slow(Duration::from_millis(2)));
    let lines = NAMES[1..].iter().map(|name| format!("{}/{name} bundle:out\n", proxy.address()));
    fs::write(scene.shell.path("slow"), lines.collect::<String>()).unwrap();
    let write = ["mirror", "--src-plain-http", "-f", "slow"];
    for round in 0..8 {
        let mut child = scene.shell.start(&write);
        std::thread::sleep(Duration::from_millis(80 + 60 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let ran = scene.shell.run(&import("bundle:out", &far.image("ns")));
        let is_finished = !scene.shell.path("out/bundle.unfinished").exists();
        assert_eq!(ran.code, Some(if is_finished { 0 } else { 7 }), "{}", ran.stderr);
        scene.is_at(&far, if is_finished { &NAMES[..1] } else { &[] });
    }
    scene.shell.ok(&write);
    is_whole(&scene.shell.path("out"), MIB);
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &NAMES);
}
