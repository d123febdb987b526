//! `mirror --config`: a set of images that one file describes.

use std::path::Path;

use futures_util::FutureExt as _;
use longshore::mirror::Root;
use longshore::mirror::set::{ImageSet, Selection};
use longshore::ops::{self, CopyRequest};

use super::{Work, copy, mirror};
use crate::cli::Context;
use crate::cli::args::Mirroring;

pub(super) fn read(file: &Path, context: &Context) -> anyhow::Result<ImageSet> {
    Ok(ImageSet::read(&file.display().to_string(), &context.input.file(file)?)?)
}

/// Passwords are asked for here. The images that the set blocks are told.
pub(super) fn start<'a>(
    set: &ImageSet,
    root: &Root,
    mirroring: Mirroring,
    context: &'a Context,
) -> anyhow::Result<Work<'a>> {
    let Selection { mappings, blocked } = set.select(root)?;
    ops::check(&mappings)?;
    if !context.quiet {
        context
            .console
            .lines(blocked.iter().map(|b| format!("blocked: {} (by '{}')", b.origin, b.pattern)));
    }
    let sources = mappings.iter().map(|mapping| &mapping.source);
    let destinations = mappings.iter().flat_map(|mapping| &mapping.destinations);
    let ends = mirror::open(&mirroring, sources, destinations, context)?;
    let request = CopyRequest { mappings, ..mirroring.copy.request };
    let missing = mirroring.missing;
    Ok(async move { copy::run(&ends, &request, Vec::new(), missing, context).await }.boxed())
}
