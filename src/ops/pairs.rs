//! Which images go where exactly: the copies that mappings ask for, with all names filled in.

use std::collections::HashMap;

use crate::mirror::{Mapping, MappingError, Position};
use crate::model::{
    Digest, Endpoint, ImageName, ImagePath, ImageRef, PlatformFilter, RefName, RepositoryPath, Tag,
};
use crate::store::Reference;

/// One image and one place that it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The image.
    pub source: Endpoint,
    /// The place.
    pub destination: Endpoint,
    /// Which platforms of an index are wanted; all when empty.
    pub platforms: Vec<PlatformFilter>,
    /// Where the mapping stands in the input.
    pub position: Option<Position>,
}

impl Pair {
    /// Whether one read serves both.
    pub(super) fn reads_as(&self, other: &Self) -> bool {
        self.source == other.source && self.platforms == other.platforms
    }

    /// What no other copy may have: the name, or where it gets none, the place and the digest.
    fn landing(&self) -> (&Endpoint, Option<&Digest>) {
        let digest = if self.destination.is_repository() { self.source.digest() } else { None };
        (&self.destination, digest)
    }
}

/// The copies that `mappings` ask for, with every name that can be known filled in.
#[must_use]
pub fn pairs(mappings: &[Mapping]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for mapping in mappings {
        let source = with_default_tag(&mapping.source);
        for destination in &mapping.destinations {
            pairs.push(Pair {
                source: source.clone(),
                destination: with_name_of(destination, &source),
                platforms: mapping.platforms.clone(),
                position: mapping.position.clone(),
            });
        }
    }
    pairs
}

/// Refuses what cannot be meant: an image that goes to itself, and two that go to one place.
///
/// # Errors
/// The first of them, with where it stands.
pub fn check(mappings: &[Mapping]) -> Result<(), MappingError> {
    let pairs = pairs(mappings);
    let mut landed: HashMap<_, &Pair> = HashMap::new();
    for pair in &pairs {
        let Pair { source, destination, position, .. } = pair;
        if source == destination {
            let image = Box::new(source.clone());
            return Err(MappingError::Itself { position: position.clone(), image });
        }
        if let Some(first) = landed.insert(pair.landing(), pair) {
            return Err(MappingError::Twice {
                position: position.clone(),
                destination: Box::new(destination.clone()),
                first: first.position.clone(),
            });
        }
    }
    Ok(())
}

/// Which manifest of its store an endpoint means.
pub(super) fn reference(endpoint: &Endpoint) -> Reference {
    if let Some(digest) = endpoint.digest() {
        return Reference::Digest(digest.clone());
    }
    endpoint.name().map_or(Reference::Only, Reference::Name)
}

/// `endpoint`, with the tag `latest` when it is a repository with tags and none is given, and no digest.
pub(super) fn with_default_tag(endpoint: &Endpoint) -> Endpoint {
    if endpoint.has_tags() && endpoint.is_repository() {
        tagged(endpoint, Tag::latest())
    } else {
        endpoint.clone()
    }
}

fn tagged(endpoint: &Endpoint, tag: Tag) -> Endpoint {
    // A tag is a name wherever there are tags.
    endpoint.named(&tag.into()).unwrap_or_else(|_| endpoint.clone())
}

/// `destination`, named like `source` when it has no name of its own.
///
/// Where there are tags that is the source's tag; nothing, when the source is given by digest alone; `latest`, when the
/// source has no name or one that is no tag. In a layout it is the source's name, whatever it is; in a bundle the
/// repository of the source, and its tag or digest.
fn with_name_of(destination: &Endpoint, source: &Endpoint) -> Endpoint {
    if destination.has_tags() && destination.is_repository() {
        return tag_for(source).map_or(destination.clone(), |tag| tagged(destination, tag));
    }
    let mut destination = destination.clone();
    match &mut destination {
        Endpoint::Bundle { name: to @ None, .. } => *to = path_of(source),
        Endpoint::Oci { name: to @ None, .. } | Endpoint::OciArchive { name: to @ None, .. } => {
            *to = source.name();
        }
        Endpoint::DockerArchive { name: to @ None, .. } => *to = whole_name(source),
        _ => {}
    }
    destination
}

fn tag_for(source: &Endpoint) -> Option<Tag> {
    match (source.name(), source.digest()) {
        (None, Some(_)) => None,
        (name, _) => Some(name.and_then(|name| name.to_tag().ok()).unwrap_or_else(Tag::latest)),
    }
}

/// What an image is called without its registry.
fn path_of(source: &Endpoint) -> Option<ImagePath> {
    let (path, tag, digest) = match source {
        Endpoint::Registry(ImageName::Qualified(ImageRef { repository, tag, digest })) => {
            (RepositoryPath::from(repository), tag, digest)
        }
        Endpoint::Registry(ImageName::Short { path, tag, digest }) => {
            (path.parse().ok()?, tag, digest)
        }
        Endpoint::Bundle { name, .. } => return name.clone(),
        _ => return None,
    };
    // A name has one or the other: with a tag, the digest only chose what the source is.
    let digest = digest.clone().filter(|_| tag.is_none());
    Some(ImagePath { path, tag: tag.clone(), digest })
}

/// What `docker load` is to call an image: a whole reference.
fn whole_name(source: &Endpoint) -> Option<RefName> {
    match source {
        Endpoint::Registry(image) => {
            let named = image.clone().tagged(Some(image.tag()?.clone()));
            Endpoint::Registry(named).to_string().parse().ok()
        }
        Endpoint::Bundle { name, .. } => name.as_ref()?.to_string().parse().ok(),
        other => other.name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_without_a_name_gets_that_of_its_source() {
        let digest = crate::model::Digest::of(b"");
        let by_digest = format!("q.io/a@{digest}");
        let both = format!("q.io/a:v1@{digest}");
        for (source, destination, named) in [
            ("q.io/a", "r.io/b", "r.io/b:latest"),
            ("q.io/a:v1", "r.io/b", "r.io/b:v1"),
            ("q.io/a:v1", "r.io/b:v2", "r.io/b:v2"),
            (by_digest.as_str(), "r.io/b", "r.io/b"),
            (both.as_str(), "r.io/b", "r.io/b:v1"),
            ("oci:d", "r.io/b", "r.io/b:latest"),
            ("oci:d:v1", "r.io/b", "r.io/b:v1"),
            ("oci:d:q.io/a:v1", "r.io/b", "r.io/b:latest"),
            ("q.io/a:v1", "oci:d", "oci:d:v1"),
            ("q.io/a:v1", "oci:d:v2", "oci:d:v2"),
            ("q.io/a:v1", "docker-archive:f", "docker-archive:f:q.io/a:v1"),
            ("q.io/a:v1", "dir:d", "dir:d"),
            ("q.io/a:v1", "file://b", "file://b:v1"),
            ("file://b", "r.io/b", "r.io/b:latest"),
            (by_digest.as_str(), "file://b", "file://b"),
            ("q.io/a/b:v1", "bundle:d", "bundle:d:a/b:v1"),
            ("docker.io/alpine", "bundle:d", "bundle:d:library/alpine:latest"),
            (both.as_str(), "bundle:d", "bundle:d:a:v1"),
            ("q.io/a:v1", "bundle:d:x/y", "bundle:d:x/y:v1"),
            ("q.io/a:v1", "bundle:d:x/y:v2", "bundle:d:x/y:v2"),
            ("oci:d:v1", "bundle:d", "bundle:d"),
            ("bundle:d:x/y:v2", "r.io/b", "r.io/b:v2"),
            ("bundle:d:x/y:v2", "docker-archive:f", "docker-archive:f:x/y:v2"),
        ] {
            let source = with_default_tag(&source.parse().unwrap());
            let destination = with_name_of(&destination.parse().unwrap(), &source);
            assert_eq!(destination.to_string(), named, "{source}");
        }
    }
    fn refused(mappings: &[(&str, &str)]) -> Option<String> {
        let read = |text: &str| text.parse().unwrap();
        let mappings: Vec<Mapping> = mappings
            .iter()
            .map(|(source, destination)| Mapping::new(read(source), vec![read(destination)]))
            .collect();
        check(&mappings).err().map(|error| error.to_string())
    }

    #[test]
    fn two_images_in_one_place_are_refused() {
        let digests = [b"a", b"b"].map(|bytes| format!("q.io/a@{}", Digest::of(bytes)));
        let [one, other] = [&digests[0], &digests[1]];
        for (mappings, twice) in [
            ([("q.io/a:1", "r.io/a"), ("q.io/b:1", "r.io/a:1")], "r.io/a:1"),
            ([("oci:d:x", "dir:e"), ("oci:d:y", "dir:e")], "dir:e"),
            ([("q.io/a:1", "oci:d"), ("r.io/a:1", "oci:d:1")], "oci:d:1"),
            ([(one, "r.io/a"), (one, "r.io/a")], "r.io/a"),
            ([(one, "r.io/a:1"), (other, "r.io/a:1")], "r.io/a:1"),
        ] {
            let error = refused(&mappings).unwrap();
            assert_eq!(error, format!("{twice} is named as a destination twice"));
        }
        assert_eq!(refused(&[(one, "r.io/a"), (other, "r.io/a"), ("q.io/a:1", "r.io/a")]), None);
    }

    #[test]
    fn an_image_does_not_go_to_itself() {
        for (source, destination) in
            [("r.io/a:1", "r.io/a"), ("r.io/a", "r.io/a:latest"), ("oci:d:x", "oci:d")]
        {
            let error = refused(&[(source, destination)]).unwrap();
            assert!(error.ends_with(" is both source and destination"), "{error}");
        }
    }
}
