//! Mirrors are compared with the plans that they were made by, and mended from where these say; docker-registry holds
//! them, and what is broken is broken in its storage.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::layout::{Layout, digest};
use crate::support::program::Ran;
use crate::support::shell::Shell;
use crate::support::site::Site;

/// A source with two images, a mirror of two platforms of the first and of the second with what refers to it, and the
/// plan that the mirror was made by.
struct Scene {
    source: Site,
    mirror: Site,
    shell: Shell,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { source: Site::open(), mirror: Site::open(), shell: Shell::new() };
        let layout = Layout::new(scene.shell.path("image"));
        let images = ["amd64", "arm64", "s390x"].map(|arch| {
            let layer =
                layout.noise_layer(arch.len() as u64 + u64::from(arch.as_bytes()[0]), 40_000);
            layout.image(&format!("linux/{arch}"), &[layer])
        });
        layout.name("all", &layout.index(&images));
        layout.name("one", &images[0]);
        layout.referrer(&images[0], "application/spdx+json", "a bill of materials");
        layout.cosign_signature(&images[0], "a signature");
        for (from, to) in [("all", "org/app:v1"), ("one", "org/one:v1")] {
            let image = format!("oci:image:{from}");
            scene.push(&image, &scene.source.image(to));
        }
        let platforms = ["--platform", "linux/amd64", "--platform", "linux/arm64"];
        scene.plan("app.lock", &platforms, "org/app:v1", "team/app:v1");
        scene.plan("one.lock", &["--referrers"], "org/one:v1", "team/one:v1");
        scene
    }

    fn push(&self, image: &str, to: &str) {
        self.shell.ok(&["push", "--plain-http", "--referrers", image, to]);
    }

    fn plan(&self, lock: &str, flags: &[&str], from: &str, to: &str) {
        let plain = ["mirror", "--quiet", "--src-plain-http", "--dest-plain-http"];
        let images = [self.source.image(from), self.mirror.image(to)];
        let plan = ["--plan", lock, &images[0], &images[1]];
        self.shell.ok(&[&plain[..], flags, &plan].concat());
        self.shell.ok(&[&plain[..], &["--apply", lock]].concat());
    }

    fn lock(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.shell.path(name)).unwrap()).unwrap()
    }

    fn verify(&self, more: &[&str]) -> Ran {
        self.shell.run(&[&["verify", "--plain-http", "--src-plain-http"], more].concat())
    }

    fn is_true(&self, more: &[&str]) {
        let ran = self.verify(more);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    }

    /// A folder of links in the mirror's storage.
    fn link(&self, path: &str, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").unwrap();
        self.mirror.registry.storage().join("repositories").join(path).join("sha256").join(hex)
    }
}

#[test]
fn a_mirror_is_what_its_plan_says() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.is_true(&["--against", "app.lock"]);
    scene.is_true(&["--against", "one.lock", "--deep"]);
    scene.is_true(&[scene.mirror.registry.address(), "--against", "app.lock"]);
    scene.is_true(&[&scene.mirror.image("team/app:v1"), "--against", "app.lock"]);
    let ran = scene.verify(&[&scene.mirror.image("team/two"), "--against", "app.lock"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);

    // What the plan does not name is looked at where a place is given.
    let copy = scene.mirror.image("team/app:other");
    scene.push("oci:image:one", &copy);
    scene.is_true(&["--against", "app.lock"]);
    let ran = scene.verify(&[&scene.mirror.image("team/app"), "--against", "app.lock"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains(&format!("extra       {copy}: it is ")), "{}", ran.stdout);
}

#[test]
fn a_picked_index_is_made_again_from_the_source_of_the_plan() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let before = scene.mirror.fetch("team/app:v1");
    let image = scene.lock("app.lock")["images"][0].clone();
    let (made, from) = (image["digest"].as_str().unwrap(), image["pickedFrom"].as_str().unwrap());
    assert_ne!(made, from);
    fs::remove_dir_all(scene.link("team/app/_manifests/revisions", made)).unwrap();
    let blob = scene.lock("app.lock")["blobs"].as_object().unwrap().keys().next().unwrap().clone();
    fs::remove_dir_all(scene.link("team/app/_layers", &blob)).unwrap();
    let hex = blob.strip_prefix("sha256:").unwrap();
    let storage = scene.mirror.registry.storage().join("blobs/sha256").join(&hex[..2]).join(hex);
    fs::remove_dir_all(storage).unwrap();

    let ran = scene.verify(&["--against", "app.lock"]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    let place = scene.mirror.image("team/app");
    assert!(ran.stdout.contains(&format!("missing     {place}:v1")), "{}", ran.stdout);
    let ran = scene.verify(&["--against", "app.lock", "--repair"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    scene.is_true(&["--against", "app.lock", "--deep"]);
    assert_eq!(scene.mirror.fetch("team/app:v1"), before);
}

#[test]
fn referrers_of_a_plan_are_missed_and_brought() {
    need!("docker-registry");
    let scene = Scene::new();
    let image = scene.lock("one.lock")["images"][0].clone();
    let subject = image["digest"].as_str().unwrap();
    let referrers = image["referrers"].as_array().unwrap();
    assert_eq!(referrers.len(), 2);
    for referrer in referrers {
        fs::remove_dir_all(scene.link("team/one/_manifests/revisions", digest(referrer))).unwrap();
    }
    // docker-registry has no list of referrers: they stand under a tag.
    let fallback = format!("repositories/team/one/_manifests/tags/{}", subject.replace(':', "-"));
    fs::remove_dir_all(scene.mirror.registry.storage().join(fallback)).unwrap();
    let ran = scene.verify(&["--against", "one.lock"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(4), 2), "{}", ran.stdout);
    let ran = scene.verify(&["--against", "one.lock", "--repair"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    scene.is_true(&["--against", "one.lock"]);

    let fallback = format!("repositories/team/one/_manifests/tags/{}", subject.replace(':', "-"));
    fs::remove_dir_all(scene.mirror.registry.storage().join(fallback)).unwrap();
    let ran = scene.verify(&["--against", "one.lock"]);
    assert!(ran.stdout.contains("it is not among the referrers of its subject"), "{}", ran.stdout);
    scene.verify(&["--against", "one.lock", "--repair"]);
    scene.is_true(&["--against", "one.lock"]);
}

#[test]
fn a_whole_mirror_that_is_gone_is_brought_from_the_plan() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let before = scene.mirror.fetch("team/one:v1");
    fs::remove_dir_all(scene.mirror.registry.storage().join("repositories/team/one")).unwrap();
    let address = scene.mirror.registry.address();
    let ran = scene.verify(&[&format!("{address}/team/"), "--against", "one.lock"]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.stdout, ran.stderr);
    let ran = scene.verify(&[address, "--against", "one.lock", "--repair"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(scene.mirror.fetch("team/one:v1"), before);
}

#[test]
fn folders_of_every_kind_are_compared_with_their_plans() {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("image"));
    let layers = [1, 2].map(|seed| layout.noise_layer(seed, 20_000));
    layout.name("v1", &layout.image("linux/amd64", &layers));
    let places = [
        "oci:copy:v1",
        "file://copy:v1",
        "oci-archive:copy.tar:v1",
        "dir:plain",
        "bundle:usb:a:v1",
    ];
    for (number, place) in places.iter().enumerate() {
        let lock = format!("{number}.lock");
        shell.ok(&["mirror", "--plan", &lock, "oci:image:v1", place]);
        shell.fails(4, &["verify", "--against", &lock]);
        shell.ok(&["mirror", "--apply", &lock]);
        assert_eq!(shell.ok(&["verify", "--deep", "--against", &lock]), "");
    }
    let hex = digest(&layers[1].descriptor).strip_prefix("sha256:").unwrap();
    fs::remove_file(shell.path("copy/blobs/sha256").join(hex)).unwrap();
    fs::remove_file(shell.path("v2/copy/blobs").join(format!("sha256:{hex}"))).unwrap();
    for lock in ["0.lock", "1.lock"] {
        assert!(shell.run(&["verify", "--against", lock]).stdout.contains(hex));
        let said = shell.ok(&["verify", "--against", lock, "--repair"]);
        assert!(said.starts_with("repaired "), "{said}");
        assert_eq!(shell.ok(&["verify", "--deep", "--against", lock]), "");
    }
    shell.fails(2, &["verify", "--against", "2.lock", "--repair"]);
    shell.fails(2, &["verify", "--against", "4.lock", "--repair"]);
}

#[test]
fn a_bundle_is_proven_as_by_an_import() {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("image"));
    let layer = layout.noise_layer(1, 20_000);
    layout.name("v1", &layout.image("linux/amd64", std::slice::from_ref(&layer)));
    shell.ok(&["mirror", "oci:image:v1", "bundle:usb:org/app:v1"]);
    let ran = shell.run(&["verify", "bundle:usb"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 tag, 1 manifest and 2 blobs looked at"), "{}", ran.stderr);

    // What a later bundle presumes at its destination is not missing in it.
    layout.name("v2", &layout.image("linux/amd64", &[layer.clone(), layout.noise_layer(2, 9_000)]));
    shell.ok(&["mirror", "--since", "usb", "oci:image:v2", "bundle:next:org/app:v2"]);
    assert_eq!(shell.ok(&["verify", "bundle:next", "--deep"]), "");

    shell.ok(&["mirror", "--split", "1MiB", "oci:image:v1", "bundle:parts:org/app:v1"]);
    assert_eq!(shell.ok(&["verify", "bundle:parts"]), "");
    let part = fs::read_dir(shell.path("parts")).unwrap().map(|entry| entry.unwrap().path());
    let part = part.filter(|path| path.extension().is_some_and(|end| end == "tar")).min().unwrap();
    fs::remove_file(part).unwrap();
    assert!(shell.run(&["verify", "bundle:parts"]).stdout.starts_with("damaged "));

    let hex = digest(&layer.descriptor).strip_prefix("sha256:").unwrap();
    let file = shell.path("usb/blobs/sha256").join(hex);
    let mut bytes = fs::read(&file).unwrap();
    bytes[9_000] ^= 1;
    fs::write(&file, bytes).unwrap();
    let ran = shell.run(&["verify", "bundle:usb"]);
    let line = format!(
        "damaged     bundle:usb: file: blobs/sha256/{hex} has other bytes than were written\n"
    );
    assert_eq!((ran.code, ran.stdout), (Some(6), line));
}

#[test]
fn images_are_deleted_from_a_folder_of_oc() {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("image"));
    layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(1, 9_000)]));
    layout.name("v2", &layout.image("linux/amd64", &[layout.noise_layer(2, 9_000)]));
    for tag in ["v1", "v2"] {
        shell.ok(&["mirror", &format!("oci:image:{tag}"), &format!("file://copy:{tag}")]);
    }
    shell.ok(&["delete", "--generate", "list", "file://copy:v1"]);
    let said = shell.ok(&["delete", "--execute", "list"]);
    assert!(said.contains("deleted  file://copy:v1\n"), "{said}");
    assert_eq!(shell.ok(&["tags", "file://copy"]), "v2\n");
    assert_eq!(shell.ok(&["verify", "--deep", "file://copy"]), "");
    shell.ok(&["mirror", "oci:image:v1", "bundle:usb:a:v1"]);
    assert!(
        shell.fails(2, &["delete", "--generate", "more", "bundle:usb:a:v1"]).contains("as a whole")
    );
}

#[test]
fn what_is_no_plan_is_told_with_its_place() {
    let shell = Shell::new();
    fs::write(shell.path("broken"), "{\n \"version\": 1").unwrap();
    assert!(shell.fails(2, &["verify", "--against", "broken"]).contains("broken:2:13"));
    fs::write(shell.path("later"), r#"{"version": 7}"#).unwrap();
    assert!(shell.fails(2, &["verify", "--against", "later"]).contains("version 7"));
    assert!(shell.fails(2, &["verify", "--against", "q.io/a/b"]).contains("DST"));
    shell.fails(2, &["verify"]);
}
