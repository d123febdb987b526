//! `ImageSetConfiguration`, as it is written for oc-mirror (`mirror.openshift.io/v2alpha1`).

use std::num::NonZeroU64;

use serde::Deserialize;
use serde_json::Value;

use super::blocked::{Blocked, Pattern};
use super::os_and_arch::OsAndArch;
use super::release::{of_release, release_places};
use super::select::{Selection, select};
use super::wanted::Named;
use super::{Payload, Platform, SetError, Wanted, platform};
use crate::mirror::Document;
use crate::mirror::parsed::Parsed;
use crate::mirror::release::Release;
use crate::mirror::{Root, units};
use crate::model::{Endpoint, RepositoryPath, Tag, one_line};
use crate::shard::{Part, Shard, Unit, unit_of};
use crate::yaml::{self, Path, Step};

/// The API that is read.
const API_VERSION: &str = "mirror.openshift.io/v2alpha1";
const KIND: &str = "ImageSetConfiguration";

/// What oc-mirror can do and this cannot. None of it is skipped silently: what was not copied would be missed when
/// there is no way back to the registry.
const UNSUPPORTED: [(&str, &str); 5] = [
    (
        "mirror.operators",
        "operator catalogs are not mirrored; list the images under additionalImages",
    ),
    ("mirror.helm", "helm charts are not mirrored; list their images under additionalImages"),
    ("mirror.samples", "samples are not mirrored"),
    ("mirror.platform.graph", "no image of the update graph is built"),
    (
        "mirror.platform.kubeVirtContainer",
        "the image is not looked for; list it under additionalImages",
    ),
];

/// What releases weigh beside single images: about as many images as a release of OpenShift has.
const RELEASES: u64 = 200;

/// A set of images.
#[derive(Debug)]
pub struct ImageSet {
    file: String,
    images: Vec<Wanted>,
    blocked: Blocked,
    /// The releases.
    pub platform: Option<Platform>,
    /// The size of each tar file of an archive, in GiB.
    pub archive_size: Option<NonZeroU64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    /// Written by Kubernetes tools; it says nothing about images.
    #[serde(default, rename = "metadata")]
    _metadata: Option<Value>,
    archive_size: Option<NonZeroU64>,
    mirror: Mirror,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a mapping")]
struct Mirror {
    #[serde(default)]
    additional_images: Vec<AdditionalImage>,
    #[serde(default)]
    blocked_images: Vec<BlockedImage>,
    platform: Option<platform::Written>,
    #[serde(default, rename = "operators")]
    _operators: Option<Value>,
    #[serde(default, rename = "helm")]
    _helm: Option<Value>,
    #[serde(default, rename = "samples")]
    _samples: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AdditionalImage {
    name: Parsed<Named>,
    target_repo: Option<Parsed<RepositoryPath>>,
    target_tag: Option<Parsed<Tag>>,
    #[serde(default)]
    platforms: Vec<OsAndArch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockedImage {
    name: Parsed<Pattern>,
}

impl ImageSet {
    /// Reads the text of `file`.
    ///
    /// # Errors
    /// With its place, when anything in it is not understood or not supported.
    pub fn read(file: &str, text: &str) -> Result<Self, SetError> {
        let name = one_line(file, 300);
        let wrong = |source| SetError::Document { file: name.clone(), source };
        let file = Document::read(&name, text).map_err(wrong)?;
        claim(&file, "apiVersion", API_VERSION)?;
        claim(&file, "kind", KIND)?;
        refuse_unsupported(&file)?;
        let said = without_nulls(file.value().clone());
        let Written { archive_size, mirror, .. } = file.typed(said).map_err(wrong)?;
        let images = mirror.additional_images.into_iter().enumerate();
        let images = images.map(|(index, image)| image.wanted(&file, index));
        let blocked = mirror.blocked_images.into_iter().map(|blocked| blocked.name.0).collect();
        let platform = mirror.platform.map(|written| written.platform(&file)).transpose()?;
        Ok(Self {
            platform,
            images: images.collect::<Result<_, _>>()?,
            blocked: Blocked(blocked),
            archive_size,
            file: name,
        })
    }

    /// The images that it names.
    pub fn sources(&self) -> impl Iterator<Item = &Endpoint> {
        let release = self.platform.as_ref().and_then(Platform::release);
        let images = self.images.iter().map(|image| &image.source);
        images.chain(release.map(|payload| &payload.image))
    }

    /// What of it goes where below `root`: the images that it names, and those of `releases`.
    ///
    /// # Errors
    /// When a name is too long, or nothing is left to do.
    pub fn select(
        &self,
        releases: &[(Payload, Release)],
        root: &Root,
    ) -> Result<Selection, SetError> {
        let file = || self.file.clone();
        let mut wanted = self.images.clone();
        for (payload, release) in releases {
            let images = of_release(payload, release).map_err(|source| SetError::Destination {
                position: payload.position.clone(),
                image: one_line(&payload.origin, 300),
                source,
            })?;
            wanted.extend(images);
        }
        if wanted.is_empty() {
            return Err(SetError::Nothing { file: file() });
        }
        let selection = select(&wanted, &self.blocked, root)?;
        match selection.mappings.is_empty() {
            true => Err(SetError::AllBlocked { file: file(), images: wanted.len() }),
            false => Ok(selection),
        }
    }

    /// What of it goes where below `root` without releases.
    ///
    /// # Errors
    /// When a name is too long.
    pub fn named(&self, root: &Root) -> Result<Selection, SetError> {
        select(&self.images, &self.blocked, root)
    }

    /// The part of it that `shard` makes. It follows from the file alone, whichever releases there are by now.
    ///
    /// # Errors
    /// When a name is too long.
    pub fn part(&self, root: &Root, shard: Shard) -> Result<Part, SetError> {
        let named = self.named(root)?;
        let mut known: Vec<Unit> =
            units(named.mappings.iter().flat_map(|mapping| &mapping.destinations)).collect();
        known.extend(self.release_places(root).map(|to| Unit::new(unit_of(&to), RELEASES)));
        Ok(Part::of(shard, known))
    }

    /// The repositories below `root` that its releases go to.
    pub fn release_places(&self, root: &Root) -> impl Iterator<Item = Endpoint> {
        self.platform.iter().flat_map(|_| release_places(root))
    }
}

impl AdditionalImage {
    fn wanted(self, file: &Document<'_>, index: usize) -> Result<Wanted, SetError> {
        let way = [Step::from("mirror"), "additionalImages".into(), index.into(), "name".into()];
        let (position, Parsed(named)) = (file.position(&Path(way.into())), self.name);
        let path = self.target_repo.map(|path| path.0).or_else(|| named.path());
        let Some(path) = path else {
            return Err(SetError::NoPath { position, image: one_line(&named.text, 300) });
        };
        Ok(Wanted {
            path,
            tag: self.target_tag.map_or_else(|| named.tag(), |tag| tag.0),
            platforms: self.platforms.into_iter().map(|platform| platform.0).collect(),
            source: named.source,
            origin: named.text,
            position,
        })
    }
}

/// Whether a text says that it is a set, right or wrong.
#[must_use]
pub fn is_set(text: &str) -> bool {
    let says_so = |value: Value| value.get("kind").or(value.get("apiVersion")).is_some();
    yaml::read(text).map_or_else(|_| text.contains(KIND), says_so)
}

/// A key without a value counts as not there, as in Kubernetes.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// Refuses a document that does not say that it is of this kind.
fn claim(file: &Document<'_>, field: &'static str, expected: &'static str) -> Result<(), SetError> {
    let found = file.value().get(field);
    if found.and_then(Value::as_str) == Some(expected) {
        return Ok(());
    }
    let path = Path(vec![field.into()]);
    let found = match found {
        None | Some(Value::Null) => "missing".to_owned(),
        Some(Value::String(text)) => format!("'{}'", one_line(text, 80)),
        Some(other) => format!("'{}'", one_line(&other.to_string(), 80)),
    };
    Err(SetError::Kind { position: file.position(&path), field, found, expected })
}

fn refuse_unsupported(file: &Document<'_>) -> Result<(), SetError> {
    for (field, what) in UNSUPPORTED {
        let path: Path = field.split('.').collect();
        if path.of(file.value()).is_some_and(says_something) {
            return Err(SetError::Unsupported {
                position: file.position_of_key(&path),
                field,
                what,
            });
        }
    }
    Ok(())
}

/// Whether a value asks for anything: an empty list does not.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => fields.values().any(says_something),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => true,
    }
}

#[cfg(test)]
mod tests;
