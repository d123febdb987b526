//! How a cluster is given the signatures of releases (openshift/cluster-version-operator; oc-mirror writes the same).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::in_objects;
use crate::mirror::release::ReleaseSignature;

const NAME: &str = "mirrored-release-signatures";

/// The `ConfigMap` objects that hold `signatures`. There are several when one would be too large to be applied.
#[must_use]
pub fn config_maps(signatures: &[ReleaseSignature]) -> Vec<Value> {
    let entries = signatures.iter().map(|signature| {
        let digest = &signature.payload;
        let key = format!("{}-{}-{}", digest.algorithm().as_str(), digest.hex(), signature.number);
        let value = STANDARD.encode(&signature.message);
        let size = key.len() + value.len();
        ((key, value), size)
    });
    in_objects(entries).into_iter().enumerate().map(|(number, data)| object(number, data)).collect()
}

fn object(number: usize, data: Vec<(String, String)>) -> Value {
    let name = if number == 0 { NAME.to_owned() } else { format!("{NAME}-{number}") };
    let data: Map<String, Value> =
        data.into_iter().map(|(key, value)| (key, value.into())).collect();
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": "openshift-config-managed",
            "labels": { "release.openshift.io/verification-signatures": "" },
        },
        "binaryData": data,
    })
}

/// `objects` as one JSON document.
#[must_use]
pub fn json_document(objects: &[Value]) -> Option<String> {
    let document = match objects {
        [] => return None,
        [one] => one.clone(),
        several => json!({ "apiVersion": "v1", "kind": "List", "items": several }),
    };
    serde_json::to_string_pretty(&document).ok().map(|text| text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn signatures(count: usize, size: usize) -> Vec<ReleaseSignature> {
        let signature = |number| ReleaseSignature {
            payload: Digest::of(b""),
            number,
            message: vec![0xa3; size].into(),
        };
        (1..=count).map(signature).collect()
    }

    #[test]
    fn a_cluster_finds_signatures_by_label_and_digest() {
        let maps = config_maps(&signatures(2, 3));
        let [map] = maps.as_slice() else { panic!("{maps:?}") };
        let label = &map["metadata"]["labels"]["release.openshift.io/verification-signatures"];
        assert_eq!((map["metadata"]["name"].as_str(), label.as_str()), (Some(NAME), Some("")));
        let key = format!("sha256-{}-2", Digest::of(b"").hex());
        assert_eq!(map["binaryData"][key], "o6Oj");
        assert_eq!(json_document(&[]), None);
    }

    #[test]
    fn many_signatures_are_several_objects() {
        let maps = config_maps(&signatures(20, 60_000));
        assert!(maps.len() > 1);
        assert!(maps.iter().all(|map| map.to_string().len() < 256 * 1024));
        assert_eq!(maps[1]["metadata"]["name"], format!("{NAME}-1"));
        let text = json_document(&maps).unwrap();
        let list: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(list["items"].as_array().unwrap().len(), maps.len());
    }
}
