//! `mirror`: reads its mappings, finds out which images they mean, and copies or plans these.

use std::sync::Arc;

use futures_util::FutureExt as _;
use longshore::mirror::file::Settings;
use longshore::mirror::set;
use longshore::mirror::{Expansion, Images, Line, Mapping, expand, from_arguments, from_file};
use longshore::model::Endpoint;
use longshore::ops::{self, Ends};
use longshore::store::Unaware;

use super::mirror_plan::{self, Wanted};
use super::{Work, bundles, ends, import, mirror_file, mirror_set, reports, shards, told_file};
use crate::cli::Context;
use crate::cli::args::{Intent, MirrorArgs, MirrorRequest, Mirroring};
use crate::cli::exit::Exit;

/// Passwords are asked for here.
pub(super) fn start(args: MirrorArgs, context: &Context) -> anyhow::Result<Work<'_>> {
    args.check_shard()?;
    reports::check(&args.reports)?;
    args.bundle.failed.as_deref().map_or(Ok(()), told_file::check_failures)?;
    if let Some(kept) = args.planning.kept() {
        return mirror_plan::follow(kept, args, context);
    }
    if let Some(dir) = args.from.clone() {
        return import::start(dir, args, context);
    }
    if let Some(file) = args.config.clone() {
        let text = context.input.file(&file)?;
        return match set::is_set(&text) {
            true => mirror_set::start(&file, &text, args, context),
            false => mirror_file::start(&file, &text, args, context),
        };
    }
    let lines = lines(&args, context)?;
    start_lines(lines, &Settings::default(), args, context)
}

/// Passwords are asked for here.
pub(super) fn start_lines<'c>(
    lines: Vec<Line>,
    settings: &Settings,
    args: MirrorArgs,
    context: &'c Context,
) -> anyhow::Result<Work<'c>> {
    let intent = args.planning.intent();
    let shard = shards::shard(args.shard, context)?;
    let destinations = lines.iter().flat_map(|line| &line.destinations);
    let bundle = bundles::options(&args.bundle, destinations)?;
    let MirrorRequest { lines, mirroring } = args.resolve(lines)?;
    let mirroring = mirroring.with(bundle).with_settings(settings).with_shard(shard);
    let request = MirrorRequest { lines, mirroring };
    ops::check(&known(&request.lines))?;
    shards::check(shard, request.lines.iter().flat_map(|line| &line.destinations))?;
    let sources = request.lines.iter().map(|line| line.source.place());
    let destinations = request.lines.iter().flat_map(|line| &line.destinations);
    let ends = open(&request.mirroring, sources, destinations, context)?;
    Ok(run(ends, request, intent, context).boxed())
}

/// Both ends of a mirror. Passwords are asked for here.
pub(super) fn open<'a>(
    mirroring: &Mirroring,
    sources: impl IntoIterator<Item = &'a Endpoint>,
    destinations: impl IntoIterator<Item = &'a Endpoint>,
    context: &Context,
) -> anyhow::Result<Ends> {
    let Mirroring { copy, trust, ignoring, .. } = mirroring;
    let mut ends = ends::between(copy, *trust, sources, destinations, context)?;
    if let Some(ignoring) = ignoring.clone() {
        ends.destination = Arc::new(Unaware { open: ends.destination, ignoring });
    }
    Ok(ends)
}

async fn run(
    ends: Ends,
    request: MirrorRequest,
    intent: Intent,
    context: &Context,
) -> anyhow::Result<Exit> {
    let MirrorRequest { lines, mirroring } = request;
    let lines = shards::lines(lines, mirroring.telling.shard, context);
    let Expansion { mappings, lost } = expand(ends.source.as_ref(), lines).await;
    ops::check(&mappings)?;
    let wanted = Wanted::new(ends, mirroring, mappings, lost);
    mirror_plan::carry_out(intent, wanted, context).await
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
