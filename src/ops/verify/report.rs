//! What has come of looking at a mirror.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bundles::Damage;
use super::sites::Site;
use crate::mirror::verify::{
    Counts, Depth, Difference, Fault, Finding, Names, Proven, Subject, Surveyed, compare,
};
use crate::model::RefName;
use crate::shard::{Shard, Share};
use crate::store;

/// A mirror that was looked at.
pub struct Verified {
    pub(super) checked: Vec<Checked>,
    pub(super) damages: Vec<Damage>,
    pub(super) depth: Depth,
    pub(super) proven: Arc<Proven>,
    pub(super) share: Option<Share>,
}

/// Something that is wrong with a mirror.
#[derive(Debug)]
pub struct Defect<'a> {
    /// The repository, layout or archive.
    pub place: String,
    /// What is wrong.
    pub flaw: Flaw<'a>,
}

/// What is wrong.
#[derive(Debug)]
pub enum Flaw<'a> {
    /// Something that a name leads to.
    Found(&'a Finding),
    /// A name is not what it should be.
    Differs(&'a Difference),
    /// Nothing could be looked at.
    Unreadable(&'a store::Error),
    /// A bundle has not the files that were written: so.
    Damaged(&'a str),
    /// There is more than can be looked at: this much.
    TooLarge(&'a str),
}

/// One repository that was looked at.
pub(super) struct Checked {
    pub(super) site: Site,
    pub(super) looked: store::Result<Surveyed>,
    pub(super) differences: Vec<Difference>,
}

impl Checked {
    pub(super) fn new(site: Site, looked: store::Result<Surveyed>) -> Self {
        let mut differences = match (&looked, &site.expected) {
            (Ok(surveyed), Some(expected)) => {
                told_once(surveyed, compare(expected, &surveyed.names))
            }
            _ => Vec::new(),
        };
        if site.scope.names != Names::All {
            differences.retain(|difference| !matches!(difference, Difference::Extra { .. }));
        }
        Self { site, looked, differences }
    }

    fn problems(&self) -> impl Iterator<Item = Defect<'_>> {
        let found = self.looked.iter().flat_map(|surveyed| &surveyed.findings);
        let found = found.filter(|finding| !self.is_missing_name(finding)).map(Flaw::Found);
        let differs = self.differences.iter().map(Flaw::Differs);
        let too_large = self.looked.iter().filter_map(|surveyed| surveyed.too_large.as_deref());
        let unreadable = self.looked.as_ref().err().map(Flaw::Unreadable);
        let flaws = unreadable.into_iter().chain(too_large.map(Flaw::TooLarge));
        flaws
            .chain(differs)
            .chain(found)
            .map(|flaw| Defect { place: self.site.endpoint.to_string(), flaw })
    }

    /// Whether a finding says no more than that a name is missing that should be there.
    fn is_missing_name(&self, finding: &Finding) -> bool {
        let is_expected = |name: &RefName| {
            self.site.expected.as_ref().is_some_and(|expected| expected.contains_key(name))
        };
        finding.subject == Subject::Name
            && matches!(finding.fault, Fault::Missing)
            && finding.names.iter().all(is_expected)
    }
}

/// The differences, without names of which it is told already that they could not be looked at or lead to damage.
fn told_once(surveyed: &Surveyed, mut differences: Vec<Difference>) -> Vec<Difference> {
    let told: BTreeSet<&RefName> = surveyed
        .findings
        .iter()
        .filter(|f| f.subject == Subject::Name && matches!(f.fault, Fault::Unchecked(_)))
        .flat_map(|finding| &finding.names)
        .collect();
    differences.retain(|difference| match difference {
        Difference::Missing { name, .. } => !told.contains(name),
        Difference::Other { .. } | Difference::Extra { .. } => true,
    });
    differences
}

impl Damage {
    fn defects(&self) -> impl Iterator<Item = Defect<'_>> {
        let flaws = self.problems.iter().map(|problem| Flaw::Damaged(problem));
        flaws.map(|flaw| Defect { place: self.place.clone(), flaw })
    }
}

impl Verified {
    /// All that is wrong.
    pub fn problems(&self) -> impl Iterator<Item = Defect<'_>> {
        let damages = self.damages.iter().flat_map(Damage::defects);
        damages.chain(self.checked.iter().flat_map(Checked::problems))
    }

    /// Whose part of the mirror this is; all of it, when there is none.
    #[must_use]
    pub fn shard(&self) -> Option<Shard> {
        self.share.map(|share| share.shard)
    }

    /// How much was looked at.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for surveyed in self.checked.iter().filter_map(|checked| checked.looked.as_ref().ok()) {
            counts.add(surveyed.counts);
        }
        counts
    }
}
