//! What rules select, as registries tell now or as a lock file says.

use futures_util::{StreamExt, stream};

use super::choose::{Chosen, choose};
use super::units::{Lists, Unit, locked};
use super::{Inquiry, Trouble};
use crate::tagsync::Lock;

/// How many repositories are asked at once.
const REPOSITORIES: usize = 16;

/// Repositories of rules, and what these select of them.
#[derive(Debug, Default)]
pub struct Selected {
    /// Each repository of each rule.
    pub units: Vec<(Unit, Chosen)>,
    /// What could not be found out.
    pub troubles: Vec<Trouble>,
}

impl Selected {
    /// All that went wrong with the rule of this number.
    pub fn troubles_of(&self, rule: usize) -> impl Iterator<Item = &Trouble> {
        let units = self.units.iter().flat_map(|(_, chosen)| &chosen.troubles);
        units.chain(&self.troubles).filter(move |trouble| trouble.rule == rule)
    }
}

/// Finds out what the rules `which` select, of the repositories that are `owned`.
pub async fn select(
    inquiry: &Inquiry<'_>,
    which: &[usize],
    lock: Option<&Lock>,
    owned: &(dyn Fn(&Unit) -> Unit + Sync),
) -> Selected {
    let mut selected = Selected::default();
    let (mut lists, mut units) = (Lists::default(), Vec::new());
    for &number in which {
        let rule = &inquiry.rules[number];
        let (found, troubles) = match lock {
            Some(lock) => locked(rule, number, lock),
            None => lists.units(inquiry.ends.source.as_ref(), rule, number).await,
        };
        units.extend(found.iter().map(owned).filter(|unit| !unit.targets.is_empty()));
        selected.troubles.extend(troubles);
    }
    if let Some(lock) = lock {
        let of_lock = |unit: Unit| (chosen_by(lock, inquiry, &unit), unit);
        selected.units = units.into_iter().map(of_lock).map(|(c, u)| (u, c)).collect();
        return selected;
    }
    inquiry.observer.wanted(units.len());
    let questions: Vec<_> = units
        .into_iter()
        .map(|unit| async move {
            let chosen = choose(inquiry, &unit).await;
            inquiry.observer.looked_at();
            (unit, chosen)
        })
        .collect();
    let mut answers = stream::iter(questions).buffered(REPOSITORIES);
    while let Some((unit, chosen)) = answers.next().await {
        match chosen {
            Ok(chosen) => selected.units.push((unit, chosen)),
            Err(error) => {
                let image = unit.image.as_ref();
                let at = image.and_then(|tag| unit.source.named(&tag.clone().into()).ok());
                let at = at.unwrap_or(unit.source);
                selected.troubles.push(Trouble::at(unit.rule, Some(at), None, error));
            }
        }
    }
    selected
}

fn chosen_by(lock: &Lock, inquiry: &Inquiry<'_>, unit: &Unit) -> Chosen {
    let rule = lock.rules.get(&inquiry.rules[unit.rule].name);
    let tags = rule.and_then(|repositories| repositories.get(&unit.source.to_string()));
    Chosen { tags: tags.cloned().unwrap_or_default(), ..Chosen::default() }
}

/// What is selected, as a lock file keeps it.
#[must_use]
pub fn to_lock(selected: &Selected, inquiry: &Inquiry<'_>) -> Lock {
    let mut lock = Lock::default();
    for (unit, chosen) in &selected.units {
        let rule = lock.rules.entry(inquiry.rules[unit.rule].name.clone()).or_default();
        rule.entry(unit.source.to_string()).or_default().extend(chosen.tags.clone());
    }
    lock
}
