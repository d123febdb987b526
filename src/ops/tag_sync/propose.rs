//! What a run would do.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};

use super::compare::{Wish, compare};
use super::decide::{Answer, Answered, decide};
use super::select::Selected;
use super::{Inquiry, Trouble, Unit};
use crate::model::{Endpoint, Tag};
use crate::tagsync::PruneMode;

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
pub(super) async fn propose(
    inquiry: &Inquiry<'_>,
    selected: Selected,
    due: &BTreeSet<usize>,
) -> Proposal {
    let mut questions = Vec::new();
    for (index, (unit, chosen)) in selected.units.iter().enumerate() {
        for target in &unit.targets {
            questions.push(async move {
                let answer = match due.contains(&unit.rule) {
                    false => Answer::NotDue,
                    true => match compare(inquiry, unit, chosen, target).await {
                        Ok(compared) => Answer::Compared(compared),
                        Err(error) => Answer::Failed(error.into()),
                    },
                };
                Answered { unit: index, target: target.clone(), answer }
            });
        }
    }
    let answers = stream::iter(questions).buffered(TARGETS).collect().await;
    decide(inquiry.rules, due, selected, answers)
}

/// The image that a wish is for.
pub(super) fn source_of(unit: &Unit, wish: &Wish) -> Option<Endpoint> {
    match &wish.tag {
        Some(tag) => unit.source.named(&tag.clone().into()).ok(),
        None => Some(unit.source.clone()),
    }
}
