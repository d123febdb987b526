//! A pull spec as it was written, in its parts (library-go's `DockerImageReference`).

use crate::model::{ImageName, ReferenceError};

/// A pull spec in its parts. Nothing is added to what was written, not even the registry of Docker Hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PullSpec {
    pub(super) registry: Option<String>,
    /// All between the registry and the name.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    pub(super) tag: Option<String>,
    pub(super) digest: Option<String>,
}

impl PullSpec {
    pub(super) fn parse(text: &str) -> Result<Self, ReferenceError> {
        let image: ImageName = text.parse()?;
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.to_owned())),
            None => (text, None),
        };
        let tag = image.tag().map(ToString::to_string);
        let tag_len = tag.as_ref().map_or(0, |tag| tag.len() + 1);
        let path = &name[..name.len() - tag_len];
        let (registry, path) = match (&image, path.split_once('/')) {
            (ImageName::Qualified(_), Some((registry, path))) => (Some(registry.to_owned()), path),
            _ => (None, path),
        };
        let (namespace, name) = match path.rsplit_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
            None => (None, path.to_owned()),
        };
        Ok(Self { registry, namespace, name, tag, digest })
    }

    /// The name with its digest, else with its tag.
    pub(super) fn name_and_version(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => format!("{}@{digest}", self.name),
            (None, Some(tag)) => format!("{}:{tag}", self.name),
            (None, None) => self.name.clone(),
        }
    }

    /// The whole, without the tag when there is a digest.
    pub(super) fn exact(&self) -> String {
        let before = [&self.registry, &self.namespace].into_iter().flatten();
        before.map(|part| format!("{part}/")).collect::<String>() + &self.name_and_version()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_spec_stays_as_it_was_written() {
        for text in [
            "app",
            "app:v1",
            "dev/app:v1",
            "docker.io/nginx:1",
            "Index.Docker.io/nginx",
            "localhost:5000/app",
            "quay.io/a/b/c:v1",
        ] {
            assert_eq!(PullSpec::parse(text).unwrap().exact(), text);
        }
        let digest = format!("quay.io/a/b@sha256:{}", "a".repeat(64));
        assert_eq!(PullSpec::parse(&digest).unwrap().exact(), digest);
        let both = digest.replace('@', ":v1@");
        assert_eq!(PullSpec::parse(&both).unwrap().exact(), digest);
        let parts = PullSpec::parse("quay.io/a/b/c:v1").unwrap();
        assert_eq!(parts.registry.as_deref(), Some("quay.io"));
        assert_eq!((parts.namespace.as_deref(), parts.name.as_str()), (Some("a/b"), "c"));
    }
}
