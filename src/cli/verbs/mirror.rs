//! `mirror`: where its mappings come from, and whether they are copied or only shown.

use futures_util::FutureExt as _;
use longshore::mirror::{from_arguments, from_file};

use super::{Work, copy, ends, plan};
use crate::cli::Context;
use crate::cli::args::MirrorArgs;

pub(super) fn start(args: MirrorArgs, context: &Context) -> anyhow::Result<Work<'_>> {
    let mappings = match &args.filename {
        Some(file) => from_file(&file.display().to_string(), &context.input.file(file)?)?,
        None => from_arguments(&args.mappings)?,
    };
    let dry_run = args.dry_run;
    let copy = args.resolve(mappings)?;
    let ends = ends::both(&copy, context)?;
    Ok(if dry_run {
        plan::run(ends, copy.request, context).boxed()
    } else {
        copy::run(ends, copy.request, context).boxed()
    })
}
