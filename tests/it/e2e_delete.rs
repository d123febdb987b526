//! Deletion in two steps, in docker-registry, in our own registry and in layouts.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::support::embedded::Embedded;
use crate::support::faults::{Fault, Proxy};
use crate::support::layout::{Layout, digest};
use crate::support::program::Ran;
use crate::support::registry::Registry;
use crate::support::shell::Shell;
use crate::support::site::Site;
use crate::support::skopeo;

/// How many tags there are of each kind where there are many.
const MANY: u64 = 12;

/// Images in the layout `image`: the index `all` of `arm` and an image without a name of its own, `same` for `arm`, and
/// `lone`, which is signed.
struct Images {
    all: String,
    arm: String,
    nameless: String,
    lone: String,
    signature: String,
}

fn make(shell: &Shell) -> Images {
    let layout = Layout::new(shell.path("image"));
    let image = |platform: &str, seed| layout.image(platform, &[layout.noise_layer(seed, 10_000)]);
    let (arm, nameless) = (image("linux/arm64", 1), image("linux/amd64", 2));
    let (all, lone) = (layout.index(&[arm.clone(), nameless.clone()]), image("linux/amd64", 3));
    for (name, image) in [("all", &all), ("arm", &arm), ("same", &arm), ("lone", &lone)] {
        layout.name(name, image);
    }
    let signature = layout.cosign_signature(&lone, "signed");
    let text = |descriptor: &Value| digest(descriptor).to_owned();
    Images {
        all: text(&all),
        arm: text(&arm),
        nameless: text(&nameless),
        lone: text(&lone),
        signature: text(&signature),
    }
}

/// Copies all images to `team/app` of a registry, and gives that place.
fn push(shell: &Shell, address: &str) -> String {
    let place = format!("{address}/team/app");
    for name in ["all", "arm", "same", "lone"] {
        let (from, to) = (format!("oci:image:{name}"), format!("{place}:{name}"));
        shell.ok(&["mirror", "--referrers", "--dest-plain-http", &from, &to]);
    }
    place
}

fn generate(shell: &Shell, targets: &[&str]) -> String {
    let flags = ["delete", "--plain-http", "--generate", "list"];
    shell.ok(&[&flags[..], targets].concat());
    fs::read_to_string(shell.path("list")).unwrap()
}

fn execute(shell: &Shell) -> Ran {
    shell.run(&["delete", "--plain-http", "--execute", "list"])
}

fn tags(shell: &Shell, place: &str) -> Vec<String> {
    let tags = shell.ok(&["tags", "--plain-http", place]);
    tags.lines().map(str::to_owned).collect()
}

/// That all tags lead to whole images.
fn is_whole(shell: &Shell, place: &str) {
    let verify = ["verify", "--plain-http", "--deep", place];
    let ran = shell.run_until(&verify, |ran| ran.code == Some(0));
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn an_index_goes_with_what_no_other_tag_needs() {
    need!("docker-registry", "skopeo");
    let (site, shell) = (Site::open(), Shell::new());
    let images = make(&shell);
    let place = push(&shell, site.registry.address());
    let arm = site.fetch("team/app:arm");
    let list = generate(&shell, &[&format!("{place}:al*")]);
    let rows: Vec<&str> = list.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    assert_eq!(rows.len(), 3, "{list}");
    assert_eq!(rows[0], format!("tag      {} {place}:all", images.all));
    assert!(rows[1].starts_with(&format!("manifest {} {place} # ", images.all)), "{list}");
    assert!(rows[2].starts_with(&format!("manifest {} {place} # 1", images.nameless)), "{list}");
    assert!(
        tags(&shell, &place).contains(&"all".to_owned()),
        "nothing is deleted by the first step"
    );

    let ran = execute(&shell);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("1 tag and 2 manifests deleted"), "{}", ran.stderr);
    assert!(ran.stderr.contains("collects its garbage"), "{}", ran.stderr);
    assert!(!tags(&shell, &place).contains(&"all".to_owned()));
    assert_eq!(site.fetch("team/app:arm"), arm);
    is_whole(&shell, &place);

    let again = execute(&shell);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stdout.lines().all(|line| line.starts_with("gone ")), "{}", again.stdout);
}

#[test]
fn a_signature_goes_with_its_image() {
    need!("docker-registry");
    let (site, shell) = (Site::open(), Shell::new());
    let images = make(&shell);
    let place = push(&shell, site.registry.address());
    let list = generate(&shell, &[&format!("{place}:lone")]);
    assert!(list.contains(&images.signature) && list.contains(&images.lone), "{list}");
    let ran = execute(&shell);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(tags(&shell, &place), ["all", "arm", "same"]);
    is_whole(&shell, &place);
}

#[test]
fn a_tag_alone_goes_only_where_the_registry_can_do_that() {
    need!("docker-registry");
    let shell = Shell::new();
    let images = make(&shell);
    let (registry, ours) = (Registry::open(), Embedded::new());
    let place = push(&shell, registry.address());
    let list = generate(&shell, &[&format!("{place}:same")]);
    assert!(list.contains("# the tag alone: all needs its manifest"), "{list}");
    let ran = execute(&shell);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.starts_with(&format!("stays    {place}:same: the registry cannot")));
    assert_eq!(tags(&shell, &place).len(), 5);
    is_whole(&shell, &place);

    fs::remove_file(shell.path("list")).unwrap();
    let place = push(&shell, &ours.address());
    generate(&shell, &[&format!("{place}:same")]);
    let ran = execute(&shell);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(!tags(&shell, &place).contains(&"same".to_owned()));
    let inspected = shell.ok(&["inspect", "--plain-http", "-o", "json", &format!("{place}:arm")]);
    assert!(inspected.contains(&images.arm));
    is_whole(&shell, &place);
}

#[test]
fn what_has_moved_or_is_needed_by_now_stays() {
    need!("docker-registry");
    let (site, shell) = (Site::open(), Shell::new());
    let images = make(&shell);
    let place = push(&shell, site.registry.address());
    generate(&shell, &[&format!("{place}:all"), &format!("{place}:lone")]);
    let copy = |from: &str, to: &str| {
        shell.ok(&["mirror", "--src-plain-http", "--dest-plain-http", from, to]);
    };
    let nameless = format!("{place}@{}", images.nameless);
    copy(&nameless, &format!("{place}:kept"));
    copy(&format!("{place}:arm"), &format!("{place}:lone"));
    let ran = execute(&shell);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    let stays = [
        format!("stays    {place}@{}: kept needs it", images.nameless),
        format!("stays    {place}:lone: it is {} now", images.arm),
        format!("stays    {place}@{}: lone was this manifest and is another now", images.lone),
    ];
    for line in stays {
        assert!(ran.stdout.contains(&line), "{line}\n{}", ran.stdout);
    }
    assert!(tags(&shell, &place).contains(&"lone".to_owned()));
    is_whole(&shell, &place);
}

#[test]
fn a_long_list_deletes_nothing() {
    need!("docker-registry");
    let (site, shell) = (Site::open(), Shell::new());
    make(&shell);
    let place = push(&shell, site.registry.address());
    generate(&shell, &[&place]);
    let all = tags(&shell, &place);
    let max = ["delete", "--plain-http", "--execute", "list", "--max-delete"];
    let said = shell.fails(2, &[&max[..], &["9"]].concat());
    assert!(said.contains("the list has 10 tags and manifests"), "{said}");
    assert_eq!(tags(&shell, &place), all);
    shell.ok(&[&max[..], &["10"]].concat());
    let ran = shell.run(&["tags", "--plain-http", &place]);
    assert_eq!(ran.stdout, "", "{}", ran.stderr);
}

#[test]
fn a_registry_that_deletes_nothing_says_how_to_change_that() {
    need!("docker-registry");
    let (registry, shell) = (Registry::without_deletion(), Shell::new());
    make(&shell);
    let place = push(&shell, registry.address());
    generate(&shell, &[&format!("{place}:lone")]);
    let ran = execute(&shell);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("REGISTRY_STORAGE_DELETE_ENABLED=true"), "{}", ran.stderr);
    is_whole(&shell, &place);
}

#[test]
fn layouts_are_weeded_too() {
    need!("skopeo");
    let shell = Shell::new();
    make(&shell);
    let arm = skopeo::fetch(&shell.full("oci:image:arm"), &[]);
    let list = generate(&shell, &["oci:image:all", "oci:image:same"]);
    assert!(list.contains("oci:image:same # the tag alone: arm needs its manifest"), "{list}");
    let ran = execute(&shell);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let names = shell.ok(&["tags", "oci:image"]);
    assert!(names.starts_with("arm\nlone\nsha256-"), "{names}");
    assert_eq!(skopeo::fetch(&shell.full("oci:image:arm"), &[]), arm);
    assert_eq!(shell.ok(&["verify", "oci:image"]), "");
}

#[test]
fn mistakes_are_told_and_change_nothing() {
    need!("docker-registry");
    let (site, shell) = (Site::open(), Shell::new());
    make(&shell);
    let place = push(&shell, site.registry.address());
    let missing = format!("{place}:v9");
    shell.fails(4, &["delete", "--plain-http", "--generate", "list", &missing]);
    assert!(!shell.path("list").exists());
    fs::write(shell.path("list"), "tag it\n").unwrap();
    let said = shell.fails(2, &["delete", "--plain-http", "--execute", "list"]);
    assert!(said.contains("list:1:1: expected"), "{said}");
    let said = shell.fails(2, &["delete", "--plain-http", "--generate", "list", &place]);
    assert!(said.contains("a list is never written over"), "{said}");
    assert_eq!(fs::read_to_string(shell.path("list")).unwrap(), "tag it\n");
}

#[test]
fn a_killed_deletion_leaves_no_tag_that_lacks_something_and_is_finished_by_the_next() {
    need!("docker-registry", "skopeo");
    let (site, shell) = (Site::open(), Shell::new());
    let layout = Layout::new(shell.path("many"));
    let image = |seed| layout.image("linux/amd64", &[layout.noise_layer(seed, 1000)]);
    let shared = image(100);
    for number in 0..MANY {
        let (one, other) = (image(number), image(200 + number));
        layout.name(&format!("v{number}"), &layout.index(&[one, shared.clone()]));
        layout.name(&format!("kept{number}"), &layout.index(&[other, shared.clone()]));
    }
    let place = site.image("team/app");
    let all = [("v", MANY), ("kept", MANY)].into_iter().flat_map(|(name, many)| {
        (0..many).map(move |number| format!("oci:many:{name}{number}={name}{number}"))
    });
    let all: Vec<String> = all.map(|pair| pair.replace('=', &format!("={place}:"))).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    shell.ok(&[&["mirror", "--dest-plain-http"], &all[..]].concat());
    let kept = site.fetch("team/app:kept0");
    let proxy = Proxy::before(site.registry.address());
    proxy.fault(usize::MAX, "DELETE", "/manifests/", Fault::Delay(Duration::from_millis(30)));
    let seen = format!("{}/team/app:v*", proxy.address());
    generate(&shell, &[&seen]);
    shell.killed_again_and_again(&["delete", "--plain-http", "--execute", "list"], || {
        is_whole(&shell, &place);
    });
    let left = tags(&shell, &place);
    assert!(
        left.len() as u64 == MANY && left.iter().all(|tag| tag.starts_with("kept")),
        "{left:?}"
    );
    is_whole(&shell, &place);
    assert_eq!(site.fetch("team/app:kept0"), kept);
}
