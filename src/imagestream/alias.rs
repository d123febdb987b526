//! Where a tag leads that follows another of the same stream (oc's `FollowTagReference`).

use std::collections::HashSet;

use super::api::{IMAGE_STREAM_TAG, ImageStream, SpecTag};
use crate::model::{Tag, one_line};

/// Why a tag leads nowhere. The tag is the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AliasError {
    /// It follows something that is no tag.
    #[error("tag {0:?} points to an invalid imagestreamtag")]
    Invalid(String),
    /// It leads out of the stream.
    #[error("tag {0:?} points to an imagestreamtag from another ImageStream")]
    OtherStream(String),
    /// It leads in a circle.
    #[error("tag {0:?} on the image stream is a reference to same tag")]
    Circular(String),
    /// It, or a tag on the way, is not there.
    #[error("the tag {0:?} does not exist on the image stream")]
    NotFound(String),
}

/// The end of the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Followed<'a> {
    /// The last tag.
    pub spec: &'a SpecTag,
    /// Whether it was reached through others.
    pub aliased: bool,
}

/// The tag that `tag` leads to: the first on the way that follows no other tag.
///
/// # Errors
/// When the way leads out of the stream, in a circle, or to a tag that is not there.
pub fn follow<'a>(stream: &'a ImageStream, tag: &str) -> Result<Followed<'a>, AliasError> {
    let asked = || one_line(tag, 200);
    let mut next = tag;
    let mut seen = HashSet::new();
    loop {
        if !seen.insert(next) {
            return Err(AliasError::Circular(asked()));
        }
        let spec = stream.spec_tag(next).ok_or_else(|| AliasError::NotFound(asked()))?;
        let Some(from) = spec.from.as_ref().filter(|from| from.kind == IMAGE_STREAM_TAG) else {
            return Ok(Followed { spec, aliased: seen.len() > 1 });
        };
        let here = stream.metadata.namespace.as_deref().unwrap_or_default();
        if !from.namespace.is_empty() && from.namespace != here {
            return Err(AliasError::OtherStream(asked()));
        }
        next = match from.name.split_once(':') {
            Some((name, _)) if name != stream.metadata.name => {
                return Err(AliasError::OtherStream(asked()));
            }
            Some((_, tag)) => tag,
            None => &from.name,
        };
        if next.parse::<Tag>().is_err() {
            return Err(AliasError::Invalid(asked()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::{DOCKER_IMAGE, ObjectReference};
    use super::*;

    /// A stream `app` in `dev` whose tags follow what is written beside them.
    fn stream(tags: &[(&str, &str, &str)]) -> ImageStream {
        let mut stream = ImageStream::new("dev", "app");
        stream.spec.tags = tags
            .iter()
            .map(|&(name, kind, from)| SpecTag {
                name: name.to_owned(),
                from: Some(ObjectReference::new(kind, from)),
                ..SpecTag::default()
            })
            .collect();
        stream
    }

    #[test]
    fn a_tag_is_followed_within_its_stream() {
        let stream = stream(&[
            ("v1", DOCKER_IMAGE, "quay.io/a/b:v1"),
            ("stable", IMAGE_STREAM_TAG, "app:v1"),
            ("short", IMAGE_STREAM_TAG, "v1"),
            ("far", IMAGE_STREAM_TAG, "app:short"),
            ("pinned", "ImageStreamImage", "app@sha256:1"),
        ]);
        for (tag, last, aliased) in [
            ("v1", "v1", false),
            ("stable", "v1", true),
            ("short", "v1", true),
            ("far", "v1", true),
            ("pinned", "pinned", false),
        ] {
            let followed = follow(&stream, tag).unwrap();
            assert_eq!((followed.spec.name.as_str(), followed.aliased), (last, aliased), "{tag}");
        }
    }

    #[test]
    fn a_namespace_that_is_the_streams_own_is_no_other() {
        let mut stream = stream(&[("v1", DOCKER_IMAGE, "a"), ("x", IMAGE_STREAM_TAG, "app:v1")]);
        stream.spec.tags[1].from.as_mut().unwrap().namespace = "dev".to_owned();
        assert!(follow(&stream, "x").unwrap().aliased);
        stream.spec.tags[1].from.as_mut().unwrap().namespace = "prod".to_owned();
        assert_eq!(follow(&stream, "x"), Err(AliasError::OtherStream("x".to_owned())));
    }

    #[test]
    fn a_tag_that_leads_nowhere_is_told() {
        let stream = stream(&[
            ("self", IMAGE_STREAM_TAG, "app:self"),
            ("a", IMAGE_STREAM_TAG, "b"),
            ("b", IMAGE_STREAM_TAG, "app:a"),
            ("dangling", IMAGE_STREAM_TAG, "app:gone"),
            ("other", IMAGE_STREAM_TAG, "ruby:v1"),
            ("bad", IMAGE_STREAM_TAG, "app:-x"),
            ("empty", IMAGE_STREAM_TAG, ""),
        ]);
        type Make = fn(String) -> AliasError;
        let cases: [(&str, Make); 8] = [
            ("self", AliasError::Circular),
            ("a", AliasError::Circular),
            ("b", AliasError::Circular),
            ("dangling", AliasError::NotFound),
            ("missing", AliasError::NotFound),
            ("other", AliasError::OtherStream),
            ("bad", AliasError::Invalid),
            ("empty", AliasError::Invalid),
        ];
        for (tag, error) in cases {
            assert_eq!(follow(&stream, tag), Err(error(tag.to_owned())));
        }
    }
}
