//! Generations: which change of a `spec` a thing belongs to.
//!
//! The generation of a stream counts the changes of its `spec`. That of a tag is the stream's at the time when the tag
//! was last set to follow something else; an entry of its history has that of the tag it was imported for. So a tag
//! whose generation is greater than that of its latest entry waits for an import.

use super::super::api::{ObjectReference, SpecTag};
use super::super::{ImageStream, defaults};

/// Gives `new` and its tags their generations. Who sets a tag can ask for an import by the generation 0; any other
/// number is not theirs to choose.
pub(in super::super) fn count(old: Option<&ImageStream>, new: &mut ImageStream) {
    let Some(old) = old else {
        new.metadata.generation = 1;
        new.spec.tags.iter_mut().for_each(|tag| tag.generation = Some(1));
        return;
    };
    for tag in new.spec.tags.iter_mut().filter(|tag| tag.generation != Some(0)) {
        if let Some(old) = old.spec_tag(&tag.name) {
            tag.generation = old.generation;
        }
    }
    let changed = defaults::seen(&old.spec) != defaults::seen(&new.spec);
    let first = old.metadata.generation == 0;
    new.metadata.generation = old.metadata.generation + i64::from(changed || first);

    let namespace = new.metadata.namespace.as_deref().unwrap_or_default();
    for tag in &mut new.spec.tags {
        let unset = tag.generation.is_none_or(|generation| generation == 0);
        if unset || follows_other(old.spec_tag(&tag.name), tag, namespace) {
            tag.generation = Some(new.metadata.generation);
        }
    }
}

/// Whether a tag follows something else than before, or in another way; a new one does. `namespace` is its stream's.
pub(super) fn follows_other(old: Option<&SpecTag>, new: &SpecTag, namespace: &str) -> bool {
    let Some(old) = old else { return true };
    let Some(from) =
        new.from.as_ref().filter(|from| !from.kind.is_empty() || !from.name.is_empty())
    else {
        return false;
    };
    let nothing = ObjectReference::default();
    let was = old.from.as_ref().unwrap_or(&nothing);
    let place = |from: &ObjectReference| match from.namespace.as_str() {
        "" => namespace.to_owned(),
        other => other.to_owned(),
    };
    let mode = |tag: &SpecTag| {
        let mut tag = SpecTag { import_policy: tag.import_policy.clone(), ..SpecTag::default() };
        defaults::spec_tag(&mut tag);
        tag.import_policy.import_mode
    };
    place(was) != place(from)
        || was.name != from.name
        || old.reference != new.reference
        || mode(old) != mode(new)
}
