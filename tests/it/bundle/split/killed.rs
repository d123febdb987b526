//! Split bundles whose writer is stopped, by a kill or a full disk: what was whole is not fetched again.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use http::header::RANGE;
use longshore::model::Digest;

use super::super::{Scene, import};
use super::{MIB, is_whole, parts};
use crate::support::faults::{Fault, Proxy, Seen};
use crate::support::shell::Shell;
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

/// How long a writer may take to come to where it is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs until `is_reached`, which an answer that stalls leads to, and is killed `later` than that.
fn killed_when(shell: &Shell, write: &[&str], later: Duration, is_reached: impl Fn() -> bool) {
    let (mut child, begun) = (shell.start(write), Instant::now());
    while !is_reached() {
        assert!(begun.elapsed() < PATIENCE, "it does not get there");
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(later);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// None of these blobs was asked for.
fn are_not_fetched(seen: &[Seen], blobs: &BTreeSet<String>) {
    for seen in seen {
        let again = blobs.iter().find(|digest| seen.is("GET", &format!("/blobs/{digest}")));
        assert_eq!(again, None);
    }
}

#[test]
fn a_killed_writer_goes_on_where_it_was() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let (scene, far) = (scene(), Site::open());
    let proxy = Proxy::before(scene.near.registry.address());
    // The largest layers need five runs.
    proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Stall(500_000));
    let lines = NAMES.map(|name| format!("{}/{name} bundle:out\n", proxy.address()));
    fs::write(scene.shell.path("mappings"), lines.concat()).unwrap();
    let dir = scene.shell.path("out");
    let write = ["mirror", "--src-plain-http", "--split", "1MiB", "-f", "mappings"];
    for round in 0..5 {
        let whole = if dir.exists() { whole_blobs(&dir) } else { BTreeSet::new() };
        let (before, stalled) = (proxy.seen().len(), proxy.stalled());
        let later = Duration::from_millis(20 * round);
        killed_when(&scene.shell, &write, later, || proxy.stalled() > stalled);
        are_not_fetched(&proxy.seen()[before..], &whole);
        let ran = scene.shell.run(&import("bundle:out", &far.image("ns")));
        assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    }
    proxy.heal();
    let (whole, before) = (whole_blobs(&dir), proxy.seen().len());
    assert!(!whole.is_empty());
    scene.shell.ok(&write);
    are_not_fetched(&proxy.seen()[before..], &whole);
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
        proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Stall(4_000_000));
        let from = format!("{}/org/app:v1", proxy.address());
        let write = ["mirror", "--src-plain-http", "--split", size, &from, "bundle:out"];
        let dir = scene.shell.path("out");
        killed_when(&scene.shell, &write, Duration::ZERO, || is_under_way(&dir, finished));
        proxy.heal();
        let before = proxy.seen().len();
        scene.shell.ok(&write);
        let seen = proxy.seen();
        let gets = seen[before..].iter().filter(|seen| seen.is("GET", wanted.unwrap()));
        let start = |seen: &Seen| -> u64 {
            let range = seen.header(RANGE).unwrap_or("bytes=0-").trim_start_matches("bytes=");
            range.split('-').next().unwrap().parse().unwrap()
        };
        let least = finished as u64 * (MIB - 8192) + 256 * 1024;
        let first = gets.map(start).min().unwrap();
        assert!(first >= least, "{size}: {first}");
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
    // A piece of a large layer does not fit, smaller blobs do.
    let ran = scene.shell.run_short_of_disk(1465, &write);
    assert!(ran.code == Some(7) && ran.stderr.contains("cannot write"), "{}", ran.stderr);
    let whole = whole_blobs(&scene.shell.path("out"));
    assert!(!whole.is_empty());
    scene.shell.fails(7, &import("bundle:out", &far.image("ns")));
    let before = proxy.seen().len();
    scene.shell.ok(&write);
    are_not_fetched(&proxy.seen()[before..], &whole);
    is_whole(&scene.shell.path("out"), 2 * MIB);
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &NAMES);
}

#[test]
fn what_is_there_of_a_blob_and_is_wrong_is_fetched_anew() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let (scene, far) = (scene(), Site::open());
    let proxy = Proxy::before(scene.near.registry.address());
    proxy.fault(usize::MAX, "GET", "/blobs/", Fault::Stall(800_000));
    let lines = NAMES.map(|name| format!("{}/{name} bundle:out\n", proxy.address()));
    fs::write(scene.shell.path("mappings"), lines.concat()).unwrap();
    let write = ["mirror", "--src-plain-http", "--split", "1MiB", "-f", "mappings"];
    let dir = scene.shell.path("out");
    killed_when(&scene.shell, &write, Duration::ZERO, || {
        proxy.stalled() > 0 && is_under_way(&dir, 0)
    });
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
    scene.shell.killed_again_and_again(&write, || {
        let ran = scene.shell.run(&import("bundle:out", &far.image("ns")));
        let is_finished = !scene.shell.path("out/bundle.unfinished").exists();
        assert_eq!(ran.code, Some(if is_finished { 0 } else { 7 }), "{}", ran.stderr);
        scene.is_at(&far, if is_finished { &NAMES[..1] } else { &[] });
    });
    is_whole(&scene.shell.path("out"), MIB);
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &NAMES);
}
