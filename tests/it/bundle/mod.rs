//! Images are carried in a bundle from one registry to another, with skopeo, `sha256sum` and `openssl` as judges.

mod delta;
mod hostile;
mod killed;
mod signed;
mod sparse;
mod split;
mod whole;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use longshore::model::Digest;
use serde_json::Value;

use crate::support::layout::{Layer, Layout};
use crate::support::shell::Shell;
use crate::support::site::Site;

/// A registry with images, and a place to work.
struct Scene {
    near: Site,
    shell: Shell,
    layout: Layout,
}

impl Scene {
    fn new() -> Self {
        let shell = Shell::new();
        let layout = Layout::new(shell.path("made"));
        Self { near: Site::open(), shell, layout }
    }

    /// Puts an image for two platforms, which share `layers`, on the near registry.
    fn image(&self, name: &str, layers: &[Layer]) -> Value {
        let index = self.make(name, layers);
        self.push(&[name]);
        index
    }

    fn make(&self, name: &str, layers: &[Layer]) -> Value {
        let text = self.layout.layer(&[("etc/name", name)]);
        let images = ["linux/amd64", "linux/arm64"].map(|platform| {
            let layers = [layers, std::slice::from_ref(&text)].concat();
            self.layout.image(platform, &layers)
        });
        let index = self.layout.index(&images);
        self.layout.name(name, &index);
        index
    }

    fn push(&self, names: &[&str]) {
        let mapping = |name: &&str| format!("oci:made:{name}={}", self.near.image(name));
        let mappings: Vec<String> = names.iter().map(mapping).collect();
        let mappings: Vec<&str> = mappings.iter().map(String::as_str).collect();
        self.shell.ok(&[&["mirror", "--referrers", "--dest-plain-http"], &mappings[..]].concat());
    }

    /// Writes these images of the near registry into a bundle.
    fn pack(&self, names: &[&str], bundle: &str) -> String {
        let file = self.mappings(names, bundle);
        self.shell.ok(&["mirror", "--src-plain-http", "-f", &file])
    }

    /// Writes these images of the near registry into a bundle with parts of `size`.
    fn pack_split(&self, names: &[&str], bundle: &str, size: &str) -> String {
        let file = self.mappings(names, bundle);
        self.shell.ok(&["mirror", "--src-plain-http", "--split", size, "-f", &file])
    }

    fn mappings(&self, names: &[&str], bundle: &str) -> String {
        let lines = names.iter().map(|name| format!("{} bundle:{bundle}\n", self.near.image(name)));
        fs::write(self.shell.path("mappings"), lines.collect::<String>()).unwrap();
        "mappings".to_owned()
    }

    /// The images of the near registry are on the far one, below `ns`, as skopeo sees them.
    fn is_at(&self, far: &Site, names: &[&str]) {
        for name in names {
            assert_eq!(far.fetch(&format!("ns/{name}")), self.near.fetch(name), "{name}");
        }
    }
}

/// Imports a bundle below `ns` of a registry at `address`.
fn import<'a>(bundle: &'a str, root: &'a str) -> [&'a str; 5] {
    ["mirror", "--dest-plain-http", "--from", bundle, root]
}

/// `sha256sum` finds every file as it was written.
fn sums_are_right(dir: &Path) {
    let mut command = Command::new("sha256sum");
    let output = command.args(["--strict", "-c", "SHA256SUMS"]).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// All files below a folder, with their digests.
fn files(dir: &Path) -> BTreeMap<PathBuf, Digest> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), Digest::of(&fs::read(&path).unwrap()));
            }
        }
    }
    found
}

fn contents(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join("bundle.json")).unwrap()).unwrap()
}
