//! In which order the tags of a repository are taken (oc's `PrioritizeTags`), and how many of them.

use std::cmp::Reverse;

use semver::Version;

/// How many tags of a repository are imported at once, where nothing else is said: what an API server's
/// `maxImagesBulkImportedPerRepository` is without configuration.
pub const BULK_LIMIT: usize = 50;

/// The tags of a repository, parted into those to import and those that are too many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bulk {
    /// Those to import, in order.
    pub taken: Vec<String>,
    /// Those to name as not imported, in order.
    pub additional: Vec<String>,
}

impl Bulk {
    /// The first tags of a repository by rank; without a `limit`, all of them.
    #[must_use]
    pub fn of(mut tags: Vec<String>, limit: Option<usize>) -> Self {
        prioritize(&mut tags);
        tags.dedup();
        let taken = limit.map_or(tags.len(), |limit| limit.min(tags.len()));
        let additional = tags.split_off(taken);
        Self { taken: tags, additional }
    }
}

/// Sorts tags by rank: `latest`; versions of two parts (`1.2`, `v1.2`, `1.2-rc1`), the newest first; versions of
/// three parts, the newest first; all others by their bytes. Of two writings of one version, that without `v` is
/// first.
///
/// Every version of two parts comes before every version of three, however old: a floating tag is worth more than
/// the fixed ones.
pub fn prioritize(tags: &mut [String]) {
    tags.sort_by_cached_key(|tag| (Rank::of(tag), tag.clone()));
}

/// Where a tag stands; what follows the rank parts tags of the same one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Latest,
    Minor(Reverse<Version>, Prefix),
    Full(Reverse<Version>, Prefix),
    Other,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Prefix {
    None,
    V,
}

impl Rank {
    fn of(tag: &str) -> Self {
        if tag == "latest" {
            return Self::Latest;
        }
        let (version, prefix) = match tag.strip_prefix('v') {
            Some(version) => (version, Prefix::V),
            None => (tag, Prefix::None),
        };
        if let Ok(version) = Version::parse(version) {
            return Self::Full(Reverse(version), prefix);
        }
        match minor(version) {
            Some(version) => Self::Minor(Reverse(version), prefix),
            None => Self::Other,
        }
    }
}

/// `X.Y` or `X.Y-WORD` as the version `X.Y.0`.
fn minor(text: &str) -> Option<Version> {
    let (numbers, word) = match text.split_once('-') {
        Some((numbers, word)) => (numbers, Some(word)),
        None => (text, None),
    };
    let is_word = |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric());
    if numbers.matches('.').count() != 1 || !word.is_none_or(is_word) {
        return None;
    }
    let suffix = word.map(|word| format!("-{word}")).unwrap_or_default();
    Version::parse(&format!("{numbers}.0{suffix}")).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(tags: &[&str]) -> Vec<String> {
        let mut tags: Vec<String> = tags.iter().map(|&tag| tag.to_owned()).collect();
        prioritize(&mut tags);
        tags
    }

    /// The tables of library-go's `TestPrioritizeTags`, and the odd ones.
    #[test]
    fn tags_are_in_the_order_of_oc() {
        let cases: &[&[&str]] = &[
            &["latest", "5.6", "5.5", "v5.5", "v5.3.6-bother", "5.3.6-abba", "5.2.3", "other"],
            &[
                "latest",
                "1.2-rc1",
                "1.2-beta4",
                "1.2-beta1",
                "1.2-alpha1",
                "1.1-rc1",
                "1.1-beta2",
                "1.1-beta1",
            ],
            &["7.1", "v7.1", "7.1.0"],
            &["latest", "5.6", "5.5", "v5.5", "other"],
            // However old, two parts come before three.
            &["0.1", "10.0.0", "9.9.9", "v9.9.9"],
            // A version without a word is newer than one with it; 10 is more than 9.
            &["10.0", "9.10", "9.9", "9.9-rc1"],
            &["1.0.10", "1.0.9", "1.0.0", "1.0.0-rc.10", "1.0.0-rc.9", "1.0.0-rc"],
            // Neither two nor three parts of a version, so by their bytes.
            &[
                "1.2-01",
                "1.2-a_b",
                "1.2-rc.1",
                "10",
                "4.06",
                "8",
                "8.5-1.1678",
                "Latest",
                "v2",
                "vv1.2",
            ],
        ];
        for expected in cases {
            let reversed: Vec<&str> = expected.iter().rev().copied().collect();
            assert_eq!(sorted(&reversed), *expected);
            assert_eq!(sorted(expected), *expected);
        }
    }

    #[test]
    fn what_is_too_many_is_named() {
        let tags = || ["b", "1.0", "latest", "a", "b"].map(str::to_owned).to_vec();
        let some = Bulk::of(tags(), Some(2));
        assert_eq!(
            (some.taken, some.additional),
            (sorted(&["latest", "1.0"]), sorted(&["a", "b"]))
        );
        assert_eq!(Bulk::of(tags(), None).taken, ["latest", "1.0", "a", "b"]);
        assert_eq!(Bulk::of(tags(), Some(50)).additional, [""; 0]);
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_tags_alone(tags in prop::collection::vec("v?[0-9]{0,2}[.-]?[0-9a]{0,2}[.-]?[0-9]{0,2}", 0..12)) {
            let mut forward = tags.clone();
            let mut backward: Vec<String> = tags.into_iter().rev().collect();
            prioritize(&mut forward);
            prioritize(&mut backward);
            prop_assert_eq!(forward, backward);
        }
    }
}
