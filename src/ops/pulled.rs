//! Where `pull` keeps images when it is not told where: a layout for each repository, below the user's data folder.

use crate::config::Env;
use crate::model::{Endpoint, ImageRef, RefName, Tag};
use crate::store::{self, LayoutStore};

/// A user without a home has no place to keep images in.
#[derive(Debug, thiserror::Error)]
#[error("there is no home folder to keep images in: name a destination, as in oci:DIR")]
pub struct NoDataHome;

/// The folder of all pulled images; `longshore serve` can serve it.
///
/// # Errors
/// When the environment tells no home.
pub fn layouts(env: &Env) -> Result<LayoutStore, NoDataHome> {
    let data = env.data_home().ok_or(NoDataHome)?;
    Ok(LayoutStore::new(data.join("longshore/layouts")))
}

/// Where in `layouts` the image `image` is kept: named by its tag, by `latest` when it has neither tag nor digest.
///
/// # Errors
/// When its registry's name cannot be that of a folder.
pub fn pulled(layouts: &LayoutStore, image: &ImageRef) -> store::Result<Endpoint> {
    let dir = layouts.dir_of(&image.repository)?;
    let tag = match (&image.tag, &image.digest) {
        (None, None) => Some(Tag::latest()),
        (tag, _) => tag.clone(),
    };
    Ok(Endpoint::Oci { dir, name: tag.map(RefName::from) })
}
