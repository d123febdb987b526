//! Full disks: what is whole is kept, nothing half-written has a name, and the next run goes on.

use std::fs::{self, File};
use std::process::Stdio;

use crate::support::layout::Layout;
use crate::support::program;
use crate::support::shell::Shell;
use crate::support::site::Site;
use crate::support::skopeo;

const PLAIN: [&str; 3] = ["mirror", "--src-plain-http", "--dest-plain-http"];

/// A registry with `team/app:v1`, which has a small layer and one that does not fit.
struct Scene {
    site: Site,
    shell: Shell,
    image: String,
}

impl Scene {
    fn new() -> Self {
        let (site, shell) = (Site::open(), Shell::new());
        let layout = Layout::new(shell.path("made"));
        let layers = [layout.noise_layer(1, 10_000), layout.noise_layer(2, 3_000_000)];
        layout.name("v1", &layout.image("linux/amd64", &layers));
        let image = site.image("team/app:v1");
        shell.ok(&["push", "--plain-http", "oci:made:v1", &image]);
        Self { site, shell, image }
    }

    /// Names of files that no writer should leave behind.
    fn leftovers(&self) -> Vec<String> {
        let names =
            fs::read_dir(self.shell.home()).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        names.filter(|name| name.contains("partial") || name.starts_with(".longshore")).collect()
    }
}

#[test]
fn copies_to_folders_are_finished_when_there_is_room() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    for (to, copy) in
        [("oci:out:v1", "oci:out:v1"), ("dir:plain", "dir:plain"), ("file://team/app:v1", "")]
    {
        let mirror = [&PLAIN[..], &[&scene.image, to]].concat();
        let ran = scene.shell.run_short_of_disk(1000, &mirror);
        assert_eq!(ran.code, Some(7), "{to}: {}", ran.stderr);
        assert!(ran.stderr.contains("cannot write "), "{to}: {}", ran.stderr);
        assert!(ran.stderr.contains("hint: make room"), "{to}: {}", ran.stderr);
        if let Some(place) = to.strip_suffix(":v1") {
            assert_eq!(scene.shell.run(&["tags", place]).stdout, "", "{to}");
        }
        scene.shell.ok(&mirror);
        if copy.is_empty() {
            let back = scene.site.image("back:v1");
            scene.shell.ok(&[&PLAIN[..], &[to, &back]].concat());
            assert_eq!(scene.site.fetch("back:v1"), scene.site.fetch("team/app:v1"));
        } else {
            let found = skopeo::fetch(&scene.shell.full(copy), &[]);
            assert_eq!(found, scene.site.fetch("team/app:v1"), "{to}");
        }
    }
}

#[test]
fn what_tells_of_a_run_is_written_whole_or_not_at_all() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let copy = scene.site.image("copy/app:v1");
    for (flag, name) in
        [("--report", "report.json"), ("--junit", "junit.xml"), ("--failed", "failed.txt")]
    {
        let missing = scene.site.image("team/none:v1");
        let lines = format!("{} {copy}\n{missing} {copy}-2\n", scene.image);
        fs::write(scene.shell.path("mappings"), lines).unwrap();
        let before = "# What failed, as longshore keeps it for mirror -f\n";
        fs::write(scene.shell.path(name), before).unwrap();
        let ran = scene
            .shell
            .run_short_of_disk(0, &[&PLAIN[..], &["-f", "mappings", flag, name]].concat());
        assert!(ran.code.is_some_and(|code| code != 0), "{flag}");
        assert!(ran.stderr.contains(&format!("cannot write {name}")), "{flag}: {}", ran.stderr);
        assert_eq!(fs::read_to_string(scene.shell.path(name)).unwrap(), before);
        assert_eq!(scene.site.fetch("copy/app:v1"), scene.site.fetch("team/app:v1"));
    }
    assert_eq!(scene.leftovers(), [""; 0]);
}

#[test]
fn plans_and_lists_are_written_whole_or_not_at_all() {
    need!("docker-registry");
    let scene = Scene::new();
    let mapping = format!("{}={}", scene.image, scene.site.image("copy/app:v1"));
    let plan = [&PLAIN[..], &["--plan", "m.lock", &mapping]].concat();
    let ran = scene.shell.run_short_of_disk(0, &plan);
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    assert!(!scene.shell.path("m.lock").exists(), "{}", ran.stderr);
    scene.shell.ok(&plan);
    let before = fs::read(scene.shell.path("m.lock")).unwrap();
    assert_eq!(scene.shell.run_short_of_disk(0, &plan).code, Some(7));
    assert_eq!(fs::read(scene.shell.path("m.lock")).unwrap(), before);

    let generate = ["delete", "--plain-http", "--generate", "list", &scene.image];
    let ran = scene.shell.run_short_of_disk(0, &generate);
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    assert!(!scene.shell.path("list").exists());
    scene.shell.ok(&generate);
    assert_eq!(scene.leftovers(), [""; 0]);
}

#[test]
fn a_receipt_that_cannot_be_written_is_told() {
    need!("docker-registry");
    let scene = Scene::new();
    let mut inventory = program::longshore(scene.shell.home());
    inventory.args(["inventory", "--plain-http", &scene.site.image("team")]).stderr(Stdio::piped());
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = inventory.stdout(full).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("No space left"), "{said}");
}
