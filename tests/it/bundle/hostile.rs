//! Bundles that are damaged, or made to do damage: nothing of them reaches the registry.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use http::Method;
use longshore::model::Digest;
use serde_json::{Value, json};

use super::{Scene, contents, files, import};
use crate::support::faults::Proxy;
use crate::support::registry::Registry;

/// A bundle of one image, and a registry that nothing is to be written to.
pub(super) struct Target {
    pub(super) scene: Scene,
    _registry: Registry,
    pub(super) proxy: Proxy,
}

impl Target {
    fn new() -> Self {
        let scene = Scene::new();
        scene.image("org/app:v1", &[scene.layout.noise_layer(1, 20_000)]);
        scene.pack(&["org/app:v1"], "out");
        Self::of(scene)
    }

    /// One whose bundle is split, with a blob that is larger than a part.
    pub(super) fn split() -> Self {
        let scene = Scene::new();
        let sizes = [(1, 2_300_000), (2, 700_000)];
        scene.image("org/app:v1", &sizes.map(|(seed, size)| scene.layout.noise_layer(seed, size)));
        scene.pack_split(&["org/app:v1"], "out", "1MiB");
        Self::of(scene)
    }

    fn of(scene: Scene) -> Self {
        let registry = Registry::open();
        let proxy = Proxy::before(registry.address());
        Self { scene, _registry: registry, proxy }
    }

    /// The import is refused before the registry is asked anything; what was said of it.
    pub(super) fn refuses(&self, bundle: &str, code: i32) -> String {
        let root = format!("{}/ns", self.proxy.address());
        let said = self.scene.shell.fails(code, &import(bundle, &root));
        let written = self.proxy.seen().into_iter().filter(|seen| seen.method != Method::GET);
        assert_eq!(written.count(), 0, "{said}");
        said
    }

    /// The same for a copy of the bundle after `change`.
    pub(super) fn refuses_changed(&self, code: i32, change: impl FnOnce(&Path)) -> String {
        let (from, to) = (self.scene.shell.path("out"), self.scene.shell.path("changed"));
        let _ = fs::remove_dir_all(&to);
        for path in files(&from).into_keys() {
            let copy = to.join(path.strip_prefix(&from).unwrap());
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(&path, copy).unwrap();
        }
        change(&to);
        self.refuses("bundle:changed", code)
    }
}

/// Writes a file of a bundle anew, and its sum.
pub(super) fn rewrite(dir: &Path, name: &str, bytes: &[u8]) {
    fs::write(dir.join(name), bytes).unwrap();
    let sums = fs::read_to_string(dir.join("SHA256SUMS")).unwrap();
    let others = sums.lines().filter(|line| !line.ends_with(&format!("  {name}")));
    let mut text: String = others.map(|line| format!("{line}\n")).collect();
    text += &format!("{}  {name}\n", Digest::of(bytes).hex());
    fs::write(dir.join("SHA256SUMS"), text).unwrap();
}

/// Changes what `bundle.json` says.
type Change = Box<dyn Fn(&mut Value)>;

fn rewrite_contents(dir: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = contents(dir);
    change(&mut value);
    rewrite(dir, "bundle.json", value.to_string().as_bytes());
}

#[test]
fn one_other_byte_anywhere_is_refused() {
    need!("docker-registry", "skopeo");
    let target = Target::new();
    let dir = target.scene.shell.path("out");
    let names: Vec<_> = files(&dir).into_keys().collect();
    assert!(names.len() > 10);
    for path in names {
        let good = fs::read(&path).unwrap();
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            target.refuses("bundle:out", 6);
        }
        fs::remove_file(&path).unwrap();
        let code = if path.ends_with("SHA256SUMS") { 7 } else { 6 };
        target.refuses("bundle:out", code);
        fs::write(&path, good).unwrap();
    }
    let root = format!("{}/ns", target.proxy.address());
    target.scene.shell.ok(&import("bundle:out", &root));
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    need!("docker-registry", "skopeo");
    let target = Target::new();
    let blobs = target.scene.shell.path("out/blobs/sha256");
    let mut paths: Vec<_> = files(&blobs).into_keys().collect();
    let (last, rest) = (paths.pop().unwrap(), paths);
    for path in &rest {
        fs::write(path, "x").unwrap();
    }
    fs::remove_file(&last).unwrap();
    let said = target.refuses("bundle:out", 6);
    let hex = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    for path in rest {
        assert!(said.contains(&format!("{} has other bytes", hex(&path))), "{said}");
    }
    assert!(said.contains(&format!("{} is missing", hex(&last))), "{said}");
}

#[test]
fn links_are_not_followed() {
    need!("docker-registry", "skopeo");
    let target = Target::new();
    let said = target.refuses_changed(6, |dir| {
        let blob = files(&dir.join("blobs")).into_keys().next().unwrap();
        fs::rename(&blob, dir.join("elsewhere")).unwrap();
        symlink(dir.join("elsewhere"), blob).unwrap();
    });
    assert!(said.contains("not a regular file"), "{said}");
    let said = target.refuses_changed(6, |dir| {
        fs::rename(dir.join("blobs"), dir.join("elsewhere")).unwrap();
        symlink(dir.join("elsewhere"), dir.join("blobs")).unwrap();
    });
    assert!(said.contains("blobs is not a folder"), "{said}");
    target.refuses_changed(7, |dir| {
        fs::rename(dir.join("SHA256SUMS"), dir.join("elsewhere")).unwrap();
        symlink(dir.join("elsewhere"), dir.join("SHA256SUMS")).unwrap();
    });
}

#[test]
fn sums_lead_nowhere_else() {
    need!("docker-registry", "skopeo");
    let target = Target::new();
    for line in ["0  a", "../../etc/passwd", "/etc/passwd", "index.json"] {
        let said = target.refuses_changed(6, |dir| {
            let mut sums = fs::read_to_string(dir.join("SHA256SUMS")).unwrap();
            sums += &format!("{}  {line}\n", Digest::of(b"").hex());
            fs::write(dir.join("SHA256SUMS"), sums).unwrap();
        });
        assert!(said.contains("SHA256SUMS cannot be used"), "{said}");
    }
}

#[test]
fn what_the_files_say_of_each_other_has_to_hold() {
    need!("docker-registry", "skopeo");
    let target = Target::new();
    let huge = u64::MAX;
    let changes: [(&str, Change); 8] = [
        ("bundle.json cannot be used", Box::new(|v| v["version"] = json!(2))),
        ("bundle.json cannot be used", Box::new(|v| v["images"][0]["name"] = json!("../../x:v1"))),
        (
            "bundle.json cannot be used",
            Box::new(|v| v["blobs"][0]["digest"] = json!("sha256:../x")),
        ),
        ("bundle.json cannot be used", Box::new(|v| v["blobs"][0]["repository"] = json!("/etc"))),
        (
            "not what index.json names so",
            Box::new(|v| v["images"][0]["name"] = json!("org/app:v2")),
        ),
        ("not the blob of this digest", Box::new(move |v| v["blobs"][0]["size"] = json!(huge))),
        (
            "neither in the bundle nor presumed",
            Box::new(|v| {
                v["blobs"].as_array_mut().unwrap().remove(0);
            }),
        ),
        (
            "not the blob of this digest",
            Box::new(|v| {
                let more = json!({"digest": Digest::of(b"x"), "size": 1, "repository": "a"});
                v["blobs"].as_array_mut().unwrap().push(more);
            }),
        ),
    ];
    for (why, change) in changes {
        let said = target.refuses_changed(6, |dir| rewrite_contents(dir, change));
        assert!(said.contains(why), "{why}: {said}");
    }
    target.refuses_changed(6, |dir| rewrite(dir, "index.json", b"{\"manifests\":[]}"));
}
