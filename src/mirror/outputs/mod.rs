//! What users of a mirror need: how clusters and container engines find the images that were copied. Pure.
//!
//! Rules are of whole repositories. A tag is found on the mirror only where it has the name that it had; a digest always
//! is, for digests are kept.

mod mirror_set;
mod registries_conf;
mod signatures;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

pub use mirror_set::{MirrorSet, documents};
pub use registries_conf::registries_conf;
pub use signatures::{config_maps, json_document};

use serde_json::Value;

use crate::model::{Endpoint, ImageName, ImageRef};
use crate::yaml;

/// The largest object, in bytes: `oc apply` keeps a copy of it in an annotation, and those have 256 KiB.
const LARGEST: usize = 250_000;

/// An image that is on a mirror now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// Where it came from.
    pub source: ImageRef,
    /// Where it is besides.
    pub destination: ImageRef,
}

impl Mirrored {
    /// An image that went from one registry to another place on a registry; others are no mirrors.
    #[must_use]
    pub fn between(source: &Endpoint, destination: &Endpoint) -> Option<Self> {
        let on_registry = |endpoint: &Endpoint| match endpoint {
            Endpoint::Registry(ImageName::Qualified(image)) => Some(image.clone()),
            _ => None,
        };
        Some(Self { source: on_registry(source)?, destination: on_registry(destination)? })
    }

    /// Whether who knows the image by its tag finds it on the mirror under that tag.
    fn keeps_tag(&self) -> bool {
        self.source.tag.is_some() && self.source.tag == self.destination.tag
    }
}

/// Repositories, each with those that mirror it.
type Mirrors = BTreeMap<String, BTreeSet<String>>;

/// The repositories from which `images` came, each with those that they went to.
fn mirrors<'a>(images: impl IntoIterator<Item = &'a Mirrored>) -> Mirrors {
    let mut mirrors = Mirrors::new();
    for Mirrored { source, destination } in images {
        let repository = source.repository.to_string();
        mirrors.entry(repository).or_default().insert(destination.repository.to_string());
    }
    mirrors
}

/// The repositories all of whose images, as far as they went there, have kept their tags.
fn tag_mirrors(images: &[Mirrored]) -> Mirrors {
    let mut mirrors = mirrors(images.iter().filter(|image| image.keeps_tag()));
    for image in images.iter().filter(|image| image.source.tag.is_some() && !image.keeps_tag()) {
        let Mirrored { source, destination } = image;
        if let Some(found) = mirrors.get_mut(&source.repository.to_string()) {
            found.remove(&destination.repository.to_string());
        }
    }
    mirrors.retain(|_, found| !found.is_empty());
    mirrors
}

/// Entries, each with its bytes, as the objects that can be applied hold them.
fn in_objects<T>(entries: impl IntoIterator<Item = (T, usize)>) -> Vec<Vec<T>> {
    let mut objects: Vec<(Vec<T>, usize)> = Vec::new();
    for (entry, size) in entries {
        match objects.last_mut() {
            Some((entries, sum)) if *sum + size <= LARGEST => {
                entries.push(entry);
                *sum += size;
            }
            _ => objects.push((vec![entry], size)),
        }
    }
    objects.into_iter().map(|(entries, _)| entries).collect()
}

/// Objects as YAML documents in one text; `None` when there are none.
#[must_use]
pub fn yaml_documents(objects: &[Value]) -> Option<String> {
    let texts: Vec<String> = objects.iter().map(yaml::write).collect();
    (!texts.is_empty()).then(|| texts.join("---\n"))
}

/// A mapping file that copies the same again: `SRC=DST`, a line each.
#[must_use]
pub fn mapping_txt<'a>(pairs: impl IntoIterator<Item = (&'a Endpoint, &'a Endpoint)>) -> String {
    let mut text = String::new();
    for (source, destination) in pairs {
        let _ = writeln!(text, "{source}={destination}");
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(super) fn mirrored(pairs: &[(&str, &str)]) -> Vec<Mirrored> {
        let endpoint = |text: &str| text.parse::<Endpoint>().unwrap();
        let pairs = pairs.iter().map(|(from, to)| (endpoint(from), endpoint(to)));
        pairs.filter_map(|(from, to)| Mirrored::between(&from, &to)).collect()
    }

    fn shown(mirrors: &Mirrors) -> Vec<String> {
        let show = |(source, found): (&String, &BTreeSet<String>)| {
            format!("{source} -> {}", found.iter().cloned().collect::<Vec<_>>().join(" "))
        };
        mirrors.iter().map(show).collect()
    }

    #[test]
    fn repositories_are_mirrored_by_those_that_their_images_went_to() {
        let digest = format!("q.io/b@{}", crate::model::Digest::of(b""));
        let images = mirrored(&[
            ("q.io/a:v1", "r.io/m/a:v1"),
            ("q.io/a:v2", "r.io/m/a:v2"),
            ("q.io/a:v1", "s.io/a:v1"),
            (&digest, "r.io/m/b:image-1"),
            ("q.io/c:v1", "oci:dir:v1"),
            ("oci:dir:v1", "r.io/c:v1"),
        ]);
        let all = ["q.io/a -> r.io/m/a s.io/a", "q.io/b -> r.io/m/b"];
        assert_eq!(shown(&mirrors(&images)), all);
        assert_eq!(shown(&tag_mirrors(&images)), all[..1]);
    }

    #[test]
    fn a_mirror_with_other_tags_is_none_for_tags() {
        let images = mirrored(&[
            ("q.io/a:v1", "r.io/a:v1"),
            ("q.io/a:v1", "s.io/a:stable"),
            ("q.io/a:v2", "s.io/a:v2"),
        ]);
        assert_eq!(shown(&tag_mirrors(&images)), ["q.io/a -> r.io/a"]);
    }

    #[test]
    fn a_mapping_file_is_read_again() {
        let pairs: Vec<(Endpoint, Endpoint)> =
            [("q.io/a:v1", "r.io/a:v1"), ("q.io/b:v1", "oci:d:b")]
                .map(|(from, to)| (from.parse().unwrap(), to.parse().unwrap()))
                .to_vec();
        let text = mapping_txt(pairs.iter().map(|(from, to)| (from, to)));
        assert_eq!(text, "q.io/a:v1=r.io/a:v1\nq.io/b:v1=oci:d:b\n");
        let lines = crate::mirror::from_file("mapping.txt", &text).unwrap();
        assert_eq!(lines.len(), 2);
    }
}
