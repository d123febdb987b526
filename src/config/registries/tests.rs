//! What `registries.conf` makes of image names, without files.

use super::*;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The settings of some files, one after the other.
fn registries(files: &[&str]) -> Registries {
    let mut registries = Registries::default();
    for text in files {
        let path = Path::new("r.conf");
        registries.add(file::parse(text, path).unwrap(), path);
    }
    registries
}

fn pull(registries: &Registries, image: &str) -> Vec<String> {
    let places = registries.pull_from(&image.parse().unwrap()).unwrap();
    places.iter().map(show).collect()
}

fn show(place: &Location) -> String {
    format!("{}{}", place.image, if place.insecure { " insecure" } else { "" })
}

fn candidates(registries: &Registries, name: &str) -> Result<Vec<String>, String> {
    match registries.candidates(&name.parse().unwrap()) {
        Ok(images) => Ok(images.iter().map(ToString::to_string).collect()),
        Err(error) => Err(error.to_string()),
    }
}

fn error(text: &str) -> String {
    file::parse(text, Path::new("r.conf")).unwrap_err().to_string()
}

#[test]
fn mirrors_come_before_the_place_itself() {
    let registries = registries(&[r#"
[[registry]]
prefix = "example.com/foo"
location = "internal.example.net/bar"
[[registry.mirror]]
location = "mirror-0.local/for-foo"
[[registry.mirror]]
location = "mirror-1.local:5000"
insecure = true
"#]);
    assert_eq!(
        pull(&registries, "example.com/foo/image:latest"),
        [
            "mirror-0.local/for-foo/image:latest",
            "mirror-1.local:5000/image:latest insecure",
            "internal.example.net/bar/image:latest"
        ]
    );
    assert_eq!(pull(&registries, "example.com/other:v1"), ["example.com/other:v1"]);
    let push = registries.push_to(&"example.com/foo/image:x".parse().unwrap()).unwrap();
    assert_eq!(show(&push), "example.com/foo/image:x");
}

#[test]
fn some_mirrors_serve_digests_or_tags_only() {
    let registries = registries(&[r#"
[[registry]]
location = "a.io"
mirror-by-digest-only = true
[[registry.mirror]]
location = "m.io"
[[registry]]
location = "b.io"
[[registry.mirror]]
location = "d.io"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "t.io"
pull-from-mirror = "tag-only"
"#]);
    let digest = format!("@sha256:{HEX}");
    assert_eq!(pull(&registries, "a.io/x:v1"), ["a.io/x:v1"]);
    assert_eq!(pull(&registries, &format!("a.io/x{digest}"))[0], format!("m.io/x{digest}"));
    assert_eq!(pull(&registries, "b.io/x:v1"), ["t.io/x:v1", "b.io/x:v1"]);
    assert_eq!(pull(&registries, &format!("b.io/x{digest}"))[0], format!("d.io/x{digest}"));
}

#[test]
fn the_longest_prefix_decides_and_wildcards_keep_the_host() {
    let registries = registries(&[r#"
[[registry]]
prefix = "*.example.com"
insecure = true
[[registry]]
prefix = "safe.example.com"
location = "safe.example.com"
[[registry]]
prefix = "*.old.io"
location = "new.io/old"
[[registry]]
prefix = "a.io/app:v1"
location = "b.io/app:v2"
"#]);
    assert_eq!(pull(&registries, "x.example.com/a"), ["x.example.com/a insecure"]);
    assert_eq!(pull(&registries, "safe.example.com/a"), ["safe.example.com/a"]);
    assert_eq!(pull(&registries, "deep.x.old.io/org/a:t"), ["new.io/old/org/a:t"]);
    assert_eq!(pull(&registries, "a.io/app:v1"), ["b.io/app:v2"]);
    assert_eq!(pull(&registries, "a.io/app:v11"), ["a.io/app:v11"]);
}

#[test]
fn what_is_blocked_is_neither_pulled_nor_pushed() {
    let registries = registries(&["[[registry]]\nlocation = 'bad.io'\nblocked = true\n"]);
    let image = "bad.io/x:v1".parse().unwrap();
    let said = registries.pull_from(&image).unwrap_err().to_string();
    assert_eq!(said, "pulling bad.io/x:v1 is forbidden: r.conf blocks 'bad.io'");
    assert!(registries.push_to(&image).is_err());
}

#[test]
fn short_names_go_by_alias_and_then_by_search() {
    let first = "unqualified-search-registries = ['quay.io', 'docker.io']\n[aliases]\nubi = 'registry.redhat.io/ubi9/ubi'\nold = 'a.io/old'\n";
    let registries = registries(&[first, "[aliases]\nold = ''\n"]);
    assert_eq!(candidates(&registries, "ubi:9.4").unwrap(), ["registry.redhat.io/ubi9/ubi:9.4"]);
    assert_eq!(
        candidates(&registries, "alpine:3").unwrap(),
        ["quay.io/alpine:3", "docker.io/library/alpine:3"]
    );
    assert_eq!(candidates(&registries, "old").unwrap()[0], "quay.io/old", "taken back");
    assert_eq!(candidates(&registries, "a.io/x").unwrap(), ["a.io/x"]);
    assert_eq!(
        candidates(&Registries::default(), "alpine").unwrap_err(),
        "'alpine' names no registry, and registries.conf has neither an alias nor a search registry for it"
    );
}

#[test]
fn enforcing_makes_no_guess() {
    let mode = "short-name-mode = 'enforcing'\n";
    let two = registries(&[mode, "unqualified-search-registries = ['a.io', 'b.io']\n"]);
    assert_eq!(
        candidates(&two, "x").unwrap_err(),
        "'x' may mean a.io/x or b.io/x: write out which"
    );
    let one = registries(&[mode, "unqualified-search-registries = ['a.io']\n"]);
    assert_eq!(candidates(&one, "x").unwrap(), ["a.io/x"]);
}

#[test]
fn a_later_file_takes_the_place_of_an_entry() {
    let registries = registries(&[
        "[[registry]]\nlocation = 'a.io'\nblocked = true\n[[registry]]\nlocation = 'b.io'\ninsecure = true\n",
        "[[registry]]\nlocation = 'a.io'\n",
    ]);
    assert_eq!(pull(&registries, "a.io/x"), ["a.io/x"]);
    assert_eq!(pull(&registries, "b.io/x"), ["b.io/x insecure"]);
}

#[test]
fn version_1_is_still_understood() {
    let old = "[registries.search]\nregistries = ['a.io']\n[registries.insecure]\nregistries = ['b.io:5000', 'c.io']\n[registries.block]\nregistries = ['c.io']\n";
    assert!(file::parse(old, Path::new("r.conf")).unwrap().is_version_1);
    let registries = registries(&[old]);
    assert_eq!(candidates(&registries, "x").unwrap(), ["a.io/x"]);
    assert_eq!(pull(&registries, "b.io:5000/x"), ["b.io:5000/x insecure"]);
    assert!(registries.pull_from(&"c.io/x".parse().unwrap()).is_err());
}

#[test]
fn faults_tell_their_place() {
    assert_eq!(
        error("[[registry]]\nlocation = 'https://a.io'\n"),
        "r.conf:2:12: 'https://a.io' is written without a scheme"
    );
    assert_eq!(
        error("[[registry]]\n  prefix = 'a.io'\n"),
        "r.conf:2:12: a prefix without a wildcard needs a location"
    );
    assert_eq!(
        error("short-name-mode = 'maybe'"),
        "r.conf:1:19: short-name-mode is enforcing, permissive or disabled"
    );
    assert_eq!(
        error("[aliases]\n'a.io/x' = 'b.io/x'\n"),
        "r.conf:2:1: an alias is a name without registry, tag and digest"
    );
    assert!(
        error("# ü\n[[registry]\n").starts_with("r.conf:2:12: "),
        "{}",
        error("# ü\n[[registry]\n")
    );
    assert!(error("[[registry]]\ninsecure = 'yes'\n").starts_with("r.conf:2:12: invalid type"));
    let mixed = "unqualified-search-registries = []\n[registries.search]\nregistries = []\n";
    assert!(error(mixed).ends_with("version 1 and version 2 cannot stand in one file"));
    let twice = "[[registry]]\nlocation='a.io'\nmirror-by-digest-only=true\n[[registry.mirror]]\nlocation='b.io'\npull-from-mirror='all'\n";
    assert!(error(twice).starts_with("r.conf:6:18: pull-from-mirror contradicts"));
}
