//! `mirror --config`: a set of images that one file describes.

use std::path::Path;

use futures_util::FutureExt as _;
use longshore::http::RetryPolicy;
use longshore::mirror::Root;
use longshore::mirror::set::{ImageSet, Selection};
use longshore::ops::{self, CollectedReleases, Ends, UpdateGraph};
use longshore::store::bundle::SplitSize;

use super::mirror_plan::{self, Wanted};
use super::{Work, bundles, mirror, shards};
use crate::cli::Context;
use crate::cli::args::{Intent, MirrorArgs, Mirroring};
use crate::cli::exit::Exit;

/// The variable by which oc-mirror is told of another update service.
const UPDATE_URL: &str = "UPDATE_URL_OVERRIDE";

/// A set, and where it goes.
struct SetRequest {
    set: ImageSet,
    root: Root,
    graphs: UpdateGraph,
    mirroring: Mirroring,
}

/// Mirrors the set that `text` of `file` describes. Passwords are asked for here.
pub(super) fn start<'c>(
    file: &Path,
    text: &str,
    args: MirrorArgs,
    context: &'c Context,
) -> anyhow::Result<Work<'c>> {
    args.check_set()?;
    let (intent, root, set) = (
        args.planning.intent(),
        args.root_or(None)?,
        ImageSet::read(&file.display().to_string(), text)?,
    );
    let graphs = graphs(args.update_graph.as_ref(), context)?;
    let somewhere = root.any()?;
    let mut bundle = bundles::options(&args.bundle, [&somewhere])?;
    bundle.split = bundle.split.or(set.archive_size.map(SplitSize::gib));
    let shard = shards::shard(args.shard, context)?;
    shards::check(shard, [&somewhere])?;
    let mirroring = args.mirroring().with(bundle).with_shard(shard);
    // A login is for the root, whichever images go there.
    let ends = mirror::open(&mirroring, set.sources(), [&somewhere], context)?;
    Ok(run(ends, SetRequest { set, root, graphs, mirroring }, intent, context).boxed())
}

/// Where update graphs come from: what is `given`, or what the environment says.
fn graphs(given: Option<&UpdateGraph>, context: &Context) -> anyhow::Result<UpdateGraph> {
    match (given, context.env.var(UPDATE_URL)) {
        (Some(given), _) => Ok(given.clone()),
        (None, Some(url)) => Ok(url.to_string_lossy().parse()?),
        (None, None) => Ok(UpdateGraph::default()),
    }
}

async fn run(
    ends: Ends,
    request: SetRequest,
    intent: Intent,
    context: &Context,
) -> anyhow::Result<Exit> {
    let SetRequest { set, root, graphs, mirroring } = request;
    let part = mirroring.telling.shard.map(|shard| set.part(&root, shard)).transpose()?;
    let has_releases =
        part.as_ref().is_none_or(|part| set.release_places(&root).any(|place| part.owns(&place)));
    let CollectedReleases { releases, notes } = match has_releases {
        true => collect(&set, &graphs, mirroring.copy.source.retry, &ends).await?,
        false => CollectedReleases::default(),
    };
    let Selection { mappings, blocked } = match has_releases {
        true => set.select(&releases, &root)?,
        false => set.named(&root)?,
    };
    let mappings = shards::mappings(mappings, part.as_ref(), context);
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
