//! Ranges of versions as regsync reads them: all comparators between spaces hold, numbers that are left out are 0, and
//! pre-releases are where their order puts them.

use crate::model::one_line;

/// The same as a range of this program whose pre-releases are ordered.
pub(super) fn range(text: &str) -> Result<String, String> {
    let comparators = text.split_whitespace().map(comparator);
    Ok(comparators.collect::<Result<Vec<_>, _>>()?.join(" "))
}

fn comparator(word: &str) -> Result<String, String> {
    const OPERATORS: [&str; 7] = ["^", "~", ">=", "<=", ">", "<", "="];
    let operator = OPERATORS.into_iter().find(|operator| word.starts_with(operator));
    let operator = operator.unwrap_or_default();
    let [major, minor, patch] = version(word, &word[operator.len()..])?;
    let from = format!(">={major}.{minor}.{patch}");
    let operator = match operator {
        "" => "=",
        "~" => return Ok(format!("{from} <{major}.{}.0", minor.saturating_add(1))),
        "^" => {
            let below = match (major, minor) {
                (0, 0) => format!("0.0.{}", patch.saturating_add(1)),
                (0, _) => format!("0.{}.0", minor.saturating_add(1)),
                _ => format!("{}.0.0", major.saturating_add(1)),
            };
            return Ok(format!("{from} <{below}"));
        }
        other => other,
    };
    Ok(format!("{operator}{major}.{minor}.{patch}"))
}

/// The numbers of a version.
fn version(word: &str, text: &str) -> Result<[u64; 3], String> {
    let shown = || one_line(word, 80);
    let text = text.strip_prefix('v').unwrap_or(text);
    let text = text.split('+').next().unwrap_or(text);
    if text.contains('-') {
        return Err(format!(
            "'{}' names a pre-release, and those have another order here",
            shown()
        ));
    }
    let mut numbers = [0; 3];
    for (index, part) in text.split('.').enumerate() {
        let number = numbers.get_mut(index);
        let number = number.ok_or_else(|| format!("'{}' has more than three numbers", shown()))?;
        let expected =
            || format!("'{}' is no range: expected one like >=1.2.3, ^1.2.3 or ~1.2.3", shown());
        *number = part.parse().map_err(|_| expected())?;
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagsync::{Prereleases, Versions, version_of};

    #[test]
    fn a_range_means_what_it_means_to_regsync() {
        for (text, range_here, inside, outside) in [
            (
                ">=3.5.1 <4.0",
                ">=3.5.1 <4.0.0",
                &["3.5.1", "3.99", "4.0.0-rc.1"][..],
                &["3.5.1-rc.1", "4.0"][..],
            ),
            ("^1.2.3", ">=1.2.3 <2.0.0", &["1.2.3", "1.9", "2.0.0-rc"], &["1.2.2", "2"]),
            ("^0.2.3", ">=0.2.3 <0.3.0", &["0.2.3", "0.2.9"], &["0.3.0", "1"]),
            ("^0.0.3", ">=0.0.3 <0.0.4", &["0.0.3"], &["0.0.4"]),
            ("^0", ">=0.0.0 <0.0.1", &["0.0.0"], &["0.0.1"]),
            ("~1.2", ">=1.2.0 <1.3.0", &["1.2.0", "1.2.9"], &["1.3.0"]),
            ("~1", ">=1.0.0 <1.1.0", &["1.0.7"], &["1.1.0"]),
            ("1.2", "=1.2.0", &["1.2.0", "1.2"], &["1.2.1"]),
            ("=v1.2.3", "=1.2.3", &["v1.2.3"], &["1.2.4"]),
            (">1.2", ">1.2.0", &["1.2.1"], &["1.2.0"]),
            ("<=1.2", "<=1.2.0", &["1.2.0", "1.2.0-rc"], &["1.2.1"]),
        ] {
            assert_eq!(range(text).unwrap(), range_here, "{text}");
            let versions: Versions = range_here.parse().unwrap();
            let fits = |text: &&str| {
                let version = version_of(&text.parse().unwrap()).unwrap();
                versions.fits(&version, Prereleases::Ordered)
            };
            assert!(inside.iter().all(fits), "{text}");
            assert!(!outside.iter().any(fits), "{text}");
        }
    }

    #[test]
    fn what_is_no_range_is_told() {
        for (text, told) in [
            (">= 1.2", "'>=' is no range: expected one like >=1.2.3, ^1.2.3 or ~1.2.3"),
            ("latest", "'latest' is no range"),
            ("1.x", "'1.x' is no range"),
            (">=1.2.3-rc1", "'>=1.2.3-rc1' names a pre-release, and those have another order here"),
            ("1.2.3.4", "'1.2.3.4' has more than three numbers"),
            (">=1,<2", "is no range"),
        ] {
            assert!(range(text).unwrap_err().contains(told), "{text}");
        }
    }
}
