use proptest::prelude::*;

use super::*;

fn version(text: &str) -> Version {
    version_of(&text.parse().unwrap()).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn a_tag_may_be_a_version() {
    for (tag, expected) in [
        ("1.2.3", Some("1.2.3")),
        ("v1.2.3", Some("1.2.3")),
        ("V1.2", Some("1.2.0")),
        ("17", Some("17.0.0")),
        ("2024.01.03", Some("2024.1.3")),
        ("20240103", Some("20240103.0.0")),
        ("v007", Some("7.0.0")),
        ("1.2.3-rc.1", Some("1.2.3-rc.1")),
        ("1.2-alpine3.19", Some("1.2.0-alpine3.19")),
        ("9.4-1227.1726694542", Some("9.4.0-1227.1726694542")),
        ("4.18.0-0.nightly-2024-01-03-120000", Some("4.18.0-0.nightly-2024-01-03-120000")),
        ("1.2.3-007.0.00", Some("1.2.3-7.0.0")),
        ("1.2.3_4", Some("1.2.3+4")),
        ("1.2.3-rc.1_4.01", Some("1.2.3-rc.1+4.01")),
        ("latest", None),
        ("v", None),
        ("vv1", None),
        ("1.2.3.4", None),
        ("1..2", None),
        ("1.", None),
        ("1.x", None),
        ("1.2.3-", None),
        ("1.2.3_", None),
        ("1.2.3-a..b", None),
        ("1.2.3-a_b_c", None),
        ("1.2.3rc1", None),
        ("7d3fabc", None),
        ("99999999999999999999", None),
    ] {
        let found = version_of(&tag.parse().unwrap()).map(|version| version.to_string());
        assert_eq!(found.as_deref(), expected, "{tag}");
    }
}

#[test]
fn a_range_has_versions_in_it() {
    for (range, inside, outside) in [
        (">=1.2 <2", &["1.2.0", "1.9", "v1.99.7"][..], &["1.1.9", "2", "0.9"][..]),
        (">=1.2, <2", &["1.2.0", "1.9"], &["2.0.1"]),
        (">= v1.2,<2", &["1.2.0"], &["2"]),
        ("=>1.2 =<1.4", &["1.2", "1.4.9"], &["1.5", "1.1"]),
        ("^1.4", &["1.4", "1.9.9"], &["1.3", "2"]),
        ("^0.4", &["0.4.7"], &["0.5", "0.3"]),
        ("~1.4", &["1.4.0", "1.4.9"], &["1.5", "1.3"]),
        ("~1.4.2", &["1.4.2", "1.4.9"], &["1.4.1", "1.5"]),
        ("1.x", &["1.0", "1.99"], &["2", "0.1"]),
        ("1.2.*", &["1.2.0", "1.2.7"], &["1.3"]),
        ("1.X.x", &["1.0"], &["2"]),
        ("1", &["1.0", "1.99.3"], &["2"]),
        ("1.2", &["1.2.0", "1.2.9"], &["1.3", "1.1"]),
        ("1.2.3", &["1.2.3", "1.2.3_9"], &["1.2.4", "1.2.2"]),
        ("=1.2.3", &["1.2.3"], &["1.2.4"]),
        ("1.2 - 1.4", &["1.2.0", "1.4.9"], &["1.1", "1.5"]),
        ("1.2.3 - 2", &["1.2.3", "2.9"], &["1.2.2", "3"]),
        (">1.2", &["1.3.0"], &["1.2.9"]),
        ("<=1.2", &["1.2.9"], &["1.3.0"]),
        (">=1 <2 || 3.x", &["1.5", "3.7"], &["2.0", "4"]),
        ("*", &["0.0", "99"], &[]),
        ("x || 1", &["0.0", "99"], &[]),
        (">=2024.01", &["2024.01.03", "2024.1", "2025.1"], &["2023.12.31"]),
        (">=1.2.3+4", &["1.2.3"], &["1.2.2"]),
    ] {
        let versions: Versions = range.parse().unwrap();
        assert_eq!(versions.to_string(), range);
        for prereleases in [Prereleases::Named, Prereleases::All] {
            let fits = |text: &&str| versions.fits(&version(text), prereleases);
            assert!(inside.iter().all(fits), "{range}");
            assert!(!outside.iter().any(fits), "{range}");
        }
    }
}

#[test]
fn a_pre_release_is_in_a_range_that_names_one_or_that_takes_all() {
    for (range, version_text, named, all) in [
        (">=1.2", "1.3.0-rc.1", false, true),
        (">=1.2.0", "1.2.0-alpine", false, true),
        (">1.2.0", "1.2.0-alpine", false, false),
        ("<2", "2.0.0-rc.1", false, false),
        ("<2", "1.9.0-rc.1", false, true),
        ("^1.4", "1.5.0-rc.1", false, true),
        ("1.x", "1.2-alpine", false, true),
        ("*", "1.2-alpine", false, true),
        ("1.2.3", "1.2.3-alpine3.19", false, true),
        (">=1.2.0-rc.2", "1.2.0-rc.1", false, false),
        (">=1.2.0-rc.2", "1.2.0-rc.3", true, true),
        (">=1.2.0-rc.2", "1.3.0-rc.1", false, true),
        (">=1.2-rc.2", "1.2-rc.3", true, true),
        ("<2.0.0-rc.2", "2.0.0-rc.1", true, true),
        ("<2.0.0-rc.2", "2.0.0-rc.2", false, false),
        ("<2.0.0-rc.2", "1.2.0-rc.1", false, true),
        ("1.2.3-alpine", "1.2.3-alpine", true, true),
        ("1.2.3-alpine", "1.2.3-bookworm", false, false),
    ] {
        let versions: Versions = range.parse().unwrap();
        let version = version(version_text);
        assert_eq!(versions.fits(&version, Prereleases::Named), named, "{range} {version_text}");
        assert_eq!(versions.fits(&version, Prereleases::All), all, "{range} {version_text}");
    }
}

#[test]
fn a_pre_release_is_where_the_order_of_versions_puts_it() {
    for (range, inside, outside) in [
        (">=1.2", &["1.2.0", "1.3.0-rc.1", "2.0.0-rc.1"][..], &["1.2.0-rc.1", "1.1.9"][..]),
        ("<2", &["2.0.0-rc.1", "1.9.0-rc.1", "1.9.9"], &["2.0.0", "2.0.1-rc.1"]),
        (">1.2.0", &["1.2.1-rc.1", "1.2.1"], &["1.2.0", "1.2.0-rc.1"]),
        (">1.2", &["1.3.0-rc.1", "1.3.0"], &["1.2.1-rc.1", "1.2.9"]),
        ("<=1.2.0", &["1.2.0", "1.2.0-rc.1"], &["1.2.1-rc.1"]),
        ("<=1.2", &["1.2.9", "1.2.9-rc.1", "1.2.0-rc.1"], &["1.3.0-rc.1"]),
        ("1.2.3", &["1.2.3", "1.2.3_4"], &["1.2.3-rc.1", "1.2.4"]),
        ("1.2", &["1.2.3", "1.2.3-rc.1"], &["1.2.0-rc.1", "1.3.0-rc.1"]),
        ("~1.2.3", &["1.2.3", "1.2.4-rc.1"], &["1.2.3-rc.1", "1.3.0-rc.1"]),
        ("^1.2.3", &["1.2.3", "1.9.0-rc.1"], &["1.2.3-rc.1", "2.0.0-rc.1"]),
        (">=1.2.0-0", &["1.2.0-rc.1", "1.3.0-rc.1", "1.2.0"], &["1.1.0-rc.1"]),
        ("^1.2.0-0", &["1.2.0-rc.1", "1.3.0-rc.1"], &["2.0.0-rc.1", "1.1.9"]),
        (">=1.2.0-rc.2 <1.3", &["1.2.0-rc.2", "1.3.0-rc.1"], &["1.2.0-rc.1", "1.3.0"]),
        ("1.x || 3", &["1.9.0-rc.1", "3.1"], &["1.0.0-rc.1", "2.0.0-rc.1"]),
        ("*", &["0.0.0-rc.1", "1.2"], &[]),
    ] {
        let versions: Versions = range.parse().unwrap();
        let fits = |text: &&str| versions.fits(&version(text), Prereleases::Ordered);
        for text in inside {
            assert!(fits(text), "{text} in {range}");
        }
        for text in outside {
            assert!(!fits(text), "{text} in {range}");
        }
    }
}

#[test]
fn what_is_no_range_is_told() {
    for (text, told) in [
        ("", "'' is no range of versions: nothing stands where a range belongs; expected one like"),
        (">=1 ||", "nothing stands where a range belongs"),
        (">=1.2.x.y", "'1.2.x.y' has more than three numbers"),
        (">=1.2.3.4", "'1.2.3.4' has more than three numbers"),
        ("1.x.2", "'x' is no number"),
        ("latest", "'latest' is no number"),
        (">=", "no version stands behind '>='"),
        ("1.2 -", "no version stands behind '-'"),
        (">1 - 2", "'1 - 2' has an operator beside '-'"),
        ("1 - <2", "'1 - <2' has an operator beside '-'"),
        ("!=1.2", "'!=1.2' leaves versions out, which deny is for"),
        (">=*", "'*' has no number to compare with"),
        ("1.x-rc", "'1.x-rc' has a suffix behind x"),
        ("1.2.3-", "'1.2.3-' ends early"),
        ("99999999999999999999", "is too large"),
        ("1.2.3-ü", "'1.2.3-ü' has a suffix that is none of a version"),
        ("-", "'-' lacks a number"),
        ("1..2", "'1..2' lacks a number"),
    ] {
        let error = text.parse::<Versions>().unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_range_or_an_error(text in "[0-9vx*<>=^~|, .!_+a-]{0,16}") {
        if let Ok(range) = text.parse::<Versions>() {
            let written = range.to_string();
            prop_assert_eq!(written.parse::<Versions>().unwrap(), range);
        }
    }

    #[test]
    fn a_range_that_takes_all_pre_releases_takes_more(
        (lower, upper) in ((0_u64..3, 0_u64..3), (0_u64..3, 0_u64..3)),
        (major, minor, patch) in (0_u64..3, 0_u64..3, 0_u64..3),
        pre in "(-rc[0-3])?",
    ) {
        let range = format!(">={}.{} <{}.{}", lower.0, lower.1, upper.0, upper.1);
        let range: Versions = range.parse().unwrap();
        let version = version(&format!("{major}.{minor}.{patch}{pre}"));
        let inside = (major, minor) >= lower && (major, minor) < upper;
        prop_assert_eq!(range.fits(&version, Prereleases::All), inside);
        prop_assert_eq!(range.fits(&version, Prereleases::Named), inside && pre.is_empty());
    }

    #[test]
    fn versions_of_numbers_are_in_the_order_of_these(a in prop::array::uniform3(0_u64..100), b in prop::array::uniform3(0_u64..100)) {
        let tag = |n: [u64; 3]| version(&format!("v{:04}.{:02}.{}", n[0], n[1], n[2]));
        prop_assert_eq!(tag(a).cmp(&tag(b)), a.cmp(&b));
    }
}
