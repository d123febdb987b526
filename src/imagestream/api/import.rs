//! `ImageStreamImport`: a question, and its answer.

use serde::{Deserialize, Serialize};

use super::wire::{is_empty, nullable};
use super::{
    Fields, Image, ImageStream, ImportPolicy, ObjectMeta, ObjectReference, ReferencePolicy,
};

/// What is asked of registries for a stream, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageStreamImport {
    /// `ImageStreamImport`.
    #[serde(default, deserialize_with = "nullable")]
    pub kind: String,
    /// `image.openshift.io/v1`.
    #[serde(default, deserialize_with = "nullable")]
    pub api_version: String,
    /// The stream. With a resource version, it must still be that one.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// The question.
    pub spec: ImageStreamImportSpec,
    /// The answer.
    #[serde(default)]
    pub status: ImageStreamImportStatus,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageStreamImportSpec {
    /// Whether the result is to be kept.
    pub import: bool,
    /// A repository to import all tags of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryImportSpec>,
    /// Single images.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageImportSpec>,
}

/// One image to import.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageImportSpec {
    /// Where it is.
    pub from: ObjectReference,
    /// The tag of the stream that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<LocalReference>,
    /// How to import it.
    #[serde(default)]
    pub import_policy: ImportPolicy,
    /// Which reference those get who use the tag.
    #[serde(default)]
    pub reference_policy: ReferencePolicy,
    /// Whether the manifest is wanted in the answer.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "is_empty")]
    pub include_manifest: bool,
}

/// A repository to import all tags of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryImportSpec {
    /// Where it is.
    pub from: ObjectReference,
    /// How to import its tags.
    #[serde(default)]
    pub import_policy: ImportPolicy,
    /// Which reference those get who use the tags.
    #[serde(default)]
    pub reference_policy: ReferencePolicy,
    /// Whether the manifests are wanted in the answer.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "is_empty")]
    pub include_manifest: bool,
}

/// The name of an object beside this one (`corev1.LocalObjectReference`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalReference {
    /// Its name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageStreamImportStatus {
    /// The stream afterwards, when the result was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImageStream>,
    /// What came of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryImportStatus>,
    /// What came of each image, in the order of the question.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageImportStatus>,
}

/// What came of a repository.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryImportStatus {
    /// Whether its tags could be listed, and all of them imported.
    #[serde(default)]
    pub status: Status,
    /// What came of each tag, in the order in which they were taken.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageImportStatus>,
    /// The tags that were too many.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub additional_tags: Vec<String>,
}

/// What came of one image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageImportStatus {
    /// Whether it was imported.
    #[serde(default)]
    pub status: Status,
    /// The image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// The images of an index that is kept as it is.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<Image>,
    /// The tag.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub tag: String,
}

/// How something went (`metav1.Status`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Of the list that this is for: always empty.
    #[serde(default, deserialize_with = "nullable")]
    pub metadata: Fields,
    /// `Success`, `Failure`, or nothing where nothing was done.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// Why it failed, for people.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Why it failed, for programs: `NotFound`, `Unauthorized`, `Forbidden`, `InternalError`, …
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What it failed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<StatusDetails>,
    /// The HTTP status that goes with it.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "is_empty")]
    pub code: u16,
}

impl Status {
    /// All went well.
    #[must_use]
    pub fn success() -> Self {
        Self { status: "Success".to_owned(), ..Self::default() }
    }

    /// Whether something failed.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.status == "Failure"
    }

    /// Whether one of the causes has this reason.
    #[must_use]
    pub fn has_cause(&self, reason: &str) -> bool {
        let causes = self.details.as_ref().and_then(|details| details.rest.get("causes"));
        let causes = causes.and_then(serde_json::Value::as_array);
        causes.into_iter().flatten().any(|cause| cause["reason"] == reason)
    }
}

/// What failed, of which object (`metav1.StatusDetails`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusDetails {
    /// The object's name.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its group.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Its kind.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Fields that are not known here: causes, and how long to wait.
    #[serde(flatten)]
    pub rest: Fields,
}
