//! Objects that tell an OpenShift cluster of a mirror (`config.openshift.io/v1`; `operator.openshift.io/v1alpha1` before
//! OpenShift 4.13).

use serde_json::{Value, json};

use super::{Mirrored, Mirrors, in_objects, mirrors, tag_mirrors, yaml_documents};

/// A kind of object that tells of mirrors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorSet {
    /// `ImageDigestMirrorSet`: for images that are pulled by digest.
    Digest,
    /// `ImageTagMirrorSet`: for images that are pulled by tag.
    Tag,
    /// `ImageContentSourcePolicy`: the first one, for clusters that do not know it yet.
    ContentSourcePolicy,
}

/// How an object of a kind is written.
struct Form {
    api_version: &'static str,
    kind: &'static str,
    name: &'static str,
    field: &'static str,
}

impl MirrorSet {
    fn form(self) -> Form {
        match self {
            Self::Digest => Form {
                api_version: "config.openshift.io/v1",
                kind: "ImageDigestMirrorSet",
                name: "idms-longshore",
                field: "imageDigestMirrors",
            },
            Self::Tag => Form {
                api_version: "config.openshift.io/v1",
                kind: "ImageTagMirrorSet",
                name: "itms-longshore",
                field: "imageTagMirrors",
            },
            Self::ContentSourcePolicy => Form {
                api_version: "operator.openshift.io/v1alpha1",
                kind: "ImageContentSourcePolicy",
                name: "icsp-longshore",
                field: "repositoryDigestMirrors",
            },
        }
    }

    fn mirrors(self, images: &[Mirrored]) -> Mirrors {
        match self {
            Self::Digest | Self::ContentSourcePolicy => mirrors(images),
            Self::Tag => tag_mirrors(images),
        }
    }
}

/// The objects of a kind for `images`, as YAML documents in one text; `None` when there is nothing to say. There are
/// several when one would be too large to be applied.
#[must_use]
pub fn documents(set: MirrorSet, images: &[Mirrored]) -> Option<String> {
    let entries = set.mirrors(images).into_iter().map(|(source, mirrors)| {
        let entry = json!({ "source": source, "mirrors": mirrors });
        let size = entry.to_string().len();
        (entry, size)
    });
    let objects = in_objects(entries).into_iter().enumerate();
    let objects: Vec<Value> =
        objects.map(|(number, entries)| object(set, number, &entries)).collect();
    yaml_documents(&objects)
}

fn object(set: MirrorSet, number: usize, entries: &[Value]) -> Value {
    let Form { api_version, kind, name, field } = set.form();
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": { "name": format!("{name}-{number}") },
        "spec": { field: entries },
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::mirrored;
    use super::*;
    use crate::yaml;

    #[test]
    fn a_cluster_is_told_of_repositories() {
        let images = mirrored(&[("q.io/a:v1", "r.io/m/a:v1"), ("q.io/b:v1", "r.io/m/b:stable")]);
        let digests = documents(MirrorSet::Digest, &images).unwrap();
        let expected = "apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
metadata:
  name: idms-longshore-0
spec:
  imageDigestMirrors:
  - source: q.io/a
    mirrors:
    - r.io/m/a
  - source: q.io/b
    mirrors:
    - r.io/m/b
";
        assert_eq!(digests, expected);
        let tags = documents(MirrorSet::Tag, &images).unwrap();
        assert!(
            tags.contains("imageTagMirrors:\n  - source: q.io/a\n") && !tags.contains("q.io/b")
        );
        let policy = documents(MirrorSet::ContentSourcePolicy, &images).unwrap();
        assert!(policy.starts_with("apiVersion: operator.openshift.io/v1alpha1\n"));
        assert_eq!(documents(MirrorSet::Tag, &images[1..]), None);
    }

    #[test]
    fn an_object_is_small_enough_to_be_applied() {
        let pairs: Vec<(String, String)> = (0..5000)
            .map(|n| {
                (format!("q.io/some/team/app-{n}:v1"), format!("r.io/mirror/some/team/app-{n}:v1"))
            })
            .collect();
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let text = documents(MirrorSet::Digest, &mirrored(&pairs)).unwrap();
        let objects = yaml::read_all(&text).unwrap();
        let entries =
            |object: &Value| object["spec"]["imageDigestMirrors"].as_array().map_or(0, Vec::len);
        assert!(objects.len() > 1);
        assert_eq!(objects.iter().map(entries).sum::<usize>(), 5000);
        assert!(objects.iter().all(|d| d.to_string().len() < 256 * 1024));
    }
}
