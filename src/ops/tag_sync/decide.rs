//! What follows from what rules select, and what targets have of it. Pure: neither the order of rules nor that of answers
//! matters.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::claims::Claims;
use super::compare::{Compared, Wish};
use super::propose::{Proposal, Stray, UnitProposal, source_of};
use super::select::Selected;
use super::{Chosen, SyncError, Trouble, Unit};
use crate::model::{Endpoint, Tag, one_line};
use crate::tagsync::{Holding, PruneMode, Rule, Step};

/// What a target has of one unit.
pub(super) struct Answered {
    /// The number of the unit.
    pub(super) unit: usize,
    /// The target.
    pub(super) target: Endpoint,
    /// What it has.
    pub(super) answer: Answer,
}

/// What is known of a target.
pub(super) enum Answer {
    /// The rule is not due, so it was not asked.
    NotDue,
    /// It does not answer.
    Failed(Box<SyncError>),
    /// It has this.
    Compared(Compared),
}

/// The rules to ask for those that are `due`: where these look for tags that nobody takes, others count too.
pub(super) fn asked(rules: &[Rule], due: &BTreeSet<usize>) -> Vec<usize> {
    let looks = due.iter().map(|number| &rules[*number]);
    let looks: Vec<&Rule> = looks.filter(|rule| rule.prune.mode != PruneMode::Off).collect();
    let counts = |number: &usize| {
        due.contains(number) || looks.iter().any(|rule| rule.meets(&rules[*number]))
    };
    (0..rules.len()).filter(counts).collect()
}

/// What a run of the rules `due` would do.
pub(super) fn decide(
    rules: &[Rule],
    due: &BTreeSet<usize>,
    selected: Selected,
    answers: Vec<Answered>,
) -> Proposal {
    let Selected { units, troubles } = selected;
    let claims = Claims::of(&units, rules);
    let mut proposing = Proposing::new(rules, &troubles);
    for answered in answers {
        let (unit, chosen) = &units[answered.unit];
        proposing.take(unit, chosen, answered, &claims);
    }
    let Proposing { mut targets, order, mut wishes, troubles: found, conflicts, unknown, .. } =
        proposing;
    let mut proposal = Proposal { troubles: found, ..Proposal::default() };
    proposal.troubles.extend(conflicts.into_values());
    once(&mut wishes, |index| rules[units[index].0.rule].name.clone());
    for place in order {
        let Some(found) = targets.remove(&place) else { continue };
        match found.strays(place, &unknown, rules) {
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

/// Something of a rule that is not known.
struct Unknown {
    rule: usize,
    /// The repository; all of the rule where there is none.
    source: Option<Endpoint>,
    why: String,
}

impl Unknown {
    /// Whether that may be wanted at `place`.
    fn concerns(&self, place: &Endpoint, rules: &[Rule]) -> bool {
        let rule = &rules[self.rule];
        match &self.source {
            None => rule.may_write_to(place),
            Some(source) => rule.places_of(&source.to_string()).contains(&place.to_string()),
        }
    }
}

/// A proposal in the making.
struct Proposing<'r> {
    rules: &'r [Rule],
    targets: HashMap<Endpoint, Found<'r>>,
    order: Vec<Endpoint>,
    wishes: BTreeMap<usize, Vec<Wish>>,
    troubles: Vec<Trouble>,
    /// What would be two images, by its name: told once, as of the first rule by name.
    conflicts: BTreeMap<String, Trouble>,
    /// What is not known of rules.
    unknown: Vec<Unknown>,
}

impl<'r> Proposing<'r> {
    fn new(rules: &'r [Rule], troubles: &[Trouble]) -> Self {
        let unknown = |trouble: &Trouble| Unknown {
            rule: trouble.rule,
            source: trouble.source.as_ref().map(Endpoint::without_name),
            why: cause(trouble),
        };
        let unknown = troubles.iter().map(unknown).collect();
        Self {
            rules,
            targets: HashMap::new(),
            order: Vec::new(),
            wishes: BTreeMap::new(),
            troubles: Vec::new(),
            conflicts: BTreeMap::new(),
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

    fn take(&mut self, unit: &Unit, chosen: &Chosen, answered: Answered, claims: &Claims<'_>) {
        let Answered { unit: index, target, answer } = answered;
        let rules = self.rules;
        let rule = &rules[unit.rule];
        let found = self.found(&target);
        found.doubt(&chosen.troubles);
        if chosen.tags.is_empty() && chosen.left.is_empty() {
            let because = format!("{} has no tags at all, which may be a mistake", unit.source);
            found.doubts.insert(because);
        }
        found.holding.wanted.extend(names(rule, chosen));
        let compared = match answer {
            Answer::NotDue => return,
            Answer::Compared(compared) => compared,
            Answer::Failed(error) => {
                let trouble =
                    Trouble::at(unit.rule, Some(unit.source.clone()), Some(target), *error);
                found.doubt([&trouble]);
                return self.troubles.push(trouble);
            }
        };
        let Compared { wishes, wanted, there, troubles } = compared;
        // Whichever comes first: of the rules that say most of other tags the first by name.
        let weight = |number: usize| (Reverse(rules[number].prune.mode), &rules[number].name);
        found.rule = Some(match found.rule {
            Some(other) if weight(other) <= weight(unit.rule) => other,
            _ => unit.rule,
        });
        found.modes.push(rule.prune.mode);
        found.holding.wanted.extend(wanted);
        found.there = found.there.take().or(there);
        let (mut own, mut conflicts) = (Vec::new(), Vec::new());
        for wish in wishes {
            if let Some((first, second)) = claims.conflict(&wish.target) {
                let (first, second) = (first.clone(), second.clone());
                found.doubts.insert(format!("{} would be two images", wish.target));
                let name = wish.target.to_string();
                let error = SyncError::Twice { name: wish.target.clone(), first, second };
                let at = source_of(unit, &wish);
                conflicts.push((name, Trouble::at(unit.rule, at, Some(wish.target), error)));
            } else {
                found.has_something |= wish.step != Step::New;
                own.push(wish);
            }
        }
        found.doubt(&troubles);
        self.troubles.extend(troubles);
        for (name, trouble) in conflicts {
            let known = self.conflicts.get(&name).map(|known| &rules[known.rule].name);
            if known.is_none_or(|known| rules[trouble.rule].name < *known) {
                self.conflicts.insert(name, trouble);
            }
        }
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
    doubts: BTreeSet<String>,
}

impl Found<'_> {
    fn doubt<'t>(&mut self, troubles: impl IntoIterator<Item = &'t Trouble>) {
        self.doubts.extend(troubles.into_iter().map(cause));
    }

    /// The tags that go, or would.
    fn strays(
        self,
        place: Endpoint,
        unknown: &[Unknown],
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
        let of_rules = unknown.iter().filter(|unknown| unknown.concerns(&place, rules));
        let doubts = of_rules.map(|unknown| unknown.why.clone()).chain(self.doubts);
        if let Some(because) = doubts.min() {
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
/// the rule counts that is more careful with what is there; else the first by name.
fn once(wishes: &mut BTreeMap<usize, Vec<Wish>>, name: impl Fn(usize) -> String) {
    let mut best: HashMap<Endpoint, (Reverse<u8>, String, usize)> = HashMap::new();
    for (index, own) in wishes.iter() {
        for wish in own.iter().filter(|wish| wish.tag.is_some()) {
            let candidate = (Reverse(care(&wish.step)), name(*index), *index);
            let best = best.entry(wish.target.clone()).or_insert_with(|| candidate.clone());
            if candidate < *best {
                *best = candidate;
            }
        }
    }
    for (index, own) in wishes.iter_mut() {
        let is_best = |wish: &Wish| best.get(&wish.target).is_none_or(|(.., best)| best == index);
        own.retain(|wish| wish.tag.is_none() || is_best(wish));
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

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
