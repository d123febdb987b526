//! Whether a question or a change is sound, before anything is asked of a registry.
//!
//! An API server looks at the question first ([`import`]), then whether the stream is still the one that the question
//! was made from ([`version`]); it asks registries, and looks at the stream that follows from the answers.
//!
//! Source: openshift-apiserver, `pkg/image/apis/image/validation/validation.go` and
//! `pkg/image/apiserver/registry/imagestreamimport/rest.go`.

use super::api::{
    DOCKER_IMAGE, IMAGE_STREAM_IMAGE, IMAGE_STREAM_TAG, ImageImportSpec, ImportMode, ImportPolicy,
    ObjectMeta, RepositoryImportSpec, SpecTag, Status,
};
use super::refusal::{self, FieldError, invalid};
use super::{ImageStream, ImageStreamImport, StreamName, StreamTag, defaults};
use crate::model::{ImageName, Registry, Repository};

/// What a name of a stream matches.
const STREAM_NAME: &str = "[a-z0-9]+(?:[._-][a-z0-9]+)*";

/// Whether a question is sound.
///
/// # Errors
/// With all that is wrong with it.
pub fn import(import: &ImageStreamImport) -> Result<(), Box<Status>> {
    let mut errors = Vec::new();
    for (index, image) in import.spec.images.iter().enumerate() {
        image_import(&format!("spec.images[{index}]"), image, &mut errors);
    }
    if let Some(repository) = &import.spec.repository {
        repository_import("spec.repository", repository, &mut errors);
    }
    if import.spec.images.is_empty() && import.spec.repository.is_none() {
        let why = "you must specify at least one image or a repository import";
        errors.push(FieldError::invalid_value("spec.images", "null", why));
    }
    object_name(&import.metadata, &mut errors);
    invalid("ImageStreamImport", &import.metadata.name, &errors)
}

/// Whether a stream is the one that a question was made from. A question without a resource version is for whatever
/// is there. The `uid` of a question is not looked at: an API server replaces it before it could be.
///
/// # Errors
/// When the stream has changed since, or is gone.
pub fn version(
    stream: Option<&ImageStream>,
    import: &ImageStreamImport,
) -> Result<(), Box<Status>> {
    let name = &import.metadata.name;
    let asked = import.metadata.resource_version.as_deref().filter(|asked| !asked.is_empty());
    let Some(asked) = asked else { return Ok(()) };
    let stream = stream.ok_or_else(|| refusal::not_found("imagestreams", name))?;
    let found = stream.metadata.resource_version.as_deref().unwrap_or_default();
    if asked == found {
        return Ok(());
    }
    let why = format!("the image stream was updated from {asked:?} to {found:?}");
    Err(refusal::conflict("imagestream", name, &why))
}

/// Whether the tags of `new` that are others than in `old`, apart from their generation, are sound.
pub(super) fn changed_tags(
    old: Option<&ImageStream>,
    new: &ImageStream,
) -> Result<(), Box<Status>> {
    let mut errors = Vec::new();
    for tag in &new.spec.tags {
        let old = old.and_then(|old| old.spec_tag(&tag.name));
        let as_old = old.map(|old| SpecTag { generation: old.generation, ..tag.clone() });
        if old != as_old.as_ref() || old.is_none() {
            spec_tag(&format!("spec.tags[{}]", tag.name), tag, &mut errors);
        }
    }
    invalid("ImageStream", &new.metadata.name, &errors)
}

/// Whether a tag that is to be set is sound.
pub(super) fn tag(name: &StreamTag, spec: &SpecTag) -> Result<(), Box<Status>> {
    let mut errors = Vec::new();
    spec_tag("tag", spec, &mut errors);
    invalid("ImageStreamTag", &format!("{}:{}", name.stream.name(), name.tag), &errors)
}

/// Whether a stream may follow all tags of `repository`.
pub(super) fn repository(name: &StreamName, repository: &str) -> Result<(), Box<Status>> {
    let field = "spec.dockerImageRepository";
    let why = match repository.parse::<ImageName>() {
        Err(_) => "invalid reference format",
        Ok(image) if image.tag().is_some() => "the repository name may not contain a tag",
        Ok(image) if image.digest().is_some() => "the repository name may not contain an ID",
        Ok(_) => return Ok(()),
    };
    invalid("ImageStream", name.name(), &[FieldError::invalid(field, repository, why)])
}

fn image_import(path: &str, image: &ImageImportSpec, errors: &mut Vec<FieldError>) {
    if image.from.kind == DOCKER_IMAGE {
        if image.to.as_ref().is_some_and(|to| to.name.is_empty()) {
            let why = "the name of the target tag must be specified";
            errors.push(FieldError::invalid(format!("{path}.to.name"), "", why));
        }
        reference(&format!("{path}.from.name"), &image.from.name, "", errors);
    } else {
        not_on_registry(path, &image.from.kind, errors);
    }
    import_policy(path, &image.import_policy, errors);
}

fn repository_import(path: &str, import: &RepositoryImportSpec, errors: &mut Vec<FieldError>) {
    if import.from.kind == DOCKER_IMAGE {
        let field = format!("{path}.from.name");
        let name = &import.from.name;
        let image = reference(&field, name, "container image references require a name", errors);
        if image.is_some_and(|image| image.tag().is_some() || image.digest().is_some()) {
            let why = "you must specify an image repository, not a tag or ID";
            errors.push(FieldError::invalid(field, name, why));
        }
    } else {
        not_on_registry(path, &import.from.kind, errors);
    }
    import_policy(path, &import.import_policy, errors);
}

fn spec_tag(path: &str, tag: &SpecTag, errors: &mut Vec<FieldError>) {
    if let Some(from) = &tag.from {
        let field = format!("{path}.from.name");
        match from.kind.as_str() {
            DOCKER_IMAGE => {
                reference(&field, &from.name, "", errors);
            }
            IMAGE_STREAM_IMAGE | IMAGE_STREAM_TAG => {
                if from.name.is_empty() {
                    errors.push(FieldError::required(field, ""));
                }
                if tag.import_policy.scheduled {
                    let field = format!("{path}.importPolicy.scheduled");
                    let why = "only tags pointing to Docker repositories may be scheduled for background import";
                    errors.push(FieldError::invalid_value(field, "true", why));
                }
            }
            _ => {
                let why = "valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'";
                errors.push(FieldError::required(format!("{path}.from.kind"), why));
            }
        }
    }
    if let Some(other) = defaults::unknown_reference_policy(&tag.reference_policy) {
        let why = "valid values are \"Source\", \"Local\"";
        errors.push(FieldError::invalid(format!("{path}.referencePolicy.type"), other, why));
    }
}

/// The image that a field names, unless it names none.
fn reference(
    field: &str,
    name: &str,
    when_empty: &str,
    errors: &mut Vec<FieldError>,
) -> Option<ImageName> {
    if name.is_empty() {
        errors.push(FieldError::required(field, when_empty));
        return None;
    }
    let image = name.parse().ok();
    if image.is_none() {
        errors.push(FieldError::invalid(field, name, "invalid reference format"));
    }
    image
}

fn not_on_registry(path: &str, kind: &str, errors: &mut Vec<FieldError>) {
    let why = "only DockerImage is supported";
    errors.push(FieldError::invalid(format!("{path}.from.kind"), kind, why));
}

fn import_policy(path: &str, policy: &ImportPolicy, errors: &mut Vec<FieldError>) {
    if let Some(ImportMode::Other(mode)) = policy.import_mode.as_ref()
        && !mode.is_empty()
    {
        let why = "invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'";
        errors.push(FieldError::invalid(format!("{path}.importPolicy.importMode"), mode, why));
    }
}

fn object_name(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    let name = &metadata.name;
    let mut refuse = |why: &str| errors.push(FieldError::invalid("metadata.name", name, why));
    if name.is_empty() {
        let why = "name or generateName is required";
        errors.push(FieldError::required("metadata.name", why));
    } else if name == "." || name == ".." {
        refuse(&format!("may not be '{name}'"));
    } else if name.contains(['/', '%']) {
        for part in ['/', '%'].into_iter().filter(|part| name.contains(*part)) {
            refuse(&format!("may not contain '{part}'"));
        }
    } else if !is_component(name) {
        refuse(&format!("must match {STREAM_NAME:?}"));
    }
}

/// Whether a text is one component of a repository path, with one separator at a time.
fn is_component(text: &str) -> bool {
    let doubled = text.contains("__") || text.contains("--");
    let somewhere = "localhost".parse::<Registry>().ok();
    !doubled && somewhere.is_some_and(|registry| Repository::new(registry, text).is_ok())
}

#[cfg(test)]
mod tests;
