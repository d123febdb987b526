//! Names of namespaces, streams and their tags.

use std::fmt;
use std::str::FromStr;

use super::api::{ImageStream, ObjectMeta};
use crate::model::{Registry, Repository, Tag, one_line};

/// Why a text does not name a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a DNS label (RFC 1123).
    #[error(
        "'{0}' is not a namespace: expected up to 63 of a-z 0-9 and '-', neither first nor last '-'"
    )]
    Namespace(String),
    /// Not one component of a repository path.
    #[error(
        "'{0}' is not the name of an image stream: expected lower-case letters and digits, parted by '.', '_' or '-'"
    )]
    Stream(String),
    /// Not a stream and a tag.
    #[error("'{0}' is not STREAM:TAG")]
    Tag(String),
}

/// A namespace: a DNS label (RFC 1123), so it is a safe name for a folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace(String);

impl Namespace {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl FromStr for Namespace {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let sound = (1..=63).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Namespace(one_line(text, 80)))
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A stream in a namespace. Its name is one component of a repository path, so it is a safe name for a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName {
    namespace: Namespace,
    name: String,
}

impl StreamName {
    /// The stream `name` in `namespace`.
    ///
    /// # Errors
    /// When `name` is not one component of a repository path (distribution specification, «Pulling manifests»).
    pub fn new(namespace: Namespace, name: &str) -> Result<Self, NameError> {
        let bad = || NameError::Stream(one_line(name, 80));
        let somewhere: Registry = "localhost".parse().map_err(|_| bad())?;
        if name.contains('/') || name.len() > 200 || Repository::new(somewhere, name).is_err() {
            return Err(bad());
        }
        Ok(Self { namespace, name: name.to_owned() })
    }

    /// The stream that this is; one that tells no namespace is in the usual one.
    ///
    /// # Errors
    /// When its names are none.
    pub fn of(stream: &ImageStream) -> Result<Self, NameError> {
        let ObjectMeta { namespace, name, .. } = &stream.metadata;
        let namespace = namespace.as_deref().map(str::parse).transpose()?;
        Self::new(namespace.unwrap_or_default(), name)
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The name within the namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the name of `stream`.
    #[must_use]
    pub fn is_of(&self, stream: &ImageStream) -> bool {
        let ObjectMeta { namespace, name, .. } = &stream.metadata;
        namespace.as_deref() == Some(self.namespace.as_str()) && *name == self.name
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A tag of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamTag {
    /// The stream.
    pub stream: StreamName,
    /// The tag.
    pub tag: Tag,
}

impl StreamTag {
    /// Reads `STREAM:TAG`, or `NAMESPACE/STREAM:TAG`; without a namespace it is in `namespace`.
    ///
    /// # Errors
    /// When the text has another form, or one of the names is none.
    pub fn parse(text: &str, namespace: &Namespace) -> Result<Self, NameError> {
        let bad = || NameError::Tag(one_line(text, 200));
        let (place, tag) = text.rsplit_once(':').ok_or_else(bad)?;
        let (namespace, name) = match place.split_once('/') {
            Some((namespace, name)) => (namespace.parse()?, name),
            None => (namespace.clone(), place),
        };
        let stream = StreamName::new(namespace, name)?;
        Ok(Self { stream, tag: tag.parse().map_err(|_| bad())? })
    }
}

impl fmt::Display for StreamTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.stream, self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_folder() {
        for bad in ["", ".", "..", "a/b", "A", "-a", "a..b", "a%2f"] {
            assert!(StreamName::new(Namespace::default(), bad).is_err(), "{bad}");
        }
        for bad in ["", ".", "..", "a/b", "A", "a.b", "a_b", "-a", "a-"] {
            assert!(bad.parse::<Namespace>().is_err(), "{bad}");
        }
        assert!(StreamName::new(Namespace::default(), "app-1.2_x").is_ok());
    }

    #[test]
    fn a_tag_names_its_stream() {
        let tag = StreamTag::parse("dev/app:v1", &Namespace::default()).unwrap();
        assert_eq!(tag.to_string(), "dev/app:v1");
        let tag = StreamTag::parse("app:v1", &Namespace::default()).unwrap();
        assert_eq!(tag.to_string(), "default/app:v1");
        for bad in ["app", "a/b/c:v1", "app:", "app:-x", ":v1"] {
            assert!(StreamTag::parse(bad, &Namespace::default()).is_err(), "{bad}");
        }
    }
}
