//! What is asked of registries for a stream: from the stream and a person's options, without asking anyone.
//!
//! These are the rules of `oc import-image` (oc's `importimage.go`), and better ones where oc forgets:
//!
//! - The stored policies of a tag (mode, reference policy, `insecure`, `scheduled`) are kept unless a flag says
//!   otherwise. oc sends its defaults, and a tag that keeps whole indexes loses them by being imported again.
//! - `--insecure=false` is heeded where a tag is stored as insecure; oc keeps it insecure.
//! - `--all --from REPOSITORY --confirm` is remembered ([`Import::remember`]), so the next `--all` finds new tags.
//! - A stream that was never seen, and that nothing says the origin of, is not sought on Docker Hub.
//! - Images are in the order of [`prioritize`], not in that of a hash table.

mod carry_out;
mod error;
mod options;
mod policy;
mod scheduled;
mod target;

pub(crate) use carry_out::ATTEMPTS;
pub use carry_out::{ImportError, Imported, import};
pub use error::RequestError;
pub use options::{ImportOptions, OptionError, parse_import_mode, parse_reference_policy};
pub use policy::repository_tag;
pub use scheduled::scheduled;
pub use target::{Scope, Target, TargetError, parse_target};

use self::policy::Policies;
use super::alias::{AliasError, follow};
use super::api::{
    API_VERSION, DOCKER_IMAGE, ImageImportSpec, ImageStreamImportSpec, ImageStreamImportStatus,
    LocalReference, ObjectMeta, ObjectReference, RepositoryImportSpec, SpecTag,
};
use super::order::prioritize;
use super::{ImageStream, ImageStreamImport, StreamName};
use crate::model::{Tag, one_line};

/// What is to be done for an import.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The question.
    pub request: ImageStreamImport,
    /// The repository that the stream is to follow from now on; not one that it follows already. The question has
    /// no place for it, so it is set by [`Streams::set_repository`](super::Streams::set_repository).
    pub remember: Option<String>,
    /// Tags of the repository whose stored policies are not those of the question. An API server has one set of
    /// policies for a repository and replaces them; who imports by [`repository_tag`] replaces `insecure` alone.
    pub replaced: Vec<String>,
}

/// What to ask for the stream `name`, which is `stream` when it is there.
///
/// # Errors
/// When the options do not fit the stream.
pub fn requests(
    name: &StreamName,
    stream: Option<&ImageStream>,
    options: &ImportOptions,
) -> Result<Import, RequestError> {
    let asked = Asked { name, stream, options };
    match (stream, &options.scope) {
        (None, _) if !options.confirm => Err(RequestError::NoStream(name.name().to_owned())),
        (None, scope) => {
            let from = options.from.as_deref().or(options.source.as_deref());
            let from = from.ok_or_else(|| RequestError::NoSource(name.name().to_owned()))?;
            Ok(match scope {
                Scope::All => asked.repository(from),
                Scope::Tag(tag) => asked.tags(&[(tag.as_str(), from)]),
            })
        }
        (Some(stream), Scope::All) => asked.all(stream),
        (Some(stream), Scope::Tag(tag)) => asked.one(stream, tag),
    }
}

/// An import of a stream, before it is known of what.
#[derive(Clone, Copy)]
struct Asked<'a> {
    name: &'a StreamName,
    stream: Option<&'a ImageStream>,
    options: &'a ImportOptions,
}

impl<'a> Asked<'a> {
    fn all(self, stream: &'a ImageStream) -> Result<Import, RequestError> {
        let followed = stream.spec.docker_image_repository.as_str();
        let from = match self.options.from.as_deref() {
            None if followed.is_empty() => return self.all_tags(stream),
            None => followed,
            Some(from) => from,
        };
        match followed {
            _ if from == followed || self.options.confirm => Ok(self.repository(from)),
            "" => Err(RequestError::NoRepository),
            _ => Err(RequestError::OtherRepository(one_line(followed, 300))),
        }
    }

    fn all_tags(self, stream: &'a ImageStream) -> Result<Import, RequestError> {
        let mut names: Vec<String> = stream.spec.tags.iter().map(|tag| tag.name.clone()).collect();
        prioritize(&mut names);
        let on_registry = |name| Some((name, origin(stream.spec_tag(name)?)?));
        let tags: Vec<(&str, &str)> =
            names.iter().map(String::as_str).filter_map(on_registry).collect();
        if tags.is_empty() { Err(RequestError::NoTags) } else { Ok(self.tags(&tags)) }
    }

    fn one(self, stream: &'a ImageStream, tag: &Tag) -> Result<Import, RequestError> {
        let from = self.options.from.as_deref();
        let followed = match follow(stream, tag.as_str()) {
            Ok(followed) => followed,
            Err(AliasError::NotFound(_)) => {
                let repository = Some(stream.spec.docker_image_repository.as_str());
                let latest = repository.filter(|r| !r.is_empty() && *tag == Tag::latest());
                let from = from.or(latest);
                let from = from.ok_or_else(|| RequestError::NoTag(tag.to_string()))?;
                return Ok(self.tags(&[(tag.as_str(), from)]));
            }
            Err(error) => return Err(RequestError::Alias(error)),
        };
        let last = followed.spec;
        let old = origin_to_import(tag, last, from)?;
        let tag = tag.to_string();
        match from {
            Some(from) if from != old => {
                let (old, from) = (one_line(old, 300), one_line(from, 300));
                Err(if followed.aliased {
                    let last = one_line(&last.name, 200);
                    RequestError::OtherOriginOfAlias { tag, last, old, from }
                } else {
                    RequestError::OtherOrigin { tag, old, from }
                })
            }
            _ => Ok(self.tags(&[(&last.name, old)])),
        }
    }

    /// The import of these tags, each from its image.
    fn tags(self, tags: &[(&str, &str)]) -> Import {
        let image = |&(tag, from): &(&str, &str)| {
            let stored = self.stream.and_then(|stream| stream.spec_tag(tag));
            let policies = Policies::of_tag(self.options, self.stream, stored);
            ImageImportSpec {
                from: ObjectReference::new(DOCKER_IMAGE, from),
                to: Some(LocalReference { name: tag.to_owned() }),
                import_policy: policies.import,
                reference_policy: policies.reference,
                include_manifest: false,
            }
        };
        let images = tags.iter().map(image).collect();
        let request = question(self.name, self.stream, !self.options.dry_run, None, images);
        Import { request, remember: None, replaced: Vec::new() }
    }

    /// The import of all tags of a repository.
    fn repository(self, from: &str) -> Import {
        let stored = self.stream.map(|stream| policy::tags_of(stream, from)).unwrap_or_default();
        let policies = Policies::of_repository(self.options, self.stream, &stored);
        let replaced = policies.replaced(self.options, self.stream, &stored);
        let repository = RepositoryImportSpec {
            from: ObjectReference::new(DOCKER_IMAGE, from),
            import_policy: policies.import,
            reference_policy: policies.reference,
            include_manifest: false,
        };
        let kept = !self.options.dry_run;
        let followed = self.stream.map(|stream| stream.spec.docker_image_repository.as_str());
        let remember = (kept && followed != Some(from)).then(|| from.to_owned());
        let request = question(self.name, self.stream, kept, Some(repository), Vec::new());
        Import { request, remember, replaced }
    }
}

/// Where on a registry a tag is from.
fn origin(tag: &SpecTag) -> Option<&str> {
    let from = tag.from.as_ref().filter(|from| from.kind == DOCKER_IMAGE)?;
    Some(&from.name)
}

/// Where the last tag on the way of `tag` is imported from.
fn origin_to_import<'a>(
    tag: &Tag,
    last: &'a SpecTag,
    from: Option<&str>,
) -> Result<&'a str, RequestError> {
    match &last.from {
        Some(old) if old.kind == DOCKER_IMAGE => Ok(&old.name),
        Some(other) => Err(RequestError::NotOnRegistry {
            tag: tag.to_string(),
            kind: one_line(&other.kind, 80),
            name: one_line(&other.name, 300),
        }),
        None => Err(RequestError::NoOrigin {
            tag: tag.to_string(),
            from: one_line(from.unwrap_or_default(), 300),
        }),
    }
}

/// The object that is sent. It names the version of the stream that it was made from.
fn question(
    name: &StreamName,
    stream: Option<&ImageStream>,
    import: bool,
    repository: Option<RepositoryImportSpec>,
    images: Vec<ImageImportSpec>,
) -> ImageStreamImport {
    ImageStreamImport {
        kind: "ImageStreamImport".to_owned(),
        api_version: API_VERSION.to_owned(),
        metadata: ObjectMeta {
            name: name.name().to_owned(),
            namespace: Some(name.namespace().to_string()),
            resource_version: stream.and_then(|stream| stream.metadata.resource_version.clone()),
            ..ObjectMeta::default()
        },
        spec: ImageStreamImportSpec { import, repository, images },
        status: ImageStreamImportStatus::default(),
    }
}

#[cfg(test)]
mod tests;
