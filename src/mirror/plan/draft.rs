//! A plan in the making: images come in as they were found, questions about blobs go out, and the answers decide how
//! each blob comes to where it is needed.

mod need;
mod requests;

use std::collections::{BTreeMap, BTreeSet};

use self::need::{Need, Way};
use self::requests::Counter;
use super::{
    Found, FoundTarget, Images, Lock, LockedDestination, LockedImage, LockedManifest, LockedPlace,
    LockedReferrer, Speed, State, Sums, Totals,
};
use crate::model::{Descriptor, Digest, Manifest, Repository};
use crate::transfer::{Attachments, ImageGraph, Lists, Plan, Referrer};

/// A plan in the making. In which order images and answers come makes no difference.
#[derive(Debug, Default)]
pub struct Draft {
    attachments: Attachments,
    images: Vec<LockedImage>,
    manifests: BTreeMap<Digest, LockedManifest>,
    blobs: BTreeMap<Digest, u64>,
    places: BTreeMap<String, Place>,
    /// Blobs that a destination needs: a registry, a folder, a file.
    needs: BTreeMap<(String, Digest), Need>,
    counter: Counter,
    /// The bytes of manifests that are written to disks of this machine.
    disk: u64,
}

/// A repository, folder or file.
#[derive(Debug, Default)]
struct Place {
    repository: Option<Repository>,
    /// All blobs of the images that are to be there.
    blobs: BTreeSet<Digest>,
}

/// Which of several places has a blob? They are asked in order, until one has it.
#[derive(Clone, Debug)]
pub struct Question {
    /// What the places share: a registry, or nothing but themselves.
    destination: String,
    /// The blob.
    pub blob: Descriptor,
    /// The places that need it, by name.
    pub places: Vec<String>,
}

impl Draft {
    /// A plan of images of which `attachments` go along.
    #[must_use]
    pub fn new(attachments: Attachments) -> Self {
        Self { attachments, ..Self::default() }
    }

    /// Takes in an image.
    pub fn add(&mut self, found: &Found) {
        let graphs: Vec<&ImageGraph> = all(&found.graph).collect();
        let known: BTreeSet<&Digest> =
            graphs.iter().flat_map(|graph| graph.manifests()).map(Manifest::digest).collect();
        for manifest in graphs.iter().flat_map(|graph| graph.manifests()) {
            self.describe(manifest, &known);
        }
        let mut destinations = Vec::new();
        for target in &found.targets {
            destinations.push(self.aim(found, target, &graphs));
        }
        let manifests = graphs.iter().flat_map(|graph| graph.manifests()).count();
        self.counter.source(found, manifests, self.has_more(&found.graph));
        destinations.sort_by_key(|destination| destination.name.to_string());
        self.images.push(LockedImage {
            source: found.source.clone(),
            digest: found.graph.root.digest().clone(),
            picked_from: found.graph.picked_from.clone(),
            platforms: found.platforms.clone(),
            referrers: referrers(&found.graph),
            destinations,
        });
    }

    /// Keeps what a manifest is made of, as far as it is wanted: of an index the manifests that are `known`.
    fn describe(&mut self, manifest: &Manifest, known: &BTreeSet<&Digest>) {
        let children = manifest.children().iter().map(|child| &child.digest);
        let mut kept = LockedManifest {
            media_type: manifest.media_type().clone(),
            size: manifest.bytes().len() as u64,
            manifests: children.filter(|digest| known.contains(digest)).cloned().collect(),
            blobs: Vec::new(),
            foreign: Vec::new(),
        };
        for blob in manifest.blobs() {
            if blob.is_foreign() {
                kept.foreign.push(blob.digest.clone());
            } else {
                self.blobs.insert(blob.digest.clone(), blob.size);
                kept.blobs.push(blob.digest.clone());
            }
        }
        self.manifests.insert(manifest.digest().clone(), kept);
    }

    /// Notes what a target needs, as the engine will.
    fn aim(
        &mut self,
        found: &Found,
        target: &FoundTarget,
        graphs: &[&ImageGraph],
    ) -> LockedDestination {
        let place = self.places.entry(target.place.clone()).or_default();
        place.repository.clone_from(&target.repository);
        let manifests = graphs.iter().flat_map(|graph| graph.manifests());
        let blobs = manifests.flat_map(Manifest::blobs).filter(|blob| !blob.is_foreign());
        place.blobs.extend(blobs.map(|blob| blob.digest.clone()));
        let had = target.standing.now.clone();
        let root = found.graph.root.digest();
        let state = match &had {
            None => State::New,
            Some(now) if now == root => State::Present,
            Some(_) => State::Moved,
        };
        let is_whole = state == State::Present && target.standing.there.contains(root);
        let has_all = is_whole && !self.has_more(&found.graph);
        let plan = (!has_all).then(|| Plan::of(&found.graph, None, &target.standing.there));
        self.counter.target(found, target, plan.as_ref());
        if let Some(plan) = plan {
            self.need(found, target, plan);
        }
        LockedDestination { name: target.destination.clone(), state, had }
    }

    /// Whether something is left to do for an image that is there.
    fn has_more(&self, graph: &ImageGraph) -> bool {
        self.attachments == Attachments::All && !graph.attached.is_empty()
    }

    fn need(&mut self, found: &Found, target: &FoundTarget, plan: Plan) {
        if target.repository.is_none() {
            let mut seen = BTreeSet::new();
            let written = plan.manifests().filter(|manifest| seen.insert(manifest.digest()));
            let written: usize = written.map(|manifest| manifest.bytes().len()).sum();
            self.disk = self.disk.saturating_add(written as u64);
        }
        let shared = target.repository.as_ref().map(|repository| repository.registry().to_string());
        let destination = shared.unwrap_or_else(|| target.place.clone());
        for blob in plan.blobs {
            let key = (destination.clone(), blob.digest.clone());
            let need = self.needs.entry(key).or_insert_with(|| Need::of(blob));
            need.add(&target.place, &found.source, target.repository.as_ref());
            need.is_held_by(found.repository.as_ref(), target.repository.as_ref());
        }
    }

    /// What has to be asked before the plan can be made.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        let open = self.needs.iter().filter(|(_, need)| need.holder.is_none());
        let question = |((destination, _), need): (&(String, Digest), &Need)| Question {
            destination: destination.clone(),
            blob: need.blob.clone(),
            places: need.places.keys().cloned().collect(),
        };
        open.map(question).collect()
    }

    /// Takes note that one of the places of a question has the blob.
    pub fn has(&mut self, question: &Question, place: &str) {
        let key = (question.destination.clone(), question.blob.digest.clone());
        if let Some(need) = self.needs.get_mut(&key) {
            need.found = Some(place.to_owned());
        }
    }

    /// The plan. A blob that no answer told of is there nowhere.
    #[must_use]
    pub fn finish(mut self, lists: Lists, speed: Speed) -> Lock {
        let mut work: BTreeMap<&str, LockedPlace> = BTreeMap::new();
        for name in self.places.keys() {
            work.insert(name, LockedPlace::of(name));
        }
        for need in self.needs.values() {
            for (place, way) in need.ways() {
                self.counter.blob(need, place, &way);
                let Some(work) = work.get_mut(place) else { continue };
                match way {
                    Way::Copy => work.copy.push(need.blob.digest.clone()),
                    Way::Mount(from) => {
                        work.mount.insert(need.blob.digest.clone(), from.clone());
                    }
                    Way::Present => {}
                }
            }
        }
        let mut disk = self.disk;
        for (name, work) in &mut work {
            let place = &self.places[*name];
            work.sum_up(&place.blobs, &self.blobs);
            if place.repository.is_none() {
                disk = disk.saturating_add(work.sums.copy.bytes);
            }
        }
        let places: Vec<LockedPlace> = work.into_values().collect();
        let blobs = places.iter().fold(Sums::default(), |sums, place| sums.plus(place.sums));
        let requests = self.counter.requests();
        let estimate = speed.estimate(blobs.copy.bytes, requests.sources + requests.destinations);
        let images = count(&self.images);
        self.images.sort_by_cached_key(|image| {
            let platforms = image.platforms.iter().map(ToString::to_string);
            (image.source.to_string(), platforms.collect::<Vec<_>>())
        });
        Lock {
            version: Lock::VERSION,
            referrers: self.attachments,
            sparse: lists == Lists::Kept,
            images: self.images,
            manifests: self.manifests,
            blobs: self.blobs,
            places,
            totals: Totals { images, blobs, requests, disk, estimate },
        }
    }
}

impl LockedPlace {
    fn of(place: &str) -> Self {
        let (copy, mount, sums) = (Vec::new(), BTreeMap::new(), Sums::default());
        Self { place: place.to_owned(), copy, mount, sums }
    }

    /// Counts all `blobs` of the place, each once.
    fn sum_up(&mut self, blobs: &BTreeSet<Digest>, sizes: &BTreeMap<Digest, u64>) {
        let copied: BTreeSet<&Digest> = self.copy.iter().collect();
        for blob in blobs {
            let amount = if copied.contains(blob) {
                &mut self.sums.copy
            } else if self.mount.contains_key(blob) {
                &mut self.sums.mount
            } else {
                &mut self.sums.present
            };
            amount.add(sizes.get(blob).copied().unwrap_or_default());
        }
    }
}

/// An image and all that refers to it.
fn all(graph: &ImageGraph) -> impl Iterator<Item = &ImageGraph> {
    std::iter::once(graph).chain(graph.attached.iter().map(|referrer| &referrer.graph))
}

fn referrers(graph: &ImageGraph) -> Vec<LockedReferrer> {
    let locked = |referrer: &Referrer| LockedReferrer {
        subject: referrer.subject.clone(),
        digest: referrer.graph.root.digest().clone(),
        tag: referrer.name.clone(),
    };
    let mut referrers: Vec<LockedReferrer> = graph.attached.iter().map(locked).collect();
    referrers.sort();
    referrers
}

fn count(images: &[LockedImage]) -> Images {
    let mut counts = Images::default();
    for destination in images.iter().flat_map(|image| &image.destinations) {
        match destination.state {
            State::New => counts.new += 1,
            State::Moved => counts.moved += 1,
            State::Present => counts.present += 1,
        }
    }
    counts
}
