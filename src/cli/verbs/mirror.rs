//! `mirror`: where its mappings come from.

use longshore::mirror::{from_arguments, from_file};

use crate::cli::Context;
use crate::cli::args::{Copy, MirrorArgs};

pub(super) fn resolve(args: MirrorArgs, context: &Context) -> anyhow::Result<Copy> {
    let mappings = match &args.filename {
        Some(file) => from_file(&file.display().to_string(), &context.input.file(file)?)?,
        None => from_arguments(&args.mappings)?,
    };
    Ok(args.resolve(mappings)?)
}
