//! Names of images: registry, repository, tag, digest (OCI distribution specification, «Pulling manifests»;
//! the way of writing them is that of docker, podman and oc).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Digest, DigestError, one_line};

/// Why a text does not name an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing was given.
    #[error("the image name is empty")]
    Empty,
    /// Not a host with an optional port.
    #[error("'{0}' is not a registry: expected HOST or HOST:PORT")]
    Registry(String),
    /// Not a repository path.
    #[error(
        "'{0}' is not a repository: expected lower-case letters and digits, parted by '.', '_', '__' or '-', in components parted by '/'"
    )]
    Repository(String),
    /// More than the 255 characters that registries take.
    #[error("the repository name '{0}' is longer than 255 characters")]
    TooLong(String),
    /// Not a tag.
    #[error(
        "'{0}' is not a tag: expected up to 128 of A-Z a-z 0-9 _ . - and neither '.' nor '-' in front"
    )]
    Tag(String),
    /// Not a name for an image in a layout.
    #[error(
        "'{0}' is not an image name in a layout: expected letters and digits, parted by -._:@/+"
    )]
    RefName(String),
    /// The part behind `@` is not a digest.
    #[error("the part behind '@' is not a digest")]
    Digest(#[from] DigestError),
    /// A name with neither registry nor the means to find one.
    #[error("'{0}' names no registry: write it as REGISTRY/{0}")]
    Short(String),
}

/// A registry: a host name or address with an optional port, in lower case.
///
/// `index.docker.io` and `registry-1.docker.io` are written `docker.io`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Registry(String);

impl Registry {
    /// The name as users write it: `quay.io`, `localhost:5000`, `docker.io`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host and port that answer for this registry.
    #[must_use]
    pub fn host(&self) -> &str {
        if self.is_docker_hub() { "registry-1.docker.io" } else { &self.0 }
    }

    /// Whether the first component of a name is meant to be a registry. Docker's rule: it has a dot or a port, or is
    /// `localhost`.
    #[must_use]
    pub fn is_meant_by(component: &str) -> bool {
        component.contains(['.', ':']) || component == "localhost"
    }

    /// Whether this is Docker Hub.
    #[must_use]
    pub fn is_docker_hub(&self) -> bool {
        self.0 == "docker.io"
    }
}

impl FromStr for Registry {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let bad = || ReferenceError::Registry(one_line(text, 80));
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (address, after) = rest.split_once(']').ok_or_else(bad)?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| bad())?;
            let port = after.strip_prefix(':');
            if port.is_none() && !after.is_empty() {
                return Err(bad());
            }
            (None, port)
        } else {
            match text.split_once(':') {
                Some((host, port)) => (Some(host), Some(port)),
                None => (Some(text), None),
            }
        };
        let host_is_sound = host.is_none_or(|host| host.split('.').all(is_host_label));
        let port_is_sound = port.is_none_or(|port| {
            port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0)
        });
        if !host_is_sound || !port_is_sound {
            return Err(bad());
        }
        let name = text.to_ascii_lowercase();
        Ok(match name.as_str() {
            "index.docker.io" | "registry-1.docker.io" => Self("docker.io".to_owned()),
            _ => Self(name),
        })
    }
}

fn is_host_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A repository on a registry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    registry: Registry,
    path: String,
}

impl Repository {
    /// The repository `path` on `registry`. A path of one component on Docker Hub is in `library/`.
    ///
    /// # Errors
    /// When `path` is not a repository name of the distribution specification.
    pub fn new(registry: Registry, path: &str) -> Result<Self, ReferenceError> {
        if path.len() > 255 {
            return Err(ReferenceError::TooLong(one_line(path, 60)));
        }
        if !path.split('/').all(is_path_component) {
            return Err(ReferenceError::Repository(one_line(path, 120)));
        }
        let path = if registry.is_docker_hub() && !path.contains('/') {
            format!("library/{path}")
        } else {
            path.to_owned()
        };
        Ok(Self { registry, path })
    }

    /// The registry that holds it.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The name within the registry: `org/app`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` of the distribution specification.
fn is_path_component(component: &str) -> bool {
    let mut rest = component;
    loop {
        let word = rest.len() - rest.trim_start_matches(is_lower_alphanumeric).len();
        if word == 0 {
            return false;
        }
        rest = &rest[word..];
        if rest.is_empty() {
            return true;
        }
        let separator = rest.len() - rest.trim_start_matches(['.', '_', '-']).len();
        let (part, after) = rest.split_at(separator);
        if !matches!(part, "." | "_" | "__") && (part.is_empty() || part.bytes().any(|b| b != b'-'))
        {
            return false;
        }
        rest = after;
    }
}

fn is_lower_alphanumeric(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

/// The name of a repository below a registry or another root: `org/app`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryPath(String);

impl RepositoryPath {
    /// The path's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this goes on below the path `above`.
    #[must_use]
    pub fn is_below(&self, above: &str) -> bool {
        self.0.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl FromStr for RepositoryPath {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        // The names of a repository are judged by the rules of any registry but Docker Hub.
        Repository::new(Registry("localhost".to_owned()), text)
            .map(|repository| Self(repository.path))
    }
}

impl From<&Repository> for RepositoryPath {
    fn from(repository: &Repository) -> Self {
        Self(repository.path.clone())
    }
}

impl fmt::Display for RepositoryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` of the distribution specification.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

impl Tag {
    /// The tag's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `latest`, what the verbs take when no tag is named.
    #[must_use]
    pub fn latest() -> Self {
        Self("latest".to_owned())
    }

    /// `image-HEX`, for an image that is to be kept and has no tag but only `digest`. (`sha256-HEX` is the list of what
    /// refers to an image: OCI distribution specification, «Referrers tag schema».)
    #[must_use]
    pub fn of_digest(digest: &Digest) -> Self {
        // A tag has at most 128 characters, which is less than a sha512 digest would need.
        let hex: String = digest.hex().chars().take(100).collect();
        Self(format!("image-{hex}"))
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let sound = (1..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
            && !text.starts_with(['.', '-']);
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReferenceError::Tag(one_line(text, 140)))
        }
    }
}

impl TryFrom<String> for Tag {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        text.parse()
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What an image is called inside a store: a tag on a registry, the annotation `org.opencontainers.image.ref.name`
/// in a layout (OCI image specification, `annotations.md`), which may be a whole reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefName(String);

impl RefName {
    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as the tag of a registry.
    ///
    /// # Errors
    /// When the name is no tag.
    pub fn to_tag(&self) -> Result<Tag, ReferenceError> {
        self.0.parse()
    }
}

impl FromStr for RefName {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let sound = (1..=512).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:@/+".contains(&b));
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReferenceError::RefName(one_line(text, 140)))
        }
    }
}

impl From<Tag> for RefName {
    fn from(tag: Tag) -> Self {
        Self(tag.0)
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An image on a registry. Whether a tag or a digest was given stays visible; the verb chooses a default.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageRef {
    /// Where it is.
    pub repository: Repository,
    /// The tag, when one was given.
    pub tag: Option<Tag>,
    /// The digest, when one was given. It wins over the tag.
    pub digest: Option<Digest>,
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for ImageRef {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        match text.parse()? {
            ImageName::Qualified(image) => Ok(image),
            ImageName::Short { path, .. } => Err(ReferenceError::Short(path)),
        }
    }
}

/// An image name as a person writes it, before `registries.conf` has its say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ImageName {
    /// With a registry in front.
    Qualified(ImageRef),
    /// Without one, like `alpine:3`: an alias or a search registry has to tell where it is.
    Short {
        /// The repository path.
        path: String,
        /// The tag, when one was given.
        tag: Option<Tag>,
        /// The digest, when one was given.
        digest: Option<Digest>,
    },
}

impl ImageName {
    /// The tag, when one was given.
    #[must_use]
    pub fn tag(&self) -> Option<&Tag> {
        match self {
            Self::Qualified(ImageRef { tag, .. }) | Self::Short { tag, .. } => tag.as_ref(),
        }
    }

    /// The digest, when one was given.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Qualified(ImageRef { digest, .. }) | Self::Short { digest, .. } => {
                digest.as_ref()
            }
        }
    }

    /// The same repository under `tag`, without a digest.
    #[must_use]
    pub fn tagged(mut self, new: Option<Tag>) -> Self {
        match &mut self {
            Self::Qualified(ImageRef { tag, digest, .. }) | Self::Short { tag, digest, .. } => {
                *tag = new;
                *digest = None;
            }
        }
        self
    }
}

impl FromStr for ImageName {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse::<Digest>()?)),
            None => (text, None),
        };
        let (path, tag) = match name.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag.parse::<Tag>()?)),
            _ => (name, None),
        };
        match path.split_once('/') {
            Some((host, rest)) if Registry::is_meant_by(host) => Ok(Self::Qualified(ImageRef {
                repository: Repository::new(host.parse()?, rest)?,
                tag,
                digest,
            })),
            _ => {
                path.parse::<RepositoryPath>()?;
                Ok(Self::Short { path: path.to_owned(), tag, digest })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn qualified_names_keep_what_was_written() {
        for text in [
            "quay.io/org/app:v1",
            "localhost:5000/a",
            "localhost/a/b/c:x",
            "[::1]:5000/app:v1",
            "registry.redhat.io/ubi9/ubi",
            &format!("quay.io/org/app:v1@sha256:{HEX}"),
        ] {
            assert_eq!(text.parse::<ImageRef>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn docker_hub_has_one_name_and_a_library() {
        let image: ImageRef = "index.docker.io/alpine:3".parse().unwrap();
        assert_eq!(image.to_string(), "docker.io/library/alpine:3");
        assert_eq!(image.repository.registry().host(), "registry-1.docker.io");
    }

    #[test]
    fn a_namespace_is_no_prefix_of_words() {
        let is_below = |path: &str, above| path.parse::<RepositoryPath>().unwrap().is_below(above);
        assert!(is_below("ns/app", "ns") && is_below("ns/a/b", "ns/a"));
        assert!(!is_below("nsx/app", "ns") && !is_below("a/ns", "ns") && !is_below("ns", "ns"));
    }

    #[test]
    fn short_names_stay_short() {
        let ImageName::Short { path, tag, .. } = "org/alpine:3".parse().unwrap() else { panic!() };
        assert_eq!((path.as_str(), tag.unwrap().as_str()), ("org/alpine", "3"));
        let refused = "alpine".parse::<ImageRef>().unwrap_err();
        assert_eq!(refused.to_string(), "'alpine' names no registry: write it as REGISTRY/alpine");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in [
            "",
            "quay.io/",
            "quay.io/Org/app",
            "quay.io//app",
            "quay.io/../etc",
            "quay.io/a/..",
            "quay.io/a:",
            "quay.io/a:.b",
            "quay.io/a@sha256:12",
            "quay.io:0/a",
            "quay.io:99999/a",
            "-x.io/a",
            "quay.io/a___b",
            "quay.io/a._b",
            "quay.io/_a",
            "quay.io/a b",
            "[::1/app",
        ] {
            assert!(bad.parse::<ImageRef>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_prints_what_it_read(text in "[a-zA-Z0-9./:@_-]{0,60}") {
            if let Ok(image) = text.parse::<ImageRef>() {
                prop_assert_eq!(image.to_string().parse::<ImageRef>().unwrap(), image);
            }
        }

        #[test]
        fn repository_paths_stay_below_their_registry(path in "\\PC{0,40}") {
            if let Ok(repository) = Repository::new("quay.io".parse().unwrap(), &path) {
                prop_assert!(!repository.path().split('/').any(|c| c == ".." || c == "." || c.is_empty()));
            }
        }
    }
}
