//! `ImageStream`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::wire::{is_empty, nullable};
use super::{API_VERSION, Fields, ObjectMeta, Time};

/// Tags that are followed, and what each has pointed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageStream {
    /// `image.openshift.io/v1`; left out where an object stands inside another.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// `ImageStream`; left out where an object stands inside another.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Its name and history.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What is to be followed.
    #[serde(default)]
    pub spec: ImageStreamSpec,
    /// What was found.
    #[serde(default)]
    pub status: ImageStreamStatus,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub rest: Fields,
}

impl ImageStream {
    /// An empty stream of this name.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind: "ImageStream".to_owned(),
            metadata: ObjectMeta {
                name: name.to_owned(),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            spec: ImageStreamSpec::default(),
            status: ImageStreamStatus::default(),
            rest: Fields::new(),
        }
    }

    /// The tag of this name in the `spec`.
    #[must_use]
    pub fn spec_tag(&self, name: &str) -> Option<&SpecTag> {
        self.spec.tags.iter().find(|tag| tag.name == name)
    }

    /// The tag of this name in the `status`.
    #[must_use]
    pub fn status_tag(&self, name: &str) -> Option<&StatusTag> {
        self.status.tags.iter().find(|tag| tag.tag == name)
    }

    /// What the tag points to now.
    #[must_use]
    pub fn current(&self, tag: &str) -> Option<&TagEvent> {
        self.status_tag(tag)?.items.first()
    }
}

/// What a stream follows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageStreamSpec {
    /// Whether short image names in a namespace mean its streams.
    #[serde(default)]
    pub lookup_policy: LookupPolicy,
    /// The repository all of whose tags are followed.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub docker_image_repository: String,
    /// The tags that are followed.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<SpecTag>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub rest: Fields,
}

/// Whether short image names mean streams.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LookupPolicy {
    /// They do, in the stream's namespace.
    #[serde(default, deserialize_with = "nullable")]
    pub local: bool,
}

/// One tag to follow (`TagReference`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpecTag {
    /// The tag.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Annotations of the tag.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// What it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ObjectReference>,
    /// A pointer only: it is never imported.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "is_empty")]
    pub reference: bool,
    /// The stream's generation when it was last changed; 0 asks for an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
    /// How it is imported.
    #[serde(default, deserialize_with = "nullable")]
    pub import_policy: ImportPolicy,
    /// Which reference those get who use the tag.
    #[serde(default, deserialize_with = "nullable")]
    pub reference_policy: ReferencePolicy,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub rest: Fields,
}

/// A reference to an object (`corev1.ObjectReference`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectReference {
    /// `DockerImage`, `ImageStreamTag` or `ImageStreamImage`.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The namespace, when it is another.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its name.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub rest: Fields,
}

impl ObjectReference {
    /// A reference to an object of the same namespace.
    #[must_use]
    pub fn new(kind: &str, name: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), name: name.into(), ..Self::default() }
    }
}

/// How a tag is imported (`TagImportPolicy`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportPolicy {
    /// The registry may lack a trusted certificate, or TLS.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "is_empty")]
    pub insecure: bool,
    /// It is imported again from time to time.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "is_empty")]
    pub scheduled: bool,
    /// What becomes of an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_mode: Option<ImportMode>,
}

/// What becomes of an index that is imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportMode {
    /// One of its images is chosen.
    Legacy,
    /// It is kept, with all its images.
    PreserveOriginal,
    /// A mode that is not known here.
    #[serde(untagged)]
    Other(String),
}

/// Which reference those get who use a tag (`TagReferencePolicy`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferencePolicy {
    /// The source's, or that of the cluster's registry.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ReferencePolicyType>,
}

/// Whose reference those get who use a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReferencePolicyType {
    /// That of the registry which it was imported from.
    Source,
    /// That of the cluster's own registry.
    Local,
    /// A type that is not known here.
    #[serde(untagged)]
    Other(String),
}

/// What a stream found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageStreamStatus {
    /// Where the cluster's own registry serves the stream.
    #[serde(default, deserialize_with = "nullable")]
    pub docker_image_repository: String,
    /// The same, from outside the cluster.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub public_docker_image_repository: String,
    /// What each tag has pointed to.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<StatusTag>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub rest: Fields,
}

/// What one tag has pointed to (`NamedTagEventList`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatusTag {
    /// The tag.
    #[serde(default, deserialize_with = "nullable")]
    pub tag: String,
    /// The images, the latest first.
    #[serde(default, deserialize_with = "nullable")]
    pub items: Vec<TagEvent>,
    /// What went wrong last.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub rest: Fields,
}

/// One image that a tag has pointed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagEvent {
    /// Since when.
    pub created: Time,
    /// How to pull it.
    pub docker_image_reference: String,
    /// The name of its `Image` object, its digest.
    #[serde(default, deserialize_with = "nullable")]
    pub image: String,
    /// The generation of the tag that it was imported for.
    #[serde(default, deserialize_with = "nullable")]
    pub generation: i64,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub rest: Fields,
}

/// What went wrong with a tag (`TagEventCondition`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// `ImportSuccess`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `False`: success is the absence of the condition.
    pub status: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Time>,
    /// Why, for programs.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Why, for people.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The generation of the tag that was not imported.
    #[serde(default, deserialize_with = "nullable")]
    pub generation: i64,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub rest: Fields,
}
