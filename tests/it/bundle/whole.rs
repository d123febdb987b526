//! Bundles without a base: written, updated, imported.

use std::fs;

use super::{Scene, contents, files, import, sums_are_right};
use crate::support::faults::{Canned, Fault, Proxy};
use crate::support::layout::digest;
use crate::support::site::Site;
use crate::support::skopeo;

#[test]
fn every_digest_arrives_on_the_other_side() {
    need!("docker-registry", "skopeo", "sha256sum");
    let (scene, far) = (Scene::new(), Site::open());
    let shared = scene.layout.noise_layer(1, 300_000);
    let names = ["org/app:v1", "org/app:v2", "other/tool:latest"];
    let indexes = names.map(|name| scene.image(name, std::slice::from_ref(&shared)));
    scene.layout.referrer(&indexes[0], "application/spdx+json", "a bill of materials");
    scene.layout.cosign_signature(&indexes[0], "signed");
    scene.image(names[0], std::slice::from_ref(&shared));

    let file = scene.mappings(&names, "out");
    let by_digest = format!("{}@{}", scene.near.image("org/app"), digest(&indexes[1]));
    fs::write(
        scene.shell.path("more"),
        fs::read_to_string(scene.shell.path(&file)).unwrap() + &by_digest + " bundle:out\n",
    )
    .unwrap();
    let said = scene.shell.ok(&["mirror", "--referrers", "--src-plain-http", "-f", "more"]);
    assert!(said.contains("bundle:out:other/tool:latest"), "{said}");
    let dir = scene.shell.path("out");
    sums_are_right(&dir);
    assert!(!dir.join("bundle.unfinished").exists());
    for name in names {
        let bundled = skopeo::fetch(&format!("oci:{}:{name}", dir.display()), &[]);
        assert_eq!(bundled, scene.near.fetch(name), "{name}");
    }
    let listed: Vec<_> = contents(&dir)["images"].as_array().unwrap().to_vec();
    assert_eq!(listed.len(), 4);
    assert_eq!(listed[1]["source"], scene.near.image("org/app:v1"));

    let root = far.image("ns");
    scene.shell.ok(&import("bundle:out", &root));
    scene.is_at(&far, &names);
    let signed = digest(&indexes[0]).replace(':', "-");
    for tag in [format!("{signed}.sig"), signed] {
        let name = format!("org/app:{tag}");
        assert_eq!(far.fetch(&format!("ns/{name}")), scene.near.fetch(&name));
    }
    assert!(scene.shell.run(&import("bundle:out", &root)).stderr.contains("was there already"));
}

#[test]
fn an_update_holds_what_the_images_need_and_no_more() {
    need!("docker-registry", "skopeo", "sha256sum");
    let (scene, far) = (Scene::new(), Site::open());
    let [old, new] = [1, 2].map(|seed| scene.layout.noise_layer(seed, 400_000));
    let (kept, names) = (scene.layout.noise_layer(3, 10_000), ["org/a:v1", "org/b:v1"]);
    scene.image(names[0], std::slice::from_ref(&old));
    scene.image(names[1], &[kept]);
    scene.pack(&names, "out");
    let dir = scene.shell.path("out");
    let before = files(&dir);
    scene.pack(&names, "out");
    assert_eq!(files(&dir), before);

    let layout = &scene.layout;
    let image = layout.image("linux/amd64", std::slice::from_ref(&new));
    layout.name("again", &image);
    scene.shell.ok(&["mirror", "--dest-plain-http", "oci:made:again", &scene.near.image(names[0])]);
    scene.pack(&[names[0]], "out");
    sums_are_right(&dir);
    let blob = |layer: &crate::support::layout::Layer| {
        let hex = digest(&layer.descriptor).strip_prefix("sha256:").unwrap().to_owned();
        dir.join("blobs/sha256").join(hex)
    };
    assert!(blob(&new).exists() && !blob(&old).exists());
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &names);
}

#[test]
fn a_failed_image_does_not_cost_the_rest() {
    need!("docker-registry", "skopeo", "sha256sum");
    let (scene, far) = (Scene::new(), Site::open());
    scene.image("org/a:v1", &[scene.layout.noise_layer(1, 50_000)]);
    let file = scene.mappings(&["org/a:v1", "org/gone:v1"], "out");
    let said = scene.shell.fails(1, &["mirror", "--src-plain-http", "-f", &file]);
    assert!(said.contains("org/gone"), "{said}");
    sums_are_right(&scene.shell.path("out"));
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &["org/a:v1"]);

    let failed = scene.shell.path("out/failed.txt");
    let line = format!("{} bundle:out:org/gone:v1", scene.near.image("org/gone:v1"));
    let text = fs::read_to_string(&failed).unwrap();
    assert!(text.starts_with("# ") && text.lines().nth(2) == Some(&line), "{text}");
    let again = ["mirror", "--src-plain-http", "-f", "out/failed.txt"];
    scene.shell.fails(4, &again);
    assert_eq!(fs::read_to_string(&failed).unwrap(), text);
    scene.image("org/gone:v1", &[]);
    scene.shell.ok(&again);
    assert!(!failed.exists());
    sums_are_right(&scene.shell.path("out"));
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &["org/a:v1", "org/gone:v1"]);
}

#[test]
fn an_update_of_which_nothing_comes_does_not_cost_the_bundle() {
    need!("docker-registry", "skopeo", "sha256sum");
    for split in [&[][..], &["--split", "1MiB"]] {
        let (scene, far) = (Scene::new(), Site::open());
        scene.image("org/a:v1", &[scene.layout.noise_layer(1, 50_000)]);
        let lost = scene.layout.noise_layer(2, 40_000);
        scene.image("org/b:v1", &[lost.clone(), scene.layout.noise_layer(3, 600_000)]);
        let first =
            [&["mirror", "--src-plain-http", &scene.near.image("org/a:v1"), "bundle:out"], split];
        scene.shell.ok(&first.concat());
        let proxy = Proxy::before(scene.near.registry.address());
        let gone = Fault::Answer(Canned::status(404));
        proxy.fault(usize::MAX, "GET", digest(&lost.descriptor), gone);
        let from = format!("{}/org/b:v1", proxy.address());
        let update = ["mirror", "--src-plain-http", &from, "bundle:out:org/b:v1"];
        assert_ne!(scene.shell.run(&update).code, Some(0));
        assert!(proxy.count("GET", digest(&lost.descriptor)) > 0, "no blob was begun");
        sums_are_right(&scene.shell.path("out"));
        scene.shell.ok(&import("bundle:out", &far.image("ns")));
        scene.is_at(&far, &["org/a:v1"]);

        let direct =
            ["mirror", "--src-plain-http", &scene.near.image("org/b:v1"), "bundle:out:org/b:v1"];
        scene.shell.ok(&direct);
        sums_are_right(&scene.shell.path("out"));
        scene.shell.ok(&import("bundle:out", &far.image("ns")));
        scene.is_at(&far, &["org/a:v1", "org/b:v1"]);
    }
}

#[test]
fn an_import_keeps_what_failed() {
    need!("docker-registry", "skopeo");
    let (scene, far) = (Scene::new(), Site::open());
    let names = ["org/a:v1", "org/b:v1"];
    for (name, seed) in names.iter().zip(1..) {
        scene.image(name, &[scene.layout.noise_layer(seed, 20_000)]);
    }
    scene.pack(&names, "out");
    let proxy = Proxy::before(far.registry.address());
    let denied = Fault::Answer(Canned::status(403));
    proxy.fault(usize::MAX, "PUT", "/v2/ns/org/b/manifests", denied);
    let root = format!("{}/ns", proxy.address());
    let args = [&import("bundle:out", &root)[..], &["--failed", "again.txt"]].concat();
    scene.shell.fails(1, &args);
    scene.is_at(&far, &names[..1]);
    let text = fs::read_to_string(scene.shell.path("again.txt")).unwrap();
    let line = format!("\nbundle:out:org/b:v1 {root}/org/b:v1\n");
    assert!(text.ends_with(&line), "{text}");

    let direct = text.replace(&proxy.address(), far.registry.address());
    fs::write(scene.shell.path("again.txt"), direct).unwrap();
    let again = ["mirror", "--dest-plain-http", "--failed", "again.txt", "-f", "again.txt"];
    scene.shell.ok(&again);
    scene.is_at(&far, &names);
    assert!(!scene.shell.path("again.txt").exists());
}

#[test]
fn failures_are_kept_where_they_are_wanted() {
    let shell = crate::support::shell::Shell::new();
    let layout = crate::support::layout::Layout::new(shell.path("made"));
    layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(1, 5000)]));
    let mappings = ["oci:made:v1=oci:copy:v1", "oci:made:v2=oci:copy:v2", "oci:made:x*=oci:copy"];
    shell.fails(1, &[&["mirror", "--failed", "again.txt"], &mappings[..]].concat());
    let text = fs::read_to_string(shell.path("again.txt")).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines, ["oci:made:v2 oci:copy:v2", "oci:made:x* oci:copy"]);
    layout.name("v2", &layout.image("linux/amd64", &[]));
    layout.name("x1", &layout.image("linux/arm64", &[]));
    shell.ok(&["mirror", "--failed", "again.txt", "-f", "again.txt"]);
    assert!(!shell.path("again.txt").exists());
}

#[test]
fn a_bundle_goes_to_a_layout_too() {
    need!("skopeo");
    let shell = crate::support::shell::Shell::new();
    let layout = crate::support::layout::Layout::new(shell.path("made"));
    layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(1, 5000)]));
    shell.ok(&["mirror", "oci:made:v1", "bundle:out:org/app:v1"]);
    shell.ok(&["mirror", "--from", "bundle:out", "oci:copy"]);
    let original = skopeo::fetch(&shell.full("oci:made:v1"), &[]);
    assert_eq!(skopeo::fetch(&shell.full("oci:copy:org/app:v1"), &[]), original);
}

#[test]
fn what_is_no_bundle_is_left_alone() {
    let shell = crate::support::shell::Shell::new();
    let layout = crate::support::layout::Layout::new(shell.path("made"));
    layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(1, 5000)]));
    let before = files(&shell.path("made"));
    let said = shell.fails(7, &["mirror", "oci:made:v1", "bundle:made:org/app:v1"]);
    assert!(said.contains("made is not a bundle or an empty folder"), "{said}");
    let said = shell.fails(7, &["mirror", "--from", "bundle:made", "oci:copy"]);
    assert!(said.contains("made is not a bundle"), "{said}");
    assert_eq!(files(&shell.path("made")), before);
    fs::create_dir(shell.path("begun")).unwrap();
    fs::write(shell.path("begun/_partial-marker"), "").unwrap();
    shell.ok(&["mirror", "oci:made:v1", "bundle:begun:org/app:v1"]);
    let said = shell.fails(2, &["mirror", "oci:made:v1", "bundle:out"]);
    assert!(said.contains("as in bundle:DIR:org/app:v1"), "{said}");
    assert!(!shell.path("out").exists());
}
