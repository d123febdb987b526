//! Releases of OpenShift: from a payload, or a channel of an update graph, to all images under their names.

use std::fs;
use std::time::Duration;

use crate::support::faults::{Fault, Proxy};
use crate::support::program::Ran;
use crate::support::release::{COMPONENTS, FILE, Releases};
use crate::support::responder::{Reply, Responder};
use crate::support::shell::Shell;
use crate::support::site::Site;

const SOURCE: &str = "openshift-release-dev/ocp-v4.0-art-dev";
const PAYLOAD: &str = "openshift-release-dev/ocp-release";
const PLAIN: [&str; 3] = ["mirror", "--src-plain-http", "--dest-plain-http"];

/// All images of the release are at `to`, as they are at `from`.
fn is_there(from: &Site, to: &Site, tag: &str) {
    for name in COMPONENTS {
        let (here, there) =
            (format!("{SOURCE}:{name}"), format!("ns/openshift/release:{tag}-{name}"));
        assert_eq!(to.fetch(&there), from.fetch(&here), "{there}");
    }
    let second = format!("ns/openshift/release:{tag}-oc-mirror");
    assert_eq!(to.fetch(&second), from.fetch(&format!("{SOURCE}:cli")));
    let payload = to.fetch(&format!("ns/openshift/release-images:{tag}"));
    assert_eq!(payload, from.fetch(&format!("{PAYLOAD}:{tag}")));
}

fn tags(shell: &Shell, site: &Site, name: &str) -> Vec<String> {
    let tags = shell.ok(&["tags", "--plain-http", &site.image(name)]);
    tags.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn a_release_is_its_payload_and_all_that_it_names() {
    need!("docker-registry", "skopeo");
    let (from, to, shell) = (Site::open(), Site::open(), Shell::new());
    let mut releases = Releases::new(&shell, from.registry.address(), &["linux/amd64"]);
    let payload = releases.make("4.18.1", &["linux/amd64"], "x86_64");
    releases.write_set("platform-release.yaml");
    let root = to.image("ns");
    let ran = shell.run(&[&PLAIN[..], &["-c", "platform-release.yaml", &root]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    is_there(&from, &to, "4.18.1-x86_64");
    assert_eq!(tags(&shell, &to, "ns/openshift/release").len(), COMPONENTS.len() + 1);
    assert_eq!(tags(&shell, &to, "ns/openshift/release-images"), ["4.18.1-x86_64"]);
    assert!(ran.stderr.contains("release 4.18.1-x86_64: 7 images"), "{}", ran.stderr);
    let line = format!("{payload} {root}/openshift/release-images:4.18.1-x86_64\n");
    assert!(ran.stdout.ends_with(&line), "{}", ran.stdout);
}

#[test]
fn a_release_is_read_by_the_shard_that_brings_it_and_by_no_other() {
    need!("docker-registry", "skopeo");
    let (from, to, shell) = (Site::open(), Site::open(), Shell::new());
    let mut releases = Releases::new(&shell, from.registry.address(), &["linux/amd64"]);
    releases.make("4.18.1", &["linux/amd64"], "x86_64");
    releases.write_set("platform-release.yaml");
    let root = to.image("ns");
    let run = |index: usize| {
        let shard = format!("{index}/4");
        let set = ["-c", "platform-release.yaml", "--shard", &shard, &root];
        let ran = shell.run(&[&PLAIN[..], &set].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran
    };
    let ran: Vec<Ran> = (0..4).map(run).collect();
    let lines = |ran: &Ran| ran.stdout.lines().count();
    assert_eq!(ran.iter().map(lines).sum::<usize>(), COMPONENTS.len() + 2);
    for ran in &ran {
        let is_read = ran.stderr.contains("release 4.18.1-x86_64: 7 images");
        assert_eq!(is_read, lines(ran) > 0, "{}", ran.stderr);
    }
    // One of them at most brings the images, and one the payload.
    assert!(ran.iter().filter(|ran| lines(ran) > 0).count() <= 2);
    is_there(&from, &to, "4.18.1-x86_64");
}

#[test]
fn a_release_for_several_architectures_keeps_its_lists() {
    need!("docker-registry", "skopeo");
    let (from, to, shell) = (Site::open(), Site::open(), Shell::new());
    let platforms = ["linux/amd64", "linux/arm64"];
    let mut releases = Releases::new(&shell, from.registry.address(), &platforms);
    releases.make("4.18.1", &platforms, "multi");
    let set = format!(
        "{{kind: ImageSetConfiguration, apiVersion: mirror.openshift.io/v2alpha1, mirror: \
         {{platform: {{release: '{}'}}}}}}",
        from.image(&format!("{PAYLOAD}:4.18.1-multi"))
    );
    let ran = shell.feed(&set, &[&PLAIN[..], &["-c", "-", &to.image("ns")]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    is_there(&from, &to, "4.18.1-multi");
}

#[test]
fn channels_are_what_the_update_graph_says() {
    need!("docker-registry", "skopeo");
    let (from, to, shell) = (Site::open(), Site::open(), Shell::new());
    let mut releases = Releases::new(&shell, from.registry.address(), &["linux/amd64"]);
    for version in ["4.17.20", "4.18.1", "4.18.2", "4.18.3"] {
        releases.make(version, &["linux/amd64"], "x86_64");
    }
    releases.write_set("platform-channels.yaml");
    let graph = releases.graph();
    fs::write(shell.path("graph.json"), &graph).unwrap();
    let set = ["-c", "platform-channels.yaml", "--update-graph", "graph.json"];
    let ran = shell.run(&[&PLAIN[..], &set, &[&to.image("file")]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let path = ["4.17.20-x86_64", "4.18.1-x86_64", "4.18.3-x86_64"];
    assert_eq!(tags(&shell, &to, "file/openshift/release-images"), path);
    assert_eq!(tags(&shell, &to, &format!("file/{PAYLOAD}")), ["4.18.2-x86_64"]);
    // One component is blocked.
    let components = tags(&shell, &to, "file/openshift/release");
    assert_eq!(components.len(), path.len() * COMPONENTS.len());
    assert!(!components.iter().any(|tag| tag.contains("agent-installer")));

    let service = Responder::new(move |asked| match asked.path() {
        "/api/graph" => Some(Reply::ok(graph.clone())),
        _ => Some(Reply::new(404)),
    });
    let url = format!("http://{}/api/graph?id=me", service.address());
    let set = ["-c", "platform-channels.yaml", "--update-graph", &url];
    let ran = shell.run(&[&PLAIN[..], &set, &[&to.image("url")]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(tags(&shell, &to, "url/openshift/release-images"), path);
    let asked = service.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].target, "/api/graph?id=me&channel=stable-4.18&arch=amd64");

    let url = format!("http://{}/nothing", service.address());
    let set = ["-c", "platform-channels.yaml", "--update-graph", &url];
    let said = shell.fails(5, &[&PLAIN[..], &set, &[&to.image("no")]].concat());
    assert!(said.contains("answers 404"), "{said}");
    drop(service);
    let said =
        shell.fails(5, &[&PLAIN[..], &["--retries", "0"], &set, &[&to.image("no")]].concat());
    assert!(said.contains("the address of the service") && !said.contains("registry"), "{said}");
    fs::write(shell.path("graph.json"), "<html>").unwrap();
    let set = ["-c", "platform-channels.yaml", "--update-graph", "graph.json"];
    shell.fails(6, &[&PLAIN[..], &set, &[&to.image("no")]].concat());
    shell.fails(4, &["tags", "--plain-http", &to.image("no/openshift/release")]);
}

#[test]
fn a_payload_that_is_none_copies_nothing() {
    need!("docker-registry", "skopeo");
    let (from, to, shell) = (Site::open(), Site::open(), Shell::new());
    let address = from.registry.address();
    let mut releases = Releases::new(&shell, address, &["linux/amd64"]);
    let references = releases.references("4.18.1");
    let by_tag = references.replace(&format!("{SOURCE}@sha256:"), &format!("{SOURCE}:v"));
    let with_file = releases.layer(&[(FILE, &references)]);
    let removed = releases.layer(&[("release-manifests/.wh.image-references", "")]);
    let cases = [
        (vec![releases.layer(&[("etc/motd", "hello")])], "so it is no release"),
        (vec![with_file.clone(), removed], "so it is no release"),
        (vec![with_file, releases.layer(&[("release-manifests", "")])], "so it is no release"),
        (vec![releases.layer(&[(FILE, "{")])], "cannot be read"),
        (vec![releases.layer(&[(FILE, &by_tag)])], "without a digest"),
        (vec![releases.layer(&[(FILE, &references.replace("etcd\"", "../etcd\""))])], "'../etcd'"),
    ];
    for (layers, says) in cases {
        releases.make_of("4.18.1", &["linux/amd64"], "x86_64", &layers);
        releases.write_set("platform-release.yaml");
        let set = ["-c", "platform-release.yaml", &to.image("ns")];
        let said = shell.fails(6, &[&PLAIN[..], &set].concat());
        assert!(said.contains("platform-release.yaml:5:14: the release"), "{said}");
        assert!(said.contains(says), "{said}");
    }
    let missing = fs::read_to_string(shell.path("platform-release.yaml")).unwrap();
    fs::write(shell.path("missing.yaml"), missing.replace("4.18.1-", "4.18.9-")).unwrap();
    shell.fails(4, &[&PLAIN[..], &["-c", "missing.yaml", &to.image("ns")]].concat());
    shell.fails(4, &["tags", "--plain-http", &to.image("ns/openshift/release")]);
}

#[test]
fn a_killed_release_is_finished_by_the_next_run() {
    need!("docker-registry", "skopeo");
    let (from, to, shell) = (Site::open(), Site::open(), Shell::new());
    let mut releases = Releases::new(&shell, from.registry.address(), &["linux/amd64"]);
    releases.make("4.18.1", &["linux/amd64"], "x86_64");
    releases.write_set("platform-release.yaml");
    let proxy = Proxy::before(to.registry.address());
    for method in ["POST", "PUT"] {
        proxy.fault(usize::MAX, method, "/v2/", Fault::Delay(Duration::from_millis(25)));
    }
    let root = format!("{}/ns", proxy.address());
    let mirror = [&PLAIN[..], &["-c", "platform-release.yaml", &root]].concat();
    shell.killed_again_and_again(&mirror, || {
        for repository in ["ns/openshift/release", "ns/openshift/release-images"] {
            // What is there is whole; it may be that nothing is there yet.
            let is_good = |ran: &Ran| ran.stdout.is_empty() && matches!(ran.code, Some(0 | 4));
            let place = to.image(repository);
            let ran = shell.run_until(&["verify", "--plain-http", &place], is_good);
            assert!(is_good(&ran), "{}", ran.stdout);
        }
    });
    is_there(&from, &to, "4.18.1-x86_64");
}
