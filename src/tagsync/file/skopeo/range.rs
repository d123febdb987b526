//! Constraints of versions as skopeo reads them, which are those of Masterminds/semver.

use std::slice::from_ref;

/// What such a constraint is here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// The range.
    pub(super) text: String,
    /// Whether it names pre-releases: then those of all versions in it count.
    pub(super) pre_releases: Named,
}

/// Which parts of a range name a pre-release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    /// None.
    Nowhere,
    /// Each.
    Everywhere,
    /// Some. Whether pre-releases count then has changed between versions of skopeo.
    Partly,
}

/// Reads a constraint. What is wrong with the versions in it is told by who reads the range.
pub(super) fn range(constraint: &str) -> Range {
    let (mut alternatives, mut named) = (Vec::new(), Vec::new());
    for part in constraint.split("||") {
        let comparators = comparators(part);
        named.extend(comparators.iter().map(|one| one.contains('-')));
        alternatives.extend(without_unequal(&comparators));
    }
    let pre_releases = match (named.contains(&true), named.contains(&false)) {
        (false, _) => Named::Nowhere,
        (true, false) => Named::Everywhere,
        (true, true) => Named::Partly,
    };
    Range { text: alternatives.join(" || "), pre_releases }
}

/// The comparators of one alternative, each an operator and a version.
fn comparators(part: &str) -> Vec<String> {
    let part = part.replace(',', " ");
    let words: Vec<&str> = part.split_whitespace().collect();
    let mut comparators: Vec<String> = Vec::new();
    let mut is_open = false;
    for (index, word) in words.iter().enumerate() {
        let is_between = |index: Option<usize>| index.and_then(|i| words.get(i)) == Some(&"-");
        let operator = match (is_between(index.checked_add(1)), is_between(index.checked_sub(1))) {
            _ if *word == "-" && index > 0 && index + 1 < words.len() => continue,
            (true, _) => ">=",
            (_, true) => "<=",
            _ => "",
        };
        match comparators.last_mut().filter(|_| is_open) {
            Some(last) => last.push_str(word),
            None => comparators.push(format!("{operator}{word}")),
        }
        is_open = word.ends_with(['=', '>', '<', '~', '^', '!']);
    }
    comparators.iter().map(|comparator| plain(comparator)).collect()
}

/// A comparator as ranges have them here.
fn plain(comparator: &str) -> String {
    let comparator = comparator.replacen("~>", "~", 1);
    // What is like nothing is like all.
    match comparator.strip_prefix('~').map(|version| version.trim_start_matches('v')) {
        Some("0.0.0") => ">=0.0.0".to_owned(),
        Some(version) if version.trim_matches(['x', 'X', '*', '.']).is_empty() => "*".to_owned(),
        _ => comparator,
    }
}

/// All alternatives that `comparators` are where each `!=` is less or greater.
fn without_unequal(comparators: &[String]) -> Vec<String> {
    let mut alternatives = vec![Vec::new()];
    for comparator in comparators {
        let choices = match comparator.strip_prefix("!=") {
            Some(version) => vec![format!("<{version}"), format!(">{version}")],
            None => vec![comparator.clone()],
        };
        let with = |alternative: &Vec<String>| {
            let with = |choice: &String| [alternative.as_slice(), from_ref(choice)].concat();
            choices.iter().map(with).collect::<Vec<_>>()
        };
        alternatives = alternatives.iter().flat_map(with).take(MAX_ALTERNATIVES + 1).collect();
    }
    alternatives.into_iter().map(|alternative| alternative.join(" ")).collect()
}

/// More than anybody writes.
const MAX_ALTERNATIVES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagsync::{Prereleases, Versions, version_of};

    #[test]
    fn a_constraint_is_a_range() {
        use Named::{Everywhere, Nowhere, Partly};
        for (constraint, text, named) in [
            (">= 3.12.0", ">=3.12.0", Nowhere),
            (">=1.2, <2", ">=1.2 <2", Nowhere),
            (">=1.2,<2 || 3.x", ">=1.2 <2 || 3.x", Nowhere),
            ("1.2 - 1.4.5", ">=1.2 <=1.4.5", Nowhere),
            ("~> 1.2", "~1.2", Nowhere),
            ("~0.0.0", ">=0.0.0", Nowhere),
            ("~*", "*", Nowhere),
            ("^1.2", "^1.2", Nowhere),
            ("=> 1.2 =< 2", "=>1.2 =<2", Nowhere),
            ("v1.2.3", "v1.2.3", Nowhere),
            ("!=1.4.0", "<1.4.0 || >1.4.0", Nowhere),
            (">=1.2 != 1.4.0 <2", ">=1.2 <1.4.0 <2 || >=1.2 >1.4.0 <2", Nowhere),
            (">=1.2.0-0", ">=1.2.0-0", Everywhere),
            (">=1.2.0-0 <2.0.0-0", ">=1.2.0-0 <2.0.0-0", Everywhere),
            (">=1.2.0-0 <2", ">=1.2.0-0 <2", Partly),
        ] {
            let expected = Range { text: text.to_owned(), pre_releases: named };
            assert_eq!(range(constraint), expected, "{constraint}");
            assert!(text.parse::<Versions>().is_ok(), "{constraint}");
        }
    }

    #[test]
    fn what_is_unequal_is_left_out() {
        for (constraint, inside, outside) in [
            ("!=1.4.0", &["1.4.1", "1.3.9", "2"][..], &["1.4.0", "1.4"][..]),
            ("!=1.4", &["1.3.9", "1.5"], &["1.4.0", "1.4.7"]),
            ("!=1", &["0.9", "2"], &["1.0", "1.7.3"]),
            (">=1, !=1.4, !=1.6.1", &["1.3", "1.5", "1.6.0", "1.6.2"], &["1.4.2", "1.6.1", "0.9"]),
        ] {
            let versions: Versions = range(constraint).text.parse().unwrap();
            let fits = |text: &&str| {
                let version = version_of(&text.parse().unwrap()).unwrap();
                versions.fits(&version, Prereleases::Named)
            };
            assert!(inside.iter().all(fits), "{constraint}");
            assert!(!outside.iter().any(fits), "{constraint}");
        }
    }

    #[test]
    fn what_is_no_constraint_is_no_range() {
        for text in ["", ">=", "latest", ">=1 ||", "!=*", ">=1.2.3.4", "1 - ", "=="] {
            assert!(range(text).text.parse::<Versions>().is_err(), "{text}");
        }
        let many = vec!["!=1"; 40].join(" ");
        assert!(range(&many).text.len() < 1_000_000);
    }
}
