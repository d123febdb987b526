//! Takes tags away that no rule selects.

use std::path::PathBuf;
use std::sync::Arc;

use super::undo::Undo;
use super::{Inquiry, Stray, SyncError};
use crate::mirror::Images;
use crate::mirror::delete::{Doomed, List, Part, Row};
use crate::model::{Digest, Endpoint, Tag};
use crate::ops::{DeleteError, Deletion, Fate, delete, plan_deletion};
use crate::tagsync::PruneMode;

/// What became of the tags of one target that no rule selects.
#[derive(Debug)]
pub struct Pruned {
    /// The number of a rule that has it looked for.
    pub rule: usize,
    /// The target.
    pub place: Endpoint,
    /// Each tag.
    pub tags: Vec<PrunedTag>,
    /// Why not all of them went, if that is not one tag's fault.
    pub trouble: Option<SyncError>,
    /// The list by which it can be undone.
    pub undo: Option<PathBuf>,
}

/// What became of a tag that no rule selects.
#[derive(Debug)]
pub enum PrunedTag {
    /// It is told, and stays.
    Reported(Tag),
    /// It was to go: what it pointed to, and what became of it.
    Judged(Tag, Digest, Fate),
}

/// Takes the tags of `stray` away, with manifests that nothing else needs, or tells them.
pub(super) async fn prune(inquiry: &Inquiry<'_>, stray: Stray) -> Pruned {
    let Stray { rule, place, tags, mode } = stray;
    let mut pruned = Pruned { rule, place, tags: Vec::new(), trouble: None, undo: None };
    if mode != PruneMode::Tags {
        pruned.tags = tags.into_iter().map(PrunedTag::Reported).collect();
        return pruned;
    }
    if let Err(error) = take_away(inquiry, &tags, &mut pruned).await {
        pruned.trouble = Some(error);
    }
    pruned
}

async fn take_away(
    inquiry: &Inquiry<'_>,
    tags: &[Tag],
    pruned: &mut Pruned,
) -> Result<(), SyncError> {
    let place = pruned.place.clone();
    let open = inquiry.ends.destination.as_ref();
    let refused = |source: DeleteError| SyncError::NotPruned {
        place: place.clone(),
        source: Arc::new(source),
    };
    let named = tags.iter().filter_map(|tag| place.named(&tag.clone().into()).ok());
    let targets: Vec<Images> = named.map(Images::One).collect();
    let doomed = plan_deletion(open, &targets, &()).await.map_err(refused)?;
    let is_named_by_digest =
        inquiry.rules.iter().any(|rule| !rule.digests.is_empty() && rule.may_write_to(&place));
    let list = list(&doomed, is_named_by_digest);
    let store = open.store(&place).await?;
    let undo = Undo::of(&place, &list, store.as_ref(), inquiry.now).await?;
    let kept = undo.keep(inquiry.memory.undo_dir().as_deref());
    let unkept = |source| SyncError::NoUndo { place: place.clone(), source: Arc::new(source) };
    pruned.undo = Some(kept.map_err(unkept)?);
    let (mut fates, mut failed) = (Vec::new(), None);
    let mut done = |deletion: Deletion| fates.push(deletion);
    let result = delete(open, &list, usize::MAX, &(), &mut done).await.map_err(refused);
    let is_anything_gone = fates.iter().any(|deletion| matches!(deletion.outcome, Fate::Deleted));
    for Deletion { name, digest, outcome, .. } in fates {
        match (name.and_then(|name| name.to_tag().ok()), outcome) {
            (Some(tag), outcome) => pruned.tags.push(PrunedTag::Judged(tag, digest, outcome)),
            (None, Fate::Failed(error)) => failed = failed.or(Some(error.into())),
            (None, _) => {}
        }
    }
    if !is_anything_gone
        && let Some(path) = pruned.undo.take()
        && let Err(error) = std::fs::remove_file(&path)
    {
        tracing::debug!("{} stays: {error}", path.display());
    }
    result?;
    failed.map_or(Ok(()), Err)
}

/// All that is doomed, as a list that is carried out: tags alone, where manifests may be wanted by their digests.
fn list(doomed: &[(Endpoint, Doomed)], are_manifests_wanted: bool) -> List {
    let part = |(place, doomed): &(Endpoint, Doomed)| {
        let mut part = Part { place: place.clone(), listed: Default::default(), order: Vec::new() };
        for row in doomed.blocks.iter().flatten() {
            match row {
                Row::Name(name, digest) | Row::NameAlone(name, digest, _) => {
                    part.listed.names.insert(name.clone(), digest.clone());
                }
                Row::Manifest(..) if are_manifests_wanted => {}
                Row::Manifest(digest, _) => {
                    if part.listed.manifests.insert(digest.clone()) {
                        part.order.push(digest.clone());
                    }
                }
            }
        }
        part
    };
    List { parts: doomed.iter().map(part).collect() }
}
