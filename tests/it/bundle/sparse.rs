//! An index of which a bundle holds some images only arrives as it is in the bundle. What got lost is not taken for what
//! was left out.

use std::fs;
use std::path::PathBuf;

use super::{Scene, import, sums_are_right};
use crate::support::embedded::Embedded;
use crate::support::layout::digest;

const NAME: &str = "org/app:v1";

/// An index of two images, and what is left of it on the way.
struct Sparse {
    scene: Scene,
    far: Embedded,
    index: String,
    amd64: String,
    arm64: String,
}

impl Sparse {
    fn new() -> Self {
        let scene = Scene::new();
        let index = digest(&scene.image(NAME, &[scene.layout.noise_layer(1, 20_000)])).to_owned();
        let [amd64, arm64] = ["linux/amd64", "linux/arm64"].map(|platform| {
            let (from, out) =
                (scene.near.image(NAME), format!("oci:{}", platform.replace('/', "-")));
            let only = ["mirror", "--src-plain-http", "--platform", platform, &from, &out];
            scene.shell.ok(&only).split_whitespace().next().unwrap().to_owned()
        });
        Self { scene, far: Embedded::new(), index, amd64, arm64 }
    }

    /// Puts one image of the index into a bundle.
    fn pack(&self, platform: &str, bundle: &str) {
        let flags = ["--src-plain-http", "--keep-manifest-list", "--filter-by-os", platform];
        let ends = [self.scene.near.image(NAME), format!("bundle:{bundle}:{NAME}")];
        self.scene.shell.ok(&[&["mirror"], &flags[..], &[&ends[0], &ends[1]]].concat());
        sums_are_right(&self.scene.shell.path(bundle));
    }

    /// What is said of the import, which succeeds.
    fn import(&self, bundle: &str) -> String {
        let root = format!("{}/ns", self.far.address());
        let ran = self.scene.shell.run(&import(bundle, &root));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stdout.contains(&self.index), "{}", ran.stdout);
        ran.stderr
    }

    fn has(&self, reference: &str) -> bool {
        self.far.ask("GET", &format!("/v2/ns/org/app/manifests/{reference}")).status == 200
    }

    fn file(&self, bundle: &str, digest: &str) -> PathBuf {
        self.scene.shell.path(bundle).join("blobs").join(digest.replace(':', "/"))
    }
}

#[test]
fn it_is_imported_as_it_is_and_filled_up_by_another() {
    need!("docker-registry", "sha256sum");
    let sparse = Sparse::new();
    sparse.pack("arm64", "one");
    sparse.scene.shell.ok(&["verify", "bundle:one"]);
    sparse.scene.shell.ok(&["mirror", "--from", "bundle:one", "oci:copy"]);

    let said = sparse.import("bundle:one");
    assert!(said.contains("is a sparse index: 1 of its images are left out"), "{said}");
    let has = || [&sparse.index, &sparse.arm64, &sparse.amd64].map(|digest| sparse.has(digest));
    assert_eq!(has(), [true, true, false]);
    sparse.pack("amd64", "two");
    sparse.import("bundle:two");
    assert_eq!(has(), [true, true, true]);
}

#[test]
fn what_got_lost_was_not_left_out() {
    need!("docker-registry", "sha256sum");
    let sparse = Sparse::new();
    let shell = &sparse.scene.shell;
    sparse.pack("arm64", "out");
    fs::remove_file(sparse.file("out", &sparse.arm64)).unwrap();
    let root = format!("{}/ns", sparse.far.address());
    let said = shell.fails(6, &import("bundle:out", &root));
    assert!(said.contains("is missing"), "{said}");
    assert!(!sparse.has(&sparse.index));
    shell.fails(6, &["verify", "bundle:out"]);
    let direct = ["mirror", "--dest-plain-http", &format!("bundle:out:{NAME}"), &root];
    shell.fails(4, &direct);
    assert!(!sparse.has(&sparse.index));

    sparse.scene.image("org/other:v1", &[]);
    let file = sparse.scene.mappings(&["org/other:v1"], "out");
    let said = shell.fails(7, &["mirror", "--src-plain-http", "-f", &file]);
    assert!(said.contains(&format!("{NAME} in bundle:")), "{said}");
    sparse.pack("arm64", "out");
    sparse.import("bundle:out");
    assert!(sparse.has(&sparse.arm64) && !sparse.has(&sparse.amd64));
}
