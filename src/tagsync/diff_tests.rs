use proptest::prelude::*;

use super::*;
use crate::tagsync::RuleFile;

fn rules(list: &str) -> Vec<Rule> {
    RuleFile::of(list).rules
}

/// A rule from `q.io/a` to `r.io/a` that says `more`.
fn rule(more: &str) -> Rule {
    rules(&format!("- {{source: q.io/a, to: r.io/a, {more}}}")).remove(0)
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn tags(text: &str) -> Vec<Tag> {
    text.split_whitespace().map(tag).collect()
}

fn digest(digit: char) -> Digest {
    format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
}

fn at(more: &str, name: &str, there: Option<char>) -> Result<Step, BackupNameError> {
    let now = "2026-11-25T23:05:09Z".parse().unwrap();
    step(&rule(more), &tag(name), &digest('a'), there.map(digest).as_ref(), now)
}

#[test]
fn what_is_to_be_done_follows_from_what_is_there() {
    let kept = |name: &str| Step::Move { from: digest('b'), backup: Some(tag(name)) };
    let held = |pattern: &str| Step::Held { from: digest('b'), immutable: pattern.to_owned() };
    for (more, name, there, step) in [
        ("", "v1", None, Step::New),
        ("backup: 'old-{tag}', immutable: ['*']", "v1", None, Step::New),
        ("", "v1", Some('a'), Step::Keep),
        ("backup: 'old-{tag}', immutable: ['*']", "v1", Some('a'), Step::Keep),
        ("", "v1", Some('b'), Step::Move { from: digest('b'), backup: None }),
        ("backup: '{tag}-{date}'", "v1", Some('b'), kept("v1-20261125")),
        ("backup: '{digest}'", "v1", Some('b'), kept("bbbbbbbbbbbb")),
        ("immutable: ['v*']", "v1", Some('b'), held("v*")),
        ("immutable: [w1, '/v.*/'], backup: 'old-{tag}'", "v1", Some('b'), held("/v.*/")),
        ("immutable: ['w*'], backup: 'old-{tag}'", "v1", Some('b'), kept("old-v1")),
    ] {
        assert_eq!(at(more, name, there).unwrap(), step, "{more}");
    }
}

#[test]
fn what_cannot_be_kept_is_not_overwritten() {
    let long = "v".repeat(126);
    let more = "backup: 'old-{tag}', immutable: [w1]";
    assert!(at(more, &long, Some('b')).is_err());
    assert_eq!(at(more, &long, None).unwrap(), Step::New);
    assert_eq!(at(more, &long, Some('a')).unwrap(), Step::Keep);
    // What never moves needs no name for a backup.
    assert!(matches!(
        at("backup: 'old-{tag}', immutable: ['v*']", &long, Some('b')),
        Ok(Step::Held { .. })
    ));
}

#[test]
fn tags_stay_that_anyone_wants_or_that_may_be_of_use() {
    let hex = "0123456789abcdef".repeat(4);
    let of_referrers =
        ["", ".sig", ".att", ".sbom"].map(|suffix| format!("sha256-{hex}{suffix}")).join(" ");
    let sha512 = format!("sha512-{hex} sha512-{hex}.sig");
    for (more, there, strays) in [
        ("", "v1 v2 old", "old"),
        ("", "v1", ""),
        ("", "", ""),
        ("prune: {mode: tags, protect: ['o*', keep]}", "v1 old other keep x", "x"),
        ("prune: {mode: off, protect: [x]}", "x y", "y"),
        (
            "backup: '{tag}-before-{date}'",
            "a-before-20200101 a-before-2020 before",
            "a-before-2020 before",
        ),
        ("", of_referrers.as_str(), ""),
        ("", sha512.as_str(), ""),
        ("", "sha256-abc sha256- sha-1 sha512", "sha256-abc sha256- sha-1 sha512"),
    ] {
        let rule = rule(more);
        let wanted = ["v1", "v2"].map(tag).into();
        let holding = Holding { rules: vec![&rule], wanted };
        assert_eq!(holding.strays(&tags(there)), tags(strays), "{more} {there}");
    }
    // A name that is nearly one of them is none.
    let holding = Holding::default();
    for name in
        [format!("sha256-{hex}x"), format!("sha256-{}z", &hex[1..]), format!("sha384-{hex}")]
    {
        assert_eq!(holding.strays(&[tag(&name)]), [tag(&name)]);
    }
}

#[test]
fn each_rule_of_a_target_keeps_what_it_says() {
    let rules = rules(
        "- {name: a, source: q.io/a, to: r.io/a, prune: {mode: tags, protect: [one]}}\n\
         - {name: b, source: q.io/b, to: r.io/a, backup: 'old-{tag}'}\n\
         - {name: c, source: q.io/c, to: r.io/a, prune: {mode: report, protect: [two]}}",
    );
    let holding = Holding { rules: rules.iter().collect(), wanted: BTreeSet::new() };
    assert_eq!(holding.strays(&tags("one old-x three two")), tags("three"));
}

#[test]
fn the_most_careful_rule_says_how_many_may_go() {
    for (list, max) in [
        (&["tags"][..], 20),
        (&["{mode: tags, max-delete: 3}"], 3),
        (&["{mode: tags, max-delete: 30}"], 30),
        (&["{mode: tags, max-delete: 30}", "{mode: tags, max-delete: 7}", "tags"], 7),
        (&["{mode: tags, max-delete: 30}", "{mode: report, max-delete: 5}"], 5),
        // One that looks for nothing says nothing.
        (&["{mode: tags, max-delete: 30}", "off"], 30),
        (&["off"], 0),
    ] {
        let items = list.iter().enumerate();
        let items = items.map(|(n, prune)| {
            format!("- {{name: r{n}, source: q.io/a, to: r.io/a, prune: {prune}}}")
        });
        let rules = rules(&items.collect::<Vec<_>>().join("\n"));
        let holding = Holding { rules: rules.iter().collect(), wanted: BTreeSet::new() };
        assert_eq!(holding.max_delete(), max, "{list:?}");
    }
}

proptest! {
    #[test]
    fn a_stray_is_there_and_nobody_wants_it(
        there in prop::collection::vec("[a-d][0-9]?", 0..12),
        wanted in prop::collection::btree_set("[a-d][0-9]?", 0..8),
        protect in "[a-d]",
    ) {
        let rule = rule(&format!("prune: {{mode: tags, protect: ['{protect}*']}}"));
        let there: Vec<Tag> = there.iter().map(|name| tag(name)).collect();
        let wanted: BTreeSet<Tag> = wanted.iter().map(|name| tag(name)).collect();
        let holding = Holding { rules: vec![&rule], wanted: wanted.clone() };
        let strays = holding.strays(&there);
        for tag in &there {
            let stays = wanted.contains(tag) || tag.as_str().starts_with(&protect);
            prop_assert_eq!(strays.contains(tag), !stays);
        }
        prop_assert!(strays.iter().all(|tag| there.contains(tag)));
    }
}
