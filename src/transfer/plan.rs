//! What to move and in which order. Pure.

use std::collections::HashSet;

use super::ImageGraph;
use crate::model::{Descriptor, Manifest, RefName};

/// The work that an image makes: all blobs first, then the manifests in rounds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Each blob once, large ones first so that the last to end is a small one.
    pub blobs: Vec<Descriptor>,
    /// Blobs that stay where their descriptors say (foreign layers).
    pub foreign: Vec<Descriptor>,
    /// Manifests in rounds. All that a manifest points to is in an earlier round; those of one round may go in any
    /// order. The named root is alone in its round; what refers to it comes after it.
    pub rounds: Vec<Vec<(Manifest, Option<RefName>)>>,
}

impl Plan {
    /// The work for `graph`, whose root is to be called `name`.
    #[must_use]
    pub fn of(graph: &ImageGraph, name: Option<&RefName>) -> Self {
        let mut plan = Self { blobs: Vec::new(), foreign: Vec::new(), rounds: Vec::new() };
        plan.add(graph, name, &mut HashSet::new());
        plan.blobs.sort_by_key(|blob| std::cmp::Reverse(blob.size));
        plan
    }

    /// The bytes of all blobs to move.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.size).fold(0, u64::saturating_add)
    }

    fn add<'a>(
        &mut self,
        graph: &'a ImageGraph,
        name: Option<&RefName>,
        seen: &mut HashSet<&'a crate::model::Digest>,
    ) {
        for blob in graph.manifests().flat_map(Manifest::blobs) {
            if seen.insert(&blob.digest) {
                let list = if blob.is_foreign() { &mut self.foreign } else { &mut self.blobs };
                list.push(blob.clone());
            }
        }
        for level in graph.levels.iter().rev() {
            self.rounds.push(level.iter().map(|manifest| (manifest.clone(), None)).collect());
        }
        self.rounds.push(vec![(graph.root.clone(), name.cloned())]);
        for (attached, name) in &graph.attached {
            self.add(attached, name.as_ref(), seen);
        }
    }
}
