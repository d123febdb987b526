//! What to move and in which order. Pure.

use std::collections::HashSet;

use super::ImageGraph;
use crate::model::{Descriptor, Digest, Manifest, RefName};

/// The work that an image makes: all blobs first, then the manifests in rounds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Each blob once, large ones first so that the last to end is a small one.
    pub blobs: Vec<Descriptor>,
    /// Blobs that stay where their descriptors say (foreign layers).
    pub foreign: Vec<Descriptor>,
    /// Manifests in rounds. All that a manifest points to is in an earlier round or was there before; those of one
    /// round may go in any order. The named root is alone in its round; what refers to it comes after it.
    pub rounds: Vec<Vec<(Manifest, Option<RefName>)>>,
}

impl Plan {
    /// The work for `graph`, whose root is to be called `name`. Of the manifests in `there`, and of all that they
    /// point to, nothing is left to do but to give the root its name.
    #[must_use]
    pub fn of(graph: &ImageGraph, name: Option<&RefName>, there: &HashSet<Digest>) -> Self {
        let mut plan = Self { blobs: Vec::new(), foreign: Vec::new(), rounds: Vec::new() };
        plan.add(graph, name, there, &mut HashSet::new());
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
        there: &HashSet<Digest>,
        seen: &mut HashSet<(&'a Digest, bool)>,
    ) {
        if !there.contains(graph.root.digest()) {
            let missing = |manifest: &&Manifest| !there.contains(manifest.digest());
            for blob in graph.manifests().filter(missing).flat_map(Manifest::blobs) {
                let is_foreign = blob.is_foreign();
                if seen.insert((&blob.digest, is_foreign)) {
                    let list = if is_foreign { &mut self.foreign } else { &mut self.blobs };
                    list.push(blob.clone());
                }
            }
            for level in graph.levels.iter().rev() {
                let round = level.iter().filter(missing).map(|m| (m.clone(), None)).collect();
                self.rounds.push(round);
            }
        }
        self.rounds.push(vec![(graph.root.clone(), name.cloned())]);
        for (attached, name) in &graph.attached {
            self.add(attached, name.as_ref(), there, seen);
        }
    }
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
        let lone = |layers: &Vec<u8>| (ImageGraph::of(image(layers)), None);
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
            for round in &plan.rounds {
                for (manifest, name) in round {
                    prop_assert!(manifest.blobs().all(|blob| there.contains(&blob.digest)));
                    prop_assert!(manifest.children().iter().all(|child| there.contains(&child.digest)));
                    prop_assert_eq!(name.is_some(), manifest.digest() == graph.root.digest());
                }
                there.extend(round.iter().map(|(manifest, _)| manifest.digest()));
            }
            prop_assert!(there.contains(graph.root.digest()));
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
