//! `mirror --config`: a set of images that one file describes.

use std::path::Path;

use futures_util::FutureExt as _;
use longshore::mirror::Root;
use longshore::mirror::set::{ImageSet, Selection};
use longshore::ops;

use super::{Work, copy, ends};
use crate::cli::Context;
use crate::cli::args::Copy;

pub(super) fn read(file: &Path, context: &Context) -> anyhow::Result<ImageSet> {
    Ok(ImageSet::read(&file.display().to_string(), &context.input.file(file)?)?)
}

/// Passwords are asked for here. The images that the set blocks are told.
pub(super) fn start<'a>(
    set: &ImageSet,
    root: &Root,
    mut copy: Copy,
    context: &'a Context,
) -> anyhow::Result<Work<'a>> {
    let Selection { mappings, blocked } = set.select(root)?;
    ops::check(&mappings)?;
    if !context.quiet {
        context
            .console
            .lines(blocked.iter().map(|b| format!("blocked: {} (by '{}')", b.origin, b.pattern)));
    }
    copy.request.mappings = mappings;
    let ends = ends::both(&copy, context)?;
    Ok(async move { copy::run(&ends, &copy.request, Vec::new(), context).await }.boxed())
}
