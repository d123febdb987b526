//! Mappings of many images, as `oc image mirror` reads them: wildcards, and what is refused before anything is copied.

use std::fs;

use crate::support::layout::Layout;
use crate::support::shell::Shell;
use crate::support::site::Site;
use crate::support::skopeo;

const OPEN: [&str; 3] = ["mirror", "--src-plain-http", "--dest-plain-http"];

/// A registry that has small images under these tags of `team/app`, all of them different.
fn stocked(shell: &Shell, tags: &[&str]) -> Site {
    let site = Site::open();
    let layout = Layout::new(shell.path("images"));
    for tag in tags {
        let image = layout.image("linux/amd64", &[layout.layer(&[("etc/tag", tag)])]);
        layout.name(tag, &image);
        let from = shell.full(&format!("oci:images:{tag}"));
        let to = format!("docker://{}", site.image(&format!("team/app:{tag}")));
        skopeo::run(&["copy", "-q", "--dest-tls-verify=false", &from, &to]);
    }
    site
}

fn tags(site: &Site, repository: &str) -> Vec<String> {
    let image = format!("docker://{}", site.image(repository));
    let listed = skopeo::json(&["list-tags", "--tls-verify=false", &image]);
    let mut tags: Vec<String> = serde_json::from_value(listed["Tags"].clone()).unwrap();
    tags.sort();
    tags
}

#[test]
fn tags_that_match_are_copied_and_a_repository_is_all_its_tags() {
    need!("docker-registry", "skopeo");
    let shell = Shell::new();
    let all = ["latest", "v1.0", "v1.1", "v2.0"];
    let (from, to) = (stocked(&shell, &all), Site::open());
    let app = from.image("team/app");
    let file = format!(
        "# by pattern\n{app}:v1.*\t{} oci:kept\n{app}={}\n",
        to.image("some/app"),
        to.image("all/app")
    );
    fs::write(shell.path("mappings"), file).unwrap();
    let said = shell.ok(&[&OPEN[..], &["-f", "mappings"]].concat());
    assert_eq!(said.lines().count(), 8, "{said}");
    assert_eq!(tags(&to, "some/app"), ["v1.0", "v1.1"]);
    assert_eq!(tags(&to, "all/app"), all);
    for tag in all {
        let (here, there) = (format!("team/app:{tag}"), format!("all/app:{tag}"));
        assert_eq!(to.fetch(&there), from.fetch(&here), "{tag}");
    }
    assert_eq!(shell.ok(&["tags", "oci:kept"]), "v1.0\nv1.1\n");
    assert_eq!(shell.ok(&[&OPEN[..], &["oci:kept:*", "oci:again"]].concat()).lines().count(), 2);
}

#[test]
fn a_pattern_that_matches_nothing_fails_alone_and_tells_what_there_is() {
    need!("docker-registry", "skopeo");
    let shell = Shell::new();
    let site = stocked(&shell, &["v1", "v2"]);
    let (app, copy) = (site.image("team/app"), site.image("copy/app"));
    let none = shell.fails(4, &[&OPEN[..], &[&format!("{app}:w*"), &copy]].concat());
    assert!(none.contains("a tag that matches 'w*' is not in"), "{none}");
    assert!(none.contains("cause: it has v1, v2"), "{none}");
    let absent = site.image("team/absent");
    let file = format!("{app}:w* {copy}\n{absent} {copy}\n{app}:v1 {copy}\n");
    fs::write(shell.path("mappings"), file).unwrap();
    let some = shell.fails(1, &[&OPEN[..], &["-f", "mappings"]].concat());
    assert!(some.contains("it has v1, v2") && some.contains("team/absent"), "{some}");
    assert_eq!(tags(&site, "copy/app"), ["v1"]);
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place_and_nothing_is_copied() {
    need!("docker-registry", "skopeo");
    let shell = Shell::new();
    let site = stocked(&shell, &["v1.0", "v1.1"]);
    let (app, copy) = (site.image("team/app"), site.image("copy/app"));
    let second = |first: &str| first.len() + 2;
    for (file, told) in [
        (
            format!("{app}:v1.0 {copy}\n{app}:v1.* {copy}\n"),
            format!("m:2:1: {copy}:v1.0 is named as a destination twice, before by m:1:1"),
        ),
        (
            format!("{app}:v1.1={copy}:x\n\n  {app}:v1.0={copy}:x"),
            format!("m:3:3: {copy}:x is named as a destination twice, before by m:1:1"),
        ),
        (format!("{app}:*={app}"), format!("m:1:1: {app}:v1.0 is both source and destination")),
        (
            format!("{app}:v1.0 {copy}\n{app} {copy} {copy}:v2\n"),
            format!(
                "m:2:{}: when source contains wildcards, the destination must be a repository",
                second(&format!("{app} {copy}"))
            ),
        ),
        (
            format!("{app}:v1.0={copy}\n{app}:v1.1={copy}:v*\n"),
            format!("m:2:{}", second(&format!("{app}:v1.1"))),
        ),
    ] {
        fs::write(shell.path("m"), file).unwrap();
        let said = shell.fails(2, &[&OPEN[..], &["-f", "m"]].concat());
        assert!(said.contains(&told), "{said}\n{told}");
    }
    let absent = format!("docker://{}", site.image("copy/app:v1.0"));
    let none = std::process::Command::new("skopeo")
        .args(["inspect", "--tls-verify=false", &absent])
        .output()
        .unwrap();
    assert!(!none.status.success());
}

#[test]
fn arguments_and_several_files_go_together() {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("images"));
    for tag in ["a", "b", "c"] {
        let image = layout.image("linux/amd64", &[layout.layer(&[("etc/tag", tag)])]);
        layout.name(tag, &image);
    }
    fs::write(shell.path("one"), "oci:images:a oci:copy\n").unwrap();
    fs::write(shell.path("two"), "oci:images:b=oci:copy\n").unwrap();
    shell.ok(&["mirror", "-f", "one", "-f", "two", "oci:images:c=oci:copy"]);
    assert_eq!(shell.ok(&["tags", "oci:copy"]), "a\nb\nc\n");
}

#[test]
fn a_folder_of_repositories_goes_there_and_back() {
    need!("docker-registry", "skopeo");
    let shell = Shell::new();
    let (from, to) = (stocked(&shell, &["v1.0", "v1.1", "v2.0"]), Site::open());
    let layout = Layout::new(shell.path("index"));
    let images = ["linux/amd64", "linux/arm64"]
        .map(|platform| layout.image(platform, &[layout.layer(&[("etc/platform", platform)])]));
    layout.name("v3.0", &layout.index(&images));
    shell.ok(&["push", "--plain-http", "oci:index:v3.0", &from.image("team/app:v3.0")]);
    let app = from.image("team/app");
    let out = ["mirror", "--src-plain-http", "--dir", "usb/stick", &app, "file://team/app"];
    let said = shell.ok(&out);
    assert!(said.contains(" file://team/app:v3.0\n"), "{said}");
    let folder = shell.path("usb/stick/v2/team/app/manifests");
    let link = fs::read_link(folder.join("v1.0")).unwrap();
    assert!(folder.join(link).is_file());
    let again = shell.run(&out);
    assert_eq!(again.stderr.matches("was there already").count(), 4, "{}", again.stderr);

    let back = to.image("far/app");
    shell.ok(&[
        "mirror",
        "--dest-plain-http",
        "--from-dir",
        "usb/stick",
        "file://team/app:v1.*",
        &back,
    ]);
    assert_eq!(tags(&to, "far/app"), ["v1.0", "v1.1"]);
    fs::rename(shell.path("usb/stick/v2"), shell.path("v2")).unwrap();
    shell.ok(&["mirror", "--dest-plain-http", "file://team/app", &back]);
    for tag in ["v1.0", "v1.1", "v2.0", "v3.0"] {
        let (here, there) = (format!("team/app:{tag}"), format!("far/app:{tag}"));
        assert_eq!(to.fetch(&there), from.fetch(&here), "{tag}");
    }
    let absent = shell.fails(4, &["mirror", "file://team/none:v1", "oci:x:v1"]);
    assert!(absent.contains("v2/team/none"), "{absent}");
}
