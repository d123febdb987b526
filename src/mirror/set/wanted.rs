//! The images of a set.

use std::str::FromStr;

use crate::mirror::Position;
use crate::mirror::named::{NameError, path_of, qualified, tag_of};
use crate::model::{Endpoint, PlatformFilter, RepositoryPath, Tag};

/// An image that a set wants, and its name below the root that the set goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where it is.
    pub source: Endpoint,
    /// Its repository below the root.
    pub path: RepositoryPath,
    /// Its tag there.
    pub tag: Tag,
    /// Which platforms of an index are wanted; all when empty.
    pub platforms: Vec<PlatformFilter>,
    /// How the set names it.
    pub origin: String,
    /// Where the set names it.
    pub position: Position,
}

impl Wanted {
    /// Whether one copy serves both, apart from where it goes.
    pub(super) fn is_copied_as(&self, other: &Self) -> bool {
        self.source == other.source && self.platforms == other.platforms
    }
}

/// An image as a set names it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) text: String,
    pub(super) source: Endpoint,
}

impl FromStr for Named {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        // So oc-mirror writes it.
        let source = match text.strip_prefix("oci://") {
            Some(dir) => format!("oci:{dir}").parse()?,
            None => text.parse()?,
        };
        Ok(Self { text: text.to_owned(), source: qualified(source)? })
    }
}

impl Named {
    pub(super) fn path(&self) -> Option<RepositoryPath> {
        path_of(&self.source)
    }

    pub(super) fn tag(&self) -> Tag {
        tag_of(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    #[test]
    fn images_keep_their_names() {
        let digest = Digest::of(b"");
        let by_digest = format!("quay.io/org/app@{digest}");
        let both = format!("quay.io/org/app:v1@{digest}");
        let of_digest = Tag::of_digest(&digest).to_string();
        for (text, path, tag) in [
            ("quay.io/org/app:v1", Some("org/app"), "v1"),
            ("docker://quay.io/org/app", Some("org/app"), "latest"),
            ("docker.io/alpine:3", Some("library/alpine"), "3"),
            (by_digest.as_str(), Some("org/app"), of_digest.as_str()),
            (both.as_str(), Some("org/app"), "v1"),
            ("oci:///var/images/app", Some("var/images/app"), "latest"),
            ("oci:./images/app:v2", Some("images/app"), "v2"),
            ("oci:../app", None, "latest"),
            ("oci-archive:app.tar:v3", None, "v3"),
        ] {
            let named: Named = text.parse().unwrap();
            let found = named.path();
            assert_eq!(found.as_ref().map(RepositoryPath::as_str), path, "{text}");
            assert_eq!(named.tag().as_str(), tag, "{text}");
        }
        assert!(of_digest.starts_with("image-e3b0c442"));
        let short = "ubi9/ubi:latest".parse::<Named>().unwrap_err().to_string();
        assert_eq!(short, "'ubi9/ubi' names no registry: write it as REGISTRY/ubi9/ubi");
    }
}
