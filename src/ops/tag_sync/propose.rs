//! What a run would do.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt, stream};

use super::compare::{Compared, Wish, compare};
use super::select::Selected;
use super::{Chosen, Inquiry, SyncError, Trouble, Unit};
use crate::model::{Endpoint, Tag};
use crate::tagsync::{Holding, PruneMode, Rule, Step};

/// How many targets are asked at once.
const TARGETS: usize = 16;

/// What a run would do.
#[derive(Debug, Default)]
pub struct Proposal {
    /// What becomes of what the rules select.
    pub units: Vec<UnitProposal>,
    /// Tags of targets that no rule selects.
    pub strays: Vec<Stray>,
    /// What could not be found out, or may not be done.
    pub troubles: Vec<Trouble>,
}

/// A repository of a rule, and what becomes of what is selected of it.
#[derive(Debug)]
pub struct UnitProposal {
    /// The repository.
    pub unit: Unit,
    /// What the rule selects.
    pub chosen: Chosen,
    /// What becomes of it at each target.
    pub wishes: Vec<Wish>,
}

/// Tags of a target that no rule selects.
#[derive(Clone, Debug)]
pub struct Stray {
    /// The number of a rule that has it looked for.
    pub rule: usize,
    /// The target.
    pub place: Endpoint,
    /// The tags.
    pub tags: Vec<Tag>,
    /// Whether they go.
    pub mode: PruneMode,
}

impl Proposal {
    /// Whether nothing would be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let keeps = |wish: &Wish| wish.step == Step::Keep;
        self.units.iter().flat_map(|unit| &unit.wishes).all(keeps)
            && self.strays.iter().all(|stray| stray.mode != PruneMode::Tags)
    }
}

/// Finds out what a run of the rules `due` would do. What other rules select of `selected` stays where it is.
pub async fn propose(inquiry: &Inquiry<'_>, selected: Selected, due: &BTreeSet<usize>) -> Proposal {
    let Selected { units, mut troubles } = selected;
    let mut pairs = Vec::new();
    for (index, (unit, _)) in units.iter().enumerate() {
        pairs.extend(unit.targets.iter().map(|target| (index, target.clone())));
    }
    let units_of = &units;
    let questions: Vec<_> = pairs
        .into_iter()
        .map(|(index, target)| async move {
            let (unit, chosen) = &units_of[index];
            let compared = match due.contains(&unit.rule) {
                true => Some(compare(inquiry, unit, chosen, &target).await),
                false => None,
            };
            (index, target, compared)
        })
        .collect();
    let mut answers = stream::iter(questions).buffered(TARGETS);
    let mut targets: HashMap<Endpoint, Found<'_>> = HashMap::new();
    let mut order: Vec<Endpoint> = Vec::new();
    let mut wishes: BTreeMap<usize, Vec<Wish>> = BTreeMap::new();
    let mut found_troubles = Vec::new();
    while let Some((index, target, compared)) = answers.next().await {
        let (unit, chosen) = &units[index];
        let rule = &inquiry.rules[unit.rule];
        let found = targets.entry(target.clone()).or_insert_with(|| {
            order.push(target.clone());
            let writes_here = |rule: &&Rule| rule.may_write_to(&target);
            let rules = inquiry.rules.iter().filter(writes_here).collect();
            let holding = Holding { rules, ..Holding::default() };
            Found { holding, ..Found::default() }
        });
        found.modes.push(rule.prune.mode);
        found.is_doubtful |= !chosen.troubles.is_empty();
        match compared {
            None => found.holding.wanted.extend(names(rule, chosen)),
            Some(Err(error)) => {
                found.is_doubtful = true;
                let at = Some(unit.source.clone());
                found_troubles.push(Trouble::at(unit.rule, at, Some(target), error));
            }
            Some(Ok(compared)) => {
                let Compared { wishes: new, wanted, there, troubles } = compared;
                found.rule.get_or_insert(unit.rule);
                found.is_doubtful |= !troubles.is_empty();
                found.holding.wanted.extend(wanted);
                found.there = found.there.take().or(there);
                found_troubles.extend(troubles);
                let own = wishes.entry(index).or_default();
                for wish in new {
                    match found.take(&unit.source, &wish) {
                        Ok(Fate::Fresh) => own.push(wish),
                        Ok(Fate::Known) => {}
                        Err(error) => {
                            let at = source_of(unit, &wish);
                            let trouble = Trouble::at(unit.rule, at, Some(wish.target), *error);
                            found_troubles.push(trouble);
                        }
                    }
                }
            }
        }
    }
    drop(answers);
    let doubtful: BTreeSet<usize> = troubles.iter().map(|trouble| trouble.rule).collect();
    let mut strays = Vec::new();
    for place in order {
        let Some(found) = targets.remove(&place) else { continue };
        match found.strays(place, &doubtful, inquiry.rules) {
            Ok(stray) => strays.extend(stray),
            Err(trouble) => found_troubles.push(*trouble),
        }
    }
    troubles.extend(found_troubles);
    let units = units.into_iter().enumerate().filter(|(_, (unit, _))| due.contains(&unit.rule));
    let mut proposal = Proposal { strays, troubles, ..Proposal::default() };
    for (index, (unit, mut chosen)) in units {
        proposal.troubles.append(&mut chosen.troubles);
        let wishes = wishes.remove(&index).unwrap_or_default();
        hold(&unit, &wishes, &mut proposal.troubles);
        proposal.units.push(UnitProposal { unit, chosen, wishes });
    }
    proposal
}

/// Tells what never moves, and has moved upstream.
fn hold(unit: &Unit, wishes: &[Wish], troubles: &mut Vec<Trouble>) {
    for wish in wishes {
        let Step::Held { from, immutable } = &wish.step else { continue };
        let error = SyncError::Immutable {
            name: wish.target.clone(),
            has: from.clone(),
            wants: wish.digest.clone(),
            pattern: immutable.clone(),
        };
        let (at, target) = (source_of(unit, wish), Some(wish.target.clone()));
        troubles.push(Trouble::at(unit.rule, at, target, error));
    }
}

/// The image that a wish is for.
pub(super) fn source_of(unit: &Unit, wish: &Wish) -> Option<Endpoint> {
    match &wish.tag {
        Some(tag) => unit.source.named(&tag.clone().into()).ok(),
        None => Some(unit.source.clone()),
    }
}

/// What the tags that a rule selects are called at its targets, those that it may select included.
fn names(rule: &Rule, chosen: &Chosen) -> BTreeSet<Tag> {
    let tags = chosen.tags.keys().chain(&chosen.unsure);
    tags.filter_map(|tag| rule.rename.apply(tag).ok()).collect()
}

/// What is found of a target.
#[derive(Default)]
struct Found<'r> {
    /// The first rule that puts something there now.
    rule: Option<usize>,
    holding: Holding<'r>,
    /// What rules that have something to bring here say of tags that nobody wants.
    modes: Vec<PruneMode>,
    there: Option<Vec<Tag>>,
    /// Whether it is not known for sure what is wanted there.
    is_doubtful: bool,
    /// Where what goes to each name comes from.
    taken: HashMap<Endpoint, (Endpoint, Wish)>,
}

/// Whether a wish is the first for its name.
enum Fate {
    Fresh,
    Known,
}

impl Found<'_> {
    /// Takes note of what goes to a name: two rules may want the same image there, and not two images.
    fn take(&mut self, source: &Endpoint, wish: &Wish) -> Result<Fate, Box<SyncError>> {
        if wish.tag.is_none() {
            return Ok(Fate::Fresh);
        }
        let Some((first, known)) = self.taken.get(&wish.target) else {
            self.taken.insert(wish.target.clone(), (source.clone(), wish.clone()));
            return Ok(Fate::Fresh);
        };
        if known.digest == wish.digest {
            return Ok(Fate::Known);
        }
        let image = |place: &Endpoint, wish: &Wish| {
            let named = wish.tag.as_ref().and_then(|tag| place.named(&tag.clone().into()).ok());
            named.unwrap_or_else(|| place.clone())
        };
        self.is_doubtful = true;
        let (first, second) = (image(first, known), image(source, wish));
        Err(Box::new(SyncError::Twice { name: wish.target.clone(), first, second }))
    }

    /// The tags that go, or would.
    fn strays(
        self,
        place: Endpoint,
        doubtful: &BTreeSet<usize>,
        rules: &[Rule],
    ) -> Result<Option<Stray>, Box<Trouble>> {
        let mode = self.modes.iter().copied().max();
        let (Some(mode), Some(rule)) = (mode.filter(|mode| *mode != PruneMode::Off), self.rule)
        else {
            return Ok(None);
        };
        let trouble = |error| Box::new(Trouble::at(rule, None, Some(place.clone()), error));
        // One of which nothing is known may want anything here.
        let is_doubtful =
            self.is_doubtful || doubtful.iter().any(|number| rules[*number].may_write_to(&place));
        if is_doubtful {
            return Err(trouble(SyncError::Doubtful(place.clone())));
        }
        let Some(there) = &self.there else {
            return Err(trouble(SyncError::Unlisted(place.clone())));
        };
        let tags = self.holding.strays(there);
        if tags.is_empty() {
            return Ok(None);
        }
        if self.holding.wanted.is_empty() {
            return Err(trouble(SyncError::NothingSelected(place.clone())));
        }
        let (count, max) = (tags.len(), self.holding.max_delete());
        if mode == PruneMode::Tags && count > max {
            return Err(trouble(SyncError::TooMany { place: place.clone(), count, max }));
        }
        Ok(Some(Stray { rule, place, tags, mode }))
    }
}
