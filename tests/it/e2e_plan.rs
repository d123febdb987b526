//! Plans: what they say is what is done then, and nothing is done before.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::faults::{Fault, Proxy};
use crate::support::layout::{Layout, digest};
use crate::support::shell::Shell;
use crate::support::site::Site;

const PLAIN: [&str; 3] = ["mirror", "--src-plain-http", "--dest-plain-http"];

/// Two registries, each behind a proxy that counts, and a home folder with images in it.
struct Scene {
    from: Site,
    to: Site,
    from_proxy: Proxy,
    to_proxy: Proxy,
    shell: Shell,
}

impl Scene {
    fn new() -> Self {
        let (from, to) = (Site::open(), Site::open());
        let (from_proxy, to_proxy) =
            (Proxy::before(from.registry.address()), Proxy::before(to.registry.address()));
        Self { from, to, from_proxy, to_proxy, shell: Shell::new() }
    }

    /// Puts an image of these layers, each a seed and a size, on the source as `name`. Its digest.
    fn push(&self, name: &str, layers: &[(u64, u64)]) -> String {
        let image = self.image(layers);
        let source = self.from.image(name);
        self.shell.ok(&["push", "--plain-http", "--referrers", "oci:images:pushed", &source]);
        image
    }

    fn image(&self, layers: &[(u64, u64)]) -> String {
        let layout = Layout::new(self.shell.path("images"));
        let layers: Vec<_> =
            layers.iter().map(|&(seed, size)| layout.noise_layer(seed, size)).collect();
        let image = layout.image("linux/amd64", &layers);
        layout.name("pushed", &image);
        digest(&image).to_owned()
    }

    /// `SRC=DST` for images that have the same name on both sides.
    fn mappings(&self, names: &[&str]) -> Vec<String> {
        let mapping = |name: &&str| {
            let (from, to) = (self.from_proxy.address(), self.to_proxy.address());
            format!("{from}/{name}={to}/{name}")
        };
        names.iter().map(mapping).collect()
    }

    fn run(&self, arguments: &[&str], mappings: &[String]) -> Value {
        let mappings: Vec<&str> = mappings.iter().map(String::as_str).collect();
        let said = self.shell.ok(&[&PLAIN[..], &["-o", "json"], arguments, &mappings].concat());
        serde_json::from_str(&said).unwrap()
    }

    fn apply(&self) -> Value {
        self.run(&["--apply", "m.lock"], &[])
    }

    fn lock(&self) -> Value {
        serde_json::from_slice(&fs::read(self.shell.path("m.lock")).unwrap()).unwrap()
    }

    /// Whether both sides have the same image by this name.
    fn is_mirrored(&self, name: &str) -> bool {
        self.to.fetch(name) == self.from.fetch(name)
    }

    fn has(&self, name: &str) -> bool {
        let (repository, tag) = name.split_once(':').unwrap();
        let tags = ["tags", "--plain-http", &self.to.image(repository)];
        self.shell.run(&tags).stdout.lines().any(|line| line == tag)
    }
}

/// The sum of a field over all images of a report.
fn sum(report: &Value, field: &str) -> u64 {
    let images = report["images"].as_array().unwrap().iter();
    images.map(|image| image.pointer(field).unwrap().as_u64().unwrap()).sum()
}

/// Every file below `folder`, with its time and its bytes.
fn files(folder: &Path) -> BTreeMap<String, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let time = path.metadata().unwrap().modified().unwrap();
            let bytes = if path.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path.display().to_string(), (time, bytes));
        }
    }
    found
}

/// A scene where of four images one is new, one new and in part there, one moved, one present. Their mappings.
fn mixed() -> (Scene, Vec<String>) {
    let scene = Scene::new();
    let names = ["new/app:v1", "part/app:v1", "moved/app:v1", "same/app:v1"];
    scene.push("moved/app:v1", &[(1, 70_000), (2, 20_000)]);
    scene.push("same/app:v1", &[(1, 70_000), (3, 30_000)]);
    scene.run(&[], &scene.mappings(&names[2..]));
    scene.push("moved/app:v1", &[(1, 70_000), (4, 40_000)]);
    scene.push("new/app:v1", &[(5, 50_000), (6, 9_000_000)]);
    scene.push("part/app:v1", &[(3, 30_000), (5, 50_000)]);
    let mappings = scene.mappings(&names);
    (scene, mappings)
}

#[test]
fn the_figures_of_a_plan_are_those_of_the_run() {
    need!("docker-registry", "skopeo");
    let (scene, mappings) = mixed();
    let shown = scene.run(&["--dry-run"], &mappings);
    assert_eq!(scene.run(&["--plan", "m.lock"], &mappings), shown);
    let lock = scene.lock();
    assert_eq!(lock, shown);
    let totals = &lock["totals"];
    assert_eq!(totals["images"], serde_json::json!({"new": 2, "moved": 1, "present": 1}));
    let before = (scene.from_proxy.seen().len(), scene.to_proxy.seen().len());

    let report = scene.apply();
    let blobs = &totals["blobs"];
    assert_eq!(sum(&report, "/blobs/copied"), blobs["copy"]["blobs"].as_u64().unwrap());
    assert_eq!(sum(&report, "/blobs/mounted"), blobs["mount"]["blobs"].as_u64().unwrap());
    assert_eq!(sum(&report, "/bytes"), blobs["copy"]["bytes"].as_u64().unwrap());
    // Of what is there nothing is counted where a manifest tells it: the image that is the same has three blobs.
    assert_eq!(sum(&report, "/blobs/present") + 3, blobs["present"]["blobs"].as_u64().unwrap());
    let asked = scene.from_proxy.seen().len() - before.0;
    assert_eq!(asked as u64, totals["requests"]["sources"].as_u64().unwrap());
    let asked = (scene.to_proxy.seen().len() - before.1) as u64;
    let planned = totals["requests"]["destinations"].as_u64().unwrap();
    // Where a mount has succeeded, the question whether a blob is there begins its upload.
    let uploads = blobs["copy"]["blobs"].as_u64().unwrap();
    assert!((planned - uploads..=planned).contains(&asked), "{asked} of {planned}");
    for name in ["new/app:v1", "part/app:v1", "moved/app:v1", "same/app:v1"] {
        assert!(scene.is_mirrored(name), "{name}");
    }

    let after = scene.run(&["--dry-run"], &mappings);
    assert_eq!(after["totals"]["images"]["present"], 4);
    assert_eq!(after["totals"]["blobs"]["copy"]["bytes"], 0);
    assert_eq!(sum(&scene.apply(), "/bytes"), 0);
}

#[test]
fn planning_changes_nothing() {
    need!("docker-registry", "skopeo");
    let (scene, mut mappings) = mixed();
    for kind in ["oci", "oci-archive", "docker-archive", "dir"] {
        let source = mappings[0].split('=').next().unwrap().to_owned();
        mappings.push(format!("{source}={kind}:backup-{kind}"));
    }
    let mappings: Vec<&str> = mappings.iter().map(String::as_str).collect();
    let before = [
        files(&scene.to.registry.storage()),
        files(scene.shell.home()),
        files(&scene.from.registry.storage()),
    ];
    let shown = scene.shell.ok(&[&PLAIN[..], &["--dry-run"], &mappings].concat());
    let after = [
        files(&scene.to.registry.storage()),
        files(scene.shell.home()),
        files(&scene.from.registry.storage()),
    ];
    assert!(before == after);
    assert!(shown.contains("moved    ") && shown.contains("\noci:backup-oci  "), "{shown}");
    let seen = scene.to_proxy.seen();
    let since = seen.iter().skip_while(|seen| seen.target != "/v2/new/app/manifests/v1");
    assert!(since.clone().count() > 0 && since.into_iter().all(|seen| seen.method == "HEAD"));

    scene.shell.ok(&[&PLAIN[..], &["--plan", "m.lock"], &mappings].concat());
    fs::remove_file(scene.shell.path("m.lock")).unwrap();
    assert!(files(&scene.to.registry.storage()) == before[0]);
    assert_eq!(files(scene.shell.home()).len(), before[1].len());
}

#[test]
fn a_blob_that_one_repository_has_is_mounted_into_the_others() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push("z/old:v1", &[(1, 80_000)]);
    scene.run(&[], &scene.mappings(&["z/old:v1"]));
    scene.push("z/old:v2", &[(1, 80_000), (2, 1000)]);
    scene.push("a/new:v1", &[(1, 80_000), (3, 1000)]);
    scene.push("b/new:v1", &[(1, 80_000), (3, 1000)]);
    scene.run(&["--plan", "m.lock"], &scene.mappings(&["a/new:v1", "b/new:v1", "z/old:v2"]));
    let lock = scene.lock();
    let big = fs::read_dir(scene.shell.path("images/blobs/sha256")).unwrap().map(|e| e.unwrap());
    let big = big.max_by_key(|e| e.metadata().unwrap().len()).unwrap().file_name();
    let big = format!("sha256:{}", big.to_str().unwrap());
    let z_old = format!("{}/z/old", scene.to_proxy.address());
    assert_eq!(lock["places"][0]["mount"][&big], z_old.as_str());
    let report = scene.apply();
    assert_eq!(scene.to_proxy.count("PUT", &big.replace("sha256:", "")), 1, "the first run's");
    let totals = &lock["totals"]["blobs"];
    assert_eq!(sum(&report, "/bytes"), totals["copy"]["bytes"].as_u64().unwrap());
    assert_eq!(sum(&report, "/blobs/mounted"), totals["mount"]["blobs"].as_u64().unwrap());
    assert!(scene.is_mirrored("a/new:v1") && scene.is_mirrored("z/old:v2"));
}

#[test]
fn where_mounts_are_refused_those_blobs_are_sent() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    for name in ["a/app:v1", "b/app:v1"] {
        scene.push(name, &[(1, 80_000)]);
    }
    let mappings = scene.mappings(&["a/app:v1", "b/app:v1"]);
    let mappings: Vec<&str> = mappings.iter().map(String::as_str).collect();
    let shown = scene.shell.ok(&[&PLAIN[..], &["--plan", "m.lock"], &mappings].concat());
    assert!(
        shown.contains("A registry that refuses to mount is sent those blobs too: "),
        "{shown}"
    );
    scene.to_proxy.fault(usize::MAX, "POST", "mount=", Fault::RefuseMount);
    let (report, lock) = (scene.apply(), scene.lock());
    let blobs = &lock["totals"]["blobs"];
    let most = ["copy", "mount"].map(|way| blobs[way]["bytes"].as_u64().unwrap());
    assert_eq!(sum(&report, "/bytes"), most[0] + most[1]);
    assert!(scene.is_mirrored("b/app:v1"));
}

#[test]
fn what_has_moved_is_refused_and_planned_anew_when_that_is_asked_for() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let first = scene.push("a/app:v1", &[(1, 10_000)]);
    scene.push("b/app:v1", &[(2, 10_000)]);
    let mappings = scene.mappings(&["a/app:v1", "b/app:v1"]);
    scene.run(&["--plan", "m.lock"], &mappings);
    let second = scene.push("a/app:v1", &[(3, 10_000)]);
    let other = scene.image(&[(4, 10_000)]);
    scene.shell.ok(&["push", "--plain-http", "oci:images:pushed", &scene.to.image("b/app:v1")]);

    let (lock, stored) = (scene.lock(), files(&scene.to.registry.storage()));
    let apply = [&PLAIN[..], &["--apply", "m.lock"]].concat();
    let said = scene.shell.fails(1, &apply);
    let short = |digest: &str| digest[..19].to_owned();
    let source = format!("a/app:v1 was {} and is {}", short(&first), short(&second));
    let destination = format!("b/app:v1 was not there and is {}", short(&other));
    assert!(said.contains(&source) && said.contains(&destination), "{said}");
    assert!(said.contains("nothing is copied: 2 names have moved"), "{said}");
    assert!(files(&scene.to.registry.storage()) == stored && scene.lock() == lock);
    let ran = scene.shell.run(&[&apply[..], &["-o", "json"]].concat());
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, &told["moved"][0]["now"]), (Some(1), &second.clone().into()));

    scene.shell.ok(&[&apply[..], &["--replan"]].concat());
    assert!(scene.is_mirrored("a/app:v1") && scene.is_mirrored("b/app:v1"));
    assert_eq!(scene.lock()["images"][0]["digest"], second.as_str());
    assert_eq!(scene.lock()["images"][1]["destinations"][0]["had"], other.as_str());
    scene.shell.ok(&apply);
}

#[test]
fn a_lock_file_is_compared_with_what_would_be_planned() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push("a/app:v1", &[(1, 10_000)]);
    let mappings = scene.mappings(&["a/app:v1"]);
    let mappings: Vec<&str> = mappings.iter().map(String::as_str).collect();
    let locked = [&PLAIN[..], &["--plan", "m.lock", "--locked"], &mappings].concat();
    scene.shell.fails(7, &locked);
    scene.run(&["--plan", "m.lock"], &scene.mappings(&["a/app:v1"]));
    scene.shell.ok(&locked);
    scene.apply();
    scene.shell.ok(&locked);
    let before = fs::read(scene.shell.path("m.lock")).unwrap();
    scene.push("a/app:v1", &[(2, 10_000)]);
    let said = scene.shell.fails(1, &locked);
    assert!(said.contains("m.lock is not what would be planned now"), "{said}");
    assert!(said.contains("a/app:v1 sha256:"), "{said}");
    assert_eq!(fs::read(scene.shell.path("m.lock")).unwrap(), before);
}

#[test]
fn a_killed_apply_goes_on() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let names: Vec<String> = (0..6).map(|number| format!("app{number}/app:v1")).collect();
    for (name, seed) in names.iter().zip(10..) {
        scene.push(name, &[(1, 500_000), (seed, 2_000_000)]);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    scene.run(&["--plan", "m.lock"], &scene.mappings(&names));
    scene.to_proxy.fault(usize::MAX, "PUT", "/v2/", Fault::Delay(Duration::from_millis(20)));
    let apply = [&PLAIN[..], &["--jobs", "2", "--apply", "m.lock"]].concat();
    let mut killed = 0;
    for round in 1..=4 {
        let before = scene.to_proxy.count("PUT", "/v2/");
        let mut child = scene.shell.start(&apply);
        while scene.to_proxy.count("PUT", "/v2/") < before + 2 * round
            && child.try_wait().unwrap().is_none()
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        for name in names.iter().filter(|name| scene.has(name)) {
            assert!(scene.is_mirrored(name), "{name}");
        }
    }
    assert!(killed > 0, "it was always done before it could be killed");
    let there = names.iter().filter(|name| scene.has(name)).count();
    let report = scene.apply();
    let outcomes = report["images"].as_array().unwrap().iter();
    assert_eq!(outcomes.filter(|image| image["outcome"] == "present").count(), there);
    assert!(names.iter().all(|name| scene.is_mirrored(name)));
}

#[test]
fn referrers_are_those_of_the_plan() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let layout = Layout::new(scene.shell.path("images"));
    let image = layout.image("linux/amd64", &[layout.noise_layer(1, 10_000)]);
    let signed = layout.referrer(&image, "application/vnd.example.signature", "one");
    layout.cosign_signature(&image, "two");
    layout.name("pushed", &image);
    let push =
        ["push", "--plain-http", "--referrers", "oci:images:pushed", &scene.from.image("a/app:v1")];
    scene.shell.ok(&push);
    scene.run(&["--referrers", "--plan", "m.lock"], &scene.mappings(&["a/app:v1"]));
    let lock = scene.lock();
    assert_eq!(lock["images"][0]["referrers"].as_array().unwrap().len(), 2);
    let later = layout.referrer(&image, "application/vnd.example.signature", "three");
    scene.shell.ok(&push);
    let report = scene.apply();
    let blobs = &lock["totals"]["blobs"];
    assert_eq!(sum(&report, "/blobs/copied"), blobs["copy"]["blobs"].as_u64().unwrap());
    let there = |descriptor: &Value| {
        let image = scene.to.image(&format!("a/app@{}", digest(descriptor)));
        scene.shell.run(&["inspect", "--plain-http", &image]).code == Some(0)
    };
    assert!(there(&image) && there(&signed) && !there(&later));
    let cosigns = format!("a/app:{}.sig", digest(&image).replace(':', "-"));
    assert!(scene.has(&cosigns) && scene.is_mirrored(&cosigns));

    let ran = scene.shell.run(
        &[
            &PLAIN[..],
            &["--referrers", "--plan", "m.lock", "--locked"],
            &[&scene.mappings(&["a/app:v1"])[0]],
        ]
        .concat(),
    );
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("(referrers: 1 more, 0 less)"), "{}", ran.stderr);
}

#[test]
fn picked_platforms_are_picked_from_the_index_of_the_plan() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let push = |seed: u64| {
        let layout = Layout::new(scene.shell.path("images"));
        let platforms = ["linux/amd64", "linux/arm64", "linux/s390x"];
        let image = |platform| layout.image(platform, &[layout.noise_layer(seed, 10_000)]);
        let images = platforms.map(image);
        layout.name("pushed", &layout.index(&images));
        let source = scene.from.image("a/app:v1");
        scene.shell.ok(&["push", "--plain-http", "oci:images:pushed", &source]);
        images
    };
    let images = push(1);
    let mappings = scene.mappings(&["a/app:v1"]);
    scene.run(&["--platform", "linux/arm64", "--plan", "one.lock"], &mappings);
    let two = ["--platform", "linux/arm64", "--platform", "linux/amd64", "--plan", "m.lock"];
    scene.run(&two, &mappings);
    let one = scene.run(&["--apply", "one.lock"], &[]);
    assert_eq!(one["images"][0]["digest"], images[1]["digest"]);
    let said = scene.shell.fails(1, &[&PLAIN[..], &["--apply", "m.lock"]].concat());
    assert!(said.contains("was not there"), "{said}");
    let report = scene.run(&["--apply", "m.lock", "--replan"], &[]);
    assert_eq!(report["images"][0]["digest"], scene.lock()["images"][0]["digest"]);
    assert_eq!(report["images"][0]["blobs"]["copied"], 1, "the other platform's configuration");
    push(2);
    scene.shell.ok(&[&PLAIN[..], &["--apply", "m.lock"]].concat());
}

#[test]
fn what_cannot_be_planned_is_told_and_no_plan_is_written() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push("a/app:v1", &[(1, 10_000)]);
    let mappings = scene.mappings(&["a/app:v1", "b/none:v1"]);
    let mappings: Vec<&str> = mappings.iter().map(String::as_str).collect();
    let plan = [&PLAIN[..], &["--plan", "m.lock"], &mappings].concat();
    let said = scene.shell.fails(1, &plan);
    assert!(
        said.contains("error: cannot plan ") && said.contains("m.lock is not written"),
        "{said}"
    );
    assert!(!scene.shell.path("m.lock").exists());
    scene.shell.fails(4, &[&PLAIN[..], &["--dry-run"], &mappings[1..]].concat());

    fs::write(scene.shell.path("list"), mappings[0]).unwrap();
    let lost = [&PLAIN[..], &["-f", "list", "--plan", "list"]].concat();
    assert!(scene.shell.fails(2, &lost).contains("list is there already and is not a plan"));
    assert_eq!(fs::read_to_string(scene.shell.path("list")).unwrap(), mappings[0]);
    fs::write(scene.shell.path("m.lock"), "").unwrap();
    scene.shell.ok(&[&PLAIN[..], &["-f", "list", "--plan", "m.lock"]].concat());
}

#[test]
fn a_plan_keeps_filters_and_sparse_indexes_and_goes_to_folders_of_repositories() {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("images"));
    let platforms = ["linux/amd64", "linux/arm64", "linux/s390x"];
    let images = platforms.map(|platform| layout.image(platform, &[layout.noise_layer(1, 5000)]));
    let index = layout.index(&images);
    layout.name("a", &index);
    let rules = ["--filter-by-os", "^linux/a", "--keep-manifest-list", "--dir", "usb"];
    let plan =
        [&["mirror", "oci:images:a=file://org/app", "--plan", "m.lock"], &rules[..]].concat();
    shell.ok(&plan);
    assert!(!shell.path("usb").exists());
    let lock: Value = serde_json::from_slice(&fs::read(shell.path("m.lock")).unwrap()).unwrap();
    assert_eq!(
        (&lock["sparse"], &lock["images"][0]["platforms"][0]),
        (&true.into(), &"like ^linux/a".into())
    );
    assert_eq!(lock["images"][0]["digest"], index["digest"]);
    let said = shell.ok(&["mirror", "--apply", "m.lock", "--dir", "usb", "-o", "json"]);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        sum(&report, "/blobs/copied"),
        lock["totals"]["blobs"]["copy"]["blobs"].as_u64().unwrap()
    );
    assert_eq!(
        (sum(&report, "/leftOut"), report["images"][0]["outcome"].as_str()),
        (1, Some("copied"))
    );
    assert!(
        shell.path("usb/v2/org/app/manifests/latest").exists()
            || shell.path("usb/v2/org/app/manifests/a").exists()
    );
    shell.ok(&[&plan[..], &["--locked"]].concat());
    let said = shell.ok(&["mirror", "--apply", "m.lock", "--dir", "usb", "-o", "json"]);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["images"][0]["outcome"], "present");
}

#[test]
fn what_is_missing_is_skipped_where_that_is_allowed() {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("images"));
    layout.name("a", &layout.image("linux/amd64", &[layout.noise_layer(1, 5000)]));
    let plan = ["mirror", "oci:images:a=oci:copy", "oci:images:b=oci:copy", "--plan", "m.lock"];
    shell.fails(1, &plan);
    let ran = shell.run(&[&plan[..], &["--skip-missing"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("skipped: oci:images:b -> oci:copy:b"), "{}", ran.stderr);
    shell.ok(&["mirror", "--apply", "m.lock"]);
    assert_eq!(shell.ok(&["tags", "oci:copy"]), "a\n");
    shell.fails(2, &[&plan[..], &["--force"]].concat());
}

#[test]
fn two_plans_are_compared() {
    let shell = Shell::new();
    let make = |images: [(&str, u64); 2]| {
        let layout = Layout::new(shell.path("images"));
        for (name, seed) in images {
            layout.name(name, &layout.image("linux/amd64", &[layout.noise_layer(seed, 5000)]));
        }
    };
    make([("a", 1), ("b", 2)]);
    shell.ok(&["mirror", "oci:images:a=oci:copy", "oci:images:b=oci:copy", "--plan", "one.lock"]);
    make([("b", 3), ("c", 4)]);
    let later = ["mirror", "oci:images:b=oci:copy", "oci:images:c", "--plan", "two.lock"];
    shell.fails(2, &later);
    shell.ok(&["mirror", "oci:images:b=oci:copy", "oci:images:c=oci:copy", "--plan", "two.lock"]);
    let told = shell.ok(&["plan", "diff", "one.lock", "two.lock"]);
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with("removed  oci:images:a sha256:"), "{told}");
    assert!(lines[1].starts_with("moved    oci:images:b sha256:"), "{told}");
    assert!(lines[2].starts_with("added    oci:images:c sha256:"), "{told}");
    assert!(lines[3].starts_with("Added:    4 blobs, "), "{told}");
    let told = shell.ok(&["plan", "diff", "one.lock", "two.lock", "-o", "json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["images"][1]["change"], "moved");
    assert_eq!(told["added"]["blobs"], 4);
    let told = shell.ok(&["plan", "diff", "two.lock", "two.lock"]);
    assert!(told.starts_with("The images are the same.\n"), "{told}");
    let shown = shell.ok(&["plan", "show", "two.lock"]);
    assert!(shown.contains("new      oci:images:b -> oci:copy:b sha256:"), "{shown}");
    assert!(shown.contains("Disk:     "), "{shown}");
    let said = shell.fails(2, &["plan", "show", "images/index.json"]);
    assert!(said.contains("images/index.json:1:"), "{said}");
    shell.fails(7, &["plan", "show", "nothing"]);
}
