use super::*;
use crate::mirror::Place;
use crate::tagsync::RuleFile;

/// A rule with this source and these targets.
fn rule(source: &str, to: &str) -> Rule {
    RuleFile::of(&format!("- {{source: {source}, to: {to}}}")).rules.remove(0)
}

fn place(text: &str) -> Endpoint {
    text.parse().unwrap()
}

fn path(text: &str) -> RepositoryPath {
    text.parse().unwrap()
}

#[test]
fn what_is_behind_a_place_is_the_rest_of_a_path() {
    for (namespace, repository, rest) in [
        ("q.io/", "app", Some("app")),
        ("q.io/", "org/app", Some("org/app")),
        ("q.io/org/", "org/app", Some("app")),
        ("q.io/org/", "org/deep/app", Some("deep/app")),
        ("q.io/org/team/", "org/team/app", Some("app")),
        ("q.io/org/", "org", None),
        ("q.io/org/", "organ/app", None),
        ("q.io/org/", "other/org/app", None),
    ] {
        let Place::Below(namespace) = namespace.parse().unwrap() else { panic!("{namespace}") };
        assert_eq!(rest_below(&namespace, &path(repository)), rest.map(path), "{repository}");
    }
}

#[test]
fn a_target_is_a_place_or_gives_each_repository_one() {
    let one = |to: &str| rule("q.io/app", to).targets.remove(0);
    let many = |to: &str| rule("q.io/org/", to).targets.remove(0);
    for (target, rest, expected) in [
        (one("r.io/x"), None, Some("r.io/x")),
        (one("r.io/x"), Some("a"), Some("r.io/x")),
        (one("'oci:dir'"), None, Some("oci:dir")),
        // One repository has the path below a root that it has at its registry.
        (one("r.io/m/"), None, Some("r.io/m/app")),
        (many("r.io/"), Some("a"), Some("r.io/a")),
        (many("r.io/m/"), Some("deep/a"), Some("r.io/m/deep/a")),
        (many("r.io/m"), Some("a"), Some("r.io/m/a")),
        (many("r.io/m/"), None, None),
    ] {
        let found = target.place(rest.map(path).as_ref());
        assert_eq!(found, expected.map(place), "{target} {rest:?}");
    }
    let long = path("a/".repeat(100).trim_end_matches('/'));
    assert_eq!(many(&format!("r.io/{}/", "m".repeat(100))).place(Some(&long)), None);
}

#[test]
fn the_places_of_a_repository_follow_from_the_rule() {
    for (source, to, repository, places) in [
        ("q.io/app", "[r.io/a, s.io/b]", "q.io/app", &["r.io/a", "s.io/b"][..]),
        ("'q.io/app:v1'", "r.io/a", "q.io/app", &["r.io/a"]),
        ("q.io/org/", "[r.io/m/, s.io/]", "q.io/org/x/y", &["r.io/m/x/y", "s.io/x/y"]),
        ("q.io/", "r.io/", "q.io/org/app", &["r.io/org/app"]),
        ("q.io/org/", "r.io/", "q.io/other/app", &[]),
    ] {
        assert_eq!(rule(source, to).places_of(repository), places, "{source}");
    }
}

#[test]
fn a_rule_knows_where_it_may_write() {
    let rule = rule("q.io/org/", "[r.io/m/, s.io/]");
    for (at, may) in [
        ("r.io/m/a", true),
        ("r.io/m/a/b", true),
        ("r.io/ma", false),
        ("r.io/a", false),
        ("s.io/anything", true),
        ("t.io/m/a", false),
    ] {
        assert_eq!(rule.may_write_to(&place(at)), may, "{at}");
    }
}

#[test]
fn repositories_are_taken_by_what_is_behind_the_place() {
    let takes = |allow: &[&str], deny: &[&str], rest: &str| {
        let patterns = |list: &[&str]| -> Vec<Pattern> {
            list.iter().map(|text| text.parse().unwrap()).collect()
        };
        Source::takes(&patterns(allow), &patterns(deny), rest)
    };
    assert!(takes(&[], &[], "a") && takes(&["a*"], &[], "a/b") && takes(&[], &["b"], "a"));
    assert!(!takes(&["b"], &[], "a") && !takes(&["a"], &["a"], "a"));
    assert!(!takes(&[], &["*-test"], "deep/a-test"));
}
