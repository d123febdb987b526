//! Releases of the shape of real ones, at a registry: payloads, the images that they name, an update graph.

use std::fs;

use serde_json::Value;

use super::layout::{Layer, Layout, digest};
use super::shell::Shell;

const REFERENCES: &str = include_str!("../../../fixtures/release/image-references.json");
const GRAPH: &str = include_str!("../../../fixtures/release/update-graph.json");
pub(crate) const FILE: &str = "release-manifests/image-references";

/// The images of `fixtures/release/image-references.json`; `oc-mirror` is another name for `cli`.
pub(crate) const COMPONENTS: [&str; 6] = [
    "agent-installer-api-server",
    "cli",
    "cluster-version-operator",
    "etcd",
    "kube-proxy",
    "machine-os-content",
];

/// A registry's images of releases while they are made.
pub(crate) struct Releases<'a> {
    shell: &'a Shell,
    /// The registry: `127.0.0.1:5000`.
    source: String,
    layout: Layout,
    digests: Vec<(String, String)>,
}

impl<'a> Releases<'a> {
    /// With all components, which `platforms` have, at the registry `source`.
    pub(crate) fn new(shell: &'a Shell, source: &str, platforms: &[&str]) -> Self {
        let layout = Layout::new(shell.path("releases"));
        let mut made = Self { shell, source: source.to_owned(), layout, digests: Vec::new() };
        for (number, name) in COMPONENTS.into_iter().enumerate() {
            let images: Vec<Value> = platforms
                .iter()
                .zip(1..)
                .map(|(platform, seed)| {
                    let noise = made.layout.noise_layer(seed * 100 + number as u64, 2000);
                    made.layout.image(platform, &[noise])
                })
                .collect();
            let image = match images.as_slice() {
                [one] => one.clone(),
                several => made.layout.index(several),
            };
            made.push(&image, &format!("ocp-v4.0-art-dev:{name}"));
            made.digests.push((format!("DIGEST-{name}"), digest(&image).to_owned()));
        }
        made
    }

    /// `image-references` of a version.
    pub(crate) fn references(&self, version: &str) -> String {
        self.filled(&REFERENCES.replace("VERSION", version))
    }

    /// The update graph of the versions that were made.
    pub(crate) fn graph(&self) -> String {
        let graph = self.filled(GRAPH);
        // Those that were not made are still digests.
        let mut graph: Value = serde_json::from_str(&graph).unwrap();
        for node in graph["nodes"].as_array_mut().unwrap() {
            let payload = node["payload"].as_str().unwrap();
            if let Some((repository, _)) = payload.split_once("@DIGEST-") {
                node["payload"] = format!("{repository}@sha256:{}", "0".repeat(64)).into();
            }
        }
        graph.to_string()
    }

    /// Makes a release, with an older one in the layers below. Its digest.
    pub(crate) fn make(&mut self, version: &str, platforms: &[&str], machine: &str) -> String {
        let base = self.layer(&[("etc/os-release", "ID=rhcos\n"), (FILE, "{}")]);
        let manifest = "kind: Namespace\napiVersion: v1\n";
        let metadata = format!(r#"{{"kind":"cincinnati-metadata-v0","version":"{version}"}}"#);
        let references = self.references(version);
        let top = self.layer(&[
            ("release-manifests/0000_00_namespace.yaml", manifest),
            (FILE, &references),
            ("release-manifests/release-metadata", &metadata),
        ]);
        self.make_of(version, platforms, machine, &[base, top])
    }

    /// Makes a release of these layers.
    pub(crate) fn make_of(
        &mut self,
        version: &str,
        platforms: &[&str],
        machine: &str,
        layers: &[Layer],
    ) -> String {
        let images: Vec<Value> =
            platforms.iter().map(|platform| self.layout.image(platform, layers)).collect();
        let image = match images.as_slice() {
            [one] => one.clone(),
            several => self.layout.index(several),
        };
        self.push(&image, &format!("ocp-release:{version}-{machine}"));
        self.digests.insert(0, (format!("DIGEST-{version}\""), format!("{}\"", digest(&image))));
        digest(&image).to_owned()
    }

    pub(crate) fn layer(&self, files: &[(&str, &str)]) -> Layer {
        self.layout.layer(files)
    }

    /// A fixture with its placeholders replaced, in the home folder.
    pub(crate) fn write_set(&self, name: &str) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/imageset/");
        let text = fs::read_to_string(format!("{folder}{name}")).unwrap();
        fs::write(self.shell.path(name), self.filled(&text)).unwrap();
    }

    fn filled(&self, text: &str) -> String {
        let text = text.replace("SOURCE", &self.source);
        self.digests.iter().fold(text, |text, (from, to)| text.replace(from, to))
    }

    fn push(&self, image: &Value, to: &str) {
        let name = digest(image).replace(':', "-");
        self.layout.name(&name, image);
        let to = format!("{}/openshift-release-dev/{to}", self.source);
        self.shell.ok(&["push", "-q", "--plain-http", &format!("oci:releases:{name}"), &to]);
    }
}
