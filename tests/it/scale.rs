//! `docs/scale.md` is what its program prints, and what that reckons with is what is counted.

#[path = "../../examples/scale/simulation.rs"]
mod simulation;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use self::simulation::cost::{Cost, cold};
use self::simulation::page;
use self::simulation::registry::{Registry, Repository, Shape};
use crate::support::embedded::Embedded;
use crate::support::faults::Proxy;
use crate::support::layout::Layout;
use crate::support::program::Ran;
use crate::support::shell::Shell;

#[test]
fn the_page_is_what_the_program_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scale.md");
    let printed = page().unwrap();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), printed);
}

const SHAPE: Shape = Shape { namespaces: 3, repositories: 7, tags: 40 };

/// A registry, and a proxy that counts what it is asked.
struct Counted {
    registry: Embedded,
    proxy: Proxy,
}

impl Counted {
    fn new() -> Self {
        let registry = Embedded::new();
        let proxy = Proxy::before(&registry.address());
        Self { registry, proxy }
    }
}

/// The synthetic registry, with small blobs, at a source.
struct Scene {
    synthetic: Registry,
    source: Counted,
    shell: Shell,
}

impl Scene {
    fn new() -> Self {
        let mut synthetic = Registry::of(SHAPE);
        synthetic.sizes.fill(1000);
        let scene = Self { synthetic, source: Counted::new(), shell: Shell::new() };
        let layout = Layout::new(scene.shell.path("images"));
        let mut mappings = String::new();
        for Repository { name, tags } in &scene.synthetic.repositories {
            for (number, tag) in tags.iter().enumerate() {
                // The configuration is made along with the image.
                let (_, layers) = tag.blobs.split_last().unwrap();
                let layers: Vec<_> =
                    layers.iter().map(|blob| layout.noise_layer(*blob as u64, 1000)).collect();
                let image = format!("{name}:v{number}");
                layout.name(&image, &layout.image("linux/amd64", &layers));
                mappings +=
                    &format!("oci:images:{image} {}/{image}\n", scene.source.registry.address());
            }
        }
        scene.mirror(&mappings, &["--max-per-host", "16"]);
        scene
    }

    fn mirror(&self, mappings: &str, more: &[&str]) -> Ran {
        let flags = ["mirror", "--src-plain-http", "--dest-plain-http", "-f", "-"];
        let ran = self.shell.feed(mappings, &[&flags[..], more].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran
    }

    /// A mapping for each repository.
    fn mappings(&self, to: &Counted) -> String {
        let (from, to) = (self.source.proxy.address(), to.proxy.address());
        let line = |repository: &Repository| {
            format!("{from}/{name} {to}/{name}\n", name = repository.name)
        };
        self.synthetic.repositories.iter().map(line).collect()
    }

    /// What it should cost to bring the repositories that a run has brought.
    fn reckoned(&self, ran: &Ran) -> Cost {
        let is_brought = |repository: &&Repository| {
            ran.stdout.lines().any(|line| line.contains(&format!("/{}:", repository.name)))
        };
        cold(&self.synthetic, self.synthetic.repositories.iter().filter(is_brought))
    }
}

/// A registry of this shape has what the shape says.
#[test]
fn the_synthetic_registry_has_its_shape() {
    for shape in [SHAPE, Shape { namespaces: 40, repositories: 1000, tags: 50_000 }] {
        let registry = Registry::of(shape);
        let tags = registry.repositories.iter().map(|repository| repository.tags.len());
        assert_eq!(tags.sum::<usize>(), shape.tags);
        let names: BTreeSet<&str> =
            registry.repositories.iter().map(|repository| repository.name.as_str()).collect();
        assert_eq!(names.len(), shape.repositories);
        let namespaces: BTreeSet<&str> =
            names.iter().map(|name| name.split('/').next().unwrap()).collect();
        assert_eq!(namespaces.len(), shape.namespaces);
    }
}

#[test]
fn costs_are_reckoned_as_they_are_counted() {
    let scene = Scene::new();
    for count in [1, 3] {
        let target = Counted::new();
        for index in 0..count {
            let source_before = scene.source.proxy.seen().len();
            let target_before = target.proxy.seen().len();
            let reads_before = scene.source.proxy.count("GET", "/blobs/");
            let shard = format!("{index}/{count}");
            let ran = scene.mirror(&scene.mappings(&target), &["--shard", &shard]);
            let reckoned = scene.reckoned(&ran);
            let reads = scene.source.proxy.count("GET", "/blobs/") - reads_before;
            assert_eq!(reads as u64, reckoned.reads, "shard {shard}");
            let asked = scene.source.proxy.seen().len() - source_before;
            assert_eq!(asked as u64, reckoned.source, "shard {shard}");
            // The request that begins an upload may tell that a blob is not there.
            let asked = (target.proxy.seen().len() - target_before) as u64;
            let most = reckoned.destination;
            assert!(asked <= most && asked >= most - reckoned.reads, "{shard}: {asked} of {most}");
        }
    }
}
