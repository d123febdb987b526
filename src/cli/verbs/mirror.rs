//! `mirror`: reads its mappings, finds out which images they mean, and copies these.

use futures_util::FutureExt as _;
use longshore::mirror::{
    Expansion, Images, Line, Lost, Mapping, expand, from_arguments, from_file,
};
use longshore::model::PlatformFilter;
use longshore::ops::{self, CopiedImage, CopyRequest, Ends};

use super::{Work, copy, ends, mirror_set};
use crate::cli::Context;
use crate::cli::args::{MirrorArgs, MirrorRequest};
use crate::cli::exit::Exit;

/// Passwords are asked for here.
pub(super) fn start(args: MirrorArgs, context: &Context) -> anyhow::Result<Work<'_>> {
    if let Some(file) = &args.config {
        let (root, set) = (args.root()?, mirror_set::read(file, context)?);
        return mirror_set::start(&set, &root, args.copy(), context);
    }
    let lines = lines(&args, context)?;
    let MirrorRequest { lines, platforms, copy } = args.resolve(lines)?;
    ops::check(&known(&lines))?;
    let sources = lines.iter().map(|line| line.source.place());
    let destinations = lines.iter().flat_map(|line| &line.destinations);
    let ends = ends::between(&copy, sources, destinations, context)?;
    Ok(run(ends, lines, platforms, copy.request, context).boxed())
}

async fn run(
    ends: Ends,
    lines: Vec<Line>,
    platforms: Vec<PlatformFilter>,
    request: CopyRequest,
    context: &Context,
) -> anyhow::Result<Exit> {
    let Expansion { mut mappings, lost } = expand(ends.source.as_ref(), lines).await;
    ops::check(&mappings)?;
    for mapping in &mut mappings {
        mapping.platforms.clone_from(&platforms);
    }
    let lost = lost.into_iter().flat_map(failed).collect();
    copy::run(&ends, &CopyRequest { mappings, ..request }, lost, context).await
}

/// The lines of the arguments, then those of the files.
fn lines(args: &MirrorArgs, context: &Context) -> anyhow::Result<Vec<Line>> {
    let mut lines = from_arguments(&args.mappings)?;
    for file in &args.filenames {
        lines.extend(from_file(&file.display().to_string(), &context.input.file(file)?)?);
    }
    Ok(lines)
}

/// The mappings of single images: what is wrong with them is told before anybody is asked for tags.
fn known(lines: &[Line]) -> Vec<Mapping> {
    let known = lines.iter().filter_map(|line| match &line.source {
        Images::One(image) => Some(line.mapping(image.clone())),
        Images::Matching { .. } => None,
    });
    known.collect()
}

/// A line without images, as images that were not copied.
fn failed(lost: Lost) -> impl Iterator<Item = CopiedImage> {
    let Lost { line, error } = lost;
    let source = line.source.place().clone();
    line.destinations.into_iter().map(move |destination| CopiedImage {
        source: source.clone(),
        destination,
        result: Err(error.clone()),
    })
}
