//! Archives of `docker save` from before docker 25: a configuration and plain layers for each image, and no manifest.
//! One is made for each.

use std::collections::HashMap;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::docker::{Image, MANIFEST_FILE, canonical};
use super::tar_read::Tar;
use crate::model::{
    Descriptor, Digest, MAX_MANIFEST_SIZE, MediaType, RefName, media_types, one_line,
};
use crate::store::file::Span;
use crate::store::layout::Index;
use crate::store::{Error, Result};

/// An index of the images in an archive, with manifests made for them, and where all the blobs are.
pub(super) fn read(tar: &Tar, place: &str) -> Result<(Index, HashMap<Digest, Span>)> {
    let mut reader = Reader { tar, place, blobs: HashMap::new(), layers: HashMap::new() };
    let mut index = Index::empty();
    for image in reader.images()? {
        let manifest = reader.image(&image)?;
        index.add(&manifest);
        for tag in image.repo_tags.unwrap_or_default() {
            let name: RefName =
                tag.parse().map_err(|source| Error::Name { place: place.to_owned(), source })?;
            index.name(&manifest, &canonical(&name));
        }
    }
    Ok((index, reader.blobs))
}

struct Reader<'a> {
    tar: &'a Tar,
    place: &'a str,
    blobs: HashMap<Digest, Span>,
    /// What is known of a layer, by its path: several images may share it.
    layers: HashMap<String, Descriptor>,
}

#[derive(Deserialize)]
struct Config {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<Digest>,
}

impl Reader<'_> {
    fn images(&self) -> Result<Vec<Image>> {
        let span = self.tar.file(MANIFEST_FILE).ok_or_else(|| Error::NotA {
            place: self.place.to_owned(),
            expected: "an archive of docker save: it has neither index.json nor manifest.json",
            source: None,
        })?;
        self.parse(&span, MANIFEST_FILE)
    }

    fn image(&mut self, image: &Image) -> Result<Descriptor> {
        let span = self.file(&image.config)?;
        let config: Config = self.parse(&span, &image.config)?;
        let config_descriptor = self.keep(MediaType::ImageConfig, &span)?;
        let layers =
            image.layers.iter().map(|path| self.layer(path)).collect::<Result<Vec<_>>>()?;
        self.check(&layers, &config.rootfs.diff_ids)?;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_types::OCI_MANIFEST,
            "config": config_descriptor,
            "layers": layers,
        });
        let span = in_a_file(manifest.to_string().as_bytes(), &span.path)?;
        self.keep(MediaType::ImageManifest, &span)
    }

    fn layer(&mut self, path: &str) -> Result<Descriptor> {
        if let Some(layer) = self.layers.get(path) {
            return Ok(layer.clone());
        }
        let span = self.file(path)?;
        let media_type =
            if is_gzip(&span)? { MediaType::ImageLayerGzip } else { MediaType::ImageLayer };
        let layer = self.keep(media_type, &span)?;
        self.layers.insert(path.to_owned(), layer.clone());
        Ok(layer)
    }

    /// The layers have to be those of the configuration. Of a compressed one that cannot be told without unpacking it.
    fn check(&self, layers: &[Descriptor], diff_ids: &[Digest]) -> Result<()> {
        if layers.len() != diff_ids.len() {
            return Err(Error::NotA {
                place: self.place.to_owned(),
                expected: "an image with as many layers as its configuration names",
                source: None,
            });
        }
        let plain = |layer: &Descriptor| layer.media_type == MediaType::ImageLayer;
        let mut pairs = layers.iter().zip(diff_ids).filter(|(layer, _)| plain(layer));
        match pairs.find(|(layer, diff_id)| layer.digest != **diff_id) {
            None => Ok(()),
            Some((layer, diff_id)) => Err(Error::Digest {
                expected: diff_id.clone(),
                found: layer.digest.clone(),
                place: self.place.to_owned(),
            }),
        }
    }

    fn keep(&mut self, media_type: MediaType, span: &Span) -> Result<Descriptor> {
        let digest = span.sha256()?;
        self.blobs.insert(digest.clone(), span.clone());
        Ok(Descriptor::new(media_type, digest, span.length))
    }

    fn file(&self, path: &str) -> Result<Span> {
        self.tar.file(path).ok_or_else(|| Error::NotFound {
            what: format!("the file '{}'", one_line(path, 120)),
            place: self.place.to_owned(),
            source: None,
        })
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, span: &Span, path: &str) -> Result<T> {
        serde_json::from_slice(&span.read(MAX_MANIFEST_SIZE)?).map_err(|source| Error::NotA {
            place: format!("{} in {}", one_line(path, 120), self.place),
            expected: "what docker writes there",
            source: Some(Box::new(source)),
        })
    }
}

fn is_gzip(span: &Span) -> Result<bool> {
    let start = Span { length: span.length.min(2), ..span.clone() };
    Ok(start.read(2)?[..] == [0x1f, 0x8b])
}

/// Bytes as a part of a file that has no name. `archive` is what they were made from, for messages.
fn in_a_file(bytes: &[u8], archive: &Path) -> Result<Span> {
    let file = tempfile::tempfile().and_then(|file| file.write_all_at(bytes, 0).map(|()| file));
    let file = file.map_err(Error::io("write a temporary file about", archive))?;
    Ok(Span { file: Arc::new(file), path: archive.into(), start: 0, length: bytes.len() as u64 })
}
