//! How many bytes a run would move.

use super::carry_out::{Task, mappings, tasks};
use super::{Inquiry, Proposal, SyncError, Synced, Trouble};
use crate::mirror::plan::{Speed, Sums};
use crate::ops::{PlanFailure, PlanObserver, PlanRequest, plan};
use crate::transfer::Attachments;

/// What a run would do, and how much that is.
#[derive(Debug)]
pub struct Foreseen {
    /// What it would do.
    pub proposal: Proposal,
    /// Blobs and their bytes.
    pub sums: Sums,
}

/// Finds out how much would move. Nothing is written.
pub async fn foresee(
    inquiry: &Inquiry<'_>,
    mut proposal: Proposal,
    observer: &dyn PlanObserver,
) -> Foreseen {
    let mut tasks = tasks(inquiry, &proposal.units, &mut Synced::default());
    let mut sums = Sums::default();
    for attachments in [Attachments::None, Attachments::New, Attachments::All] {
        let of_kind = |task: &mut Task| inquiry.rules[task.rule].attachments == attachments;
        let now: Vec<Task> = tasks.extract_if(.., of_kind).collect();
        if now.is_empty() {
            continue;
        }
        let (mappings, speed) = (mappings(inquiry, &now), Speed::default());
        let request = PlanRequest { mappings, attachments, speed, ..PlanRequest::default() };
        let planned = plan(inquiry.ends, &request, observer).await;
        sums = sums.plus(planned.lock.totals.blobs);
        for PlanFailure { source, destination, error } in planned.failures {
            let of = now.iter().find(|task| task.is(&source, &destination));
            let rule = of.map_or(0, |task| task.rule);
            let error = SyncError::Image(error);
            let (source, target) = (Some(source), Some(destination));
            proposal.troubles.push(Trouble { rule, source, target, error });
        }
    }
    Foreseen { proposal, sums }
}
