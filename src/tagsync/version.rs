//! Versions in tags, and ranges of them.
//!
//! A tag is a version when it is one to three numbers with at most a suffix behind them: `v1.2.3`, `1.2`, `17`,
//! `2024.01.03`, `1.2.3-alpine3.19`, and `1.2.3_4` for `1.2.3+4`, as Helm writes it. Numbers that are missing count
//! as 0. What is behind a `-` is a pre-release to semver, whether it is `rc.1` or `alpine`.

use std::fmt;
use std::str::FromStr;

use semver::{BuildMetadata, Comparator, Op, Prerelease, Version, VersionReq};

use crate::model::{Tag, one_line};

/// A version as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    /// All of it, without the `v` in front.
    pub(super) text: &'a str,
    numbers: &'a str,
    pre: Option<&'a str>,
    build: Option<&'a str>,
}

impl<'a> Written<'a> {
    /// `text` taken apart; it may still be no version.
    pub(super) fn new(text: &'a str) -> Self {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (rest, build) = split(text, &['+', '_']);
        let (numbers, pre) = split(rest, &['-']);
        Self { text, numbers, pre, build }
    }

    /// The number at `index`: the major, minor or patch version.
    pub(super) fn number(&self, index: usize) -> Option<&'a str> {
        self.numbers.split('.').nth(index)
    }

    /// What it means, or what is wrong with it.
    fn version(&self) -> Result<Version, String> {
        let mut numbers = self.numbers.split('.');
        if numbers.clone().count() > 3 {
            return Err(format!("'{}' has more than three numbers", self.text));
        }
        let mut next = || numbers.next().map_or(Ok(0), |text| self.value(text));
        let mut version = Version::new(next()?, next()?, next()?);
        let suffix = |_| format!("'{}' has a suffix that is none of a version", self.text);
        version.pre = Prerelease::new(&self.pre.map_or_else(String::new, plain)).map_err(suffix)?;
        version.build = BuildMetadata::new(self.build.unwrap_or_default()).map_err(suffix)?;
        let is_empty = [self.pre, self.build].contains(&Some(""));
        if is_empty { Err(format!("'{}' ends early", self.text)) } else { Ok(version) }
    }

    fn value(&self, number: &str) -> Result<u64, String> {
        if number.is_empty() {
            return Err(format!("'{}' lacks a number", self.text));
        }
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("'{number}' is no number"));
        }
        number.parse().map_err(|_| format!("the number {number} is too large"))
    }
}

/// What is before the first of `marks`, and what is behind it.
fn split<'a>(text: &'a str, marks: &[char]) -> (&'a str, Option<&'a str>) {
    text.split_once(marks).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

/// A suffix whose numbers have no zeros in front, which semver does not know.
fn plain(suffix: &str) -> String {
    let parts = suffix.split('.').map(|part| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0",
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits,
        _ => part,
    });
    parts.collect::<Vec<_>>().join(".")
}

/// The version that a tag is; `None` when it is none.
#[must_use]
pub fn version_of(tag: &Tag) -> Option<Version> {
    Written::new(tag.as_str()).version().ok()
}

/// Which pre-releases are in a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prereleases {
    /// As with semver: those of a version for which the range names a pre-release, as `>=1.2.0-rc.1` does for 1.2.0.
    #[default]
    Named,
    /// Those of versions that are in the range: with `<2`, `1.9.0-rc.1` and `1.9.0-alpine` but not `2.0.0-rc.1`. Where
    /// the range names a pre-release, those of the same version are held against it.
    All,
    /// Those that the order of versions puts there: with `<2`, `2.0.0-rc.1` too, as it comes before 2.0.0, and with
    /// `>=1.2` not `1.2.0-rc.1`.
    Ordered,
}

impl Prereleases {
    /// Whether `version` counts where no range is given.
    pub(super) fn takes(self, version: &Version) -> bool {
        self != Self::Named || version.pre.is_empty()
    }
}

/// A range of versions: `>=1.2 <2`, `^1.4`, `~1.4`, `1.x`, `1.2 - 1.4`, `>=1.2, <1.8 || 3.x`.
///
/// A version without an operator means itself, and one with numbers left out all that begin so: `1.2` is 1.2.0, 1.2.1
/// and so on, as with npm and Helm (and not `^1.2`, as with Cargo).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    text: String,
    alternatives: Vec<VersionReq>,
}

/// Why a text is no range of versions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is no range of versions: {why}; expected one like '>=1.2 <2', '^1.4', '~1.4', '1.x', '1.2 - 1.4' or '1.x || >=3'"
)]
pub struct VersionsError {
    text: String,
    why: String,
}

impl Versions {
    /// Whether `version` is in the range.
    #[must_use]
    pub fn fits(&self, version: &Version, prereleases: Prereleases) -> bool {
        self.alternatives.iter().any(|range| match prereleases {
            Prereleases::Named => range.matches(version),
            Prereleases::All => range.comparators.iter().all(|one| fits_by_release(one, version)),
            Prereleases::Ordered => range.comparators.iter().all(|one| fits_by_order(one, version)),
        })
    }
}

fn fits_by_release(comparator: &Comparator, version: &Version) -> bool {
    let release = Version::new(version.major, version.minor, version.patch);
    let named = (Some(comparator.major), comparator.minor, comparator.patch);
    let is_named = named == (Some(release.major), Some(release.minor), Some(release.patch));
    let by_suffix = is_named && !comparator.pre.is_empty();
    comparator.matches(if by_suffix { version } else { &release })
}

/// Numbers that are left out of a bound count as 0, but for `>1.2` and `<=1.2`, which mean all that begins so.
fn fits_by_order(comparator: &Comparator, version: &Version) -> bool {
    let Comparator { op, major, minor, patch, .. } = *comparator;
    let named = Version {
        pre: comparator.pre.clone(),
        ..Version::new(major, minor.unwrap_or(0), patch.unwrap_or(0))
    };
    let order = version.cmp_precedence(&named);
    let is_like = || {
        let release = Version::new(version.major, version.minor, version.patch);
        comparator.matches(&release)
    };
    match (op, patch.is_some()) {
        (Op::Less, _) => order.is_lt(),
        (Op::GreaterEq, _) => order.is_ge(),
        (Op::Exact, true) => order.is_eq(),
        (Op::Greater, true) => order.is_gt(),
        (Op::LessEq, true) => order.is_le(),
        (Op::Greater | Op::LessEq, false) => is_like(),
        _ => order.is_ge() && is_like(),
    }
}

impl FromStr for Versions {
    type Err = VersionsError;

    fn from_str(text: &str) -> Result<Self, VersionsError> {
        let alternatives = text.split("||").map(range).collect::<Result<_, _>>();
        let error =
            |why: String| VersionsError { text: one_line(text, 80), why: one_line(&why, 80) };
        Ok(Self { text: text.trim().to_owned(), alternatives: alternatives.map_err(error)? })
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Reads what stands between `||`.
fn range(text: &str) -> Result<VersionReq, String> {
    let text = text.replace(',', " ");
    let mut words = text.split_whitespace().peekable();
    if words.peek().is_none() {
        return Err("nothing stands where a range belongs".to_owned());
    }
    let mut comparators = Vec::new();
    while let Some(word) = words.next() {
        let (op, rest) = operator(word)?;
        let behind = |word: Option<&str>, mark: &str| {
            word.map(str::to_owned).ok_or_else(|| format!("no version stands behind '{mark}'"))
        };
        let from = match rest {
            "" => behind(words.next(), word)?,
            rest => rest.to_owned(),
        };
        if words.next_if_eq(&"-").is_none() {
            comparators.extend(comparator(op.unwrap_or(Op::Exact), &from)?);
            continue;
        }
        let to = behind(words.next(), "-")?;
        if op.is_some() || operator(&to)?.0.is_some() {
            return Err(format!("'{from} - {to}' has an operator beside '-'"));
        }
        comparators.extend(comparator(Op::GreaterEq, &from)?);
        comparators.extend(comparator(Op::LessEq, &to)?);
    }
    Ok(VersionReq { comparators })
}

/// The operator that a word begins with, and the rest of the word.
fn operator(word: &str) -> Result<(Option<Op>, &str), String> {
    const KNOWN: [(&str, Op); 9] = [
        (">=", Op::GreaterEq),
        ("=>", Op::GreaterEq),
        ("<=", Op::LessEq),
        ("=<", Op::LessEq),
        (">", Op::Greater),
        ("<", Op::Less),
        ("=", Op::Exact),
        ("^", Op::Caret),
        ("~", Op::Tilde),
    ];
    if word.starts_with('!') {
        return Err(format!("'{word}' leaves versions out, which deny is for"));
    }
    let found = KNOWN.iter().find_map(|(mark, op)| Some((Some(*op), word.strip_prefix(mark)?)));
    Ok(found.unwrap_or((None, word)))
}

/// What an operator and a version mean; `None` for all versions.
fn comparator(op: Op, text: &str) -> Result<Option<Comparator>, String> {
    let written = Written::new(text);
    let is_wild = |part: &&str| matches!(*part, "x" | "X" | "*");
    let parts: Vec<&str> = written.numbers.split('.').collect();
    let given = parts.iter().take_while(|part| !is_wild(part)).count();
    let is_wild = match parts.len() {
        1..=3 => parts[given..].iter().all(is_wild) && given < parts.len(),
        _ => false,
    };
    if given == 0 && is_wild {
        return match op {
            Op::Exact => Ok(None),
            _ => Err(format!("'{text}' has no number to compare with")),
        };
    }
    let version = match is_wild {
        true if written.text != written.numbers => Err(format!("'{text}' has a suffix behind x")),
        true => Written::new(&parts[..given].join(".")).version(),
        false => written.version(),
    }?;
    // A suffix belongs to a whole version.
    let given = if version.pre.is_empty() { given } else { 3 };
    Ok(Some(Comparator {
        op,
        major: version.major,
        minor: (given > 1).then_some(version.minor),
        patch: (given > 2).then_some(version.patch),
        pre: version.pre,
    }))
}

#[cfg(test)]
#[path = "version_tests.rs"]
mod tests;
