//! Tags that are to be set or deleted, as they are written.

use super::TagError;
use crate::imagestream::{Namespace, StreamName, StreamTag};
use crate::model::one_line;

/// Reads `[NAMESPACE/]STREAM:TAG`.
pub(super) fn destination(text: &str, namespace: &Namespace) -> Result<StreamTag, TagError> {
    let shown = || one_line(text, 300);
    let (namespace, name_and_tag) = match text.split_once('/') {
        None => (namespace.clone(), text),
        Some((_, rest)) if rest.contains('/') => return Err(TagError::Stream(shown())),
        Some(("", _)) => return Err(TagError::EmptyNamespace(shown())),
        Some((_, "")) => return Err(TagError::EmptyName(shown())),
        Some((namespace, rest)) => (namespace.parse()?, rest),
    };
    let form = || TagError::Form(one_line(name_and_tag, 300));
    let (name, tag) = name_and_tag.split_once(':').ok_or_else(form)?;
    let tag = tag.parse().map_err(|_| TagError::Tag(one_line(tag, 200)))?;
    Ok(StreamTag { stream: StreamName::new(namespace, name)?, tag })
}

/// `STREAM:TAG`, with the namespace in front when it is not `namespace`.
pub(super) fn seen_from(tag: &StreamTag, namespace: &Namespace) -> String {
    let StreamTag { stream, tag: name } = tag;
    if stream.namespace() == namespace {
        format!("{}:{name}", stream.name())
    } else {
        tag.to_string()
    }
}
