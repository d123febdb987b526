//! The payload of a release: the image whose layers name all other images of it.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::tar_scan::{Found, LayerError, find};
use crate::model::{
    Content, Descriptor, Digest, ImageRef, Manifest, ReferenceError, Tag, one_line,
};
use crate::store::{self, Reference, Source, VerifiedBlob, collect};

/// Where a release names its images (openshift/oc, `pkg/cli/admin/release/info.go`).
const IMAGE_REFERENCES: &str = "release-manifests/image-references";
/// The most bytes of it that are read: real ones have about 100 KiB.
const MAX_REFERENCES: u64 = 4 << 20;
const MAX_CONFIG: u64 = 4 << 20;
/// Chunks of a layer that wait for whoever unpacks it.
const WAITING: usize = 4;

/// A release: a version of OpenShift or OKD for one architecture, or for several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its payload, by digest.
    pub payload: Digest,
    /// `4.18.1-x86_64`, the tag that it has.
    pub tag: Tag,
    /// The architecture as Go calls it, or `multi`.
    pub architecture: String,
    /// The images of it, as it names them.
    pub components: Vec<Component>,
}

/// An image of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// `4.18.1-x86_64-etcd`, the tag that it has.
    pub tag: Tag,
    /// Where it is, by digest.
    pub image: ImageRef,
}

/// Why an image is no release that can be copied.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The image cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// An artifact, or an index without images.
    #[error("it is no image")]
    NoImage,
    /// The image does not say for which machines it is.
    #[error("its image configuration names no architecture")]
    NoArchitecture,
    /// A layer cannot be searched.
    #[error("cannot look for {IMAGE_REFERENCES} in the layer {0}")]
    Layer(Digest, #[source] LayerError),
    /// The file is in no layer.
    #[error("it has no file {IMAGE_REFERENCES}, so it is no release")]
    NoReferences,
    /// The file is of another form.
    #[error("its file {IMAGE_REFERENCES} cannot be read")]
    References(#[source] serde_json::Error),
    /// It is about something else.
    #[error("its file {IMAGE_REFERENCES} is no ImageStream with images")]
    Empty,
    /// A name in it cannot be used.
    #[error("its file {IMAGE_REFERENCES} has an image '{name}' that cannot be used")]
    Component {
        /// The name.
        name: String,
        /// What is wrong.
        #[source]
        source: ReferenceError,
    },
    /// Something else than an image.
    #[error("its file {IMAGE_REFERENCES} has '{name}' as a '{kind}', which is no image")]
    Kind {
        /// The name.
        name: String,
        /// What it is.
        kind: String,
    },
    /// An image that is not fixed.
    #[error(
        "its file {IMAGE_REFERENCES} names '{0}' without a digest: a release is made of digests"
    )]
    NoDigest(String),
}

type Result<T> = std::result::Result<T, ReleaseError>;

/// Reads the release whose payload is `reference` of `source`.
///
/// # Errors
/// When it cannot be read or is no release.
pub async fn read(source: &dyn Source, reference: &Reference) -> Result<Release> {
    let root = source.manifest(reference).await?;
    let (image, multi) = image_of(source, &root).await?;
    let Content::Image { config, layers } = image.content() else {
        return Err(ReleaseError::NoImage);
    };
    let architecture = match multi {
        true => "multi".to_owned(),
        false => architecture(source, config).await?,
    };
    let references = references(source, layers).await?;
    release(root.digest(), architecture, &references)
}

/// The image that tells of the release, and whether there are others for other machines: all tell the same.
async fn image_of(source: &dyn Source, root: &Manifest) -> Result<(Manifest, bool)> {
    let Content::Index { manifests } = root.content() else { return Ok((root.clone(), false)) };
    let is_image = |child: &&Descriptor| {
        // An attestation is for the platform `unknown` (BuildKit).
        child.platform.as_ref().is_none_or(|platform| platform.os().to_string() != "unknown")
    };
    let images: Vec<&Descriptor> = manifests.iter().filter(is_image).collect();
    let first = images.first().ok_or(ReleaseError::NoImage)?;
    let image = source.manifest(&Reference::Digest(first.digest.clone())).await?;
    Ok((image, images.len() > 1))
}

async fn architecture(source: &dyn Source, config: &Descriptor) -> Result<String> {
    #[derive(Deserialize)]
    struct Config {
        architecture: String,
    }
    let bytes = collect(source, config, MAX_CONFIG).await?;
    let config: Config =
        serde_json::from_slice(&bytes).map_err(|_| ReleaseError::NoArchitecture)?;
    Ok(config.architecture)
}

/// The file that names the images: of the topmost layer that has it.
async fn references(source: &dyn Source, layers: &[Descriptor]) -> Result<Vec<u8>> {
    for layer in layers.iter().rev() {
        match search(source, layer).await? {
            Found::File(file) => return Ok(file),
            Found::Removed => break,
            Found::Nothing => {}
        }
    }
    Err(ReleaseError::NoReferences)
}

/// Searches a layer while it comes. Nothing of it is believed before all of it is proven.
async fn search(source: &dyn Source, layer: &Descriptor) -> Result<Found> {
    let mut blob = VerifiedBlob::open(source, layer).await?;
    let (send, receive) = mpsc::channel(WAITING);
    let reader = Chunks { receive, chunk: Bytes::new() };
    let search =
        tokio::task::spawn_blocking(move || find(reader, IMAGE_REFERENCES, MAX_REFERENCES));
    while let Some(chunk) = blob.next().await? {
        // Whoever has seen enough takes no more; what is left is read for its digest.
        let _ = send.send(chunk).await;
    }
    drop(send);
    let found = search.await.map_err(io::Error::other).map_err(LayerError::from);
    found.flatten().map_err(|error| ReleaseError::Layer(layer.digest.clone(), error))
}

/// Chunks as they come, for whoever reads bytes.
struct Chunks {
    receive: mpsc::Receiver<Bytes>,
    chunk: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.receive.blocking_recv() {
                Some(chunk) => self.chunk = chunk,
                None => return Ok(0),
            }
        }
        let taken = self.chunk.len().min(bytes.len());
        self.chunk.copy_to_slice(&mut bytes[..taken]);
        Ok(taken)
    }
}

/// What is read of the `ImageStream` in a release.
#[derive(Deserialize)]
struct Stream {
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Default, Deserialize)]
struct Spec {
    #[serde(default)]
    tags: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    from: From,
}

#[derive(Deserialize)]
struct From {
    kind: String,
    name: String,
}

/// The release that the file `references` describes.
fn release(payload: &Digest, architecture: String, references: &[u8]) -> Result<Release> {
    let stream: Stream = serde_json::from_slice(references).map_err(ReleaseError::References)?;
    if stream.kind != "ImageStream" || stream.spec.tags.is_empty() {
        return Err(ReleaseError::Empty);
    }
    let version = format!("{}-{}", stream.metadata.name, machine(&architecture));
    let components = stream.spec.tags.iter().map(|named| component(&version, named));
    Ok(Release {
        payload: payload.clone(),
        tag: tag(&version, &version)?,
        components: components.collect::<Result<_>>()?,
        architecture,
    })
}

fn component(version: &str, named: &Named) -> Result<Component> {
    if named.from.kind != "DockerImage" {
        return Err(ReleaseError::Kind {
            name: one_line(&named.name, 80),
            kind: one_line(&named.from.kind, 80),
        });
    }
    let image: ImageRef = named
        .from
        .name
        .parse()
        .map_err(|source| ReleaseError::Component { name: one_line(&named.name, 80), source })?;
    if image.digest.is_none() {
        return Err(ReleaseError::NoDigest(one_line(&named.from.name, 300)));
    }
    let tag = tag(&format!("{version}-{}", named.name), &named.name)?;
    Ok(Component { tag, image: ImageRef { tag: None, ..image } })
}

fn tag(text: &str, name: &str) -> Result<Tag> {
    text.parse().map_err(|source| ReleaseError::Component { name: one_line(name, 80), source })
}

/// An architecture as `uname -m` calls it, which is how tags of releases are written.
fn machine(architecture: &str) -> &str {
    match architecture {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(tags: &str) -> String {
        format!(
            r#"{{"kind":"ImageStream","apiVersion":"image.openshift.io/v1","metadata":{{"name":"4.18.1"}},"spec":{{"tags":[{tags}]}}}}"#
        )
    }

    fn read(architecture: &str, text: &str) -> Result<Release> {
        release(&Digest::of(b"payload"), architecture.to_owned(), text.as_bytes())
    }

    fn named(name: &str, kind: &str, image: &str) -> String {
        format!(r#"{{"name":"{name}","from":{{"kind":"{kind}","name":"{image}"}}}}"#)
    }

    #[test]
    fn images_are_named_by_version_machine_and_component() {
        let image = format!("quay.io/openshift-release-dev/ocp-v4.0-art-dev@{}", Digest::of(b"a"));
        let tagged = image.replace('@', ":latest@");
        let text = stream(
            &[named("etcd", "DockerImage", &image), named("cli", "DockerImage", &tagged)].join(","),
        );
        for (architecture, machine) in
            [("amd64", "x86_64"), ("arm64", "aarch64"), ("s390x", "s390x"), ("multi", "multi")]
        {
            let release = read(architecture, &text).unwrap();
            assert_eq!(release.tag.as_str(), format!("4.18.1-{machine}"));
            let shown = release.components.iter().map(|c| format!("{} {}", c.tag, c.image));
            let expected = ["etcd", "cli"].map(|name| format!("4.18.1-{machine}-{name} {image}"));
            assert_eq!(shown.collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn what_is_no_release_is_refused() {
        let digest = Digest::of(b"a");
        let image = format!("quay.io/a/b@{digest}");
        let long = "x".repeat(128);
        for (text, says) in [
            (stream(""), "is no ImageStream with images"),
            (
                stream(&named("a", "DockerImage", &image)).replace("ImageStream", "List"),
                "is no ImageStream",
            ),
            ("{}".to_owned(), "cannot be read"),
            (
                stream(&named("a", "DockerImage", "quay.io/a/b:v1")),
                "names 'quay.io/a/b:v1' without a digest",
            ),
            (
                stream(&named("a", "DockerImage", "quay.io/A")),
                "has an image 'a' that cannot be used",
            ),
            (stream(&named("a", "ImageStreamTag", "a:b")), "has 'a' as a 'ImageStreamTag'"),
            (
                stream(&named("../a", "DockerImage", &image)),
                "has an image '../a' that cannot be used",
            ),
            (stream(&named(&long, "DockerImage", &image)), "that cannot be used"),
        ] {
            let said = read("amd64", &text).unwrap_err().to_string();
            assert!(said.contains(says), "{text}: {said}");
        }
    }
}
