//! How many requests carrying out a plan takes.

use std::collections::BTreeSet;

use super::need::{Need, Way};
use crate::mirror::plan::{Found, FoundTarget, Requests};
use crate::model::{Descriptor, Digest, Endpoint};
use crate::transfer::Plan;

/// An upload of more bytes takes a request more.
const LARGE: u64 = 8 << 20;

/// Counts requests to registries.
#[derive(Debug, Default)]
pub(super) struct Counter {
    requests: Requests,
    /// Blobs that are read, each with the image that it is read for.
    reads: BTreeSet<(String, Digest)>,
    /// Images that come from registries.
    remote: BTreeSet<String>,
}

impl Counter {
    /// Counts the reading of an image of so many manifests, unless it is everywhere and has no more to it.
    pub(super) fn source(&mut self, found: &Found, manifests: usize, has_more: bool) {
        if found.repository.is_none() {
            return;
        }
        self.remote.insert(found.source.to_string());
        let root = found.graph.root.digest();
        let is_wanted = found.targets.iter().any(|t| t.standing.now.as_ref() != Some(root));
        let by_name = !matches!(&found.source, Endpoint::Registry(name) if name.digest().is_some());
        // Whether the name still means the image.
        self.requests.sources += u64::from(is_wanted && by_name);
        if is_wanted || has_more {
            let picked = found.graph.picked_from.is_some() && found.graph.levels.is_empty();
            self.requests.sources += manifests as u64 + u64::from(picked);
        }
    }

    /// Counts the questions to a target, and the manifests that are written there.
    pub(super) fn target(&mut self, found: &Found, target: &FoundTarget, plan: Option<&Plan>) {
        if target.repository.is_none() {
            return;
        }
        // The name, before anything is written, and again when it is the image's turn.
        self.requests.destinations += 2;
        let Some(plan) = plan else { return };
        let (now, there) = (&target.standing.now, &target.standing.there);
        let is_named = now.as_ref() == Some(found.graph.root.digest());
        self.requests.destinations += u64::from(!is_named);
        let asks_for_inner =
            if is_named { found.graph.left_out > 0 } else { now.is_some() || !there.is_empty() };
        if asks_for_inner {
            self.requests.destinations += found.graph.levels.iter().flatten().count() as u64;
        }
        self.requests.destinations += plan.manifests().count() as u64;
    }

    /// Counts what brings a blob to a place.
    pub(super) fn blob(&mut self, need: &Need, place: &str, way: &Way<'_>) {
        let Some(needing) = need.places.get(place) else { return };
        let sends = match way {
            Way::Copy => {
                if self.remote.contains(&needing.source) {
                    self.reads.insert((needing.source.clone(), need.blob.digest.clone()));
                }
                uploads(&need.blob)
            }
            Way::Mount(_) | Way::Present => 0,
        };
        if needing.is_remote() {
            self.requests.destinations += 1 + sends;
        }
    }

    pub(super) fn requests(&self) -> Requests {
        Requests { sources: self.requests.sources + self.reads.len() as u64, ..self.requests }
    }
}

fn uploads(blob: &Descriptor) -> u64 {
    if blob.size > LARGE { 3 } else { 2 }
}
