//! The command may be killed at any moment: nothing half-done has a name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use longshore::model::Digest;

use crate::support::faults::{Fault, Proxy};
use crate::support::layout::Layout;
use crate::support::shell::Shell;
use crate::support::site::Site;
use crate::support::skopeo;

const ROUNDS: usize = 5;

/// A registry behind a proxy that takes its time, and an image of six layers in the layout `image` and on the registry
/// as `team/app:v1`.
struct Scene {
    site: Site,
    proxy: Proxy,
    shell: Shell,
    original: BTreeMap<String, Digest>,
}

impl Scene {
    fn new() -> Self {
        let (site, shell) = (Site::open(), Shell::new());
        let layout = Layout::new(shell.path("image"));
        let layers: Vec<_> = (1..=6).map(|seed| layout.noise_layer(seed, 8_000_000)).collect();
        layout.name("v1", &layout.image("linux/amd64", &layers));
        shell.ok(&["push", "--plain-http", "oci:image:v1", &site.image("team/app:v1")]);
        let original = site.fetch("team/app:v1");
        let proxy = Proxy::before(site.registry.address());
        for method in ["GET", "POST"] {
            proxy.fault(usize::MAX, method, "/blobs/", Fault::Delay(Duration::from_millis(10)));
        }
        Self { site, proxy, shell, original }
    }

    fn at_proxy(&self, name: &str) -> String {
        format!("{}/{name}", self.proxy.address())
    }

    /// Starts the command and kills it a little after its `requests`th request of this method for a blob; `after_each`
    /// looks at what is there then. At the end the command is left alone and finishes what it began.
    fn killed(&self, args: &[&str], method: &str, after_each: impl Fn()) {
        let mut killed = 0;
        for round in 1..=ROUNDS {
            let before = self.proxy.count(method, "/blobs/");
            let mut child = self.shell.start(args);
            while self.proxy.count(method, "/blobs/") < before + round
                && child.try_wait().unwrap().is_none()
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(5 * round as u64));
            killed += usize::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
            after_each();
        }
        assert!(killed > 0, "it was always done before it could be killed");
        self.shell.ok(args);
    }
}

/// A tag that is there names all of the image.
fn is_whole_or_unnamed(site: &Site, original: &BTreeMap<String, Digest>) {
    let tags = Shell::new().run(&["tags", "--plain-http", &site.image("new/app")]);
    if tags.stdout.contains("v1") {
        assert_eq!(&site.fetch("new/app:v1"), original);
    }
}

/// Every blob of a layout is what its name says, and a name in it stands for all of the image.
fn layout_is_sound(layout: &Path, original: &BTreeMap<String, Digest>) {
    let Ok(blobs) = fs::read_dir(layout.join("blobs/sha256")) else { return };
    for blob in blobs {
        let blob = blob.unwrap();
        let name = blob.file_name().into_string().unwrap();
        if name.len() == 64 {
            assert_eq!(Digest::of(&fs::read(blob.path()).unwrap()).hex(), name);
        }
    }
    let index = fs::read_to_string(layout.join("index.json")).unwrap_or_default();
    if index.contains(r#""v1""#) {
        assert_eq!(&skopeo::fetch(&format!("oci:{}:v1", layout.display()), &[]), original);
    }
}

#[test]
fn a_killed_pull_leaves_only_whole_blobs() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let (image, copy) = (scene.at_proxy("team/app:v1"), scene.shell.path("copy"));
    scene.killed(&["pull", "--plain-http", &image, "oci:copy:v1"], "GET", || {
        layout_is_sound(&copy, &scene.original);
    });
    let copied = skopeo::fetch(&format!("oci:{}:v1", copy.display()), &[]);
    assert_eq!(copied, scene.original);
}

#[test]
fn a_killed_push_leaves_no_tag() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let image = scene.at_proxy("new/app:v1");
    scene.killed(&["push", "--plain-http", "oci:image:v1", &image], "POST", || {
        is_whole_or_unnamed(&scene.site, &scene.original);
    });
    assert_eq!(scene.site.fetch("new/app:v1"), scene.original);
}

#[test]
fn a_killed_mirror_leaves_no_tag() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let other = Site::open();
    let (from, to) = (scene.at_proxy("team/app:v1"), other.image("new/app:v1"));
    let args = ["mirror", "--src-plain-http", "--dest-plain-http", &from, &to];
    scene.killed(&args, "GET", || {
        is_whole_or_unnamed(&other, &scene.original);
    });
    assert_eq!(other.fetch("new/app:v1"), scene.original);
}
