//! `mirror --config`: a set of images that one file describes.

use std::path::Path;

use futures_util::FutureExt as _;
use longshore::http::RetryPolicy;
use longshore::mirror::Root;
use longshore::mirror::set::{ImageSet, Selection};
use longshore::model::Tag;
use longshore::ops::{self, CollectedReleases, Ends, UpdateGraph};

use super::mirror_plan::{self, Wanted};
use super::{Work, mirror};
use crate::cli::Context;
use crate::cli::args::{Intent, Mirroring};
use crate::cli::exit::Exit;

/// The variable by which oc-mirror is told of another update service.
const UPDATE_URL: &str = "UPDATE_URL_OVERRIDE";

/// A set, and where it goes.
pub(super) struct SetRequest {
    pub(super) set: ImageSet,
    pub(super) root: Root,
    pub(super) graphs: UpdateGraph,
    pub(super) mirroring: Mirroring,
}

pub(super) fn read(file: &Path, context: &Context) -> anyhow::Result<ImageSet> {
    Ok(ImageSet::read(&file.display().to_string(), &context.input.file(file)?)?)
}

/// Where update graphs come from: what is `given`, or what the environment says.
pub(super) fn graphs(
    given: Option<&UpdateGraph>,
    context: &Context,
) -> anyhow::Result<UpdateGraph> {
    match (given, context.env.var(UPDATE_URL)) {
        (Some(given), _) => Ok(given.clone()),
        (None, Some(url)) => Ok(url.to_string_lossy().parse()?),
        (None, None) => Ok(UpdateGraph::default()),
    }
}

/// Passwords are asked for here.
pub(super) fn start(
    request: SetRequest,
    intent: Intent,
    context: &Context,
) -> anyhow::Result<Work<'_>> {
    // A login is for the root, whichever images go there.
    let somewhere = request.root.endpoint(&"any".parse()?, &Tag::latest())?;
    let ends = mirror::open(&request.mirroring, request.set.sources(), [&somewhere], context)?;
    Ok(run(ends, request, intent, context).boxed())
}

async fn run(
    ends: Ends,
    request: SetRequest,
    intent: Intent,
    context: &Context,
) -> anyhow::Result<Exit> {
    let SetRequest { set, root, graphs, mirroring } = request;
    let CollectedReleases { releases, notes } =
        collect(&set, &graphs, mirroring.copy.source.retry, &ends).await?;
    let Selection { mappings, blocked } = set.select(&releases, &root)?;
    ops::check(&mappings)?;
    if !context.quiet {
        context.console.lines(notes.iter().map(|note| format!("note: {note}")));
        context.console.lines(
            releases
                .iter()
                .map(|(_, r)| format!("release {}: {} images", r.tag, r.components.len())),
        );
        context
            .console
            .lines(blocked.iter().map(|b| format!("blocked: {} (by '{}')", b.origin, b.pattern)));
    }
    let wanted = Wanted::new(ends, mirroring, mappings, Vec::new());
    mirror_plan::carry_out(intent, wanted, context).await
}

async fn collect(
    set: &ImageSet,
    graphs: &UpdateGraph,
    retry: RetryPolicy,
    ends: &Ends,
) -> anyhow::Result<CollectedReleases> {
    match &set.platform {
        Some(platform) => Ok(ops::releases(platform, graphs, retry, ends.source.as_ref()).await?),
        None => Ok(CollectedReleases::default()),
    }
}
