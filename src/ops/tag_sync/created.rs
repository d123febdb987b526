//! When an image was made, as its configuration says.

use jiff::Timestamp;
use serde::Deserialize;

use crate::model::{Content, Descriptor, Digest, Manifest};
use crate::store::{Reference, Result, Source, collect};

/// The largest configuration that is read.
const MAX_CONFIG: u64 = 8 * 1024 * 1024;

/// How deep indexes may nest.
const MAX_DEPTH: usize = 4;

#[derive(Deserialize)]
struct Config {
    created: Option<Timestamp>,
}

/// When the image `digest` was made; of an index its first image. `None` where it does not say.
pub(super) async fn created(source: &dyn Source, digest: &Digest) -> Result<Option<Timestamp>> {
    let mut digest = digest.clone();
    for _ in 0..MAX_DEPTH {
        let manifest = source.manifest(&Reference::Digest(digest)).await?;
        match first_image(&manifest) {
            Some(child) => digest = child.digest.clone(),
            None => return of_config(source, &manifest).await,
        }
    }
    Ok(None)
}

/// The first image of an index that is for a platform: attestations are for none.
fn first_image(index: &Manifest) -> Option<&Descriptor> {
    let is_image = |child: &&Descriptor| {
        child.platform.as_ref().is_none_or(|platform| platform.os().to_string() != "unknown")
    };
    index.children().iter().find(is_image)
}

async fn of_config(source: &dyn Source, manifest: &Manifest) -> Result<Option<Timestamp>> {
    let Content::Image { config, .. } = manifest.content() else { return Ok(None) };
    let bytes = collect(source, config, MAX_CONFIG).await?;
    Ok(serde_json::from_slice::<Config>(&bytes).ok().and_then(|config| config.created))
}
