//! What a person wants of `tag`, and what is wrong with it.

use super::destination::destination;
use super::pull_spec::PullSpec;
use super::{
    Setting, Source, SourceKind, TagError, TagRemoval, Tagging, policies, reference_policy,
};
use crate::imagestream::{Namespace, StreamName, StreamTag};
use crate::model::one_line;

/// What a person wants of `tag`, as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagOptions {
    /// The current namespace.
    pub namespace: Namespace,
    /// `SOURCE DEST…`; with `delete`, `DEST…`.
    pub arguments: Vec<String>,
    /// What kind the source is (`--source`).
    pub source_kind: Option<String>,
    /// Tags are deleted (`--delete`).
    pub delete: bool,
    /// The source is followed, not copied (`--alias`).
    pub alias: bool,
    /// The tags are mere pointers, and are never imported (`--reference`).
    pub reference: bool,
    /// They are imported from time to time (`--scheduled`).
    pub scheduled: bool,
    /// Their registry may lack a trusted certificate, or TLS (`--insecure`).
    pub insecure: bool,
    /// `source` or `local` (`--reference-policy`).
    pub reference_policy: Option<String>,
    /// `Legacy` or `PreserveOriginal` (`--import-mode`).
    pub import_mode: Option<String>,
}

impl TagOptions {
    fn imports(&self) -> bool {
        self.scheduled || self.insecure
    }

    fn destinations(&self, arguments: &[String]) -> Result<Vec<StreamTag>, TagError> {
        if arguments.is_empty() {
            return Err(TagError::NoDestination);
        }
        arguments.iter().map(|text| destination(text, &self.namespace)).collect()
    }
}

pub(super) fn deletion(options: &TagOptions) -> Result<Tagging, TagError> {
    if options.alias {
        return Err(TagError::AliasAndDelete);
    }
    reference_policy(options)?;
    if options.source_kind.is_some() {
        return Err(TagError::KindAndDelete);
    }
    if options.imports() {
        return Err(TagError::ImportAndDelete);
    }
    if options.import_mode.as_deref().is_some_and(|mode| !mode.is_empty()) {
        return Err(TagError::ModeAndDelete);
    }
    let removal = |tag: StreamTag| {
        let said = format!("Deleted tag {tag}.");
        TagRemoval { tag, said }
    };
    let destinations = options.destinations(&options.arguments)?;
    Ok(Tagging::Delete(destinations.into_iter().map(removal).collect()))
}

pub(super) fn setting(options: &TagOptions) -> Result<Tagging, TagError> {
    let (written, destinations) = options.arguments.split_first().ok_or(TagError::Nothing)?;
    let source = source(written, options.source_kind.as_deref())?;
    let common = policies(options)?;
    let destinations = options.destinations(destinations)?;
    if options.imports() {
        match (source.kind, options.alias) {
            (SourceKind::Registry, false) => {}
            (SourceKind::Registry, true) => return Err(TagError::ImportOfAlias),
            _ => return Err(TagError::ImportOfStream),
        }
    }
    let stream = stream_of(&source, &options.namespace)?;
    let is_other = |to: &StreamTag| stream.as_ref() != Some(&to.stream);
    if options.alias && destinations.iter().any(is_other) {
        return Err(TagError::OtherStream);
    }
    let is_copied = source.kind == SourceKind::StreamTag && !options.alias;
    Ok(Tagging::Set(Box::new(Setting {
        needs: stream.filter(|_| is_copied),
        source,
        written: written.clone(),
        track: options.alias,
        destinations,
        common,
        namespace: options.namespace.clone(),
    })))
}

/// The source: of the kind that is said, else of the one that it looks like.
fn source(text: &str, kind: Option<&str>) -> Result<Source, TagError> {
    let kind = kind.filter(|kind| !kind.is_empty()).map(parse_kind).transpose()?;
    let spec = PullSpec::parse(text).map_err(TagError::Source)?;
    match kind {
        Some(SourceKind::StreamTag | SourceKind::StreamImage) if spec.registry.is_some() => {
            return Err(TagError::Server);
        }
        Some(SourceKind::StreamTag) if spec.tag.is_none() => return Err(TagError::SourceTag),
        Some(SourceKind::StreamImage) if spec.digest.is_none() => {
            return Err(TagError::SourceDigest);
        }
        _ => {}
    }
    let seen = match &spec {
        PullSpec { registry: Some(_), .. } => SourceKind::Registry,
        PullSpec { digest: Some(_), .. } => SourceKind::StreamImage,
        PullSpec { tag: Some(_), .. } => SourceKind::StreamTag,
        _ => SourceKind::Registry,
    };
    Ok(Source { kind: kind.unwrap_or(seen), spec })
}

fn parse_kind(text: &str) -> Result<SourceKind, TagError> {
    match text.to_lowercase().as_str() {
        "imagestreamtag" | "istag" => Ok(SourceKind::StreamTag),
        "imagestreamimage" | "isimage" => Ok(SourceKind::StreamImage),
        "docker" | "dockerimage" => Ok(SourceKind::Registry),
        _ => Err(TagError::Kind(one_line(text, 80))),
    }
}

/// The stream that a source is of.
fn stream_of(source: &Source, current: &Namespace) -> Result<Option<StreamName>, TagError> {
    if source.kind == SourceKind::Registry {
        return Ok(None);
    }
    let namespace = match &source.spec.namespace {
        Some(namespace) => namespace.parse()?,
        None => current.clone(),
    };
    Ok(Some(StreamName::new(namespace, &source.spec.name)?))
}
