//! What `mirror` leaves out, puts again or skips, under the names that `oc image mirror` has for it.

use std::fs;

use serde_json::Value;

use crate::support::embedded::Embedded;
use crate::support::faults::Proxy;
use crate::support::layout::{Layout, digest};
use crate::support::shell::Shell;
use crate::support::site::Site;
use crate::support::skopeo;

const OPEN: [&str; 3] = ["mirror", "--src-plain-http", "--dest-plain-http"];

/// An image for three platforms in the layout `image`, under the name `v1`. Its digest, and those of its images.
fn make_image(shell: &Shell) -> (String, Vec<String>) {
    let layout = Layout::new(shell.path("image"));
    let images = [("linux/amd64", 1), ("linux/arm64", 2), ("windows/amd64", 3)]
        .map(|(platform, seed)| layout.image(platform, &[layout.noise_layer(seed, 50_000)]));
    let index = layout.index(&images);
    layout.name("v1", &index);
    (digest(&index).to_owned(), images.iter().map(|image| digest(image).to_owned()).collect())
}

/// Mirrors `oci:image:v1` with these flags, and what the report in JSON says of it.
fn mirror(shell: &Shell, flags: &[&str], to: &str) -> Value {
    let said = shell.ok(&[&OPEN[..], flags, &["-o", "json", "oci:image:v1", to]].concat());
    serde_json::from_str::<Value>(&said).unwrap()["images"][0].clone()
}

/// How many of the files of a layout are blobs.
fn blobs(shell: &Shell, layout: &str) -> usize {
    fs::read_dir(shell.path(layout).join("blobs/sha256")).unwrap().count()
}

#[test]
fn a_filter_takes_platforms_by_a_regular_expression() {
    let shell = Shell::new();
    let (index, images) = make_image(&shell);
    let taken = |filter: &str, to: &str| mirror(&shell, &["--filter-by-os", filter], to);
    assert_eq!(taken(".*", "oci:all:v1")["digest"], index);
    assert_eq!(taken("amd64|arm64", "oci:every:v1")["digest"], index, "which is all of it");
    let one = taken("^linux/arm", "oci:one:v1");
    assert_eq!(
        (&one["digest"], &one["pickedFrom"]),
        (&images[1].clone().into(), &index.clone().into())
    );
    let two = taken("^linux/", "oci:two:v1");
    assert_ne!(two["digest"], index);
    let inspected = shell.ok(&["inspect", "oci:two:v1"]);
    assert!(inspected.contains("linux/arm64") && !inspected.contains("windows"), "{inspected}");

    let none =
        shell.fails(4, &["mirror", "--filter-by-os", "s390x", "oci:image:v1", "oci:none:v1"]);
    assert!(none.contains("no image for platforms like 's390x': it has linux/amd64"), "{none}");
    assert!(!shell.path("none").exists());
    let bad = shell.fails(2, &["mirror", "--filter-by-os", "linux/(", "oci:image", "oci:x"]);
    assert!(bad.contains("'linux/(' is not a regular expression: unclosed group"), "{bad}");
    shell.fails(2, &["mirror", "--filter-by-os", "a", "--platform", "a/b", "oci:image", "oci:x"]);
}

#[test]
fn a_kept_list_has_its_digest_and_only_the_images_that_are_wanted() {
    need!("skopeo");
    let shell = Shell::new();
    let (index, images) = make_image(&shell);
    let registry = Embedded::new();
    let app = format!("{}/team/app:v1", registry.address());
    let keep = |filter| mirror(&shell, &["--keep-manifest-list", "--filter-by-os", filter], &app);
    let first = keep("^linux/amd64");
    assert_eq!(first["digest"], index);
    assert_eq!((&first["leftOut"], &first["outcome"]), (&2.into(), &"copied".into()));
    let there = |image: &str| {
        let by_digest = format!("{}/team/app@{image}", registry.address());
        shell.run(&["inspect", "--plain-http", &by_digest]).code == Some(0)
    };
    assert_eq!(images.iter().map(|image| there(image)).collect::<Vec<_>>(), [true, false, false]);
    let remote = format!("docker://{app}");
    let judged = skopeo::run(&["inspect", "--raw", "--tls-verify=false", &remote]);
    assert_eq!(longshore::model::Digest::of(&judged).as_str(), index);
    let copy = format!("dir:{}", shell.path("judged").display());
    let options = ["copy", "-q", "--src-tls-verify=false", "--override-arch", "amd64"];
    skopeo::run(&[&options[..], &[&remote, &copy]].concat());

    assert_eq!(keep("^linux/amd64")["outcome"], "present");
    let wider = keep("^linux/");
    assert_eq!((&wider["leftOut"], &wider["outcome"]), (&1.into(), &"copied".into()));
    assert_eq!(images.iter().map(|image| there(image)).collect::<Vec<_>>(), [true, true, false]);
    let ran = shell.run(
        &[
            &OPEN[..],
            &["--keep-manifest-list", "--platform", "linux/arm64", "oci:image:v1", "oci:sparse:v1"],
        ]
        .concat(),
    );
    let note = "note: oci:sparse:v1 is a sparse index: 2 of its images are left out";
    assert!(ran.code == Some(0) && ran.stderr.contains(note), "{}", ran.stderr);
    assert_eq!(blobs(&shell, "sparse"), 4);
}

#[test]
fn a_registry_that_takes_no_sparse_index_is_told() {
    need!("docker-registry");
    let (shell, site) = (Shell::new(), Site::open());
    make_image(&shell);
    let flags = ["--keep-manifest-list", "--platform", "linux/arm64"];
    let to = site.image("team/app:v1");
    let said = shell.fails(1, &[&OPEN[..], &flags, &["oci:image:v1", &to]].concat());
    assert!(said.contains("hint: the registry wants all that a manifest names"), "{said}");
}

#[test]
fn what_is_missing_is_skipped_by_tag_by_digest_and_by_repository() {
    need!("docker-registry", "skopeo");
    let (shell, from, to) = (Shell::new(), Site::open(), Site::open());
    make_image(&shell);
    shell.ok(&["push", "--plain-http", "oci:image:v1", &from.image("team/app:v1")]);
    let unknown = longshore::model::Digest::of(b"unknown");
    let (app, gone) = (from.image("team/app"), from.image("team/gone"));
    let copy = to.image("copy/app");
    let file = format!(
        "{app}:v9 {copy}\n{app}@{unknown} {copy}:by-digest\n{gone}:v1 {copy}:gone\n{gone} {copy}\n\
         {app}:w* {copy}\n{app}:v1 {copy}\n"
    );
    fs::write(shell.path("m"), file).unwrap();
    let line = [&OPEN[..], &["-f", "m"]].concat();
    shell.fails(1, &line);
    let ran = shell.run(&[&line[..], &["--skip-missing"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    let skipped = ran.stderr.lines().filter(|line| line.starts_with("skipped: ")).count();
    assert_eq!(skipped, 5, "{}", ran.stderr);
    assert!(!ran.stderr.contains("failed"), "{}", ran.stderr);
    let by_digest = format!("{app}@{unknown} -> {copy}:by-digest: manifest {unknown} is not in");
    assert!(ran.stderr.contains(&by_digest), "{}", ran.stderr);
    assert_eq!(to.fetch("copy/app:v1"), from.fetch("team/app:v1"));

    let json = shell.ok(&[&line[..], &["--skip-missing", "-o", "json"]].concat());
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["images"][0]["outcome"], "skipped");
}

#[test]
fn a_part_that_is_missing_is_a_failure_all_the_same() {
    let shell = Shell::new();
    let (_, images) = make_image(&shell);
    let file = images[1].replace(':', "/");
    fs::remove_file(shell.path("image/blobs").join(file)).unwrap();
    let said = shell.fails(4, &["mirror", "--skip-missing", "oci:image:v1", "oci:copy:v1"]);
    assert!(said.contains(&format!("manifest {} is not in", images[1])), "{said}");
    assert!(!said.contains("skipped"), "{said}");
}

#[test]
fn the_flags_are_for_sets_of_images_too() {
    let (shell, registry) = (Shell::new(), Embedded::new());
    make_image(&shell);
    let address = registry.address();
    shell.ok(&["push", "--plain-http", "oci:image:v1", &format!("{address}/team/app:v1")]);
    let set = format!(
        "apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  \
         additionalImages:\n  - name: {address}/team/app:v1\n  - name: {address}/team/app:v9\n"
    );
    fs::write(shell.path("set.yaml"), set).unwrap();
    let line = ["mirror", "--insecure", "-c", "set.yaml", "oci:copy"];
    shell.fails(1, &line);
    let ran = shell.run(&[&line[..], &["--skip-missing", "--force"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("skipped: ") && ran.stderr.contains("6 copied"), "{}", ran.stderr);
}

#[test]
fn force_puts_again_what_is_there() {
    let shell = Shell::new();
    make_image(&shell);
    let whole = blobs(&shell, "image");
    mirror(&shell, &[], "oci:copy:v1");
    let lost = fs::read_dir(shell.path("copy/blobs/sha256"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    fs::remove_file(lost).unwrap();
    assert_eq!(mirror(&shell, &["--continue-on-error"], "oci:copy:v1")["outcome"], "present");
    assert_eq!(blobs(&shell, "copy"), whole - 1);
    let forced = mirror(&shell, &["--force"], "oci:copy:v1");
    assert_eq!((&forced["outcome"], &forced["blobs"]["copied"]), (&"copied".into(), &6.into()));
    assert_eq!(blobs(&shell, "copy"), whole);
}

#[test]
fn blobs_are_mounted_unless_that_is_not_wanted() {
    need!("docker-registry");
    let (shell, site) = (Shell::new(), Site::open());
    make_image(&shell);
    let proxy = Proxy::before(site.registry.address());
    let image = |name: &str| format!("{}/{name}", proxy.address());
    shell.ok(&["push", "--plain-http", "oci:image:v1", &image("team/app:v1")]);
    let mirror = |flags: &[&str], to: &str| {
        let (from, to) = (image("team/app:v1"), image(to));
        shell.ok(&[&OPEN[..], flags, &[&from, &to]].concat());
    };
    mirror(&["--skip-mount"], "one/app");
    assert_eq!(proxy.count("POST", "mount="), 0);
    mirror(&[], "two/app");
    assert!(proxy.count("POST", "mount=") > 0);
    assert_eq!(site.fetch("one/app:v1"), site.fetch("two/app:v1"));
}

#[test]
fn insecure_is_for_both_ends_and_for_registries_without_tls() {
    need!("docker-registry", "htpasswd", "skopeo");
    let (shell, from, to) = (Shell::new(), Site::open(), Site::with_tls());
    make_image(&shell);
    to.login(&shell);
    shell.ok(&["push", "--plain-http", "oci:image:v1", &from.image("team/app:v1")]);
    let (here, there) = (from.image("team/app:v1"), to.image("copy/app"));
    shell.fails(5, &["mirror", "--retries", "0", &here, &there]);
    shell.ok(&["mirror", "--insecure", &here, &there]);
    assert_eq!(to.fetch("copy/app:v1"), from.fetch("team/app:v1"));
}
