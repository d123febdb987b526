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
        let troubles = match lock {
            Some(lock) => {
                let (found, troubles) = locked(rule, number, lock);
                let pinned = found
                    .into_iter()
                    .map(|(unit, tags)| (owned(&unit), Chosen { tags, ..Chosen::default() }));
                selected.units.extend(pinned.filter(|(unit, _)| !unit.targets.is_empty()));
                troubles
            }
            None => {
                let open = inquiry.ends.source.as_ref();
                let (found, troubles) = lists.units(open, rule, number).await;
                units.extend(found.iter().map(owned).filter(|unit| !unit.targets.is_empty()));
                troubles
            }
        };
        selected.troubles.extend(troubles);
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
