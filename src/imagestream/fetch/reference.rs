//! What an import calls an image, and where that is.

use crate::model::{
    Digest, Endpoint, ImageName, ImageRef, ReferenceError, Registry, Repository, Tag,
};
use crate::store::Reference;

/// An image or repository as an import names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The repository as it was typed.
    typed: String,
    /// Where that is. Without a registry it is on Docker Hub, as everywhere in this API (`DockerClientDefaults`), and not
    /// what `registries.conf` makes of a short name: a stream means the same on every machine.
    pub(super) image: ImageRef,
}

impl Named {
    /// Reads `text`; without a tag it means `latest`, and a digest wins over a tag.
    pub(super) fn parse(text: &str) -> Result<Self, ReferenceError> {
        let (path, tag, digest) = match text.parse()? {
            ImageName::Qualified(ImageRef { repository, tag, digest }) => (repository, tag, digest),
            ImageName::Short { path, tag, digest } => {
                let hub: Registry = "docker.io".parse()?;
                (Repository::new(hub, &path)?, tag, digest)
            }
        };
        let tag = digest.is_none().then(|| tag.unwrap_or_else(Tag::latest));
        let image = ImageRef { repository: path, tag, digest };
        Ok(Self { typed: repository_of(text).to_owned(), image })
    }

    /// The tag; empty for a digest.
    pub(super) fn tag(&self) -> String {
        self.image.tag.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// The repository as it was typed.
    pub(super) fn typed(&self) -> &str {
        &self.typed
    }

    /// How to pull the image of this digest, in the words of the import: never the name of a mirror.
    pub(super) fn pinned(&self, digest: &str) -> String {
        format!("{}@{digest}", self.typed)
    }

    /// The image of this digest in the same repository.
    pub(super) fn at(&self, digest: Option<Digest>) -> ImageRef {
        ImageRef { repository: self.image.repository.clone(), tag: None, digest }
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint::Registry(ImageName::Qualified(self.image.clone()))
    }

    pub(super) fn reference(&self) -> Reference {
        match (&self.image.digest, &self.image.tag) {
            (Some(digest), _) => Reference::Digest(digest.clone()),
            (None, Some(tag)) => Reference::Name(tag.clone().into()),
            (None, None) => Reference::Only,
        }
    }
}

/// `text` without tag and digest.
fn repository_of(text: &str) -> &str {
    let name = text.split_once('@').map_or(text, |(name, _)| name);
    match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => path,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_words_and_gets_a_place() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, image, tag) in [
            ("test", "docker.io/library/test:latest", "latest"),
            ("org/app:v1", "docker.io/org/app:v1", "v1"),
            ("localhost:5000/app", "localhost:5000/app:latest", "latest"),
            ("quay.io/a/b:x", "quay.io/a/b:x", "x"),
            (&format!("quay.io/a/b:x@{digest}"), &format!("quay.io/a/b@{digest}"), ""),
        ] {
            let named = Named::parse(text).unwrap();
            assert_eq!(
                (named.image.to_string().as_str(), named.tag().as_str()),
                (image, tag),
                "{text}"
            );
            assert!(text.starts_with(named.typed()), "{text}");
            assert!(!named.pinned("sha256:x").contains(":x@"), "{text}");
        }
        assert_eq!(Named::parse("test:v1").unwrap().pinned("D"), "test@D");
        assert!(Named::parse("test///un/parse/able").is_err());
    }
}
