//! What a run would do, with all that has to be asked for that.

use std::collections::BTreeSet;

use super::decide::asked;
use super::propose::{Proposal, propose};
use super::select::select;
use super::{Inquiry, Unit};
use crate::tagsync::{Lock, PruneMode};

/// Finds out what a run of the rules `due` would do with the repositories that are `owned`. What they select is told by
/// registries, or by `lock`.
///
/// Where something would be deleted all is asked once more, and nothing that is remembered is believed then.
pub async fn inquire(
    inquiry: &Inquiry<'_>,
    due: &BTreeSet<usize>,
    lock: Option<&Lock>,
    owned: &(dyn Fn(&Unit) -> Unit + Sync),
) -> Proposal {
    let which = asked(inquiry.rules, due);
    let selected = select(inquiry, &which, lock, owned).await;
    let proposal = propose(inquiry, selected, due).await;
    let deletes = proposal.strays.iter().any(|stray| stray.mode == PruneMode::Tags);
    if !deletes || inquiry.is_fresh_wanted || lock.is_some() {
        return proposal;
    }
    let anew = Inquiry { is_fresh_wanted: true, ..*inquiry };
    let selected = select(&anew, &which, None, owned).await;
    propose(&anew, selected, due).await
}
