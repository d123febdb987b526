//! Mirrors are found to be true or not, and are made true again; docker-registry holds them, and what is broken is
//! broken in its storage.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use serde_json::Value;

use crate::support::embedded::Embedded;
use crate::support::faults::{Canned, Fault, Proxy};
use crate::support::layout::{Layout, digest};
use crate::support::program::Ran;
use crate::support::shell::Shell;
use crate::support::site::Site;
use crate::support::skopeo;

/// A source, its mirror, and an index of two images under the names `v1` and `v2` in the repository `team/app` of both.
struct Scene {
    source: Site,
    mirror: Site,
    shell: Shell,
    index: String,
    images: Vec<String>,
    /// The layer of the first image alone.
    layer: String,
}

impl Scene {
    fn new() -> Self {
        let (source, mirror, shell) = (Site::open(), Site::open(), Shell::new());
        let layout = Layout::new(shell.path("image"));
        let own = layout.noise_layer(1, 300_000);
        let layer = digest(&own.descriptor).to_owned();
        let shared = layout.layer(&[("etc/os-release", "ID=test\n")]);
        let images = [
            layout.image("linux/amd64", &[shared.clone(), own]),
            layout.image("linux/arm64", &[shared, layout.noise_layer(2, 200_000)]),
        ];
        let index = layout.index(&images);
        layout.name("v1", &index);
        layout.name("v2", &images[0]);
        for name in ["v1", "v2"] {
            let image = format!("oci:image:{name}");
            let to = [&source, &mirror].map(|site| site.image(&format!("team/app:{name}")));
            shell.ok(&["mirror", "--dest-plain-http", &image, &to[0], &to[1]]);
        }
        let images = images.iter().map(|image| digest(image).to_owned()).collect();
        Self { source, mirror, shell, index: digest(&index).to_owned(), images, layer }
    }

    fn verify(&self, more: &[&str]) -> Ran {
        let place = self.mirror.image("team/app");
        self.shell.run(&[&["verify", "--plain-http", &place], more].concat())
    }

    fn repair(&self, more: &[&str]) -> Ran {
        let from = self.source.image("team/app");
        let flags = ["--src-plain-http", "--against", &from, "--repair"];
        self.verify(&[&flags[..], more].concat())
    }

    /// The file of a blob or manifest in the mirror's storage.
    fn file(&self, digest: &str) -> PathBuf {
        stored(&self.mirror.registry.storage(), digest)
    }

    /// The folder of a link in the mirror's repository.
    fn link(&self, kind: &str, digest: &str) -> PathBuf {
        let repository = self.mirror.registry.storage().join("repositories/team/app");
        repository.join(kind).join("sha256").join(digest.strip_prefix("sha256:").unwrap())
    }

    /// That skopeo takes the same from both.
    fn is_whole(&self) {
        for name in ["team/app:v1", "team/app:v2"] {
            assert_eq!(self.mirror.fetch(name), self.source.fetch(name));
        }
    }
}

fn stored(storage: &Path, digest: &str) -> PathBuf {
    let hex = digest.strip_prefix("sha256:").unwrap();
    storage.join("blobs/sha256").join(&hex[..2]).join(hex).join("data")
}

fn flip_byte(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_whole_mirror_is_true() {
    need!("docker-registry");
    let scene = Scene::new();
    for flags in [&[][..], &["--deep"]] {
        let ran = scene.verify(flags);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
        let counts = "done: 2 tags, 3 manifests and 5 blobs looked at, ";
        assert!(ran.stderr.contains(counts), "{}", ran.stderr);
    }
    let ran = scene.verify(&["--quiet", "-o", "json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((told["problems"].as_array().unwrap().len(), ran.stderr.as_str()), (0, ""));
    assert_eq!(told["counts"]["blobs"], 5);
}

#[test]
fn a_blob_that_is_gone_is_told_and_brought_again() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    fs::remove_file(scene.file(&scene.layer)).unwrap();
    let ran = scene.verify(&[]);
    let place = scene.mirror.image("team/app");
    let line = format!("missing     {place}:v1 (and 1 more): blob {}\n", scene.layer);
    assert_eq!((ran.code, &ran.stdout), (Some(4), &line), "{}", ran.stderr);

    // To mirror it again does not help: who has the manifest has its blobs.
    let (from, to) = (scene.source.image("team/app:v1"), scene.mirror.image("team/app:v1"));
    scene.shell.ok(&["mirror", "--src-plain-http", "--dest-plain-http", &from, &to]);
    assert_eq!(scene.verify(&[]).code, Some(4));

    let ran = scene.repair(&[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.starts_with("repaired ") && ran.stdout.ends_with("(was missing)\n"));
    assert!(ran.stderr.contains("1 copied"), "{}", ran.stderr);
    scene.is_whole();
}

#[test]
fn manifests_that_are_gone_are_told_and_brought_again() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let place = scene.mirror.image("team/app");
    fs::remove_dir_all(scene.link("_manifests/revisions", &scene.images[1])).unwrap();
    let ran = scene.verify(&["--deep"]);
    let line = format!("missing     {place}:v1: manifest {}\n", scene.images[1]);
    assert_eq!((ran.code, &ran.stdout), (Some(4), &line), "{}", ran.stderr);
    fs::remove_dir_all(scene.link("_manifests/revisions", &scene.index)).unwrap();
    fs::remove_dir_all(scene.link("_layers", &scene.layer)).unwrap();
    let ran = scene.verify(&[]);
    let (name, blob) = (format!("missing     {place}:v1\n"), &scene.layer);
    assert_eq!(ran.code, Some(4));
    assert!(ran.stdout.contains(&name) && ran.stdout.contains(blob), "{}", ran.stdout);
    let ran = scene.repair(&[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    scene.is_whole();
}

#[test]
fn a_flipped_byte_is_found_by_reading_alone() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    flip_byte(&scene.file(&scene.layer));
    assert_eq!(scene.verify(&[]).code, Some(0));
    let ran = scene.verify(&["--deep"]);
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("damaged "), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("blob {}", scene.layer)), "{}", ran.stdout);

    // docker-registry keeps what it has under a digest.
    let ran = scene.repair(&["--deep"]);
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    assert!(ran.stderr.contains("has to be removed from its storage"), "{}", ran.stderr);
    fs::remove_file(scene.file(&scene.layer)).unwrap();
    let ran = scene.repair(&["--deep"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    scene.is_whole();
}

#[test]
fn a_blob_of_another_size_is_found_without_reading() {
    need!("docker-registry");
    let scene = Scene::new();
    let file = scene.file(&scene.layer);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..1000]).unwrap();
    let ran = scene.verify(&[]);
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("wrong-size "), "{}", ran.stdout);
}

#[test]
fn our_own_registry_takes_damaged_blobs_anew() {
    let (shell, registry) = (Shell::new(), Embedded::new());
    let layout = Layout::new(shell.path("image"));
    let layer = layout.noise_layer(1, 100_000);
    layout.name("v1", &layout.image("linux/amd64", std::slice::from_ref(&layer)));
    let to = format!("{}/team/app:v1", registry.address());
    shell.ok(&["push", "--plain-http", "oci:image:v1", &to]);
    let hex = digest(&layer.descriptor).strip_prefix("sha256:").unwrap();
    flip_byte(&registry.root().join("team/app/blobs/sha256").join(hex));
    let args = ["verify", "--plain-http", "--deep", &to, "--against", "oci:image:v1"];
    assert!(shell.fails(6, &args).contains("1 problem"));
    let said = shell.ok(&[&args[..], &["--repair"]].concat());
    assert!(said.starts_with("repaired ") && said.ends_with("(was damaged)\n"), "{said}");
    assert_eq!(shell.ok(&args), "");
}

#[test]
fn a_layout_is_a_mirror_too() {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("image"));
    let layers = [1, 2].map(|seed| layout.noise_layer(seed, 50_000));
    let image = layout.image("linux/amd64", &layers);
    layout.name("v1", &image);
    layout.referrer(&image, "application/spdx+json", "a bill of materials");
    shell.ok(&["mirror", "--referrers", "oci:image:v1", "oci:copy:v1"]);
    let ran = shell.run(&["verify", "--deep", "oci:copy", "--against", "oci:image"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("1 tag, 2 manifests and 5 blobs"), "{}", ran.stderr);

    let blob = |descriptor: &Value| {
        let hex = digest(descriptor).strip_prefix("sha256:").unwrap().to_owned();
        shell.path("copy/blobs/sha256").join(hex)
    };
    fs::remove_file(blob(&layers[0].descriptor)).unwrap();
    flip_byte(&blob(&layers[1].descriptor));
    let args = ["verify", "--deep", "oci:copy", "--against", "oci:image"];
    let ran = shell.run(&args);
    let kinds: Vec<&str> = ran.stdout.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!((ran.code, kinds.len()), (Some(6), 2), "{}", ran.stdout);
    assert!(kinds.contains(&"missing") && kinds.contains(&"damaged"), "{}", ran.stdout);
    shell.ok(&[&args[..], &["--repair"]].concat());
    assert_eq!(shell.ok(&args), "");

    flip_byte(&blob(&image));
    let ran = shell.run(&args);
    assert_eq!(ran.code, Some(6), "{}{}", ran.stdout, ran.stderr);
    shell.ok(&[&args[..], &["--repair"]].concat());
    assert_eq!(shell.ok(&args), "");
}

#[test]
fn tags_are_compared_with_those_of_the_source_and_set_by_repair() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let (source, mirror) = (scene.source.image("team/app"), scene.mirror.image("team/app"));
    let copy = |from: &str, to: &str| {
        scene.shell.ok(&["mirror", "--src-plain-http", "--dest-plain-http", from, to]);
    };
    copy(&format!("{source}:v1"), &format!("{source}:new"));
    copy(&format!("{source}:v1"), &format!("{source}:v2"));
    copy(&format!("{mirror}:v1"), &format!("{mirror}:old"));
    let ran = scene.verify(&["--src-plain-http", "--against", &source]);
    let (index, image) = (&scene.index, &scene.images[0]);
    let told = [
        format!("missing     {mirror}:new: it should be {index}"),
        format!("extra       {mirror}:old: it is {index}"),
        format!("other       {mirror}:v2: it is {image} and should be {index}"),
    ];
    assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), told);
    assert_eq!(ran.code, Some(6));
    let ran = scene.repair(&[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let tags = scene.shell.ok(&["tags", "--plain-http", &mirror]);
    assert_eq!(tags, "new\nold\nv1\nv2\n");
    scene.is_whole();
}

#[test]
fn a_whole_registry_is_compared_with_another_and_with_a_list() {
    need!("docker-registry");
    let scene = Scene::new();
    let (source, mirror) = (scene.source.registry.address(), scene.mirror.registry.address());
    let both = ["mirror", "--src-plain-http", "--dest-plain-http"];
    let other = scene.source.image("team/other:v1");
    scene.shell.ok(&[&both[..], &[&scene.source.image("team/app:v1"), &other]].concat());
    let verify = ["verify", "--plain-http", "--src-plain-http"];
    for (place, against) in [
        (mirror.to_owned(), source.to_owned()),
        (format!("{mirror}/team"), format!("{source}/team/")),
    ] {
        let ran = scene.shell.run(&[&verify[..], &[&place, "--against", &against]].concat());
        let line = format!("missing     {mirror}/team/other:v1: it should be {}\n", scene.index);
        assert_eq!((ran.code, &ran.stdout), (Some(4), &line), "{}", ran.stderr);
    }
    let copied =
        scene.shell.ok(&[&both[..], &[&other, &scene.mirror.image("team/other:v1")]].concat());
    fs::write(scene.shell.path("list"), &copied).unwrap();
    let ran = scene.shell.run(&[&verify[..], &[mirror, "--against", "list"]].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    let moved = copied.replace(&scene.index, &scene.images[0]);
    let ran = scene.shell.feed(&moved, &[&verify[..], &[mirror, "--against", "-"]].concat());
    assert!(ran.code == Some(6) && ran.stdout.starts_with("other "), "{}", ran.stdout);
    scene.shell.fails(2, &[&verify[..], &["q.io/a/b", "--against", "list"]].concat());
}

#[test]
fn a_registry_that_answers_wrongly_is_never_found_true() {
    need!("docker-registry");
    let scene = Scene::new();
    let answer = |canned: Canned| Fault::Answer(canned);
    let of_one_byte = || Canned::status(200).header(CONTENT_LENGTH, "1");
    for (method, part, fault, code, said) in [
        ("GET", "/manifests/sha256:", Fault::Damage, 6, "damaged "),
        ("GET", "/manifests/sha256:", Fault::Endless, 1, "unchecked "),
        ("GET", "/manifests/sha256:", Fault::CutDownload(100), 5, "unchecked "),
        ("HEAD", "/blobs/", answer(of_one_byte()), 6, "wrong-size "),
        ("HEAD", "/blobs/", answer(Canned::status(403)), 3, "unchecked "),
        ("HEAD", "/blobs/", answer(Canned::status(500)), 5, "unchecked "),
        ("GET", "/blobs/", Fault::Damage, 6, "damaged "),
        ("GET", "/blobs/", Fault::Endless, 6, "wrong-size "),
        ("GET", "/tags/list", Fault::Endless, 1, "unchecked "),
        ("GET", "/tags/list", answer(Canned::status(200)), 1, "unchecked "),
    ] {
        let proxy = Proxy::before(scene.mirror.registry.address());
        proxy.fault(usize::MAX, method, part, fault.clone());
        let place = format!("{}/team/app", proxy.address());
        let ran = scene.shell.run(&["verify", &place, "--plain-http", "--deep", "--retries=1"]);
        assert_eq!(ran.code, Some(code), "{method} {part} {fault:?}: {}", ran.stdout);
        assert!(ran.stdout.starts_with(said), "{method} {part} {fault:?}: {}", ran.stdout);
    }
}

#[test]
fn a_killed_repair_goes_on() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    for digest in &scene.images {
        fs::remove_dir_all(scene.link("_manifests/revisions", digest)).unwrap();
    }
    fs::remove_file(scene.file(&scene.layer)).unwrap();
    let proxy = Proxy::before(scene.mirror.registry.address());
    for method in ["HEAD", "POST", "PUT"] {
        proxy.fault(usize::MAX, method, "/v2/", Fault::Delay(Duration::from_millis(40)));
    }
    let (place, from) = (format!("{}/team/app", proxy.address()), scene.source.image("team/app"));
    let flags = ["--plain-http", "--src-plain-http", "--against", &from, "--repair"];
    scene.shell.killed_again_and_again(&[&["verify", &place], &flags[..]].concat(), || {});
    scene.is_whole();
    assert_eq!(scene.verify(&["--deep"]).code, Some(0));
}

#[test]
fn what_cannot_be_repaired_says_so() {
    need!("docker-registry");
    let scene = Scene::new();
    fs::remove_file(scene.file(&scene.layer)).unwrap();
    fs::remove_file(stored(&scene.source.registry.storage(), &scene.layer)).unwrap();
    let ran = scene.repair(&[]);
    assert_eq!(ran.code, Some(4), "{}", ran.stdout);
    assert!(ran.stdout.starts_with("missing "), "{}", ran.stdout);
    assert!(ran.stderr.contains("cannot repair"), "{}", ran.stderr);
}

#[test]
fn a_missing_place_is_no_true_mirror() {
    need!("docker-registry");
    let (site, shell) = (Site::open(), Shell::new());
    shell.fails(4, &["verify", "--plain-http", &site.image("no/such")]);
    shell.fails(4, &["verify", "--plain-http", &site.image("no/such:v1")]);
    shell.fails(4, &["verify", "oci:nothing"]);
    shell.fails(2, &["verify", "dir:a", "--against", "oci:b", "--repair"]);
    shell.fails(2, &["verify", "q.io/a", "--against", "no:such:thing"]);
}

#[test]
fn skopeo_reads_what_was_repaired_in_a_layout() {
    need!("skopeo");
    let shell = Shell::new();
    let layout = Layout::new(shell.path("image"));
    let layer = layout.noise_layer(1, 50_000);
    layout.name("v1", &layout.image("linux/amd64", std::slice::from_ref(&layer)));
    shell.ok(&["mirror", "oci:image:v1", "oci:copy:v1"]);
    let hex = digest(&layer.descriptor).strip_prefix("sha256:").unwrap();
    fs::remove_file(shell.path("copy/blobs/sha256").join(hex)).unwrap();
    shell.ok(&["verify", "oci:copy:v1", "--against", "oci:image:v1", "--repair"]);
    let all = |image: &str| skopeo::fetch(&shell.full(image), &[]);
    assert_eq!(all("oci:copy:v1"), all("oci:image:v1"));
}
