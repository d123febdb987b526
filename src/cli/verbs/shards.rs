//! Runs that do one part of the work of several.

use longshore::mirror::plan::Lock;
use longshore::mirror::{Line, Mapping, Parted, part_of_lines, part_of_mappings};
use longshore::model::Endpoint;
use longshore::shard::{COMPLETION_INDEX, Part, Shard, ShardError, Share};

use crate::cli::Context;
use crate::cli::args::{ShardArgs, UsageError};
use crate::cli::progress::share_in_words;

/// Which shard this run is; none, when it does all of the work.
pub(super) fn shard(args: ShardArgs, context: &Context) -> Result<Option<Shard>, ShardError> {
    let index = context.env.var(COMPLETION_INDEX);
    args.shard.map(|wanted| wanted.resolve(index)).transpose()
}

/// Refuses to have several runs write to one bundle.
pub(super) fn check<'a>(
    shard: Option<Shard>,
    destinations: impl IntoIterator<Item = &'a Endpoint>,
) -> Result<(), UsageError> {
    let is_bundle = |to: &&Endpoint| matches!(to, Endpoint::Bundle { .. });
    match destinations.into_iter().find(is_bundle).filter(|_| shard.is_some()) {
        Some(bundle) => Err(UsageError(format!(
            "{bundle} is written by one run: --shard is for registries, layouts and folders"
        ))),
        None => Ok(()),
    }
}

/// Says which part this run does.
pub(super) fn tell(share: Share, what: &str, context: &Context) {
    context.note(share_in_words(share, what));
}

/// Those of `lines` that this run sees to.
pub(super) fn lines(lines: Vec<Line>, shard: Option<Shard>, context: &Context) -> Vec<Line> {
    let Some(shard) = shard else { return lines };
    let Parted { own, share } = part_of_lines(lines, shard);
    tell(share, "mappings", context);
    own
}

/// What of `lock` this run sees to.
pub(super) fn lock(lock: Lock, shard: Option<Shard>, context: &Context) -> Lock {
    let Some(shard) = shard else { return lock };
    let Parted { own, share } = lock.part(shard);
    tell(share, "images", context);
    own
}

/// Those of `mappings` that this run sees to. Releases are counted by whom they belong to.
pub(super) fn mappings(
    mappings: Vec<Mapping>,
    part: Option<&Part>,
    context: &Context,
) -> Vec<Mapping> {
    let Some(part) = part else { return mappings };
    let Parted { own, share } = part_of_mappings(mappings, part);
    tell(share, "images", context);
    own
}
