//! What refers to an image goes along with it, and what of it cannot stays behind without harm to the image.

use std::fs;

use longshore::model::Digest;
use serde_json::Value;

use crate::support::faults::{Canned, Fault, Proxy};
use crate::support::layout::{Layout, digest};
use crate::support::shell::Shell;
use crate::support::site::Site;
use crate::support::skopeo;

/// The text of an SBOM.
const SBOM: &str = "{\"packages\": []}";

const PLAIN: [&str; 3] = ["mirror", "--src-plain-http", "--dest-plain-http"];

/// A registry with `team/app:v1`, an image that is signed and has an SBOM, and another registry without anything; each
/// behind a proxy.
struct Scene {
    from: Proxy,
    to: Proxy,
    source: Site,
    target: Site,
    shell: Shell,
    image: String,
    signature: String,
    sbom: String,
}

impl Scene {
    fn new() -> Self {
        let (source, target, shell) = (Site::open(), Site::open(), Shell::new());
        let layout = Layout::new(shell.path("made"));
        let image = layout.image("linux/amd64", &[layout.noise_layer(1, 10_000)]);
        layout.name("v1", &image);
        let signature = layout.cosign_signature(&image, "signed");
        let sbom = layout.referrer(&image, "application/spdx+json", SBOM);
        let text = |descriptor: &Value| digest(descriptor).to_owned();
        shell.ok(&["push", "--plain-http", "oci:made:v1", &source.image("bare/app:v1")]);
        let to = source.image("team/app:v1");
        shell.ok(&["push", "--plain-http", "--referrers", "oci:made:v1", &to]);
        Self {
            from: Proxy::before(source.registry.address()),
            to: Proxy::before(target.registry.address()),
            image: text(&image),
            signature: text(&signature),
            sbom: text(&sbom),
            source,
            target,
            shell,
        }
    }

    fn arguments(&self) -> Vec<String> {
        let at = |proxy: &Proxy| format!("{}/team/app:v1", proxy.address());
        [&PLAIN[..], &["-o", "json", &at(&self.from), &at(&self.to)]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    /// Mirrors, which must succeed; gives what is told of the image, and standard error.
    fn mirror(&self, more: &[&str]) -> (Value, String) {
        let arguments = self.arguments();
        let all: Vec<&str> =
            arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let ran = self.shell.run(&all);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        (report["images"][0].clone(), ran.stderr)
    }

    fn tags(&self) -> Vec<String> {
        let tags = self.shell.ok(&["tags", "--plain-http", &self.target.image("team/app")]);
        tags.lines().map(str::to_owned).collect()
    }

    fn tag(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.image.replace(':', "-"))
    }

    /// The image is there, and of what refers to it only these.
    fn has(&self, told: &Value, referrers: &[&str]) {
        let came: Vec<&str> = told["referrers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|digest| digest.as_str().unwrap())
            .collect();
        assert_eq!(came, referrers, "{told}");
        assert_eq!(self.target.fetch("team/app:v1"), self.source.fetch("team/app:v1"));
        let is_signed = self.tags().contains(&self.tag(".sig"));
        assert_eq!(is_signed, referrers.contains(&self.signature.as_str()));
    }
}

#[test]
fn what_refers_to_an_image_goes_along_and_the_name_comes_last() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let (told, _) = scene.mirror(&[]);
    scene.has(&told, &[&scene.signature, &scene.sbom]);
    assert_eq!(told["leftBehind"].as_array().unwrap().len(), 0);
    let puts: Vec<String> = scene
        .to
        .seen()
        .into_iter()
        .filter(|seen| seen.is("PUT", "/manifests/"))
        .map(|seen| seen.target)
        .collect();
    assert!(puts.last().unwrap().ends_with("/manifests/v1"), "{puts:?}");
    assert!(puts.len() >= 5 && puts[0].ends_with(&scene.image), "{puts:?}");
}

#[test]
fn it_can_be_left_behind_and_brought_later() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let (told, _) = scene.mirror(&["--no-referrers"]);
    scene.has(&told, &[]);
    assert!(
        scene
            .from
            .seen()
            .iter()
            .all(|seen| !seen.target.contains("referrers") && !seen.target.contains(".sig"))
    );
    // Of an image that is there nothing is asked but its name.
    let before = scene.from.seen().len();
    let (told, _) = scene.mirror(&[]);
    assert_eq!((&told["outcome"], scene.from.seen().len()), (&"present".into(), before + 1));
    let (told, _) = scene.mirror(&["--referrers"]);
    scene.has(&told, &[&scene.signature, &scene.sbom]);
}

#[test]
fn a_source_that_does_not_tell_costs_nothing_but_what_it_does_not_tell() {
    need!("docker-registry", "skopeo");
    for status in [403, 500] {
        let scene = Scene::new();
        let refused = Fault::Answer(Canned::status(status));
        scene.from.fault(usize::MAX, "GET", "/referrers/", refused);
        let (told, said) = scene.mirror(&["--retries=0"]);
        scene.has(&told, &[&scene.signature]);
        assert_eq!(told["leftBehind"][0]["subject"], scene.image);
        assert_eq!(told["leftBehind"][0]["digest"], Value::Null);
        let line = format!("team/app:v1: what refers to {}: ", scene.image);
        assert!(said.contains("left behind: ") && said.contains(&line), "{said}");
        assert!(said.contains(&status.to_string()), "{said}");
    }
}

#[test]
fn what_is_damaged_stays_behind_alone() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let layer = Digest::of(SBOM.as_bytes());
    let hex = layer.hex();
    let blobs = scene.source.registry.storage().join("blobs/sha256");
    fs::remove_file(blobs.join(&hex[..2]).join(hex).join("data")).unwrap();
    let (told, said) = scene.mirror(&["--retries=0"]);
    scene.has(&told, &[&scene.signature]);
    assert_eq!(told["leftBehind"][0]["digest"], scene.sbom);
    let line = format!("{}, which refers to {}: ", scene.sbom, scene.image);
    assert!(said.contains(&line) && said.contains(layer.as_str()), "{said}");
}

#[test]
fn what_the_destination_does_not_take_stays_behind_alone() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let refused = Fault::Answer(Canned::status(400));
    scene.to.fault(usize::MAX, "PUT", ".sig", refused);
    let (told, said) = scene.mirror(&["--retries=0"]);
    scene.has(&told, &[&scene.sbom]);
    assert_eq!(told["leftBehind"][0]["digest"], scene.signature);
    assert!(said.contains("left behind: "), "{said}");
    assert!(said.contains("hint: --referrers looks again"), "{said}");
    let report = scene.shell.path("report.json");
    scene.mirror(&["--referrers", "--retries=0", "--report", "report.json"]);
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    assert_eq!(report["images"][0]["leftBehind"][0]["digest"], scene.signature);
}

#[test]
fn what_has_no_room_for_more_than_an_image_gets_the_image() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let from = scene.source.image("team/app:v1");
    let mirror = |to: &str| {
        let ran = scene.shell.run(&["mirror", "--src-plain-http", &from, to]);
        assert_eq!(ran.code, Some(0), "{to}: {}", ran.stderr);
        ran.stderr
    };
    let said = mirror("dir:plain");
    assert_eq!(said.matches("left behind: ").count(), 2, "{said}");
    let copy = skopeo::fetch(&scene.shell.full("dir:plain"), &[]);
    assert_eq!(copy, scene.source.fetch("team/app:v1"));
    // An image of one layer: manifest, configuration, layer, version.
    assert_eq!(fs::read_dir(scene.shell.path("plain")).unwrap().count(), 4);
    for to in ["docker-archive:docker.tar:app:v1", "oci-archive:oci.tar:v1", "oci:layout:v1"] {
        let said = mirror(to);
        assert!(!said.contains("left behind"), "{to}: {said}");
        let copy = skopeo::fetch(&scene.shell.full(to), &[]);
        assert!(copy.len() >= 2, "{to}: {copy:?}");
    }
}

#[test]
fn a_plan_has_what_goes_along_and_tells_what_does_not() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.from.fault(usize::MAX, "HEAD", ".sig", Fault::Answer(Canned::status(403)));
    let arguments = scene.arguments();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--plan", "m.lock", "--retries=0"]);
    let ran = scene.shell.run(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("left behind: "), "{}", ran.stderr);
    let plan: Value =
        serde_json::from_slice(&fs::read(scene.shell.path("m.lock")).unwrap()).unwrap();
    assert_eq!(plan["images"][0]["referrers"][0]["digest"], scene.sbom);
    assert_eq!(
        (&plan["referrers"], plan["images"][0]["referrers"].as_array().unwrap().len()),
        (&"new".into(), 1)
    );
    let apply = [&PLAIN[..], &["-o", "json", "--apply", "m.lock"]].concat();
    let report: Value = serde_json::from_str(&scene.shell.ok(&apply)).unwrap();
    scene.has(&report["images"][0], &[&scene.sbom]);
    // What is there stays as it is planned.
    arguments.push("--locked");
    scene.shell.ok(&arguments);
}
