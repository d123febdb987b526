//! Where `pull` keeps an image that it is given no destination for.

use anyhow::Context as _;
use longshore::config::{Env, Registries};
use longshore::model::{Endpoint, ImageName};
use longshore::ops;

pub(super) fn place_of(name: &ImageName, env: &Env) -> anyhow::Result<Endpoint> {
    let images = Registries::load(env)?.candidates(name)?;
    let image = images.first().context("no registry is known for the image")?;
    Ok(ops::pulled(&ops::layouts(env)?, image)?)
}
