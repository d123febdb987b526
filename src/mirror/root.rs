//! The place below which all images of a set go.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::model::{
    Endpoint, ImageName, ImagePath, ImageRef, RefName, ReferenceError, Registry, Repository,
    RepositoryPath, Tag, one_line,
};

/// A registry, a namespace of one, a layout or a bundle: an image `org/app:v1` of a set goes to `ROOT/org/app:v1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// A registry, or what is below one of its namespaces.
    Registry {
        /// The registry.
        registry: Registry,
        /// The namespace, if any.
        namespace: Option<RepositoryPath>,
    },
    /// An OCI image layout, where images have the names `org/app:v1`.
    Oci(PathBuf),
    /// A bundle.
    Bundle(PathBuf),
}

/// Why a text is no root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// Neither a registry nor a layout nor a bundle.
    #[error("'{0}' is no place for a set: expected REGISTRY[/NAMESPACE], oci:DIR or bundle:DIR")]
    Form(String),
    /// A registry whose name or namespace cannot be used.
    #[error("'{text}' is no place for a set")]
    Reference {
        /// What was given.
        text: String,
        /// What is wrong with it.
        #[source]
        source: ReferenceError,
    },
}

impl Root {
    /// Where the image `path:tag` of a set goes.
    ///
    /// # Errors
    /// When the whole name is longer than a registry or a layout takes.
    pub fn endpoint(&self, path: &RepositoryPath, tag: &Tag) -> Result<Endpoint, ReferenceError> {
        match self {
            Self::Registry { registry, namespace } => {
                let path = match namespace {
                    Some(namespace) => format!("{namespace}/{path}"),
                    None => path.to_string(),
                };
                let repository = Repository::new(registry.clone(), &path)?;
                let image = ImageRef { repository, tag: Some(tag.clone()), digest: None };
                Ok(Endpoint::Registry(ImageName::Qualified(image)))
            }
            Self::Oci(dir) => {
                let name: RefName = format!("{path}:{tag}").parse()?;
                Ok(Endpoint::Oci { dir: dir.clone(), name: Some(name) })
            }
            Self::Bundle(dir) => {
                let name = ImagePath { path: path.clone(), tag: Some(tag.clone()), digest: None };
                Ok(Endpoint::Bundle { dir: dir.clone(), name: Some(name) })
            }
        }
    }
}

impl Root {
    /// Where the images of the repository `path` of a set go, under the tags that they have. In a layout that is all of it.
    ///
    /// # Errors
    /// When the whole name is longer than a registry or a layout takes.
    pub fn repository(&self, path: &RepositoryPath) -> Result<Endpoint, ReferenceError> {
        Ok(match self.endpoint(path, &Tag::latest())? {
            Endpoint::Bundle { dir, name: Some(name) } => {
                Endpoint::Bundle { dir, name: Some(ImagePath { tag: None, ..name }) }
            }
            other => other.without_name(),
        })
    }

    /// Some image below it: whoever opens the place looks at where that is.
    ///
    /// # Errors
    /// When nothing fits below it.
    pub fn any(&self) -> Result<Endpoint, ReferenceError> {
        self.endpoint(&"any".parse()?, &Tag::latest())
    }
}

impl FromStr for Root {
    type Err = RootError;

    fn from_str(text: &str) -> Result<Self, RootError> {
        let form = || RootError::Form(one_line(text, 300));
        match text.split_once(':') {
            Some(("oci" | "bundle", "")) => return Err(form()),
            Some(("oci", dir)) => return Ok(Self::Oci(PathBuf::from(dir))),
            Some(("bundle", dir)) => return Ok(Self::Bundle(PathBuf::from(dir))),
            _ => {}
        }
        let place = text.strip_prefix("docker://").unwrap_or(text);
        let place = place.strip_suffix('/').unwrap_or(place);
        let (registry, namespace) = match place.split_once('/') {
            Some((registry, namespace)) => (registry, Some(namespace)),
            None => (place, None),
        };
        if !Registry::is_meant_by(registry) || place.contains("://") {
            return Err(form());
        }
        let wrong = |source| RootError::Reference { text: one_line(text, 300), source };
        Ok(Self::Registry {
            registry: registry.parse().map_err(wrong)?,
            namespace: namespace.map(str::parse).transpose().map_err(wrong)?,
        })
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry { registry, namespace: Some(namespace) } => {
                write!(f, "{registry}/{namespace}")
            }
            Self::Registry { registry, namespace: None } => write!(f, "{registry}"),
            Self::Oci(dir) => write!(f, "oci:{}", dir.display()),
            Self::Bundle(dir) => write!(f, "bundle:{}", dir.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_go_below_their_root() {
        let (path, tag) = ("org/app".parse().unwrap(), "v1".parse().unwrap());
        for (root, shown, image) in [
            ("reg.local", "reg.local", "reg.local/org/app:v1"),
            ("localhost:5000/a/b/", "localhost:5000/a/b", "localhost:5000/a/b/org/app:v1"),
            ("docker://reg.local/ns", "reg.local/ns", "reg.local/ns/org/app:v1"),
            ("oci:some/dir", "oci:some/dir", "oci:some/dir:org/app:v1"),
            ("bundle:dir", "bundle:dir", "bundle:dir:org/app:v1"),
        ] {
            let root: Root = root.parse().unwrap();
            assert_eq!(root.to_string(), shown);
            assert_eq!(root.endpoint(&path, &tag).unwrap().to_string(), image);
        }
    }

    #[test]
    fn what_is_no_root_is_refused() {
        let bad = [
            "",
            "mirror",
            "org/app",
            "oci:",
            "bundle:",
            "dir:x",
            "file:///tmp/x",
            "a.io/NS",
            "a.io/b:v1",
            "a.io//",
        ];
        for text in bad {
            assert!(text.parse::<Root>().is_err(), "{text}");
        }
        let long: Root = format!("reg.local/{}", "a".repeat(250)).parse().unwrap();
        assert!(long.endpoint(&"org/app".parse().unwrap(), &Tag::latest()).is_err());
    }
}
