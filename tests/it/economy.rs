//! What a copy asks for, and what it does not ask for: requests counted at both ends.

use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore::model::RefName;
use longshore::store::{self, Reference};
use longshore::transfer::{Copier, CopyOptions, Job, Selection, Target};

use crate::registry_client::remote;
use crate::support::embedded::Embedded;
use crate::support::faults::{Fault, Proxy};
use crate::support::layout::{Layout, digest};
use crate::support::shell::Shell;

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

    /// `ADDRESS/name`, counted.
    fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.proxy.address())
    }

    /// `ADDRESS/name`, past the proxy.
    fn uncounted(&self, name: &str) -> String {
        format!("{}/{name}", self.registry.address())
    }

    /// All requests up to now.
    fn lines(&self) -> Vec<String> {
        let seen = self.proxy.seen();
        seen.iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect()
    }

    fn has(&self, manifest: &str) -> bool {
        self.registry.ask("HEAD", &format!("/v2/{manifest}")).status == 200
    }
}

const PLAIN: [&str; 3] = ["mirror", "--src-plain-http", "--dest-plain-http"];

fn mirror(shell: &Shell, mappings: &[String]) {
    let mappings: Vec<&str> = mappings.iter().map(String::as_str).collect();
    shell.ok(&[&PLAIN[..], &mappings].concat());
}

fn push(shell: &Shell, layout: &str, image: &str) {
    shell.ok(&["push", "--plain-http", layout, image]);
}

/// An index `v1` of two platforms in the layout `image`, with layers of `size` bytes, one of them in both.
fn make_index(shell: &Shell, size: u64) {
    let layout = Layout::new(shell.path("image"));
    let images = [("linux/amd64", 1), ("linux/arm64", 2)].map(|(platform, seed)| {
        layout.image(platform, &[layout.noise_layer(9, size), layout.noise_layer(seed, size)])
    });
    layout.name("v1", &layout.index(&images));
}

#[test]
fn a_mirror_with_nothing_to_do_asks_once_for_each_tag_on_each_side() {
    let (from, to, shell) = (Counted::new(), Counted::new(), Shell::new());
    make_index(&shell, 10_000);
    let mappings: Vec<String> = (0..5)
        .map(|number| {
            push(&shell, "oci:image:v1", &from.uncounted(&format!("app{number}:v1")));
            let name = format!("app{number}:v1");
            format!("{}={}", from.image(&name), to.image(&name))
        })
        .collect();
    mirror(&shell, &mappings);
    let (before_from, before_to) = (from.lines().len(), to.lines().len());
    mirror(&shell, &mappings);
    for (side, before) in [(&from, before_from), (&to, before_to)] {
        let mut asked = side.lines().split_off(before);
        asked.sort();
        let wanted: Vec<_> = (0..5).map(|n| format!("HEAD /v2/app{n}/manifests/v1")).collect();
        assert_eq!(asked, wanted);
    }
}

#[test]
fn one_platform_that_is_there_is_known_by_the_index_alone() {
    let (from, to, shell) = (Counted::new(), Counted::new(), Shell::new());
    make_index(&shell, 10_000);
    push(&shell, "oci:image:v1", &from.uncounted("app:v1"));
    let mapping = format!("{}={}", from.image("app:v1"), to.image("app:v1"));
    let arguments = [&PLAIN[..], &["--platform", "linux/arm64", &mapping]].concat();
    shell.ok(&arguments);
    let (before_from, before_to) = (from.lines().len(), to.lines().len());
    shell.ok(&arguments);
    assert_eq!(from.lines().split_off(before_from), ["GET /v2/app/manifests/v1"]);
    assert_eq!(to.lines().split_off(before_to), ["HEAD /v2/app/manifests/v1"]);
}

#[test]
fn an_image_for_four_registries_is_read_once() {
    let (from, shell) = (Counted::new(), Shell::new());
    let to = [(); 4].map(|()| Counted::new());
    make_index(&shell, 9 << 20);
    push(&shell, "oci:image:v1", &from.uncounted("app:v1"));
    let mut arguments = vec![from.image("app:v1")];
    arguments.extend(to.iter().map(|to| to.image("app:v1")));
    mirror(&shell, &arguments);
    let mut read = from.lines();
    read.sort();
    let before = read.len();
    read.dedup();
    assert_eq!(read.len(), before, "{read:#?}");
    // An index and two images, two configurations and three layers; of each manifest it is asked what refers to it, and
    // for the three tags of cosign.
    assert_eq!(read.len(), 3 + 2 + 3 + 3 * (1 + 3), "{read:#?}");
    let whole = from.registry.ask("GET", "/v2/app/manifests/v1").body;
    for to in &to {
        assert_eq!(to.registry.ask("GET", "/v2/app/manifests/v1").body, whole);
    }
}

/// A child that is killed when the test is over.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for something that must come.
fn wait_until(what: &str, mut come: impl FnMut() -> bool) {
    let start = Instant::now();
    while !come() {
        assert!(start.elapsed() < Duration::from_secs(25), "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_destination_that_does_not_take_its_bytes_is_not_waited_for() {
    let (from, quick, slow, shell) = (Counted::new(), Counted::new(), Counted::new(), Shell::new());
    make_index(&shell, 12 << 20);
    push(&shell, "oci:image:v1", &from.uncounted("app:v1"));
    // For longer than any test is allowed to take.
    let hour = Duration::from_secs(3600);
    slow.proxy.fault(usize::MAX, "PATCH", "/blobs/uploads/", Fault::Delay(hour));
    let images = [from.image("app:v1"), quick.image("app:v1"), slow.image("app:v1")];
    let arguments = [&PLAIN[..], &images.each_ref().map(String::as_str)].concat();
    let _running = Running(shell.start(&arguments));
    wait_until("the image at the quick one", || quick.has("app/manifests/v1"));
    assert!(!slow.has("app/manifests/v1"));
}

#[test]
fn a_destination_that_does_not_answer_is_not_waited_for() {
    let (from, quick, slow, shell) = (Counted::new(), Counted::new(), Counted::new(), Shell::new());
    make_index(&shell, 10_000);
    push(&shell, "oci:image:v1", &from.uncounted("app:v1"));
    slow.proxy.fault(usize::MAX, "HEAD", "", Fault::Delay(Duration::from_secs(3600)));
    let images = [from.image("app:v1"), quick.image("app:v1"), slow.image("app:v1")];
    let arguments = [&PLAIN[..], &images.each_ref().map(String::as_str)].concat();
    let _running = Running(shell.start(&arguments));
    wait_until("the image at the quick one", || quick.has("app/manifests/v1"));
    assert!(!slow.has("app/manifests/v1"));
}

#[test]
fn a_destination_that_fails_does_not_harm_the_others() {
    let (from, good, bad, shell) = (Counted::new(), Counted::new(), Counted::new(), Shell::new());
    make_index(&shell, 9 << 20);
    push(&shell, "oci:image:v1", &from.uncounted("app:v1"));
    bad.proxy.fault(
        usize::MAX,
        "POST",
        "/blobs/uploads/",
        Fault::Answer(crate::support::faults::Canned::status(403)),
    );
    let images = [from.image("app:v1"), bad.image("app:v1"), good.image("app:v1")];
    let arguments = [&PLAIN[..], &images.each_ref().map(String::as_str)].concat();
    let ran = shell.run(&arguments);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains(&bad.image("app:v1")), "{}", ran.stderr);
    assert!(good.has("app/manifests/v1") && !bad.has("app/manifests/v1"));
}

/// Twelve repositories `app0`… of images that share a layer: its hexadecimal digits, and mappings from there to here.
fn make_relatives(shell: &Shell, from: &Counted, to: &Counted) -> (String, Vec<String>) {
    let mut shared = String::new();
    let mut mappings = Vec::new();
    for number in 0..12 {
        let folder = format!("image{number}");
        let layout = Layout::new(shell.path(&folder));
        let base = layout.noise_layer(9, 100_000);
        shared = digest(&base.descriptor).replace("sha256:", "");
        let image = layout.image("linux/amd64", &[base, layout.noise_layer(100 + number, 1000)]);
        layout.name("v1", &image);
        let name = format!("app{number}:v1");
        push(shell, &format!("oci:{folder}:v1"), &from.uncounted(&name));
        mappings.push(format!("{}={}", from.image(&name), to.image(&name)));
    }
    (shared, mappings)
}

#[test]
fn of_many_repositories_that_share_a_layer_one_uploads_it_and_the_others_mount_it() {
    let (from, to, shell) = (Counted::new(), Counted::new(), Shell::new());
    let (shared, mappings) = make_relatives(&shell, &from, &to);
    mirror(&shell, &mappings);
    let asked = to.lines();
    let count = |method: &str, part: &str| {
        let found = asked.iter().filter(|l| l.starts_with(method) && l.contains(part));
        found.filter(|line| line.contains(&shared)).count()
    };
    assert_eq!(count("PUT", "digest="), 1, "{asked:#?}");
    assert_eq!(count("POST", "mount="), 11, "{asked:#?}");
    assert_eq!(count("HEAD", "/blobs/"), 1, "{asked:#?}");
    assert_eq!(from.proxy.count("GET", &shared), 1);
}

#[test]
fn a_registry_that_never_mounts_is_not_asked_for_ever() {
    let (from, to, shell) = (Counted::new(), Counted::new(), Shell::new());
    let (shared, mappings) = make_relatives(&shell, &from, &to);
    to.proxy.fault(usize::MAX, "POST", "mount=", Fault::RefuseMount);
    mirror(&shell, &mappings);
    assert_eq!(to.proxy.count("POST", "mount="), 6);
    assert_eq!(to.proxy.count("PUT", &shared), 12);
}

#[test]
fn an_image_that_is_there_under_another_name_is_only_given_the_name() {
    let (from, to, shell) = (Counted::new(), Counted::new(), Shell::new());
    make_index(&shell, 10_000);
    push(&shell, "oci:image:v1", &from.uncounted("app:v1"));
    mirror(&shell, &[from.image("app:v1"), to.image("app:v1")]);
    let before = to.lines().len();
    mirror(&shell, &[from.image("app:v1"), to.image("app:v2")]);
    let asked = to.lines().split_off(before);
    // The name, the index and its two images; then it gets the name.
    assert_eq!(asked.len(), 5, "{asked:#?}");
    assert_eq!(asked[0], "HEAD /v2/app/manifests/v2");
    assert!(asked[1..4].iter().all(|line| line.starts_with("HEAD /v2/app/manifests/sha256:")));
    assert_eq!(asked[4], "PUT /v2/app/manifests/v2");
}

#[test]
fn two_names_for_one_image_do_not_write_its_parts_twice() {
    let (to, shell) = (Counted::new(), Shell::new());
    make_index(&shell, 1000);
    // Mappings of one source are one job; these are six.
    let mappings: Vec<String> = (0..6)
        .map(|number| {
            let copy = format!("copy{number}");
            std::os::unix::fs::symlink(shell.path("image"), shell.path(&copy)).unwrap();
            format!("oci:{copy}:v1={}", to.image(&format!("app:v{number}")))
        })
        .collect();
    mirror(&shell, &mappings);
    let asked = to.lines();
    let puts = |part: &str| asked.iter().filter(|line| line.starts_with(part)).count();
    assert_eq!(puts("PUT /v2/app/manifests/sha256:"), 2, "{asked:#?}");
    assert_eq!(puts("PUT /v2/app/manifests/v"), 6, "{asked:#?}");
}

#[test]
fn of_an_index_that_changed_only_what_is_new_is_asked_for_and_moved() {
    let (from, to, shell) = (Counted::new(), Counted::new(), Shell::new());
    make_index(&shell, 10_000);
    push(&shell, "oci:image:v1", &from.uncounted("app:v1"));
    mirror(&shell, &[from.image("app:v1"), to.image("app:v1")]);
    let layout = Layout::new(shell.path("image"));
    let old = [("linux/amd64", 1), ("linux/arm64", 3)].map(|(platform, seed)| {
        layout.image(platform, &[layout.noise_layer(9, 10_000), layout.noise_layer(seed, 10_000)])
    });
    layout.name("v1", &layout.index(&old));
    push(&shell, "oci:image:v1", &from.uncounted("app:v1"));
    let before = to.lines().len();
    mirror(&shell, &[from.image("app:v1"), to.image("app:v1")]);
    let asked = to.lines().split_off(before);
    let blobs = asked.iter().filter(|line| line.starts_with("HEAD") && line.contains("/blobs/"));
    // The new image's configuration, its own layer and the shared one.
    assert_eq!(blobs.count(), 3, "{asked:#?}");
    assert_eq!(asked.iter().filter(|l| l.starts_with("PUT /v2/app/manifests")).count(), 2);
}

#[tokio::test]
async fn a_registry_that_mounts_is_asked_for_a_blob_by_the_request_that_begins_its_upload() {
    let (to, shell) = (Counted::new(), Shell::new());
    let layout = Layout::new(shell.path("image"));
    let copier = Copier::new(&CopyOptions::default(), Arc::new(()));
    let mut before = 0;
    for number in 0..3 {
        let layers = [layout.noise_layer(9, 1000), layout.noise_layer(100 + number, 1000)];
        let name: RefName = format!("v{number}").parse().unwrap();
        layout.name(&name.to_string(), &layout.image("linux/amd64", &layers));
        before = to.lines().len();
        let sink = Arc::new(remote(&to.proxy.address(), &format!("app{number}")));
        let job = Job {
            source: Arc::new(store::Layout::open(shell.path("image")).unwrap()),
            reference: Reference::Name(name.clone()),
            selection: Selection::default(),
            targets: vec![Target { image: 0, sink, name: Some(name) }],
        };
        copier.copy(job).await.remove(0).unwrap();
    }
    // The second image mounted the layer that the first one brought. The third one brings a layer and a configuration.
    let asked = to.lines().split_off(before);
    let count = |part: &str| asked.iter().filter(|line| line.contains(part)).count();
    assert_eq!(count("HEAD /v2/app2/blobs/"), 0, "{asked:#?}");
    assert_eq!(count("&from=app0"), 1, "{asked:#?}");
    assert_eq!((count("&from=app2"), count("digest=")), (2, 2), "{asked:#?}");
    assert_eq!(count("/blobs/uploads/?"), 3, "{asked:#?}");
}
