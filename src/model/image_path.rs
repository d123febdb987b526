//! What an image is called below a root: `org/app:v1`.

use std::fmt;
use std::str::FromStr;

use super::{Digest, ReferenceError, RepositoryPath, Tag};

/// The name of an image below a registry, a namespace, or in a bundle: `org/app:v1`, `org/app@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImagePath {
    /// The repository.
    pub path: RepositoryPath,
    /// The tag, when it has one.
    pub tag: Option<Tag>,
    /// The digest, when it is part of the name. It wins over the tag.
    pub digest: Option<Digest>,
}

impl FromStr for ImagePath {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse()?)),
            None => (text, None),
        };
        let (path, tag) = match name.split_once(':') {
            Some((path, tag)) => (path, Some(tag.parse()?)),
            None => (name, None),
        };
        Ok(Self { path: path.parse()?, tag, digest })
    }
}

impl fmt::Display for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_print_as_they_are_written_and_stay_below_their_root() {
        let digest = Digest::of(b"");
        let by_digest = format!("quay.io/app@{digest}");
        for text in ["app", "org/app:v1", "quay.io/org/app:v1", by_digest.as_str()] {
            assert_eq!(text.parse::<ImagePath>().unwrap().to_string(), text);
        }
        for bad in ["", "/app", "../app", "a/../b", "App", "app:", "a:b:c", "app@sha256:1", "a\\b"]
        {
            assert!(bad.parse::<ImagePath>().is_err(), "{bad}");
        }
    }
}
