//! Image streams as a person works with them: the program, a folder of streams, and a registry that others wrote.

mod cluster;
mod cluster_reactions;
mod cluster_refusals;
mod crash;
mod life;
mod prune;
mod reaction_faults;
mod reactions;
mod registries;
mod views;

use serde_json::Value;

use crate::support::layout::{Layout, digest};
use crate::support::registry::Registry;
use crate::support::shell::Shell;

/// A home with images, and a registry to put them on.
struct Scene {
    shell: Shell,
    registry: Registry,
    layout: Layout,
}

impl Scene {
    fn new() -> Self {
        let shell = Shell::new();
        let layout = Layout::new(shell.path("images"));
        Self { shell, registry: Registry::open(), layout }
    }

    /// The name of an image on the registry.
    fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.registry.address())
    }

    /// Puts an image of one platform on the registry under a name; another `seed` makes another image. Returns its
    /// digest.
    fn push(&self, seed: &str, name: &str) -> String {
        let image = self.layout.image("linux/amd64", &[self.layout.layer(&[("seed", seed)])]);
        self.layout.name(seed, &image);
        let (from, to) = (format!("oci:images:{seed}"), self.image(name));
        self.shell.ok(&["push", "-q", "--plain-http", &from, &to]);
        digest(&image).to_owned()
    }

    /// Puts an index of two platforms on the registry. Returns its digest, and that of its image for linux/amd64.
    fn push_index(&self, seed: &str, name: &str) -> (String, String) {
        let layer = |platform: &str| self.layout.layer(&[("seed", &format!("{seed} {platform}"))]);
        let images = ["linux/amd64", "linux/arm64"]
            .map(|platform| self.layout.image(platform, &[layer(platform)]));
        let index = self.layout.index(&images);
        self.layout.name(seed, &index);
        let (from, to) = (format!("oci:images:{seed}"), self.image(name));
        self.shell.ok(&["push", "-q", "--plain-http", &from, &to]);
        (digest(&index).to_owned(), digest(&images[0]).to_owned())
    }

    /// A stream as it is kept.
    fn stream(&self, name: &str) -> Value {
        serde_json::from_str(&self.shell.ok(&["stream", "get", "-o", "json", name])).unwrap()
    }

    /// The digests that a tag has pointed to, the latest first.
    fn history(&self, tag: &str) -> Vec<String> {
        let history: Value =
            serde_json::from_str(&self.shell.ok(&["stream", "history", "-o", "json", tag]))
                .unwrap();
        let items = history["history"].as_array().unwrap();
        items.iter().map(|item| item["image"].as_str().unwrap().to_owned()).collect()
    }

    /// Imports with flags written in one line.
    fn import(&self, line: &str) -> String {
        let line = format!("import-image {line}");
        self.shell.ok(&line.split_whitespace().collect::<Vec<_>>())
    }
}
