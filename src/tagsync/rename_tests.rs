use std::error::Error as _;

use proptest::prelude::*;

use super::*;

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn rules(rules: &[(&str, &str)]) -> Rename {
    let rules = rules.iter().map(|(matching, to)| RenameRule::new(matching, to).unwrap());
    Rename::by_rules(rules.collect())
}

#[test]
fn a_template_makes_the_name() {
    for (template, old, new) in [
        ("{tag}", "v1.2.3", "v1.2.3"),
        ("mirror-{tag}", "latest", "mirror-latest"),
        ("{version}", "v1.2.3-rc.1", "1.2.3-rc.1"),
        ("{version}", "1.2", "1.2"),
        ("v{version}", "v1.2_4", "v1.2_4"),
        ("{major}.{minor}", "v1.2.3", "1.2"),
        ("{major}_{minor}_{patch}", "2024.01.03-x", "2024_01_03"),
        ("stable", "v1", "stable"),
    ] {
        let rename: Rename = template.parse().unwrap();
        assert_eq!(rename.apply(&tag(old)).unwrap(), tag(new), "{template}");
    }
}

#[test]
fn what_a_template_cannot_make_is_told() {
    let long = "a".repeat(128);
    for (template, old, told, cause) in [
        (
            "{version}",
            "latest",
            "the tag 'latest' is no version, so {version} in '{version}' stands for nothing",
            None,
        ),
        ("x-{major}", "1.2.3.4", "'1.2.3.4' is no version, so {major} in 'x-{major}'", None),
        ("{major}.{minor}", "v1", "'v1' has fewer numbers, so {minor} in '{major}.{minor}'", None),
        ("-{tag}", "v1", "the tag 'v1' would be renamed to what is no tag", Some("'-v1' is not a")),
        ("x{tag}", long.as_str(), "would be renamed to what is no tag", Some("'xaaaa")),
    ] {
        let rename: Rename = template.parse().unwrap();
        let error = rename.apply(&tag(old)).unwrap_err();
        assert!(error.to_string().contains(told), "{template}: {error}");
        let source = error.source().map(ToString::to_string);
        assert_eq!(source.is_some(), cause.is_some(), "{template}");
        assert!(source.unwrap_or_default().contains(cause.unwrap_or_default()), "{template}");
    }
    let error = "{name}".parse::<Rename>().unwrap_err().to_string();
    assert!(error.contains("there are {tag}, {version}, {major}, {minor}, {patch}"), "{error}");
}

#[test]
fn the_first_rule_that_fits_makes_the_name() {
    let several =
        &[("v(.*)", "$1"), ("(?<base>.+)-alpine(.*)", "alpine-${base}$2"), (".*", "other")];
    for (given, old, new) in [
        (&several[..], "v1.2", "1.2"),
        (several, "1.2-alpine3", "alpine-1.23"),
        (several, "latest", "other"),
        (&several[..2], "latest", "latest"),
        (&[], "latest", "latest"),
        // The whole name has to fit.
        (&[("1", "x")], "1.2", "1.2"),
        (&[("/1.*/", "x")], "1.2", "x"),
        (&[("a|ab", "x")], "ab", "x"),
        // A group ends where its number does.
        (&[("(.*)", "$1a")], "v", "va"),
        (&[("(.*)", "$1_$0")], "v", "v_v"),
        (&[("(?<n>.*)", "$n-x")], "v", "v-x"),
        (&[("(a)?b", "x$1")], "b", "x"),
    ] {
        assert_eq!(rules(given).apply(&tag(old)).unwrap(), tag(new), "{given:?} {old}");
    }
    let error = rules(&[("(a)?b", "$1")]).apply(&tag("b")).unwrap_err();
    assert_eq!(error.to_string(), "the tag 'b' would be renamed to what is no tag");
}

#[test]
fn what_is_no_rule_is_told() {
    for (matching, to, told) in [
        ("(", "x", "'(' is no regular expression: unclosed group"),
        ("a", "$1", "'$1' names the group '1', which the expression does not have: it has $0"),
        (
            "(a)(?<b>b)",
            "${c}",
            "names the group 'c', which the expression does not have: it has $0, $1, ${b}",
        ),
        ("(a)", "x$", "'x$' has a $ that names no group: a group is written $1 or ${name}"),
        ("(a)", "$-", "has a $ that names no group"),
        ("(a)", "${1", "has a $ that names no group"),
        ("(a)", "${}", "has a $ that names no group"),
        ("(a)", "$$1", "has a $ that names no group"),
        ("(a)", "x:$1", "'x:$1' has ':', which no tag can have"),
        ("(a)", r"\1", r"'\1' has '\', which no tag can have"),
    ] {
        let error = RenameRule::new(matching, to).unwrap_err().to_string();
        assert!(error.contains(told), "{to}: {error}");
    }
}

proptest! {
    #[test]
    fn identities_change_nothing(text in "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}") {
        let old = tag(&text);
        for same in [Rename::default(), "{tag}".parse().unwrap(), rules(&[("(.*)", "$1")])] {
            prop_assert_eq!(same.apply(&old).unwrap(), old.clone());
        }
    }

    #[test]
    fn a_version_is_in_its_fields(numbers in prop::array::uniform3("[0-9]{1,4}"), v in "v?", suffix in "(-rc[0-9])?") {
        let version = numbers.join(".");
        let old = tag(&format!("{v}{version}{suffix}"));
        for (template, new) in [("{major}.{minor}.{patch}", version.clone()), ("{version}", format!("{version}{suffix}"))] {
            let rename: Rename = template.parse().unwrap();
            prop_assert_eq!(rename.apply(&old).unwrap(), tag(&new));
        }
    }
}
