//! What of a repository is looked at.

use std::collections::BTreeSet;

use crate::model::{Digest, RefName};

/// What of a repository is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The names whose manifests are looked at, with all that these lead to.
    pub names: Names,
    /// Manifests that are looked at besides, with all that these lead to.
    pub roots: Vec<Root>,
}

/// Names of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// All that there are.
    All,
    /// These, which should be there.
    These(BTreeSet<RefName>),
    /// None is needed: there is one image only.
    Only,
}

/// A manifest that should be there without a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Its digest.
    pub digest: Digest,
    /// What should list it as a referrer.
    pub subject: Option<Digest>,
}

impl Scope {
    /// What these names lead to.
    #[must_use]
    pub fn of(names: Names) -> Self {
        Self { names, roots: Vec::new() }
    }

    /// Manifests without a name alone.
    #[must_use]
    pub fn roots(roots: Vec<Root>) -> Self {
        Self { names: Names::These(BTreeSet::new()), roots }
    }
}
