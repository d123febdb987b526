//! What to move and in which order. Pure.

use std::collections::HashSet;

use super::{ImageGraph, Referrer};
use crate::model::{Descriptor, Digest, Manifest, RefName};

/// The work that an image makes: all blobs first, then the manifests of the image, then those that refer to it, and the
/// name at the very end.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Each blob once, large ones first so that the last to end is a small one.
    pub blobs: Vec<Descriptor>,
    /// Blobs that stay where their descriptors say (foreign layers).
    pub foreign: Vec<Descriptor>,
    /// The manifests of the image, without those that are there, in rounds: all that a manifest points to is in an
    /// earlier round or was there before; those of one round may go in any order.
    pub rounds: Vec<Round>,
    /// What refers to the image: each after what it refers to.
    pub attached: Vec<Attached>,
    /// The root once more, with its name, where something has to be there before.
    pub naming: Round,
}

/// Manifests, each with the name that it gets.
pub type Round = Vec<(Manifest, Option<RefName>)>;

/// Something that refers to an image, and goes along if it can.
#[derive(Clone, Debug)]
pub struct Attached {
    /// The manifest that it refers to.
    pub subject: Digest,
    /// Its own manifest.
    pub digest: Digest,
    /// The blobs that it needs and the image does not.
    pub blobs: HashSet<Digest>,
    /// Its manifests.
    pub rounds: Vec<Round>,
}

impl Plan {
    /// The work for `graph`, whose root is to be called `name`. Of the manifests in `there`, and of all that they
    /// point to, nothing is left to do but to give the root its name.
    #[must_use]
    pub fn of(graph: &ImageGraph, name: Option<&RefName>, there: &HashSet<Digest>) -> Self {
        let mut seen = HashSet::new();
        let mut plan = Self::empty();
        plan.need(graph, there, &mut seen);
        let own: HashSet<Digest> = plan.blobs.iter().map(|blob| blob.digest.clone()).collect();
        for Referrer { subject, name, graph: attached } in &graph.attached {
            plan.need(attached, there, &mut seen);
            let blobs = missing(attached, there).flat_map(Manifest::blobs);
            let blobs = blobs.filter(|blob| !blob.is_foreign() && !own.contains(&blob.digest));
            plan.attached.push(Attached {
                subject: subject.clone(),
                digest: attached.root.digest().clone(),
                blobs: blobs.map(|blob| blob.digest.clone()).collect(),
                rounds: rounds(attached, name.as_ref(), there),
            });
        }
        plan.blobs.sort_by_key(|blob| std::cmp::Reverse(blob.size));
        if graph.attached.is_empty() {
            plan.rounds = rounds(graph, name, there);
        } else {
            plan.rounds = rounds(graph, None, there);
            plan.naming.extend(name.map(|name| (graph.root.clone(), Some(name.clone()))));
        }
        plan
    }

    fn empty() -> Self {
        Self {
            blobs: Vec::new(),
            foreign: Vec::new(),
            rounds: Vec::new(),
            attached: Vec::new(),
            naming: Round::new(),
        }
    }

    /// The bytes of all blobs to move.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.size).fold(0, u64::saturating_add)
    }

    /// Every manifest that is written, as often as it is.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        let attached = self.attached.iter().flat_map(|attached| &attached.rounds);
        let rounds = self.rounds.iter().chain(attached);
        rounds.flatten().chain(&self.naming).map(|(manifest, _)| manifest)
    }

    /// Whether a blob is needed by what refers to the image alone.
    pub(super) fn can_spare(&self, blob: &Digest) -> bool {
        self.attached.iter().any(|attached| attached.blobs.contains(blob))
    }

    /// Adds the blobs of an image.
    fn need<'a>(
        &mut self,
        graph: &'a ImageGraph,
        there: &HashSet<Digest>,
        seen: &mut HashSet<(&'a Digest, bool)>,
    ) {
        for blob in missing(graph, there).flat_map(Manifest::blobs) {
            let is_foreign = blob.is_foreign();
            if seen.insert((&blob.digest, is_foreign)) {
                let list = if is_foreign { &mut self.foreign } else { &mut self.blobs };
                list.push(blob.clone());
            }
        }
    }
}

/// The manifests of an image that are not there. Where its root is, all of it is.
fn missing<'a>(
    graph: &'a ImageGraph,
    there: &HashSet<Digest>,
) -> impl Iterator<Item = &'a Manifest> {
    let graph = (!there.contains(graph.root.digest())).then_some(graph);
    let manifests = graph.into_iter().flat_map(ImageGraph::manifests);
    manifests.filter(|manifest| !there.contains(manifest.digest()))
}

/// The manifests of an image that are not there, deepest first. A root that is to get a name is always among them.
fn rounds(graph: &ImageGraph, name: Option<&RefName>, there: &HashSet<Digest>) -> Vec<Round> {
    let is_there = there.contains(graph.root.digest());
    let missing = |manifest: &&Manifest| !is_there && !there.contains(manifest.digest());
    let levels = graph.levels.iter().rev();
    let mut rounds: Vec<Round> = levels
        .map(|level| {
            level.iter().filter(missing).map(|manifest| (manifest.clone(), None)).collect()
        })
        .collect();
    if !is_there || name.is_some() {
        rounds.push(vec![(graph.root.clone(), name.cloned())]);
    }
    rounds.retain(|round| !round.is_empty());
    rounds
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::model::media_types;

    fn blob(seed: u8) -> serde_json::Value {
        let digest = Digest::of(&[seed]);
        serde_json::json!({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": seed})
    }

    fn image(layers: &[u8]) -> Manifest {
        let layers: Vec<_> = layers.iter().map(|&seed| blob(seed)).collect();
        let json = serde_json::json!({"schemaVersion": 2, "config": blob(0), "layers": layers});
        parse(&json, media_types::OCI_MANIFEST)
    }

    fn index(children: &[Manifest]) -> Manifest {
        let children: Vec<_> = children.iter().map(Manifest::descriptor).collect();
        let json = serde_json::json!({"schemaVersion": 2, "manifests": children});
        parse(&json, media_types::OCI_INDEX)
    }

    fn parse(json: &serde_json::Value, media_type: &str) -> Manifest {
        Manifest::parse(serde_json::to_vec(json).unwrap().into(), Some(media_type)).unwrap()
    }

    fn graph(images: &[Vec<u8>], attached: &[Vec<u8>]) -> ImageGraph {
        let mut seen = HashSet::new();
        let children: Vec<Manifest> = images.iter().map(|layers| image(layers)).collect();
        let root = index(&children);
        let once = children.into_iter().filter(|m| seen.insert(m.digest().clone())).collect();
        let subject = root.digest().clone();
        let lone = |layers: &Vec<u8>| {
            let graph = ImageGraph::of(image(layers));
            Referrer { subject: subject.clone(), name: None, graph }
        };
        let attached = attached.iter().map(lone).collect();
        ImageGraph { levels: vec![once], attached, ..ImageGraph::of(root) }
    }

    proptest! {
        #[test]
        fn nothing_is_named_before_all_that_it_points_to(
            images in prop::collection::vec(prop::collection::vec(1u8..20, 0..5), 0..5),
            attached in prop::collection::vec(prop::collection::vec(1u8..40, 0..3), 0..3),
        ) {
            let graph = graph(&images, &attached);
            let name: RefName = "v1".parse().unwrap();
            let plan = Plan::of(&graph, Some(&name), &HashSet::new());
            let mut there: HashSet<&Digest> = plan.blobs.iter().map(|blob| &blob.digest).collect();
            prop_assert_eq!(there.len(), plan.blobs.len());
            let attached = plan.attached.iter().flat_map(|attached| &attached.rounds);
            let naming = [plan.naming.clone()];
            let mut all: Vec<&Round> = plan.rounds.iter().chain(attached).chain(&naming).collect();
            all.retain(|round| !round.is_empty());
            for (number, round) in all.iter().enumerate() {
                for (manifest, name) in *round {
                    prop_assert!(manifest.blobs().all(|blob| there.contains(&blob.digest)));
                    prop_assert!(manifest.children().iter().all(|child| there.contains(&child.digest)));
                    prop_assert_eq!(name.is_some(), number + 1 == all.len());
                }
                there.extend(round.iter().map(|(manifest, _)| manifest.digest()));
            }
            prop_assert_eq!(&all.last().unwrap()[0].0, &graph.root);
            prop_assert_eq!(plan.manifests().count(), all.iter().map(|round| round.len()).sum::<usize>());
        }

        #[test]
        fn a_blob_can_be_spared_when_the_image_has_no_need_of_it(
            image in prop::collection::vec(1u8..20, 0..5), attached in prop::collection::vec(10u8..40, 0..5),
        ) {
            let (images, referrers) = ([image], [attached]);
            let plan = Plan::of(&graph(&images, &referrers), None, &HashSet::new());
            let ([image], [attached]) = (images, referrers);
            for seed in attached {
                prop_assert_eq!(plan.can_spare(&Digest::of(&[seed])), !image.contains(&seed));
            }
        }

        #[test]
        fn every_blob_is_moved_once_and_large_ones_first(layers in prop::collection::vec(1u8..250, 0..20)) {
            let plan = Plan::of(&graph(&[layers.clone(), layers.clone()], &[]), None, &HashSet::new());
            let wanted: HashSet<u8> = layers.into_iter().chain([0]).collect();
            prop_assert_eq!(plan.blobs.len(), wanted.len());
            prop_assert!(plan.blobs.windows(2).all(|pair| pair[0].size >= pair[1].size));
        }
    }

    #[test]
    fn foreign_layers_stay_where_they_are() {
        let mut json: serde_json::Value = serde_json::from_slice(image(&[1, 2]).bytes()).unwrap();
        json["layers"][0]["mediaType"] =
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".into();
        json["layers"][0]["urls"] = serde_json::json!(["https://example.com/layer"]);
        let root = parse(&json, media_types::OCI_MANIFEST);
        let plan = Plan::of(&ImageGraph::of(root), None, &HashSet::new());
        assert_eq!((plan.foreign.len(), plan.blobs.len()), (1, 2));
    }

    #[test]
    fn a_layer_that_is_foreign_here_and_plain_there_is_moved() {
        let mut json: serde_json::Value = serde_json::from_slice(image(&[1, 1]).bytes()).unwrap();
        json["layers"][0]["mediaType"] =
            "application/vnd.oci.image.layer.nondistributable.v1.tar".into();
        json["layers"][0]["urls"] = serde_json::json!(["https://example.com/layer"]);
        let root = parse(&json, media_types::OCI_MANIFEST);
        let plan = Plan::of(&ImageGraph::of(root), None, &HashSet::new());
        assert!(plan.blobs.iter().any(|blob| blob.digest == Digest::of(&[1])));
    }
}
