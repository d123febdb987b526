//! What `docker save` writes beside an image layout, and how it names images (moby, `image/tarexport`).

use serde::{Deserialize, Serialize};

use super::{Manifests, SmallFile, blob_path};
use crate::model::{
    Content, Descriptor, Digest, ImageName, ImageRef, Manifest, MediaType, PlatformFilter, RefName,
    Tag,
};
use crate::store::layout::{Index, REF_NAME};
use crate::store::{Error, Result};

/// The file that `docker load` reads.
pub(super) const MANIFEST_FILE: &str = "manifest.json";

/// The whole name of an image, as containerd notes it.
const IMAGE_NAME: &str = "io.containerd.image.name";

/// One image in `manifest.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Image {
    /// The path of the configuration in the archive.
    pub(super) config: String,
    /// The names.
    #[serde(default)]
    pub(super) repo_tags: Option<Vec<String>>,
    /// The paths of the layers, base first.
    #[serde(default)]
    pub(super) layers: Vec<String>,
}

/// The whole name for what docker takes for one: `alpine` is `docker.io/library/alpine:latest`. What is no name of an
/// image stays as it is.
pub(super) fn canonical(name: &RefName) -> RefName {
    whole_name(name.as_str()).and_then(|whole| whole.parse().ok()).unwrap_or_else(|| name.clone())
}

fn whole_name(name: &str) -> Option<String> {
    let mut image: ImageRef = match name.parse().ok()? {
        ImageName::Qualified(image) => image,
        ImageName::Short { .. } => format!("docker.io/{name}").parse().ok()?,
    };
    if image.digest.is_some() {
        return None;
    }
    image.tag.get_or_insert_with(Tag::latest);
    Some(image.to_string())
}

/// The index of an archive, its images under their whole names. Docker itself notes only the tag where a layout's
/// names stand.
pub(super) fn named_as_docker_does(mut index: Index) -> Index {
    index.rename(|annotation| {
        let whole = annotation(IMAGE_NAME).or_else(|| annotation(REF_NAME));
        whole?.parse().ok().map(|name| canonical(&name))
    });
    index
}

/// The `manifest.json` for what `index` lists.
pub(super) fn describe(
    index: &mut Index,
    manifests: &Manifests,
    place: &str,
) -> Result<Vec<SmallFile>> {
    let mut images: Vec<(Digest, Image)> = Vec::new();
    for entry in index.entries() {
        let Some(manifest) = manifests.get(&entry.descriptor.digest) else { continue };
        let tag = entry.name.as_ref().and_then(|name| whole_name(name.as_str()));
        let Some(image) = image_of(manifest, manifests, place)? else { continue };
        let known = images.iter_mut().find(|(digest, _)| digest == manifest.digest());
        match known {
            Some((_, image)) => image.repo_tags.get_or_insert_default().extend(tag),
            None => {
                let repo_tags = Some(tag.into_iter().collect());
                images.push((manifest.digest().clone(), Image { repo_tags, ..image }));
            }
        }
    }
    index.repeat_names(IMAGE_NAME);
    let images: Vec<Image> = images.into_iter().map(|(_, image)| image).collect();
    let bytes = serde_json::to_vec(&images).map_err(|e| Error::Backend(Box::new(e)))?;
    Ok(vec![(MANIFEST_FILE.to_owned(), bytes)])
}

/// The image that docker is to load for `manifest`; `None` for an artifact.
fn image_of(manifest: &Manifest, manifests: &Manifests, place: &str) -> Result<Option<Image>> {
    match manifest.content() {
        Content::Image { config, layers } if is_image(config) => Ok(Some(Image {
            config: blob_path(&config.digest),
            repo_tags: None,
            layers: layers.iter().map(|layer| blob_path(&layer.digest)).collect(),
        })),
        Content::Image { .. } | Content::Artifact { .. } => Ok(None),
        Content::Index { manifests: children } => {
            let child = for_this_machine(children, manifests, place)?;
            child.map_or(Ok(None), |child| image_of(child, manifests, place))
        }
    }
}

/// Docker loads one platform. Of an index with several it has to be that of this machine.
fn for_this_machine<'a>(
    children: &[Descriptor],
    manifests: &'a Manifests,
    place: &str,
) -> Result<Option<&'a Manifest>> {
    let host = PlatformFilter::host();
    let is_attestation =
        |child: &Descriptor| child.annotation("vnd.docker.reference.type").is_some();
    let images: Vec<(&Descriptor, &Manifest)> = children
        .iter()
        .filter(|child| !is_attestation(child))
        .filter_map(|child| Some((child, manifests.get(&child.digest)?)))
        .collect();
    match images.as_slice() {
        [] => Ok(None),
        [(_, only)] => Ok(Some(only)),
        several => match several.iter().find(|(child, _)| host.picks(child)) {
            Some((_, manifest)) => Ok(Some(manifest)),
            None => Err(Error::Unsupported {
                place: place.to_owned(),
                why: "can name one platform to docker, and none of the image's is that of this machine: pick one with --platform",
            }),
        },
    }
}

fn is_image(config: &Descriptor) -> bool {
    config.media_type == MediaType::ImageConfig
        || config.media_type.as_ref() == "application/vnd.docker.container.image.v1+json"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_whole_as_docker_does_it() {
        for (name, whole) in [
            ("alpine", "docker.io/library/alpine:latest"),
            ("org/app:v1", "docker.io/org/app:v1"),
            ("quay.io/org/app", "quay.io/org/app:latest"),
            ("localhost:5000/app:v1", "localhost:5000/app:v1"),
            ("UPPER", "UPPER"),
        ] {
            assert_eq!(canonical(&name.parse().unwrap()).as_str(), whole);
        }
    }
}
