use super::{Note, Platform, Question};
use crate::mirror::parsed::chain;
use crate::mirror::release::Graph;
use crate::mirror::set::{ImageSet, SetError};

/// stable-4.17 has 4.17.0 and 4.17.9; stable-4.18 has 4.17.9, 4.18.0, 4.18.1, 4.18.10 and a risky way to the last.
const GRAPH: &str = r#"{
"nodes": [
 {"version":"4.18.1","payload":"q.io/r:4.18.1","metadata":{"io.openshift.upgrades.graph.release.channels":"stable-4.18"}},
 {"version":"4.17.0","payload":"q.io/r:4.17.0","metadata":{"io.openshift.upgrades.graph.release.channels":"stable-4.17"}},
 {"version":"4.17.9","payload":"q.io/r:4.17.9","metadata":{"io.openshift.upgrades.graph.release.channels":"stable-4.17,stable-4.18"}},
 {"version":"4.18.0","payload":"q.io/r:4.18.0","metadata":{"io.openshift.upgrades.graph.release.channels":"stable-4.18"}},
 {"version":"4.18.10","payload":"q.io/r:4.18.10","metadata":{"io.openshift.upgrades.graph.release.channels":"stable-4.18"}},
 {"version":"4.20.0","payload":"q.io/r:4.20.0","metadata":{"io.openshift.upgrades.graph.release.channels":"stable-4.20"}}
],
"edges": [[1,2],[2,3],[3,0],[3,4],[2,0]],
"conditionalEdges": [{"edges":[{"from":"4.18.1","to":"4.18.10"}],"risks":[{"name":"SlowDisks"}]}]
}"#;

fn platform(body: &str) -> Result<Platform, SetError> {
    let head = "kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\nmirror:\n  platform:\n";
    let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
    Ok(ImageSet::read("set.yaml", &format!("{head}{body}"))?.platform.unwrap())
}

/// The releases and notes that a platform comes to.
fn chosen(body: &str) -> Result<(String, Vec<Note>), SetError> {
    let graph = Graph::parse(GRAPH).unwrap();
    let releases = platform(body)?.releases(|_| &graph)?;
    let shown = releases.payloads.iter().map(|payload| {
        let architecture = payload.architecture.as_deref().unwrap_or("any");
        match payload.origin.strip_prefix("q.io/r:") {
            Some(version) if architecture == "amd64" => version.to_owned(),
            Some(version) => format!("{version}/{architecture}"),
            None => payload.origin.clone(),
        }
    });
    Ok((shown.collect::<Vec<_>>().join(" "), releases.notes))
}

#[test]
fn what_channels_come_to() {
    for (body, expected) in [
        ("channels: [{name: stable-4.18}]", "4.18.10"),
        ("channels: [{name: stable-4.18, type: okd}]", "4.18.10"),
        ("channels: [{name: stable-4.18, full: true}]", "4.17.9 4.18.0 4.18.1 4.18.10"),
        ("channels: [{name: stable-4.18, minVersion: 4.18.0}]", "4.18.0 4.18.1 4.18.10"),
        ("channels: [{name: stable-4.18, maxVersion: 4.18.0}]", "4.17.9 4.18.0"),
        ("channels: [{name: stable-4.18, minVersion: 4.18.1, maxVersion: 4.18.9}]", "4.18.1"),
        ("channels: [{name: stable-4.18, shortestPath: true}]", "4.18.10"),
        (
            "channels: [{name: stable-4.18, minVersion: 4.17.9, shortestPath: true}]",
            "4.17.9 4.18.0 4.18.10",
        ),
        (
            "channels: [{name: stable-4.18, full: true, shortestPath: true}]",
            "4.17.9 4.18.0 4.18.10",
        ),
        ("release: q.io/r:x\nchannels: [{name: stable-4.18}]", "x/any 4.18.10"),
        (
            "release: quay.io/a/b@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "quay.io/a/b@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        (
            "architectures: [arm64, multi]\nchannels: [{name: stable-4.17}]",
            "4.17.9/arm64 4.17.9/multi",
        ),
        (
            "platforms: [{os: linux, architecture: s390x}]\nchannels: [{name: stable-4.17}]",
            "4.17.9/s390x",
        ),
    ] {
        assert_eq!(chosen(body).unwrap(), (expected.to_owned(), vec![]), "{body}");
    }
}

#[test]
fn a_way_leads_from_the_oldest_channel_to_the_newest() {
    let body = "channels:\n- {name: stable-4.17, minVersion: 4.17.0, maxVersion: 4.17.0}\n- name: stable-4.18";
    assert_eq!(chosen(body).unwrap(), ("4.17.0 4.18.10 4.17.9 4.18.0".to_owned(), vec![]));
    let (releases, notes) = chosen("channels: [{name: stable-4.18}, {name: stable-4.20}]").unwrap();
    assert_eq!(releases, "4.18.10 4.20.0");
    assert!(notes[0].to_string().starts_with("no updates lead from 4.18.10 to 4.20.0 within"));
}

#[test]
fn a_way_with_risks_is_told() {
    let body = "channels: [{name: stable-4.18, minVersion: 4.18.1, shortestPath: true}]";
    let (releases, notes) = chosen(body).unwrap();
    assert_eq!(releases, "4.18.1 4.18.10");
    assert_eq!(
        notes[0].to_string(),
        "the updates from 4.18.1 to 4.18.10 have known risks: SlowDisks"
    );
}

#[test]
fn each_channel_is_asked_for_once_for_each_architecture() {
    let body =
        "architectures: [amd64, arm64]\nchannels: [{name: a}, {name: b}, {name: a, full: true}]";
    let shown = |q: &Question| format!("{}/{}", q.channel, q.architecture);
    let questions: Vec<String> = platform(body).unwrap().questions().iter().map(shown).collect();
    assert_eq!(questions, ["a/amd64", "b/amd64", "a/arm64", "b/arm64"]);
    assert!(platform("release: q.io/r:x").unwrap().questions().is_empty());
}

#[test]
fn what_no_channel_has_is_refused_with_its_place() {
    for (body, place, says) in [
        ("channels: [{name: stable-4.19}]", "5:23", "the update graph has no release of it"),
        (
            "channels: [{name: stable-4.18, minVersion: 4.18.2, shortestPath: true}]",
            "5:23",
            "no release 4.18.2",
        ),
        (
            "channels: [{name: stable-4.18, minVersion: 4.19.0, maxVersion: 4.20.0}]",
            "5:23",
            "from 4.19.0 to 4.20.0",
        ),
        (
            "channels: [{name: stable-4.18, minVersion: 4.18.2, maxVersion: 4.18.1}]",
            "5:23",
            "4.18.2 is newer than maxVersion",
        ),
        ("channels:\n- name: stable-4.18\n  minVersion: 4.18", "7:19", "expected a string"),
        ("channels:\n- name: stable-4.18\n  minVersion: '4.18'", "7:19", "unexpected end of input"),
        (
            "channels: [{name: a, type: rhel}]",
            "5:32",
            "unknown variant `rhel`, expected `ocp` or `okd`",
        ),
        ("channels: [{nam: a}]", "5:17", "unknown field `nam`"),
        ("architectures: [x86]", "5:5", "releases are for amd64, arm64, ppc64le, s390x, or multi"),
        ("platforms: [{os: windows, architecture: amd64}]", "5:5", "releases are for linux"),
        (
            "architectures: [amd64]\nplatforms: [{os: linux, architecture: amd64}]",
            "6:5",
            "says it already",
        ),
        ("release: ocp-release:4.18", "5:14", "names no registry"),
    ] {
        let said = chain(&chosen(body).unwrap_err());
        assert!(said.starts_with(&format!("set.yaml:{place}: ")), "{body}: {said}");
        assert!(said.contains(says), "{body}: {said}");
    }
}
