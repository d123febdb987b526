//! An import may be killed at any moment: every file is whole, and no tag loses what it has pointed to.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use longshore::imagestream::{Files, ImageStream, Namespace, StreamName};

use crate::support::faults::{Fault, Proxy};
use crate::support::layout::{Layout, digest};
use crate::support::registry::Registry;
use crate::support::shell::Shell;

const TAGS: usize = 12;
const ROUNDS: usize = 12;
const IMAGES: usize = 6;

/// A registry whose tags move with every round, behind a proxy that takes its time.
struct Scene {
    registry: Registry,
    proxy: Proxy,
    shell: Shell,
    digests: Vec<String>,
}

impl Scene {
    fn new() -> Self {
        let (registry, shell) = (Registry::open(), Shell::new());
        let proxy = Proxy::before(registry.address());
        proxy.fault(usize::MAX, "GET", "/v2/app/", Fault::Delay(Duration::from_millis(5)));
        let digests = (0..IMAGES).map(|seed| {
            let layout = Layout::new(shell.path("image"));
            let image = layout.image("linux/amd64", &[layout.noise_layer(seed as u64, 100)]);
            layout.name("v1", &image);
            let to = format!("{}/app:image{seed}", registry.address());
            shell.ok(&["push", "--plain-http", "oci:image:v1", &to]);
            digest(&image).to_owned()
        });
        let digests = digests.collect();
        Self { registry, proxy, shell, digests }
    }

    /// Has each tag point to another image than in the round before.
    fn move_tags(&self, round: usize) {
        let tags = self.registry.storage().join("repositories/app/_manifests/tags");
        for tag in 0..TAGS {
            let folder = tags.join(format!("0.{tag}/current"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("link"), &self.digests[(tag + round) % IMAGES]).unwrap();
        }
    }

    fn arguments(&self) -> Vec<String> {
        let from = format!("{}/app", self.proxy.address());
        let words = [
            "import-image",
            "app",
            "--all",
            "--confirm",
            "--insecure",
            "--store=streams",
            "--from",
            &from,
        ];
        words.map(ToOwned::to_owned).to_vec()
    }

    fn root(&self) -> PathBuf {
        self.shell.path("streams")
    }

    /// The stream, read by who refuses what is not whole, and every image that it names.
    fn stream(&self) -> Option<ImageStream> {
        let files = Files::open(&self.root()).unwrap();
        for digest in files.images().unwrap() {
            assert!(files.image(&digest).unwrap().is_some());
        }
        let name = StreamName::new(Namespace::default(), "app").unwrap();
        let stream = files.get(&name).unwrap()?;
        for event in stream.status.tags.iter().flat_map(|tag| &tag.items) {
            let known = files.image(&event.image.parse().unwrap()).unwrap();
            assert!(known.is_some(), "{} is named and not there", event.image);
        }
        Some(stream)
    }
}

/// What each tag has pointed to, the latest last.
fn histories(stream: Option<&ImageStream>) -> BTreeMap<String, Vec<String>> {
    let tags = stream.into_iter().flat_map(|stream| &stream.status.tags);
    let history = tags.map(|tag| {
        let images = tag.items.iter().rev().map(|event| event.image.clone());
        (tag.tag.clone(), images.collect())
    });
    history.collect()
}

#[test]
fn a_killed_import_leaves_whole_files_and_all_of_the_history() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.move_tags(0);
    let arguments = scene.arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let start = Instant::now();
    scene.shell.ok(&arguments);
    let usual = start.elapsed();
    let mut before = histories(scene.stream().as_ref());
    assert_eq!(before.len(), TAGS + IMAGES);

    let mut killed = 0;
    for round in 1..=ROUNDS {
        scene.move_tags(round);
        let mut child = scene.shell.start(&arguments);
        std::thread::sleep(usual.mul_f64(1.2 * round as f64 / ROUNDS as f64));
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let after = histories(scene.stream().as_ref());
        for (tag, history) in &before {
            assert!(after[tag].starts_with(history), "{tag}: {history:?} became {:?}", after[tag]);
        }
        before = after;
    }
    assert!(killed >= 3, "only {killed} of {ROUNDS} runs were killed in the middle");
    scene.move_tags(ROUNDS + 1);
    scene.shell.ok(&arguments);
    let after = histories(scene.stream().as_ref());
    for tag in 0..TAGS {
        let latest = after[&format!("0.{tag}")].last().unwrap();
        assert_eq!(latest, &scene.digests[(tag + ROUNDS + 1) % IMAGES]);
    }
    let left: Vec<_> = fs::read_dir(scene.root().join("default")).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
