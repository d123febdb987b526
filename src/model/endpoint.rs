//! The ends of a copy, written as skopeo and podman write them: `quay.io/org/app:v1`, `oci:DIR[:NAME]`,
//! `oci-archive:FILE[:NAME]`, `docker-archive:FILE[:NAME]`, `dir:PATH`; as `oc` writes them: `file://REPOSITORY[:TAG]`;
//! and `bundle:DIR[:PATH:TAG]`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{
    Digest, ImageName, ImagePath, ImageRef, RefName, ReferenceError, Registry, RepositoryPath, Tag,
    one_line,
};

/// One end of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// An image on a registry, perhaps still a short name.
    Registry(ImageName),
    /// An image in an OCI image layout (OCI image specification, `image-layout.md`).
    Oci {
        /// The folder of the layout.
        dir: PathBuf,
        /// Which image; may be left out where there is just one.
        name: Option<RefName>,
    },
    /// An OCI image layout in one tar file.
    OciArchive {
        /// The tar file.
        file: PathBuf,
        /// Which image; may be left out where there is just one.
        name: Option<RefName>,
    },
    /// A tar file as `docker save` writes and `docker load` reads it.
    DockerArchive {
        /// The tar file.
        file: PathBuf,
        /// Which image; may be left out where there is just one.
        name: Option<RefName>,
    },
    /// A folder of plain files as `skopeo copy … dir:` writes it: one image, no name.
    Dir(PathBuf),
    /// An image in a folder of repositories as `oc image mirror` writes it.
    File {
        /// The folder; empty for the current one.
        root: PathBuf,
        /// The path of the repository below it.
        repository: RepositoryPath,
        /// The tag, when one was given.
        tag: Option<Tag>,
        /// The digest, when one was given. It wins over the tag.
        digest: Option<Digest>,
    },
    /// An image in a bundle, which carries images over an air gap.
    Bundle {
        /// The folder of the bundle.
        dir: PathBuf,
        /// Which image. As a destination it may be left out where the source has a name.
        name: Option<ImagePath>,
    },
}

/// Why a text is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// A transport that this tool does not have.
    #[error(
        "the transport '{0}:' is not known: expected docker://, oci:, oci-archive:, docker-archive:, dir:, bundle: or file://"
    )]
    Transport(String),
    /// A transport without a path behind it.
    #[error("'{0}:' needs a path behind it")]
    NoPath(&'static str),
    /// `file:` without its slashes.
    #[error(
        "a repository in a folder is written file://{0}; a folder or file of another kind has another transport"
    )]
    FileWithoutSlashes(String),
    /// A path, and nothing that tells what is there.
    #[error(
        "a path has its transport in front: oci:{0}, oci-archive:{0}, docker-archive:{0} or dir:{0}"
    )]
    BarePath(String),
    /// The image name does not parse.
    #[error("'{text}' does not name an image")]
    Reference {
        /// What was given.
        text: String,
        /// What is wrong with it.
        #[source]
        source: ReferenceError,
    },
}

/// Transports of containers tools that we know of and do not have.
const FOREIGN: [&str; 8] = [
    "containers-storage",
    "docker-daemon",
    "sif",
    "tarball",
    "ostree",
    "atomic",
    "openshift",
    "static",
];

impl Endpoint {
    /// The path on disk, for every endpoint but a registry.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Registry(_) => None,
            Self::Oci { dir: path, .. }
            | Self::OciArchive { file: path, .. }
            | Self::DockerArchive { file: path, .. }
            | Self::Bundle { dir: path, .. }
            | Self::Dir(path) => Some(path.clone()),
            Self::File { root, repository, .. } => Some(root.join("v2").join(repository.as_str())),
        }
    }

    /// The same; what is in a folder of repositories is in the folder `new`.
    #[must_use]
    pub fn below(mut self, new: &Path) -> Self {
        if let Self::File { root, .. } = &mut self {
            new.clone_into(root);
        }
        self
    }

    /// The name of an image there, when one was given: a tag, or what a layout or an archive calls it.
    #[must_use]
    pub fn name(&self) -> Option<RefName> {
        match self {
            Self::Registry(image) => image.tag().cloned().map(RefName::from),
            Self::Oci { name, .. }
            | Self::OciArchive { name, .. }
            | Self::DockerArchive { name, .. } => name.clone(),
            Self::File { tag, .. } => tag.clone().map(RefName::from),
            Self::Bundle { name, .. } => name.as_ref()?.tag.clone().map(RefName::from),
            Self::Dir(_) => None,
        }
    }

    /// The registry, where it is one and named.
    #[must_use]
    pub fn registry(&self) -> Option<&Registry> {
        match self {
            Self::Registry(ImageName::Qualified(image)) => Some(image.repository.registry()),
            _ => None,
        }
    }

    /// The digest of an image there, when one was given.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Registry(image) => image.digest(),
            Self::File { digest, .. } => digest.as_ref(),
            Self::Bundle { name, .. } => name.as_ref()?.digest.as_ref(),
            _ => None,
        }
    }

    /// The image `name` in the same place.
    ///
    /// # Errors
    /// When the place has tags, as a registry has, and the name is none; or is all of a bundle, and the name has no
    /// repository.
    pub fn named(&self, name: &RefName) -> Result<Self, ReferenceError> {
        let mut endpoint = self.clone();
        match &mut endpoint {
            Self::Registry(image) => *image = image.clone().tagged(Some(name.to_tag()?)),
            Self::Oci { name: own, .. }
            | Self::OciArchive { name: own, .. }
            | Self::DockerArchive { name: own, .. } => *own = Some(name.clone()),
            Self::File { tag, digest, .. } => (*tag, *digest) = (Some(name.to_tag()?), None),
            Self::Bundle { name: Some(own), .. } => {
                own.tag = Some(name.to_tag()?);
                own.digest = None;
            }
            Self::Bundle { name: own @ None, .. } => *own = Some(name.as_str().parse()?),
            Self::Dir(_) => {}
        }
        Ok(endpoint)
    }

    /// Whether this is a repository whose images have tags, as on a registry.
    #[must_use]
    pub fn has_tags(&self) -> bool {
        matches!(self, Self::Registry(_) | Self::File { .. } | Self::Bundle { name: Some(_), .. })
    }

    /// The place of an image, without the tag, name and digest that tell which one it is.
    #[must_use]
    pub fn without_name(&self) -> Self {
        let mut endpoint = self.clone();
        match &mut endpoint {
            Self::Registry(image) => *image = image.clone().tagged(None),
            Self::Oci { name, .. }
            | Self::OciArchive { name, .. }
            | Self::DockerArchive { name, .. } => *name = None,
            Self::File { tag, digest, .. } => (*tag, *digest) = (None, None),
            Self::Bundle { name: Some(name), .. } => (name.tag, name.digest) = (None, None),
            Self::Bundle { name: None, .. } | Self::Dir(_) => {}
        }
        endpoint
    }

    /// Whether single blobs and manifests can be put there and taken away, one by one.
    #[must_use]
    pub fn is_mutable(&self) -> bool {
        matches!(self, Self::Registry(_) | Self::Oci { .. } | Self::File { .. })
    }

    /// Whether several images can be there and none of them is named.
    #[must_use]
    pub fn is_repository(&self) -> bool {
        !matches!(self, Self::Dir(_)) && self.name().is_none() && self.digest().is_none()
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        if let Some(image) = text.strip_prefix("docker://") {
            return registry(image);
        }
        if text.starts_with(['/', '.', '~']) {
            return Err(EndpointError::BarePath(one_line(text, 300)));
        }
        let Some((scheme, rest)) = text.split_once(':') else { return registry(text) };
        match scheme {
            "oci" => named("oci", rest).map(|(dir, name)| Self::Oci { dir, name }),
            "oci-archive" => {
                named("oci-archive", rest).map(|(file, name)| Self::OciArchive { file, name })
            }
            "docker-archive" => {
                named("docker-archive", rest).map(|(file, name)| Self::DockerArchive { file, name })
            }
            "bundle" => named("bundle", rest).map(|(dir, name)| Self::Bundle { dir, name }),
            "dir" if rest.is_empty() => Err(EndpointError::NoPath("dir")),
            "dir" => Ok(Self::Dir(PathBuf::from(rest))),
            "file" => file(rest),
            other if FOREIGN.contains(&other) || rest.starts_with("//") => {
                Err(EndpointError::Transport(one_line(other, 40)))
            }
            _ => registry(text),
        }
    }
}

fn registry(text: &str) -> Result<Endpoint, EndpointError> {
    text.parse()
        .map(Endpoint::Registry)
        .map_err(|source| EndpointError::Reference { text: one_line(text, 300), source })
}

/// `//REPOSITORY[:TAG][@DIGEST]`. As with `oc` a third slash makes no difference.
fn file(rest: &str) -> Result<Endpoint, EndpointError> {
    let Some(name) = rest.strip_prefix("//") else {
        return Err(EndpointError::FileWithoutSlashes(one_line(rest, 300)));
    };
    let name = name.strip_prefix('/').unwrap_or(name);
    if name.is_empty() {
        return Err(EndpointError::NoPath("file"));
    }
    // What stands for a registry in front makes a repository of all of the name.
    let image: ImageRef = format!("localhost/{name}").parse().map_err(|source| {
        EndpointError::Reference { text: format!("file:{}", one_line(rest, 300)), source }
    })?;
    Ok(Endpoint::File {
        root: PathBuf::new(),
        repository: RepositoryPath::from(&image.repository),
        tag: image.tag,
        digest: image.digest,
    })
}

fn named<N: FromStr<Err = ReferenceError>>(
    transport: &'static str,
    rest: &str,
) -> Result<(PathBuf, Option<N>), EndpointError> {
    let (path, name) = match rest.split_once(':') {
        Some((path, name)) => {
            let name = name.parse().map_err(|source| EndpointError::Reference {
                text: format!("{transport}:{}", one_line(rest, 300)),
                source,
            })?;
            (path, Some(name))
        }
        None => (rest, None),
    };
    if path.is_empty() {
        return Err(EndpointError::NoPath(transport));
    }
    Ok((PathBuf::from(path), name))
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (transport, path, name) = match self {
            Self::Registry(ImageName::Qualified(image)) => return write!(f, "{image}"),
            Self::Registry(ImageName::Short { path, tag, digest }) => {
                return write_name(f, path, tag.as_ref(), digest.as_ref());
            }
            Self::Dir(path) => return write!(f, "dir:{}", path.display()),
            Self::File { repository, tag, digest, .. } => {
                return write_name(
                    f,
                    &format!("file://{repository}"),
                    tag.as_ref(),
                    digest.as_ref(),
                );
            }
            Self::Bundle { dir, name } => {
                write!(f, "bundle:{}", dir.display())?;
                return name.as_ref().map_or(Ok(()), |name| write!(f, ":{name}"));
            }
            Self::Oci { dir, name } => ("oci", dir, name),
            Self::OciArchive { file, name } => ("oci-archive", file, name),
            Self::DockerArchive { file, name } => ("docker-archive", file, name),
        };
        write!(f, "{transport}:{}", path.display())?;
        name.as_ref().map_or(Ok(()), |name| write!(f, ":{name}"))
    }
}

fn write_name(
    f: &mut fmt::Formatter<'_>,
    repository: &str,
    tag: Option<&Tag>,
    digest: Option<&Digest>,
) -> fmt::Result {
    f.write_str(repository)?;
    if let Some(tag) = tag {
        write!(f, ":{tag}")?;
    }
    digest.map_or(Ok(()), |digest| write!(f, "@{digest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_print_as_they_are_written() {
        for text in [
            "quay.io/org/app:v1",
            "localhost:5000/app",
            "alpine:3",
            "oci:some/dir",
            "oci:some/dir:v1",
            "oci:dir:quay.io/org/app:v1",
            "oci-archive:/tmp/a.tar:x",
            "docker-archive:a.tar:quay.io/org/app:v1",
            "dir:/tmp/with:colon",
            "file://org/app:v1",
            "file://quay.io/org/app",
            "bundle:out",
            "bundle:out:org/app:v1",
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        assert_eq!("docker://quay.io/a".parse::<Endpoint>(), "quay.io/a".parse());
        assert_eq!("file:///org/app".parse::<Endpoint>(), "file://org/app".parse());
    }

    #[test]
    fn what_is_no_endpoint_says_why() {
        let error = |text: &str| text.parse::<Endpoint>().unwrap_err().to_string();
        assert!(error("containers-storage:x").contains("expected docker://"));
        assert!(error("https://quay.io/a").contains("'https:' is not known"));
        assert_eq!(error("oci:"), "'oci:' needs a path behind it");
        assert_eq!(error("file://"), "'file:' needs a path behind it");
        assert!(error("file:org/app").contains("is written file://org/app"));
        for bad in ["file://../up", "file://localhost:5000/a", "file://Org/app", "file:///a//b"] {
            assert!(error(bad).ends_with("does not name an image"), "{bad}");
        }
        assert!(error("./app").ends_with(" or dir:./app"));
        assert_eq!(error("quay.io/Bad"), "'quay.io/Bad' does not name an image");
    }
}
