//! What a target has of what is wanted there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::choose::Chosen;
use super::memory::{OfSource, OfTarget, Sighting, picking};
use super::{Inquiry, SyncError, Trouble, Unit};
use crate::http;
use crate::model::{Digest, Endpoint, RefName, Tag};
use crate::store::{self, Reference, Sink, Source, Store};
use crate::tagsync::{Rule, Step, step};
use crate::transfer::{Selection, select};

/// How many tags of a target are asked for at once.
const TAGS: usize = 64;

/// An image that is wanted at a target.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The image, by its tag, if that is how it is wanted.
    pub tag: Option<Tag>,
    /// The digest that it has at its source.
    pub digest: Digest,
    /// The target, with the tag that the image gets there.
    pub target: Endpoint,
    /// What is to be done.
    pub step: Step,
}

/// What a target has of what a unit wants there.
pub(super) struct Compared {
    pub(super) wishes: Vec<Wish>,
    /// The tags that are wanted, whatever became of the question.
    pub(super) wanted: BTreeSet<Tag>,
    /// All tags that are there; `None` where that is not known.
    pub(super) there: Option<Vec<Tag>>,
    pub(super) troubles: Vec<Trouble>,
}

/// Asks a target.
pub(super) async fn compare(
    inquiry: &Inquiry<'_>,
    unit: &Unit,
    chosen: &Chosen,
    target: &Endpoint,
) -> Result<Compared, SyncError> {
    let rule = &inquiry.rules[unit.rule];
    let place = Place::open(inquiry, target).await?;
    let mut compared = Compared {
        wishes: Vec::new(),
        wanted: BTreeSet::new(),
        there: place.names.clone(),
        troubles: Vec::new(),
    };
    let mut wanted = Vec::new();
    for (tag, digest) in &chosen.tags {
        match rule.rename.apply(tag) {
            Ok(name) => {
                compared.wanted.insert(name.clone());
                wanted.push((tag, name, digest));
            }
            Err(source) => {
                let (tag, source) = (tag.clone(), Arc::new(source));
                let at = unit.source.named(&tag.clone().into()).ok();
                let error = SyncError::Rename { tag, source };
                compared.troubles.push(Trouble::at(unit.rule, at, Some(target.clone()), error));
            }
        }
    }
    compared.wanted.extend(chosen.unsure.iter().filter_map(|tag| rule.rename.apply(tag).ok()));
    let mut known = inquiry.memory.target(target);
    let mut made = inquiry.memory.source(&unit.source);
    let names = compared.wanted.clone();
    let asking = Asking {
        inquiry,
        unit,
        rule,
        place: &place,
        remembered_tags: &chosen.remembered,
        names,
        known: &known,
        made: &made,
    };
    let questions: Vec<_> =
        wanted.iter().map(|(tag, name, digest)| asking.ask_for_sure(tag, name, digest)).collect();
    let answers: Vec<_> = stream::iter(questions).buffered(TAGS).collect().await;
    let mut seen = BTreeMap::new();
    for ((tag, name, _), answer) in wanted.into_iter().zip(answers) {
        let at = target.named(&name.clone().into()).unwrap_or_else(|_| target.clone());
        match answer {
            Ok(Answer { digest, step, there, picked }) => {
                made.picked.extend(picked);
                seen.extend(there.map(|sighting| (name, sighting)));
                let tag = Some(tag.clone());
                compared.wishes.push(Wish { tag, digest, target: at, step });
            }
            Err(error) => {
                let source = unit.source.named(&tag.clone().into()).ok();
                compared.troubles.push(Trouble::at(unit.rule, source, Some(at), error));
            }
        }
    }
    for digest in &rule.digests {
        match place.has(digest).await {
            Ok(is_there) => compared.wishes.push(Wish {
                tag: None,
                digest: digest.clone(),
                target: target.clone(),
                step: if is_there { Step::Keep } else { Step::New },
            }),
            Err(error) => {
                let at = Some(target.clone());
                compared.troubles.push(Trouble::at(unit.rule, None, at, error.into()));
            }
        }
    }
    // Other rules may have more there.
    known.tags.extend(seen);
    if let Some(there) = &compared.there {
        known.tags.retain(|tag, _| there.binary_search(tag).is_ok());
    }
    inquiry.memory.keep_target(target, &known);
    if !rule.platforms.is_empty() {
        inquiry.memory.keep_source(&unit.source, &made);
    }
    Ok(compared)
}

/// A target.
struct Place {
    sink: Arc<dyn Sink>,
    store: Option<Arc<dyn Store>>,
    /// Its tags, sorted; `None` where it does not tell.
    names: Option<Vec<Tag>>,
}

impl Place {
    async fn open(inquiry: &Inquiry<'_>, target: &Endpoint) -> Result<Self, SyncError> {
        let open = inquiry.ends.destination.as_ref();
        let sink: Arc<dyn Sink> = Arc::new(open.look(target).await?);
        if target.path().is_some_and(|path| !path.exists()) {
            return Ok(Self { sink, store: None, names: Some(Vec::new()) });
        }
        let store = open.store(target).await?;
        let names = match store.names().await {
            Ok(names) => Some(names),
            Err(error) if error.is_not_found() => Some(Vec::new()),
            // There are registries that deny what is not there yet; whoever may write is answered.
            Err(error) if is_denied(&error) => None,
            Err(error) => return Err(error.into()),
        };
        let names = names.map(|names| names.iter().filter_map(|name| name.to_tag().ok()).collect());
        Ok(Self { sink, store: Some(store), names })
    }

    async fn digest(&self, name: &Tag) -> store::Result<Option<Digest>> {
        let name = Reference::Name(RefName::from(name.clone()));
        match (&self.store, &self.names) {
            (Some(store), Some(_)) => store.digest(&name).await,
            _ => self.sink.manifest_digest(&name).await,
        }
    }

    async fn has(&self, digest: &Digest) -> store::Result<bool> {
        let found = self.sink.manifest_digest(&Reference::Digest(digest.clone())).await?;
        Ok(found.is_some())
    }

    fn lists(&self, name: &Tag) -> bool {
        self.names.as_ref().is_none_or(|names| names.binary_search(name).is_ok())
    }
}

/// Whether the registry wants another login, or says that this one may not.
fn is_denied(error: &store::Error) -> bool {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    causes.filter_map(|error| error.downcast_ref::<http::Error>()).any(http::Error::is_denied)
}

struct Asking<'a> {
    inquiry: &'a Inquiry<'a>,
    unit: &'a Unit,
    rule: &'a Rule,
    place: &'a Place,
    /// Tags whose digests are only remembered.
    remembered_tags: &'a BTreeSet<Tag>,
    /// All tags that are wanted there.
    names: BTreeSet<Tag>,
    known: &'a OfTarget,
    made: &'a OfSource,
}

/// What a target says of one tag.
struct Answer {
    /// The digest of the image at its source.
    digest: Digest,
    step: Step,
    there: Option<Sighting>,
    picked: Option<(String, Digest)>,
}

impl Asking<'_> {
    /// Asks. What is only remembered of the source is asked there before anything is changed for it.
    async fn ask_for_sure(
        &self,
        tag: &Tag,
        name: &Tag,
        digest: &Digest,
    ) -> Result<Answer, SyncError> {
        let answer = self.ask(tag, name, digest).await?;
        if answer.step == Step::Keep || !self.remembered_tags.contains(tag) {
            return Ok(answer);
        }
        let source = self.inquiry.ends.source.source(&self.unit.source).await?;
        let reference = Reference::Name(RefName::from(tag.clone()));
        match source.digest(&reference).await? {
            Some(now) => self.ask(tag, name, &now).await,
            None => {
                let (what, place) = (reference.to_string(), source.place());
                Err(store::Error::NotFound { what, place, source: None }.into())
            }
        }
    }

    async fn ask(&self, tag: &Tag, name: &Tag, digest: &Digest) -> Result<Answer, SyncError> {
        let mut picked = None;
        let mut wanted = digest.clone();
        let is_picked = !self.rule.platforms.is_empty();
        let is_certain = |sure: &Digest| !is_picked && sure == digest;
        if let Some(seen) = self.remembered(name)
            && (is_certain(&seen.digest) || self.is_made(digest, &seen.digest))
        {
            let (digest, there) = (digest.clone(), Some(seen.clone()));
            return Ok(Answer { digest, step: Step::Keep, there, picked });
        }
        let there = match self.place.lists(name) || self.is_precious(name) {
            true => self.place.digest(name).await?,
            false => None,
        };
        if is_picked && there.is_some() {
            let (key, made) = self.pick(digest).await?;
            wanted = made.clone();
            picked = Some((key, made));
        }
        let step =
            step(self.rule, name, &wanted, there.as_ref(), self.inquiry.now).map_err(|source| {
                SyncError::Backup {
                    name: self
                        .unit
                        .source
                        .named(&tag.clone().into())
                        .unwrap_or_else(|_| self.unit.source.clone()),
                    source: Arc::new(source),
                }
            })?;
        let step = self.beside(name, step).map_err(|error| *error)?;
        let there = there.map(|digest| Sighting { digest, at: self.inquiry.now });
        Ok(Answer { digest: digest.clone(), step, there, picked })
    }

    /// `step`, whose backup does not take the name of a tag that is wanted itself.
    fn beside(&self, name: &Tag, step: Step) -> Result<Step, Box<SyncError>> {
        let (from, backup) = match step {
            Step::Move { from, backup: Some(backup) } if self.names.contains(&backup) => {
                (from, backup)
            }
            step => return Ok(step),
        };
        let template = self.rule.backup.as_ref();
        let other = template.and_then(|template| template.beside(&backup, &from).ok());
        match other.filter(|other| !self.names.contains(other)) {
            Some(other) => Ok(Step::Move { from, backup: Some(other) }),
            None => Err(Box::new(SyncError::BackupIsWanted { tag: name.clone(), backup })),
        }
    }

    /// What the target had not long ago, where its list says that the tag is still there.
    fn remembered(&self, name: &Tag) -> Option<&Sighting> {
        let is_listed = self.place.names.is_some() && self.place.lists(name);
        let seen = self.known.tags.get(name).filter(|_| is_listed)?;
        self.inquiry.is_fresh(seen, self.rule).then_some(seen)
    }

    /// Whether picking platforms from `digest` is known to make `there`.
    fn is_made(&self, digest: &Digest, there: &Digest) -> bool {
        let key = picking(digest, &self.rule.platforms);
        self.made.picked.get(&key) == Some(there)
    }

    /// Whether overwriting would cost something: then a list that may be late is not enough.
    fn is_precious(&self, name: &Tag) -> bool {
        self.rule.backup.is_some()
            || self.rule.immutable.iter().any(|pattern| pattern.fits(name.as_str()))
    }

    /// What picking platforms from `digest` makes.
    async fn pick(&self, digest: &Digest) -> Result<(String, Digest), SyncError> {
        let key = picking(digest, &self.rule.platforms);
        if let Some(made) = self.made.picked.get(&key) {
            return Ok((key, made.clone()));
        }
        let source = self.inquiry.ends.source.source(&self.unit.source).await?;
        let platforms = self.rule.platforms.clone();
        let selection = Selection { platforms, ..Selection::default() };
        let named = Reference::Digest(digest.clone());
        let manifest = select(source.as_ref() as &dyn Source, &named, &selection).await?;
        Ok((key, manifest.digest().clone()))
    }
}
