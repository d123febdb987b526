//! Does what was proposed: keeps what is overwritten, copies, and takes away what nobody selects.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::memory::{Sighting, picking};
use super::propose::source_of;
use super::prune::{Pruned, prune};
use super::{Inquiry, Proposal, SyncError, Trouble, Unit, UnitProposal, Wish};
use crate::mirror::Mapping;
use crate::model::{Digest, Endpoint, ImageName};
use crate::ops::{CopiedImage, CopyRequest, Ends, copy};
use crate::store::Reference;
use crate::tagsync::{PruneMode, Rule, Step};
use crate::transfer::{Attachments, CopyOptions, ImageResult, Observer, Outcome, ResolveError};

/// What a run has done.
#[derive(Debug, Default)]
pub struct Synced {
    /// Images that were copied, or tried.
    pub images: Vec<SyncedImage>,
    /// How many tags were as they should be, by rule.
    pub kept: BTreeMap<usize, usize>,
    /// What became of tags that no rule selects.
    pub pruned: Vec<Pruned>,
    /// What went wrong besides.
    pub troubles: Vec<Trouble>,
    /// What has to wait for a window, with the number of its rule.
    pub put_off: Vec<(usize, Endpoint)>,
}

impl Synced {
    /// This and what another run has done.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.images.extend(other.images);
        self.pruned.extend(other.pruned);
        self.troubles.extend(other.troubles);
        self.put_off.extend(other.put_off);
        for (rule, kept) in other.kept {
            *self.kept.entry(rule).or_default() += kept;
        }
        self
    }
}

/// An image that was to be copied, and what became of it.
#[derive(Debug)]
pub struct SyncedImage {
    /// The number of the rule.
    pub rule: usize,
    /// Where it comes from, with tag and digest.
    pub source: Endpoint,
    /// Where it goes.
    pub target: Endpoint,
    /// What was there before.
    pub before: Option<Digest>,
    /// What that is kept as.
    pub backup: Option<Endpoint>,
    /// What became of it.
    pub result: ImageResult,
    /// How long that took.
    pub took: Duration,
}

impl SyncedImage {
    /// Whether the tag points to another image now than before.
    #[must_use]
    pub fn has_moved(&self) -> bool {
        let outcome = self.result.as_ref().ok().map(|report| (report.outcome, &report.digest));
        matches!(outcome, Some((Outcome::Copied, digest)) if self.before.as_ref() != Some(digest))
    }
}

/// What is to be copied for one wish.
pub(super) struct Task {
    pub(super) rule: usize,
    source: Endpoint,
    wish: Wish,
    backup: Option<Endpoint>,
}

impl Task {
    /// Whether this is the copy of `source` to `target`.
    pub(super) fn is(&self, source: &Endpoint, target: &Endpoint) -> bool {
        self.source == *source && self.wish.target == *target
    }
}

/// How a run copies.
pub struct Carrying<'a> {
    /// How images are copied.
    pub options: &'a CopyOptions,
    /// Who wants to know how far that is.
    pub observer: Arc<dyn Observer>,
    /// When no more images are begun, because a window closes.
    pub until: Timestamp,
}

/// How many images are begun together where a window closes at some time.
const AT_ONCE: usize = 32;

/// Does all of `proposal`. What fails does not stop the rest; where anything failed at a target, nothing is taken away
/// from it.
pub async fn carry_out(
    inquiry: &Inquiry<'_>,
    proposal: Proposal,
    carrying: &Carrying<'_>,
) -> Synced {
    let Proposal { units, strays, troubles } = proposal;
    let mut synced = Synced { troubles, ..Synced::default() };
    let mut tasks = tasks(inquiry, &units, &mut synced);
    let ends_some_time = carrying.until != Timestamp::MAX;
    let at_once = if ends_some_time { AT_ONCE } else { usize::MAX };
    while !tasks.is_empty() {
        if Timestamp::now() >= carrying.until {
            synced.put_off.extend(tasks.drain(..).map(|task| (task.rule, task.wish.target)));
            break;
        }
        let mut now: Vec<Task> = tasks.drain(..tasks.len().min(at_once)).collect();
        keep(inquiry, &mut now, carrying.options, &mut synced).await;
        bring(inquiry, now, carrying, &mut synced).await;
    }
    remember(inquiry, &synced.images);
    for stray in strays {
        let images = synced.images.iter().filter(|image| image.result.is_err());
        let images = images.map(|image| &image.target);
        let troubles = synced.troubles.iter().filter_map(|trouble| trouble.target.as_ref());
        let failed = images.chain(troubles).any(|place| place.without_name() == stray.place);
        let is_late = Timestamp::now() >= carrying.until;
        match (failed, stray.mode) {
            (_, PruneMode::Tags) if is_late => synced.put_off.push((stray.rule, stray.place)),
            (true, PruneMode::Tags) => {
                let because = "a tag could not be brought".to_owned();
                let error = SyncError::Doubtful { place: stray.place.clone(), because };
                let at = Some(stray.place.clone());
                synced.troubles.push(Trouble::at(stray.rule, None, at, error));
            }
            _ => synced.pruned.push(prune(inquiry, stray).await),
        }
    }
    synced
}

/// Copies all of `tasks`.
async fn bring(
    inquiry: &Inquiry<'_>,
    mut tasks: Vec<Task>,
    carrying: &Carrying<'_>,
    synced: &mut Synced,
) {
    for attachments in [Attachments::None, Attachments::New, Attachments::All] {
        let of_kind = |task: &mut Task| inquiry.rules[task.rule].attachments == attachments;
        let now: Vec<Task> = tasks.extract_if(.., of_kind).collect();
        if now.is_empty() {
            continue;
        }
        let mappings = mappings(inquiry, &now);
        let options = carrying.options.clone();
        let request = CopyRequest { mappings, attachments, options, ..CopyRequest::default() };
        let report = copy(inquiry.ends, &request, Arc::clone(&carrying.observer)).await;
        synced.images.extend(told(now, report.images));
    }
}

/// What has to be copied; what is there is counted.
pub(super) fn tasks(
    inquiry: &Inquiry<'_>,
    units: &[UnitProposal],
    synced: &mut Synced,
) -> Vec<Task> {
    let mut tasks = Vec::new();
    for UnitProposal { unit, wishes, .. } in units {
        let looks_again = inquiry.rules[unit.rule].attachments == Attachments::All;
        for wish in wishes {
            match &wish.step {
                Step::Held { .. } => continue,
                Step::Keep if !looks_again => {
                    *synced.kept.entry(unit.rule).or_default() += 1;
                    continue;
                }
                Step::Keep | Step::New | Step::Move { .. } => {}
            }
            let Some(source) = pinned(unit, wish) else { continue };
            let backup = match &wish.step {
                Step::Move { backup: Some(backup), .. } => {
                    wish.target.named(&backup.clone().into()).ok()
                }
                _ => None,
            };
            tasks.push(Task { rule: unit.rule, source, wish: wish.clone(), backup });
        }
    }
    tasks
}

/// The image at its source by its digest, so that what is copied is what was found: in a layout a name has to do.
fn pinned(unit: &Unit, wish: &Wish) -> Option<Endpoint> {
    Some(pinned_at(&source_of(unit, wish)?, &wish.digest))
}

/// Keeps what is going to be overwritten. What cannot be kept is not overwritten.
async fn keep(
    inquiry: &Inquiry<'_>,
    tasks: &mut Vec<Task>,
    options: &CopyOptions,
    synced: &mut Synced,
) {
    let mut failed: HashMap<Endpoint, Arc<ResolveError>> = HashMap::new();
    let mut mappings = Vec::new();
    for task in tasks.iter_mut() {
        let (Step::Move { from, .. }, Some(wanted)) = (&task.wish.step, task.backup.clone()) else {
            continue;
        };
        match backup_name(inquiry, task.rule, &wanted, from).await {
            Ok(Name::Free(name)) => {
                mappings.push(Mapping::new(pinned_at(&task.wish.target, from), vec![name.clone()]));
                task.backup = Some(name);
            }
            Ok(Name::Kept(name)) => task.backup = Some(name),
            Err(error) => drop(failed.insert(wanted, Arc::new(error))),
        }
    }
    if !mappings.is_empty() {
        let destination = &inquiry.ends.destination;
        let ends = Ends { source: Arc::clone(destination), destination: Arc::clone(destination) };
        let (attachments, options) = (Attachments::None, options.clone());
        let request = CopyRequest { mappings, attachments, options, ..CopyRequest::default() };
        let report = copy(&ends, &request, Arc::new(())).await;
        failed.extend(
            report
                .images
                .into_iter()
                .filter_map(|image| Some((image.destination, image.result.err()?))),
        );
    }
    let is_lost =
        |task: &mut Task| task.backup.as_ref().is_some_and(|backup| failed.contains_key(backup));
    for Task { rule, source, wish, backup } in tasks.extract_if(.., is_lost) {
        let Some(backup) = backup else { continue };
        let Some(error) = failed.get(&backup).cloned() else { continue };
        let target = wish.target;
        let error = SyncError::NotKept { name: target.clone(), backup, source: error };
        synced.troubles.push(Trouble::at(rule, Some(source), Some(target), error));
    }
}

/// The name of a backup.
enum Name {
    /// Nothing that matters has it.
    Free(Endpoint),
    /// The image has it already.
    Kept(Endpoint),
}

/// The name under which the image `old` is kept: `wanted`, unless that is the backup of another image, which is not to
/// be lost either.
async fn backup_name(
    inquiry: &Inquiry<'_>,
    rule: usize,
    wanted: &Endpoint,
    old: &Digest,
) -> Result<Name, ResolveError> {
    let sink = inquiry.ends.destination.sink(wanted).await?;
    let Some(tag) = wanted.name() else { return Ok(Name::Free(wanted.clone())) };
    let now = sink.manifest_digest(&Reference::Name(tag.clone())).await?;
    let never_goes = |rule: &Rule| {
        let patterns = rule.immutable.iter().chain(&rule.prune.protect);
        rule.may_write_to(&wanted.without_name())
            && patterns.into_iter().any(|pattern| pattern.fits(tag.as_str()))
    };
    let is_precious = inquiry.rules.iter().any(never_goes);
    let backup = inquiry.rules[rule].backup.as_ref();
    let (other, backup) = match (now, backup) {
        (Some(now), _) if now == *old => return Ok(Name::Kept(wanted.clone())),
        (Some(other), Some(backup)) if is_precious || !backup.is_one_name() => (other, backup),
        _ => return Ok(Name::Free(wanted.clone())),
    };
    tracing::debug!("{wanted} is {other}: {old} gets a name beside it");
    let beside = tag.to_tag().ok().and_then(|tag| backup.beside(&tag, old).ok());
    let beside = beside.and_then(|tag| wanted.named(&tag.into()).ok());
    Ok(Name::Free(beside.unwrap_or_else(|| wanted.clone())))
}

/// The image that has the digest `digest` now, where it can be named by that.
fn pinned_at(image: &Endpoint, digest: &Digest) -> Endpoint {
    let mut pinned = image.clone();
    match &mut pinned {
        Endpoint::Registry(ImageName::Qualified(image)) => image.digest = Some(digest.clone()),
        Endpoint::File { digest: own, .. } => *own = Some(digest.clone()),
        _ => {}
    }
    pinned
}

/// One mapping for each image and rule, with all places that it goes to: it is read once.
pub(super) fn mappings(inquiry: &Inquiry<'_>, tasks: &[Task]) -> Vec<Mapping> {
    let mut known: HashMap<(usize, &Endpoint), usize> = HashMap::new();
    let mut mappings: Vec<Mapping> = Vec::new();
    for task in tasks {
        let target = task.wish.target.clone();
        let index = *known.entry((task.rule, &task.source)).or_insert(mappings.len());
        match mappings.get_mut(index) {
            Some(mapping) => mapping.destinations.push(target),
            None => mappings.push(Mapping {
                platforms: inquiry.rules[task.rule].platforms.clone(),
                ..Mapping::new(task.source.clone(), vec![target])
            }),
        }
    }
    mappings
}

/// What became of each task.
fn told(tasks: Vec<Task>, images: Vec<CopiedImage>) -> Vec<SyncedImage> {
    let mut results: HashMap<(Endpoint, Endpoint), (ImageResult, Duration)> = images
        .into_iter()
        .map(|image| ((image.source, image.destination), (image.result, image.took)))
        .collect();
    let told = tasks.into_iter().filter_map(|task| {
        let Task { rule, source, wish, backup } = task;
        let (result, took) = results.remove(&(source.clone(), wish.target.clone()))?;
        let before = match wish.step {
            Step::Move { from, .. } => Some(from),
            Step::Keep => result.as_ref().ok().map(|report| report.digest.clone()),
            Step::New | Step::Held { .. } => None,
        };
        Some(SyncedImage { rule, source, target: wish.target, before, backup, result, took })
    });
    told.collect()
}

/// What targets have now is known without asking them.
fn remember(inquiry: &Inquiry<'_>, images: &[SyncedImage]) {
    let mut by_place: HashMap<Endpoint, Vec<&SyncedImage>> = HashMap::new();
    for image in images {
        by_place.entry(image.target.without_name()).or_default().push(image);
    }
    let mut picks: HashMap<Endpoint, Vec<(String, Digest)>> = HashMap::new();
    for image in images {
        let platforms = &inquiry.rules[image.rule].platforms;
        if let (false, Some(index), Ok(made)) =
            (platforms.is_empty(), image.source.digest(), &image.result)
        {
            let pick = (picking(index, platforms), made.digest.clone());
            picks.entry(image.source.without_name()).or_default().push(pick);
        }
    }
    for (source, picked) in picks {
        let mut known = inquiry.memory.source(&source);
        known.picked.extend(picked);
        inquiry.memory.keep_source(&source, &known);
    }
    for (place, images) in by_place {
        let mut known = inquiry.memory.target(&place);
        for image in images {
            let tag = image.target.name().and_then(|name| name.to_tag().ok());
            let (Some(tag), Ok(report)) = (tag, &image.result) else { continue };
            let (digest, at) = (report.digest.clone(), inquiry.now);
            known.tags.insert(tag, Sighting { digest, at });
        }
        inquiry.memory.keep_target(&place, &known);
    }
}
