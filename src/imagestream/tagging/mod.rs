//! What setting a tag means: the rules of `oc tag` (oc's `tag.go`).
//!
//! [`parse`] checks all that can be checked without a stream. A tag of a stream that is to be copied is then resolved
//! to the image that it points to now, which needs that stream ([`Setting::needs`]). Where oc goes further than it
//! should, this does not: an alias has to be of the stream that the *source* names (oc looks at the current
//! namespace), and of a stream at all.

mod destination;
mod error;
mod options;
mod pull_spec;

pub use error::TagError;
pub use options::TagOptions;

use self::destination::seen_from;
use self::pull_spec::PullSpec;
use super::api::{
    DOCKER_IMAGE, IMAGE_STREAM_IMAGE, IMAGE_STREAM_TAG, ImportMode, ImportPolicy, ObjectReference,
    ReferencePolicy, ReferencePolicyType, SpecTag,
};
use super::requests::parse_import_mode;
use super::{ImageStream, Namespace, StreamName, StreamTag};
use crate::model::one_line;

/// A tag, what it is to follow, and how it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct TagChange {
    /// The tag.
    pub tag: StreamTag,
    /// What it is to follow.
    pub spec: SpecTag,
    /// The line to print when it is done.
    pub said: String,
}

/// A tag to delete, and how it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRemoval {
    /// The tag.
    pub tag: StreamTag,
    /// The line to print when it is done.
    pub said: String,
}

/// What the options come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Tagging {
    /// Tags are deleted.
    Delete(Vec<TagRemoval>),
    /// Tags are set.
    Set(Box<Setting>),
}

/// Tags that are to be set, once it is known what the source points to.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    source: Source,
    written: String,
    needs: Option<StreamName>,
    track: bool,
    destinations: Vec<StreamTag>,
    /// What all of them have in common: policies, and whether they are mere pointers.
    common: SpecTag,
    namespace: Namespace,
}

/// What tags are set to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    kind: SourceKind,
    spec: PullSpec,
}

/// What kind of thing tags are set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SourceKind {
    StreamTag,
    StreamImage,
    Registry,
}

impl SourceKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::StreamTag => IMAGE_STREAM_TAG,
            Self::StreamImage => IMAGE_STREAM_IMAGE,
            Self::Registry => DOCKER_IMAGE,
        }
    }
}

/// What `options` come to.
///
/// # Errors
/// When they contradict one another, or name no tags.
pub fn parse(options: &TagOptions) -> Result<Tagging, TagError> {
    if options.arguments.is_empty() && !options.delete {
        return Err(TagError::Nothing);
    }
    if options.delete { options::deletion(options) } else { options::setting(options) }
}

impl Setting {
    /// The stream that has to be read first: that of a source which is to be copied.
    #[must_use]
    pub fn needs(&self) -> Option<&StreamName> {
        self.needs.as_ref()
    }

    /// The image on a registry that the tags are to follow.
    #[must_use]
    pub fn image(&self) -> Option<&str> {
        (self.source.kind == SourceKind::Registry).then_some(self.written.as_str())
    }

    /// The tags that are set.
    pub fn destinations(&self) -> impl Iterator<Item = &StreamTag> {
        self.destinations.iter()
    }

    /// The changes, in the order of the destinations. `stream` is the one that this [`needs`](Self::needs), when it
    /// is there.
    ///
    /// # Errors
    /// When the source points to no image.
    pub fn resolve(&self, stream: Option<&ImageStream>) -> Result<Vec<TagChange>, TagError> {
        let source = match &self.needs {
            Some(name) => {
                let stream = stream.ok_or_else(|| TagError::NoStream(name.clone()))?;
                self.copied(stream)?
            }
            None => self.source.clone(),
        };
        Ok(self.destinations.iter().map(|to| self.change(&source, to)).collect())
    }

    /// The image that the source points to now.
    fn copied(&self, stream: &ImageStream) -> Result<Source, TagError> {
        let written = || one_line(&self.written, 300);
        let tag = self.source.spec.tag.as_deref().unwrap_or("latest");
        let event = stream.current(tag).ok_or_else(|| TagError::NoImage(written()))?;
        if event.image.is_empty() {
            let spec = PullSpec::parse(&event.docker_image_reference)
                .map_err(|error| TagError::PullSpec(written(), error))?;
            return Ok(Source { kind: SourceKind::Registry, spec });
        }
        let digest = Some(event.image.clone());
        let spec = PullSpec { tag: None, digest, ..self.source.spec.clone() };
        Ok(Source { kind: SourceKind::StreamImage, spec })
    }

    fn change(&self, source: &Source, to: &StreamTag) -> TagChange {
        let from = match source.kind {
            SourceKind::Registry => ObjectReference::new(DOCKER_IMAGE, source.spec.exact()),
            kind => ObjectReference {
                namespace: self.namespace_seen_from(source, to),
                ..ObjectReference::new(kind.as_str(), source.spec.name_and_version())
            },
        };
        let spec = SpecTag {
            name: to.tag.to_string(),
            generation: (source.kind == SourceKind::Registry).then_some(0),
            from: Some(from),
            ..self.common.clone()
        };
        TagChange { tag: to.clone(), said: self.said(source, to), spec }
    }

    /// The namespace of the source: as it was written, or when it is another than that of the destination.
    fn namespace_seen_from(&self, source: &Source, to: &StreamTag) -> String {
        let elsewhere = *to.stream.namespace() != self.namespace;
        let current = elsewhere.then(|| self.namespace.to_string());
        source.spec.namespace.clone().or(current).unwrap_or_default()
    }

    fn said(&self, source: &Source, to: &StreamTag) -> String {
        let here = *to.stream.namespace() == self.namespace;
        let (tag, source) = (seen_from(to, &self.namespace), source.spec.exact());
        match (self.track, self.common.import_policy.scheduled) {
            (true, _) => format!("Tag {tag} set up to track {source}."),
            (false, true) if here => format!("Tag {tag} set to import {source} periodically."),
            (false, true) => format!("Tag {tag} set to {source} periodically."),
            (false, false) => format!("Tag {tag} set to {source}."),
        }
    }
}

/// The policies that all destinations get. What is not said is what an API server takes.
fn policies(options: &TagOptions) -> Result<SpecTag, TagError> {
    let reference_policy = reference_policy(options)?;
    let import_mode = match options.import_mode.as_deref() {
        None | Some("") => ImportMode::Legacy,
        Some(mode) => parse_import_mode(mode)?,
    };
    Ok(SpecTag {
        reference: options.reference,
        import_policy: ImportPolicy {
            insecure: options.insecure,
            scheduled: options.scheduled,
            import_mode: Some(import_mode),
        },
        reference_policy: ReferencePolicy { kind: Some(reference_policy) },
        ..SpecTag::default()
    })
}

/// The value of `--reference-policy`, which `oc tag` takes in this case alone.
fn reference_policy(options: &TagOptions) -> Result<ReferencePolicyType, TagError> {
    match options.reference_policy.as_deref() {
        None | Some("source") => Ok(ReferencePolicyType::Source),
        Some("local") => Ok(ReferencePolicyType::Local),
        Some(_) => Err(TagError::ReferencePolicy),
    }
}

#[cfg(test)]
mod tests;
