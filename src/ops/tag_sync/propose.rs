//! What a run would do.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt, stream};

use super::claims::Claims;
use super::compare::{Compared, Wish, compare};
use super::select::Selected;
use super::{Chosen, Inquiry, SyncError, Trouble, Unit};
use crate::model::{Endpoint, Tag, one_line};
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

/// Finds out what a run of the rules `due` would do. What other rules select of `selected` stays where it is.
pub async fn propose(inquiry: &Inquiry<'_>, selected: Selected, due: &BTreeSet<usize>) -> Proposal {
    let Selected { units, troubles } = selected;
    let answers = ask(inquiry, &units, due).await;
    let claims = Claims::of(&units, inquiry.rules);
    let mut proposing = Proposing::new(inquiry, &troubles);
    for (index, target, answer) in answers {
        let (unit, chosen) = &units[index];
        proposing.take(unit, chosen, index, target, answer, &claims);
    }
    let Proposing { targets, order, mut wishes, troubles: found, unknown, .. } = proposing;
    let mut proposal = Proposal { troubles: found, ..Proposal::default() };
    once(&mut wishes);
    let mut targets = targets;
    for place in order {
        let Some(found) = targets.remove(&place) else { continue };
        match found.strays(place, &unknown, inquiry.rules) {
            Ok(stray) => proposal.strays.extend(stray),
            Err(trouble) => proposal.troubles.push(*trouble),
        }
    }
    proposal.troubles.extend(troubles.into_iter().filter(|trouble| due.contains(&trouble.rule)));
    let units = units.into_iter().enumerate().filter(|(_, (unit, _))| due.contains(&unit.rule));
    for (index, (unit, mut chosen)) in units {
        proposal.troubles.append(&mut chosen.troubles);
        let wishes = wishes.remove(&index).unwrap_or_default();
        hold(&unit, &wishes, &mut proposal.troubles);
        proposal.units.push(UnitProposal { unit, wishes });
    }
    proposal
}

/// What a target says of what a unit wants there; nothing where that is not to run.
type Asked = (usize, Endpoint, Option<Result<Compared, SyncError>>);

async fn ask(inquiry: &Inquiry<'_>, units: &[(Unit, Chosen)], due: &BTreeSet<usize>) -> Vec<Asked> {
    let mut questions = Vec::new();
    for (index, (unit, chosen)) in units.iter().enumerate() {
        for target in &unit.targets {
            questions.push(async move {
                let compared = match due.contains(&unit.rule) {
                    true => Some(compare(inquiry, unit, chosen, target).await),
                    false => None,
                };
                (index, target.clone(), compared)
            });
        }
    }
    stream::iter(questions).buffered(TARGETS).collect().await
}

/// A proposal in the making.
struct Proposing<'r> {
    rules: &'r [Rule],
    targets: HashMap<Endpoint, Found<'r>>,
    order: Vec<Endpoint>,
    wishes: BTreeMap<usize, Vec<Wish>>,
    troubles: Vec<Trouble>,
    /// Rules of which not all is known, and why.
    unknown: BTreeMap<usize, String>,
}

impl<'r> Proposing<'r> {
    fn new(inquiry: &Inquiry<'r>, troubles: &[Trouble]) -> Self {
        let mut unknown = BTreeMap::new();
        for trouble in troubles {
            unknown.entry(trouble.rule).or_insert_with(|| cause(trouble));
        }
        Self {
            rules: inquiry.rules,
            targets: HashMap::new(),
            order: Vec::new(),
            wishes: BTreeMap::new(),
            troubles: Vec::new(),
            unknown,
        }
    }

    fn found(&mut self, target: &Endpoint) -> &mut Found<'r> {
        let Self { rules, targets, order, .. } = self;
        targets.entry(target.clone()).or_insert_with(|| {
            order.push(target.clone());
            let rules = rules.iter().filter(|rule| rule.may_write_to(target)).collect();
            Found { holding: Holding { rules, ..Holding::default() }, ..Found::default() }
        })
    }

    fn take(
        &mut self,
        unit: &Unit,
        chosen: &Chosen,
        index: usize,
        target: Endpoint,
        answer: Option<Result<Compared, SyncError>>,
        claims: &Claims<'_>,
    ) {
        let rule = &self.rules[unit.rule];
        let found = self.found(&target);
        found.modes.push(rule.prune.mode);
        found.doubt(&chosen.troubles);
        if chosen.tags.is_empty() && chosen.left.is_empty() {
            let because = format!("{} has no tags at all, which may be a mistake", unit.source);
            found.doubt.get_or_insert(because);
        }
        found.holding.wanted.extend(names(rule, chosen));
        let compared = match answer {
            None => return,
            Some(Ok(compared)) => compared,
            Some(Err(error)) => {
                let trouble =
                    Trouble::at(unit.rule, Some(unit.source.clone()), Some(target), error);
                found.doubt([&trouble]);
                return self.troubles.push(trouble);
            }
        };
        let Compared { wishes, wanted, there, mut troubles } = compared;
        found.rule.get_or_insert(unit.rule);
        found.holding.wanted.extend(wanted);
        found.there = found.there.take().or(there);
        let mut own = Vec::new();
        for wish in wishes {
            if let Some((first, second)) = claims.conflict(&wish.target) {
                let (first, second) = (first.clone(), second.clone());
                let error = SyncError::Twice { name: wish.target.clone(), first, second };
                let at = source_of(unit, &wish);
                troubles.push(Trouble::at(unit.rule, at, Some(wish.target), error));
            } else {
                found.has_something |= wish.step != Step::New;
                own.push(wish);
            }
        }
        found.doubt(&troubles);
        self.troubles.extend(troubles);
        self.wishes.entry(index).or_default().extend(own);
    }
}

/// What is wrong, with its cause, in a line.
fn cause(trouble: &Trouble) -> String {
    let error: &dyn std::error::Error = &trouble.error;
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    one_line(&texts.join(": "), 300)
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
    /// Whether anything is there, whether or not it is listed.
    has_something: bool,
    /// Why it is not known for sure what is wanted there.
    doubt: Option<String>,
}

impl Found<'_> {
    fn doubt<'t>(&mut self, troubles: impl IntoIterator<Item = &'t Trouble>) {
        let first = troubles.into_iter().next();
        self.doubt = self.doubt.take().or_else(|| first.map(cause));
    }

    /// The tags that go, or would.
    fn strays(
        self,
        place: Endpoint,
        unknown: &BTreeMap<usize, String>,
        rules: &[Rule],
    ) -> Result<Option<Stray>, Box<Trouble>> {
        let mode = self.modes.iter().copied().max();
        let (Some(mode), Some(rule)) = (mode.filter(|mode| *mode != PruneMode::Off), self.rule)
        else {
            return Ok(None);
        };
        let trouble = |error| Box::new(Trouble::at(rule, None, Some(place.clone()), error));
        let Some(there) = &self.there else {
            return match self.has_something {
                true => Err(trouble(SyncError::Unlisted(place.clone()))),
                false => Ok(None),
            };
        };
        let tags = self.holding.strays(there);
        if tags.is_empty() {
            return Ok(None);
        }
        // A rule of which not all is known may want anything here.
        let of_rule = unknown.iter().find(|(number, _)| rules[**number].may_write_to(&place));
        let because = self.doubt.or_else(|| of_rule.map(|(_, why)| why.clone()));
        if let Some(because) = because {
            return Err(trouble(SyncError::Doubtful { place: place.clone(), because }));
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

/// Two rules may want the same image under one name: it is brought once. Where what they say of it differs, as of backups,
/// the rule counts that is more careful with what is there.
fn once(wishes: &mut BTreeMap<usize, Vec<Wish>>) {
    let mut best: HashMap<Endpoint, (u8, usize)> = HashMap::new();
    let named = |wish: &&Wish| wish.tag.is_some();
    for (index, own) in wishes.iter() {
        for wish in own.iter().filter(named) {
            let best = best.entry(wish.target.clone()).or_insert((care(&wish.step), *index));
            if care(&wish.step) > best.0 {
                *best = (care(&wish.step), *index);
            }
        }
    }
    for (index, own) in wishes.iter_mut() {
        own.retain(|wish| {
            wish.tag.is_none() || best.get(&wish.target).is_none_or(|(_, best)| best == index)
        });
    }
}

/// How careful a step is with what is there.
fn care(step: &Step) -> u8 {
    match step {
        Step::New => 0,
        Step::Move { backup: None, .. } => 1,
        Step::Move { backup: Some(_), .. } => 2,
        Step::Keep => 3,
        Step::Held { .. } => 4,
    }
}
