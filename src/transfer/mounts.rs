//! What is known of mounting: registries that refuse it are not asked again and again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{Registry, Repository};

/// A pair of repositories that refused so often, and never took one, is not asked again.
const REFUSALS_OF_PAIR: u32 = 2;
/// The same for a whole registry.
const REFUSALS_OF_REGISTRY: u32 = 6;

/// What the mounts of a run came to.
#[derive(Default)]
pub(super) struct Mounts(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    pairs: HashMap<(Repository, Repository), Record>,
    registries: HashMap<Registry, Record>,
}

#[derive(Clone, Copy, Default)]
struct Record {
    taken: u32,
    refused: u32,
}

impl Record {
    fn note(&mut self, taken: bool) {
        let count = if taken { &mut self.taken } else { &mut self.refused };
        *count += 1;
    }

    fn promises(self, refusals: u32) -> bool {
        self.taken > 0 || self.refused < refusals
    }
}

impl Mounts {
    /// Whether `to` may take over blobs from `from`, as far as is known.
    pub(super) fn are_worth_trying(&self, from: &Repository, to: &Repository) -> bool {
        if from.registry() != to.registry() || from == to {
            return false;
        }
        let memory = self.memory();
        let pair = memory.pairs.get(&(from.clone(), to.clone())).copied().unwrap_or_default();
        let registry = memory.registries.get(to.registry()).copied().unwrap_or_default();
        pair.promises(REFUSALS_OF_PAIR) && registry.promises(REFUSALS_OF_REGISTRY)
    }

    /// Whether the registry has taken over a blob in this run.
    pub(super) fn succeed_at(&self, registry: &Registry) -> bool {
        self.memory().registries.get(registry).is_some_and(|record| record.taken > 0)
    }

    /// Takes note of what the registry did.
    pub(super) fn note(&self, from: &Repository, to: &Repository, taken: bool) {
        let mut memory = self.memory();
        memory.pairs.entry((from.clone(), to.clone())).or_default().note(taken);
        memory.registries.entry(to.registry().clone()).or_default().note(taken);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(registry: &str, path: &str) -> Repository {
        Repository::new(registry.parse().unwrap(), path).unwrap()
    }

    #[test]
    fn only_other_repositories_of_the_same_registry_are_asked() {
        let (a, b) = (repository("r.io", "a/x"), repository("r.io", "b/x"));
        let mounts = Mounts::default();
        assert!(mounts.are_worth_trying(&a, &b));
        assert!(!mounts.are_worth_trying(&a, &a));
        assert!(!mounts.are_worth_trying(&repository("q.io", "a/x"), &b));
    }

    #[test]
    fn a_pair_that_refuses_is_left_alone_and_others_are_not() {
        let [a, b, c] = ["a/x", "b/x", "c/x"].map(|path| repository("r.io", path));
        let mounts = Mounts::default();
        mounts.note(&a, &c, true);
        for _ in 0..REFUSALS_OF_PAIR {
            assert!(mounts.are_worth_trying(&a, &b));
            mounts.note(&a, &b, false);
        }
        assert!(!mounts.are_worth_trying(&a, &b));
        assert!(mounts.are_worth_trying(&b, &a) && mounts.are_worth_trying(&a, &c));
    }

    #[test]
    fn a_registry_that_never_mounts_is_left_alone() {
        let to = repository("r.io", "to/x");
        let mounts = Mounts::default();
        for number in 0..REFUSALS_OF_REGISTRY {
            let from = repository("r.io", &format!("from/{number}"));
            assert!(mounts.are_worth_trying(&from, &to));
            mounts.note(&from, &to, false);
        }
        assert!(!mounts.are_worth_trying(&repository("r.io", "from/x"), &to));
    }
}
