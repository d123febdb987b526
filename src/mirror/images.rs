//! Sources that mean several images: a wildcard in the tag, or no tag at all.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::model::{Endpoint, EndpointError, RefName};

/// The images that a source means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Images {
    /// One.
    One(Endpoint),
    /// All that are there under a name that matches.
    Matching {
        /// The place, without a name.
        place: Endpoint,
        /// The names.
        names: NamePattern,
    },
}

impl Images {
    /// The same, of folders of repositories in `root`.
    #[must_use]
    pub fn below(self, root: &Path) -> Self {
        match self {
            Self::One(endpoint) => Self::One(endpoint.below(root)),
            Self::Matching { place, names } => Self::Matching { place: place.below(root), names },
        }
    }

    /// The endpoint, or the place of all of them.
    #[must_use]
    pub fn place(&self) -> &Endpoint {
        match self {
            Self::One(endpoint) => endpoint,
            Self::Matching { place, .. } => place,
        }
    }
}

/// `REPOSITORY:TAG` with `*` in the tag. A repository without a tag is all its tags.
impl FromStr for Images {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let endpoint = match (text.parse::<Endpoint>(), wildcard(text)) {
            (Ok(endpoint), _) => endpoint,
            (Err(_), Some((place, names))) => {
                return Ok(Self::Matching { place: place.parse()?, names });
            }
            (Err(error), None) => return Err(error),
        };
        if endpoint.has_tags() && endpoint.is_repository() {
            return Ok(Self::Matching { place: endpoint, names: NamePattern::all() });
        }
        Ok(Self::One(endpoint))
    }
}

/// The place and the pattern of `PLACE:PATTERN`.
fn wildcard(text: &str) -> Option<(&str, NamePattern)> {
    let (place, pattern) = text.rsplit_once(':')?;
    let is_wildcard = pattern.contains('*') && !pattern.contains(['/', '@']);
    is_wildcard.then(|| (place, NamePattern::new(pattern)))
}

impl fmt::Display for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(endpoint) => write!(f, "{endpoint}"),
            Self::Matching { place, names } => write!(f, "{place}:{names}"),
        }
    }
}

/// A pattern for names, where `*` stands for any characters, or none; and patterns of names that are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    pattern: String,
    without: Vec<String>,
}

impl NamePattern {
    /// The names that `pattern` fits.
    #[must_use]
    pub fn new(pattern: impl Into<String>) -> Self {
        Self { pattern: pattern.into(), without: Vec::new() }
    }

    /// The pattern that matches every name.
    #[must_use]
    pub fn all() -> Self {
        Self::new("*")
    }

    /// The same names without those that one of `patterns` fits.
    #[must_use]
    pub fn without(self, patterns: Vec<String>) -> Self {
        Self { without: patterns, ..self }
    }

    /// Whether all of `name` matches.
    #[must_use]
    pub fn matches(&self, name: &RefName) -> bool {
        let name = name.as_str();
        fits(&self.pattern, name) && !self.without.iter().any(|pattern| fits(pattern, name))
    }
}

/// Whether `pattern` fits all of `name`.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)?;
        match self.without.is_empty() {
            true => Ok(()),
            false => write!(f, " without {}", self.without.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, matching, other) in [
            ("*", &["v1", "latest"][..], &[][..]),
            ("v1.*", &["v1.", "v1.2", "v1.2.3"], &["v1", "xv1.2", "v10"]),
            ("*-rc", &["v1-rc", "x-rc"], &["v1-rc1", "rc"]),
            ("v*.1", &["v1.1", "v.1", "v1.1.1"], &["v1.12", "v1"]),
            ("v*1*1", &["v1.1", "v11", "vx1x1"], &["v1", "v1x"]),
            ("**", &["v1"], &[]),
        ] {
            let pattern = NamePattern::new(pattern);
            let matches = |name: &str| pattern.matches(&name.parse().unwrap());
            assert!(matching.iter().all(|name| matches(name)), "{pattern}");
            assert!(!other.iter().any(|name| matches(name)), "{pattern}");
        }
    }

    #[test]
    fn what_is_left_out_does_not_match() {
        let pattern = NamePattern::new("v*").without(vec!["v1.0*".into(), "*-rc".into()]);
        let matches = |name: &str| pattern.matches(&name.parse().unwrap());
        assert!(matches("v1.1") && matches("v2"));
        assert!(!matches("v1.0.3") && !matches("v2-rc") && !matches("latest"));
        assert_eq!(pattern.to_string(), "v* without v1.0*, *-rc");
    }

    #[test]
    fn a_source_is_one_image_or_those_that_match() {
        for (text, understood) in [
            ("q.io/a:v1", None),
            ("q.io/a:v*", Some("q.io/a:v*")),
            ("docker://q.io:5000/a:*", Some("q.io:5000/a:*")),
            ("q.io:5000/a", Some("q.io:5000/a:*")),
            ("alpine:3.*", Some("alpine:3.*")),
            ("oci:dir", None),
            ("oci:dir*", None),
            ("oci:dir:v*", Some("oci:dir:v*")),
            ("file://org/app", Some("file://org/app:*")),
            ("file://org/app:v*", Some("file://org/app:v*")),
            ("file://org/app:v1", None),
        ] {
            let images: Images = text.parse().unwrap();
            let several = matches!(images, Images::Matching { .. }).then(|| images.to_string());
            assert_eq!(several.as_deref(), understood, "{text}");
        }
        for bad in ["q.io/a*", "q.io/a*:v1", "q.io/*:v*", "q.io/a@*", "q.io/a:v1*@sha256:1"] {
            assert!(bad.parse::<Images>().is_err(), "{bad}");
        }
    }
}
