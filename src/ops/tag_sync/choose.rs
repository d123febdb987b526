//! Which tags of a repository a rule selects, and what they point to now.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::created::created;
use super::memory::{MarkedList, OfSource, Sighting};
use super::{Inquiry, SyncError, Trouble, Unit};
use crate::model::{Digest, RefName, Tag};
use crate::store::{Error, Listed, Listing, Names, Reference, Source};
use crate::tagsync::{Candidate, Rule, Verdict, Why};

/// How many tags of a repository are asked for at once. What a registry gets at once is up to its client.
const TAGS: usize = 64;

/// What a rule selects of a repository.
#[derive(Debug, Default)]
pub struct Chosen {
    /// The tags that it takes, and the digest of each.
    pub tags: BTreeMap<Tag, Digest>,
    /// Those that it leaves.
    pub left: Vec<(Tag, Why)>,
    /// Tags whose digest was not asked for, but is remembered: that is enough for leaving a target as it is.
    pub remembered: BTreeSet<Tag>,
    /// Tags that are listed, and could not be found: whether they are wanted is not known.
    pub unsure: BTreeSet<Tag>,
    /// Why something is not known.
    pub troubles: Vec<Trouble>,
}

/// Asks a repository.
pub(super) async fn choose(inquiry: &Inquiry<'_>, unit: &Unit) -> Result<Chosen, SyncError> {
    let source = inquiry.ends.source.source(&unit.source).await?;
    if let Some(tag) = &unit.image {
        return image(source.as_ref(), tag).await;
    }
    let mut known = match inquiry.is_fresh_wanted {
        true => OfSource::default(),
        false => inquiry.memory.source(&unit.source),
    };
    let rule = &inquiry.rules[unit.rule];
    let listing = list(source.as_ref(), &mut known).await?;
    let mut asking = Asking { inquiry, unit, rule, source: source.as_ref(), known, bulk: listing };
    let chosen = asking.choose().await;
    asking.forget(&chosen);
    inquiry.memory.keep_source(&unit.source, &asking.known);
    Ok(chosen)
}

async fn image(source: &dyn Source, tag: &Tag) -> Result<Chosen, SyncError> {
    let name = Reference::Name(RefName::from(tag.clone()));
    let Some(digest) = source.digest(&name).await? else {
        let (what, place) = (name.to_string(), source.place());
        return Err(Error::NotFound { what, place, source: None }.into());
    };
    Ok(Chosen { tags: [(tag.clone(), digest)].into(), ..Chosen::default() })
}

/// What a list tells of a tag.
#[derive(Default)]
struct Bulk {
    digest: Option<Digest>,
}

/// The tags of a repository, and whether the list is the one that is remembered.
struct Tags {
    tags: BTreeMap<Tag, Bulk>,
    is_unchanged: bool,
}

async fn list(source: &dyn Source, known: &mut OfSource) -> Result<Tags, SyncError> {
    let mark = known.list.as_ref().map(|list| list.mark.clone());
    let listing = match source.listing(mark.as_ref()).await? {
        Names::Listed(listing) => listing,
        Names::Unchanged => {
            let names = known.list.iter().flat_map(|list| &list.names).cloned();
            let tags = names.map(|name| (name, Bulk::default())).collect();
            return Ok(Tags { tags, is_unchanged: true });
        }
    };
    let Listing { names, mark } = listing;
    let tags: BTreeMap<Tag, Bulk> = names.into_iter().filter_map(bulk).collect();
    let names = || tags.keys().cloned().collect();
    known.list = mark.map(|mark| MarkedList { mark, names: names() });
    Ok(Tags { tags, is_unchanged: false })
}

fn bulk(listed: Listed) -> Option<(Tag, Bulk)> {
    let Listed { name, digest, .. } = listed;
    Some((name.to_tag().ok()?, Bulk { digest }))
}

struct Asking<'a> {
    inquiry: &'a Inquiry<'a>,
    unit: &'a Unit,
    rule: &'a Rule,
    source: &'a dyn Source,
    known: OfSource,
    bulk: Tags,
}

impl Asking<'_> {
    async fn choose(&mut self) -> Chosen {
        let mut chosen = Chosen::default();
        let mut fitting = Vec::new();
        for tag in self.bulk.tags.keys() {
            match self.rule.select.by_name(tag) {
                Ok(()) => fitting.push(tag.clone()),
                Err(why) => chosen.left.push((tag.clone(), why)),
            }
        }
        let times = match self.rule.select.needs_times() {
            true => self.times(&fitting, &mut chosen).await,
            false => BTreeMap::new(),
        };
        let candidates: Vec<Candidate> = fitting
            .iter()
            .map(|tag| Candidate { tag: tag.clone(), created: times.get(tag).copied() })
            .collect();
        let verdicts = self.rule.select.choose(&candidates, self.inquiry.now);
        let mut taken = Vec::new();
        for (tag, verdict) in fitting.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Taken => taken.push(tag),
                Verdict::Left(why) => chosen.left.push((tag, why)),
            }
        }
        let digests = self.digests(&taken, &mut chosen).await;
        chosen.tags.extend(digests);
        chosen
    }

    /// What tags point to: as the list says, as is remembered of those that never move, or as the registry answers.
    async fn digests(&mut self, tags: &[Tag], chosen: &mut Chosen) -> BTreeMap<Tag, Digest> {
        let mut digests = BTreeMap::new();
        let mut open = Vec::new();
        for tag in tags {
            if let Some(digest) = self.bulk.tags.get(tag).and_then(|bulk| bulk.digest.clone()) {
                digests.insert(tag.clone(), digest);
            } else if let Some(digest) = self.remembered(tag) {
                chosen.remembered.insert(tag.clone());
                digests.insert(tag.clone(), digest);
            } else {
                open.push(tag.clone());
            }
        }
        let source = self.source;
        let questions: Vec<_> = open
            .into_iter()
            .map(|tag| async move {
                let name = Reference::Name(RefName::from(tag.clone()));
                (tag, source.digest(&name).await)
            })
            .collect();
        let mut answers = stream::iter(questions).buffer_unordered(TAGS);
        while let Some((tag, answer)) = answers.next().await {
            match answer {
                Ok(Some(digest)) => {
                    let at = self.inquiry.now;
                    self.known.tags.insert(tag.clone(), Sighting { digest: digest.clone(), at });
                    digests.insert(tag, digest);
                }
                Ok(None) => {
                    chosen.left.push((tag.clone(), Why::Absent));
                    chosen.unsure.insert(tag);
                }
                Err(error) => {
                    chosen.unsure.insert(tag.clone());
                    let at = self.unit.source.named(&tag.into()).ok();
                    chosen.troubles.push(Trouble::at(self.unit.rule, at, None, error.into()));
                }
            }
        }
        digests
    }

    /// What a tag that never moves pointed to not long ago, where the list is the one of then.
    fn remembered(&self, tag: &Tag) -> Option<Digest> {
        let name = self.rule.rename.apply(tag).ok()?;
        let never_moves = self.rule.immutable.iter().any(|pattern| pattern.fits(name.as_str()));
        if !(never_moves && self.bulk.is_unchanged) {
            return None;
        }
        let seen = self.known.tags.get(tag)?;
        self.inquiry.is_fresh(seen, self.rule).then(|| seen.digest.clone())
    }

    /// When the images of tags were made, as they say themselves. When a tag was set, which some lists tell, is another
    /// time.
    async fn times(&mut self, tags: &[Tag], chosen: &mut Chosen) -> BTreeMap<Tag, Timestamp> {
        let mut times = BTreeMap::new();
        let digests = self.digests(tags, chosen).await;
        // Asked once: what they point to is known from here on.
        for (tag, digest) in &digests {
            if let Some(bulk) = self.bulk.tags.get_mut(tag) {
                bulk.digest = Some(digest.clone());
            }
        }
        let is_unknown = |digest: &&Digest| !self.known.created.contains_key(*digest);
        let unknown: BTreeSet<Digest> = digests.values().filter(is_unknown).cloned().collect();
        let source = self.source;
        let ask = |digest: Digest| async move {
            let time = created(source, &digest).await;
            (digest, time)
        };
        let questions: Vec<_> = unknown.into_iter().map(ask).collect();
        let mut answers = stream::iter(questions).buffer_unordered(TAGS / 4);
        while let Some((digest, answer)) = answers.next().await {
            match answer {
                Ok(Some(time)) => drop(self.known.created.insert(digest, time)),
                Ok(None) => {}
                Err(error) => chosen.troubles.push(Trouble::at(
                    self.unit.rule,
                    Some(self.unit.source.clone()),
                    None,
                    error.into(),
                )),
            }
        }
        for (tag, digest) in digests {
            if let Some(time) = self.known.created.get(&digest) {
                times.insert(tag, *time);
            }
        }
        times
    }

    /// What is of no use any more is not kept.
    fn forget(&mut self, chosen: &Chosen) {
        let listed = &self.bulk.tags;
        self.known.tags.retain(|tag, _| listed.contains_key(tag));
        let current: BTreeSet<&Digest> = self
            .known
            .tags
            .values()
            .map(|seen| &seen.digest)
            .chain(chosen.tags.values())
            .chain(listed.values().filter_map(|bulk| bulk.digest.as_ref()))
            .collect();
        self.known.created.retain(|digest, _| current.contains(digest));
        let is_current = |key: &str| {
            key.split(' ')
                .next()
                .and_then(|digest| digest.parse().ok())
                .is_some_and(|digest: Digest| current.contains(&digest))
        };
        self.known.picked.retain(|key, _| is_current(key));
    }
}

impl Inquiry<'_> {
    /// Whether what was seen is not too old to be believed.
    pub(super) fn is_fresh(&self, seen: &Sighting, rule: &Rule) -> bool {
        let age = self.now.duration_since(seen.at);
        !self.is_fresh_wanted && age >= SignedDuration::ZERO && age <= rule.recheck.length()
    }
}
