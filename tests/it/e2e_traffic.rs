//! The command asks no more of a registry than it is told to.

use std::time::{Duration, Instant};

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

#[test]
fn a_pull_is_kept_to_the_rate_given() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let image = format!("{}/from/0:v1", scene.proxy.address());
    let begun = Instant::now();
    let limit = format!("{}=600k", scene.proxy.address());
    scene.shell.ok(&["pull", "--plain-http", "--limit-rate", &limit, &image, "oci:copy:v1"]);
    // More than a megabyte, less what may come at once.
    assert!(begun.elapsed() >= Duration::from_millis(1500));
}

#[test]
fn a_quota_is_waited_for_and_never_overdrawn() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.proxy.allow(2, Duration::from_secs(1));
    let flags: Vec<String> = (0..IMAGES)
        .map(|image| format!("{}/from/{image}:v1=oci:copy:v{image}", scene.proxy.address()))
        .collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let ran = scene.shell.run(&[&["mirror", "--src-plain-http"], &flags[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let address = scene.proxy.address();
    let warning = format!("{address} allows no further requests for now (0 of 2 left in 1 s)");
    assert!(ran.stderr.contains(&warning), "{}", ran.stderr);
    assert!(!ran.stderr.contains("429"), "{}", ran.stderr);
    // Each was read once, none was refused.
    assert_eq!(scene.proxy.count("GET", "/manifests/"), usize::try_from(IMAGES).unwrap());
}

#[test]
fn a_quota_that_is_spent_for_hours_is_told() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.proxy.allow(1, Duration::from_secs(6 * 3600));
    let image = |n: u64| format!("{}/from/{n}:v1", scene.proxy.address());
    let both = [0, 1].map(|n| format!("{}=oci:copy:v{n}", image(n)));
    let said = scene.shell.fails(1, &["mirror", "--src-plain-http", &both[0], &both[1]]);
    assert!(said.contains("allows no further requests for 6 h (0 of 1 left in 6 h)"), "{said}");
    assert!(said.contains("run it again later, or with a login of your own"), "{said}");
}
