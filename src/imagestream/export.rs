//! A stream without all that belongs to the place where it is kept.

use std::collections::BTreeMap;

use super::ImageStream;
use super::api::{API_VERSION, Fields, ObjectMeta, REPOSITORY_CHECK};

/// What `kubectl apply` notes of the document that was applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The document from which another place can make the stream: what its tags follow, but neither what was found nor
/// what counts changes. It names no namespace, so that it goes where it is applied. Without its check annotation, and
/// without generations, a cluster imports it at once.
#[must_use]
pub fn export(stream: &ImageStream) -> Fields {
    let meta = &stream.metadata;
    let is_own = |key: &str| key != REPOSITORY_CHECK && key != LAST_APPLIED;
    let annotations = meta.annotations.iter().filter(|(key, _)| is_own(key));
    let annotations: BTreeMap<String, String> =
        annotations.map(|(key, value)| (key.clone(), value.clone())).collect();
    let metadata = ObjectMeta {
        name: meta.name.clone(),
        labels: meta.labels.clone(),
        annotations,
        ..ObjectMeta::default()
    };
    let mut spec = stream.spec.clone();
    for tag in &mut spec.tags {
        tag.generation = None;
    }
    let mut document = Fields::new();
    document.insert("apiVersion".to_owned(), API_VERSION.into());
    document.insert("kind".to_owned(), "ImageStream".into());
    for (key, value) in
        [("metadata", serde_json::to_value(metadata)), ("spec", serde_json::to_value(spec))]
    {
        document.insert(key.to_owned(), value.unwrap_or_default());
    }
    document.extend(stream.rest.clone());
    document
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_belongs_to_one_place_is_left_out() {
        let stream: ImageStream = serde_json::from_value(json!({
            "kind": "ImageStream", "apiVersion": API_VERSION,
            "metadata": {
                "name": "app", "namespace": "dev", "uid": "u", "resourceVersion": "7", "generation": 3,
                "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [{}], "ownerReferences": [{}],
                "labels": {"a": "b"}, "annotations": {REPOSITORY_CHECK: "x", LAST_APPLIED: "y", "kept": "z"},
            },
            "spec": {
                "lookupPolicy": {"local": true}, "dockerImageRepository": "quay.io/org/app", "unknown": 1,
                "tags": [{"name": "v1", "generation": 3, "from": {"kind": "DockerImage", "name": "quay.io/org/app:v1"},
                          "importPolicy": {"scheduled": true}, "referencePolicy": {"type": "Local"}}],
            },
            "status": {"dockerImageRepository": "here", "tags": [{"tag": "v1", "items": []}]},
        }))
        .unwrap();
        let wanted = json!({
            "apiVersion": API_VERSION, "kind": "ImageStream",
            "metadata": {"name": "app", "labels": {"a": "b"}, "annotations": {"kept": "z"}},
            "spec": {
                "lookupPolicy": {"local": true}, "dockerImageRepository": "quay.io/org/app", "unknown": 1,
                "tags": [{"name": "v1", "from": {"kind": "DockerImage", "name": "quay.io/org/app:v1"},
                          "importPolicy": {"scheduled": true}, "referencePolicy": {"type": "Local"}}],
            },
        });
        assert_eq!(Value::Object(export(&stream)), wanted);
    }
}
