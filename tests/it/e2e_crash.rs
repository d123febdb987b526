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

/// Rounds of the one command that goes on where it was.
const PULLS: usize = 50;

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
        Self::with_layers(&[8_000_000; 6], &Fault::Delay(Duration::from_millis(10)))
    }

    /// Requests for blobs meet `fault`.
    fn with_layers(sizes: &[u64], fault: &Fault) -> Self {
        let (site, shell) = (Site::open(), Shell::new());
        let layout = Layout::new(shell.path("image"));
        let layers: Vec<_> =
            (1..).zip(sizes).map(|(seed, size)| layout.noise_layer(seed, *size)).collect();
        layout.name("v1", &layout.image("linux/amd64", &layers));
        shell.ok(&["push", "--plain-http", "oci:image:v1", &site.image("team/app:v1")]);
        let original = site.fetch("team/app:v1");
        let proxy = Proxy::before(site.registry.address());
        for method in ["GET", "POST"] {
            proxy.fault(usize::MAX, method, "/blobs/", fault.clone());
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

/// How many files of blobs on their way there are.
fn partial_files(layout: &Path) -> usize {
    let names = fs::read_dir(layout).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with("_partial-sha256-")).count()
}

#[test]
fn a_killed_pull_leaves_only_whole_blobs() {
    need!("docker-registry", "skopeo");
    let sizes = [20_000_000, 300_000, 300_000, 300_000, 300_000, 300_000];
    let scene = Scene::with_layers(&sizes, &Fault::Slow(Duration::from_millis(1)));
    let (image, copy) = (scene.at_proxy("team/app:v1"), scene.shell.path("copy"));
    let mut random = fastrand::Rng::with_seed(3);
    let mut killed = 0;
    for round in 0..PULLS {
        let fsync = ["--fsync=always", "--fsync=batch", "--fsync=off"][round % 3];
        let pull = ["pull", "--plain-http", fsync, &image, "oci:copy:v1"];
        let before = scene.proxy.count("GET", "/blobs/");
        let mut child = scene.shell.start(&pull);
        while scene.proxy.count("GET", "/blobs/") == before && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(random.u64(0..150)));
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        layout_is_sound(&copy, &scene.original);
        if ended.success() {
            fs::remove_dir_all(&copy).unwrap();
        } else {
            killed += 1;
        }
    }
    assert!(killed > PULLS / 2, "it was mostly done before it could be killed");
    scene.shell.ok(&["pull", "--plain-http", &image, "oci:copy:v1"]);
    assert_eq!(partial_files(&copy), 0);
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
