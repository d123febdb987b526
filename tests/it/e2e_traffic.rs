//! The command asks no more of a registry than it is told to.

use crate::support::faults::{Fault, Proxy};
use crate::support::layout::Layout;
use crate::support::registry::Registry;
use crate::support::shell::Shell;
use crate::support::skopeo;

/// Layers of the images; all but one are shared.
const SHARED: u64 = 3;
const IMAGES: u64 = 4;
const SIZE: u64 = 300_000;

/// A registry behind a proxy, with images that share layers as `from/0:v1` and on, and in the layout `images`.
struct Scene {
    _registry: Registry,
    proxy: Proxy,
    shell: Shell,
}

impl Scene {
    fn new() -> Self {
        let shell = Shell::new();
        let layout = Layout::new(shell.path("images"));
        let shared: Vec<_> = (0..SHARED).map(|seed| layout.noise_layer(seed, SIZE)).collect();
        for image in 0..IMAGES {
            let mut layers = shared.clone();
            layers.push(layout.noise_layer(100 + image, SIZE));
            layout.name(&format!("v{image}"), &layout.image("linux/amd64", &layers));
        }
        let registry = Registry::open();
        let mappings: String = (0..IMAGES)
            .map(|image| format!("oci:images:v{image}={}/from/{image}:v1\n", registry.address()))
            .collect();
        let ran = shell.feed(&mappings, &["mirror", "--dest-plain-http", "-f", "-"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let proxy = Proxy::before(registry.address());
        Self { _registry: registry, proxy, shell }
    }

    /// Copies all images to other repositories of the same registry.
    fn mirror(&self, flags: &[&str]) {
        let at = self.proxy.address();
        let mappings: String =
            (0..IMAGES).map(|image| format!("{at}/from/{image}:v1={at}/to/{image}:v1\n")).collect();
        let fixed = ["mirror", "--src-plain-http", "--dest-plain-http", "-f", "-"];
        let ran = self.shell.feed(&mappings, &[&fixed, flags].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        for image in 0..IMAGES {
            let source = self.shell.full(&format!("oci:images:v{image}"));
            let copy = format!("docker://{at}/to/{image}:v1");
            let copy = skopeo::fetch(&copy, &["--src-tls-verify=false"]);
            assert_eq!(copy, skopeo::fetch(&source, &[]));
        }
    }
}

#[test]
fn a_registry_is_copied_to_itself_one_request_of_a_kind_at_a_time() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    // Without mounts each blob is downloaded while it is uploaded; downloads break half-way, and uploads too.
    scene.proxy.fault(usize::MAX, "POST", "mount=", Fault::RefuseMount);
    scene.proxy.fault(6, "GET", "/blobs/sha256:", Fault::CutDownload(100_000));
    scene.proxy.fault(2, "PUT", "/blobs/uploads/", Fault::CutUpload(50_000));
    scene.mirror(&["--max-per-host", "1", "--jobs", "8"]);
    assert_eq!(scene.proxy.most_at_once(), [1, 1, 1]);
}
