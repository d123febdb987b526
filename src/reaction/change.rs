//! What has moved.

use serde::Serialize;

use super::pull_spec::pull_spec_of;
use crate::imagestream::api::{ImageStream, StatusTag, Time};

/// A tag that moved. This is also the document that commands and receivers are given, as JSON:
///
/// ```json
/// {
///   "namespace": "default", "stream": "app", "tag": "latest", "time": "2026-11-24T13:00:00Z",
///   "old": { "digest": "sha256:…", "reference": "quay.io/org/app@sha256:…" },
///   "new": { "digest": "sha256:…", "reference": "quay.io/org/app@sha256:…" }
/// }
/// ```
///
/// `old` is `null` when the tag is new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The namespace of the stream.
    pub namespace: String,
    /// The stream.
    pub stream: String,
    /// The tag.
    pub tag: String,
    /// When it moved.
    pub time: Time,
    /// What it pointed to.
    pub old: Option<TaggedImage>,
    /// What it points to.
    pub new: TaggedImage,
}

/// What a tag points to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaggedImage {
    /// The digest of the image; empty where it is not known.
    pub digest: String,
    /// How to pull it, as [`pull_spec`](super::pull_spec) tells.
    pub reference: String,
}

impl Change {
    /// The document that commands and receivers are given, in one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        // No part of it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The tags that point to something else in `after` than in `before`, or are pulled by another reference, in the order
/// of `after`. All that point to something are new when there was no stream. A tag that is gone has not moved.
#[must_use]
pub fn changes(before: Option<&ImageStream>, after: &ImageStream) -> Vec<Change> {
    after.status.tags.iter().filter_map(|tag| change(before, after, tag)).collect()
}

fn change(before: Option<&ImageStream>, after: &ImageStream, tag: &StatusTag) -> Option<Change> {
    let new = tagged_image(after, &tag.tag)?;
    let old = before.and_then(|before| tagged_image(before, &tag.tag));
    let is_moved = old.as_ref() != Some(&new);
    is_moved.then(|| Change {
        namespace: after.metadata.namespace.clone().unwrap_or_default(),
        stream: after.metadata.name.clone(),
        tag: tag.tag.clone(),
        time: tag.items[0].created,
        old,
        new,
    })
}

fn tagged_image(stream: &ImageStream, tag: &str) -> Option<TaggedImage> {
    let event = stream.current(tag)?;
    Some(TaggedImage { digest: event.image.clone(), reference: pull_spec_of(stream, tag, event) })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::imagestream::api::TagEvent;

    /// A stream whose tags point to one image each: tag, reference, digest.
    pub(in super::super) fn stream(name: &str, tags: &[(&str, &str, &str)]) -> ImageStream {
        let mut stream = ImageStream::new("dev", name);
        stream.status.tags = tags
            .iter()
            .map(|(tag, reference, image)| StatusTag {
                tag: (*tag).to_owned(),
                items: vec![TagEvent {
                    created: Time::new("2026-01-02T03:04:05Z".parse().unwrap()),
                    docker_image_reference: (*reference).to_owned(),
                    image: (*image).to_owned(),
                    generation: 1,
                    rest: serde_json::Map::new(),
                }],
                ..StatusTag::default()
            })
            .collect();
        stream
    }

    #[test]
    fn what_points_elsewhere_has_moved() {
        let before = stream(
            "app",
            &[
                ("same", "q.io/a@sha256:1", "sha256:1"),
                ("moved", "q.io/a@sha256:1", "sha256:1"),
                ("gone", "q.io/a@sha256:1", "sha256:1"),
                ("source", "q.io/a@sha256:1", "sha256:1"),
            ],
        );
        let mut after = stream(
            "app",
            &[
                ("new", "q.io/a@sha256:2", "sha256:2"),
                ("moved", "q.io/a@sha256:2", "sha256:2"),
                ("same", "q.io/a@sha256:1", "sha256:1"),
                ("source", "r.io/a@sha256:1", "sha256:1"),
            ],
        );
        after.status.tags.push(StatusTag { tag: "failed".to_owned(), ..StatusTag::default() });
        let found = changes(Some(&before), &after);
        let shown: Vec<_> = found
            .iter()
            .map(|c| {
                (
                    c.tag.as_str(),
                    c.old.as_ref().map(|old| old.reference.as_str()),
                    c.new.reference.as_str(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("new", None, "q.io/a@sha256:2"),
                ("moved", Some("q.io/a@sha256:1"), "q.io/a@sha256:2"),
                ("source", Some("q.io/a@sha256:1"), "r.io/a@sha256:1"),
            ]
        );
        assert_eq!(changes(None, &before).len(), 4);
        assert_eq!(changes(Some(&after), &after), []);
    }

    #[test]
    fn the_document_has_the_shape_that_is_promised() {
        let before = stream("app", &[("v1", "q.io/a@sha256:1", "sha256:1")]);
        let after = stream("app", &[("v1", "q.io/a@sha256:2", "sha256:2")]);
        assert_eq!(
            changes(Some(&before), &after)[0].to_json(),
            r#"{"namespace":"dev","stream":"app","tag":"v1","time":"2026-01-02T03:04:05Z","old":{"digest":"sha256:1","reference":"q.io/a@sha256:1"},"new":{"digest":"sha256:2","reference":"q.io/a@sha256:2"}}"#
        );
        assert!(changes(None, &after)[0].to_json().contains(r#""old":null"#));
    }
}
