//! `tag-sync`: tags of many repositories are kept in step with their upstream.
//!
//! First it is found out what rules select ([`select`]), then what targets have of that ([`propose`]), and then what is
//! missing is brought, and what nobody selects is taken away ([`carry_out`]). Nothing is written before that.

mod carry_out;
mod choose;
mod claims;
mod compare;
mod created;
mod decide;
mod error;
mod explain;
mod foresee;
mod inquire;
mod memory;
mod propose;
mod prune;
mod select;
mod undo;
mod units;

pub use carry_out::{Carrying, Synced, SyncedImage, carry_out};
pub use choose::Chosen;
pub use compare::Wish;
pub use error::SyncError;
pub use explain::{Explained, Explanation, explain};
pub use foresee::{Foreseen, foresee};
pub use inquire::inquire;
pub use memory::Memory;
pub use propose::{Proposal, Stray, UnitProposal};
pub use prune::{Pruned, PrunedTag};
pub use select::{Selected, select, to_lock};
pub use undo::{Undo, UndoError, UndoneTag, undo};
pub use units::Unit;

use jiff::Timestamp;

use super::{Ends, PlanObserver};
use crate::model::Endpoint;
use crate::tagsync::Rule;

/// What a run asks, and whom.
pub struct Inquiry<'a> {
    /// Sources and targets.
    pub ends: &'a Ends,
    /// All rules of a file.
    pub rules: &'a [Rule],
    /// What earlier runs saw.
    pub memory: &'a Memory,
    /// When that is.
    pub now: Timestamp,
    /// Whether nothing that is remembered of tags is believed.
    pub is_fresh_wanted: bool,
    /// Who wants to know how many repositories are asked.
    pub observer: &'a dyn PlanObserver,
}

/// Something that went wrong with a rule.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The number of the rule.
    pub rule: usize,
    /// The image or the repository that it is about.
    pub source: Option<Endpoint>,
    /// Where it was to go.
    pub target: Option<Endpoint>,
    /// What is wrong.
    pub error: SyncError,
}

impl Trouble {
    fn of_rule(rule: usize, error: SyncError) -> Self {
        Self { rule, source: None, target: None, error }
    }

    fn at(
        rule: usize,
        source: Option<Endpoint>,
        target: Option<Endpoint>,
        error: SyncError,
    ) -> Self {
        Self { rule, source, target, error }
    }
}
