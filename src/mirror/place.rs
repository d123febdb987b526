//! Where many images are: one image, a repository, or all repositories of a registry or below a path of it.

use std::fmt;
use std::str::FromStr;

use crate::model::{Endpoint, EndpointError, ImageName, ImageRef, Registry, Repository};

/// Repositories of a registry: all, or those below a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// The registry.
    pub registry: Registry,
    /// The path; all repositories when there is none.
    pub path: Option<String>,
}

impl Namespace {
    /// What remains of the path of a repository below this root; `None` for one that is not below it.
    #[must_use]
    pub fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        match &self.path {
            None => Some(path),
            Some(above) => path.strip_prefix(above.as_str())?.strip_prefix('/'),
        }
    }

    /// The repository at `rest` below this root, if that makes a name.
    #[must_use]
    pub fn repository(&self, rest: &str) -> Option<Repository> {
        let path = match &self.path {
            None => rest.to_owned(),
            Some(above) => format!("{above}/{rest}"),
        };
        Repository::new(self.registry.clone(), &path).ok()
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.registry)?;
        self.path.as_ref().map_or(Ok(()), |path| write!(f, "{path}/"))
    }
}

/// One image, a repository, or many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An image, or all that has a name in one repository, layout or archive.
    At(Endpoint),
    /// Many repositories.
    Below(Namespace),
}

impl Place {
    /// The repositories below a name, where that names no single image of a registry.
    #[must_use]
    pub fn namespace_of(endpoint: &Endpoint) -> Option<Namespace> {
        match endpoint {
            Endpoint::Registry(ImageName::Qualified(ImageRef {
                repository,
                tag: None,
                digest: None,
            })) => Some(Namespace {
                registry: repository.registry().clone(),
                path: Some(repository.path().to_owned()),
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(endpoint) => write!(f, "{endpoint}"),
            Self::Below(root) => write!(f, "{root}"),
        }
    }
}

impl FromStr for Place {
    type Err = EndpointError;

    /// `quay.io`, `localhost:5000`, `registry:5000/` and `quay.io/org/` are many repositories; all else is an endpoint.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let bare = text.strip_prefix("docker://").unwrap_or(text);
        let many = bare.strip_suffix('/').or_else(|| is_registry(bare).then_some(bare));
        let Some(many) = many else { return text.parse().map(Self::At) };
        let (registry, path) = match many.split_once('/') {
            Some((registry, path)) => (registry, Some(path)),
            None => (many, None),
        };
        let unusable = |source| EndpointError::Reference { text: text.to_owned(), source };
        let registry: Registry = registry.parse().map_err(unusable)?;
        if let Some(path) = path {
            Repository::new(registry.clone(), path).map_err(unusable)?;
        }
        Ok(Self::Below(Namespace { registry, path: path.map(str::to_owned) }))
    }
}

/// Whether a name without a slash is that of a registry and not of an image: `alpine:3` is one, `localhost:5000` is not.
fn is_registry(name: &str) -> bool {
    let (host, port) = match name.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (name, None),
    };
    let is_host = host == "localhost" || host.starts_with('[') || host.contains('.');
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    !name.contains('/') && is_host && is_port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_and_paths_with_a_slash_are_many_repositories() {
        for (text, root) in [
            ("quay.io", "quay.io/"),
            ("localhost:5000", "localhost:5000/"),
            ("localhost", "localhost/"),
            ("[::1]:5000", "[::1]:5000/"),
            ("registry:5000/", "registry:5000/"),
            ("quay.io/org/", "quay.io/org/"),
            ("docker://quay.io/org/team/", "quay.io/org/team/"),
        ] {
            let place: Place = text.parse().unwrap();
            assert!(matches!(place, Place::Below(_)), "{text}");
            assert_eq!(place.to_string(), root);
        }
        for text in ["quay.io/org", "alpine:3", "alpine", "oci:dir", "q.io/a:v1", "oci:dir:v1"] {
            let place: Place = text.parse().unwrap();
            assert_eq!(place, Place::At(text.parse().unwrap()), "{text}");
        }
        for bad in ["quay.io//", "quay.io/Org/", "/", ""] {
            assert!(bad.parse::<Place>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_root_knows_what_is_below_it() {
        let Place::Below(root) = "q.io/org/".parse().unwrap() else { panic!("no root") };
        assert_eq!(root.below("org/app"), Some("app"));
        assert_eq!((root.below("org"), root.below("organ/app")), (None, None));
        assert_eq!(root.repository("app").unwrap().to_string(), "q.io/org/app");
        assert!(root.repository("../x").is_none());
    }
}
