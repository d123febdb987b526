//! Where `pull` keeps an image that it is given no destination for.

use anyhow::Context as _;
use longshore::model::{Endpoint, ImageName};
use longshore::ops;

use crate::cli::Context;

pub(super) fn place_of(name: &ImageName, context: &Context) -> anyhow::Result<Endpoint> {
    let images = context.registries()?.candidates(name)?;
    let image = images.first().context("no registry is known for the image")?;
    Ok(ops::pulled(&ops::layouts(&context.env)?, image)?)
}
