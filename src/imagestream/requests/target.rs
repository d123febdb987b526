//! What the argument of `import-image` names.

use crate::imagestream::{NameError, Namespace, StreamName};
use crate::model::{ImageName, Tag, one_line};

/// Which tags of a stream are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This one.
    Tag(Tag),
    /// All of them (`--all`).
    All,
}

/// What the argument of `import-image` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The stream.
    pub stream: StreamName,
    /// Its tags.
    pub scope: Scope,
    /// The argument itself when it begins with a registry: a new stream can be imported from there.
    pub source: Option<String>,
}

/// Why an argument names nothing that can be imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not the name of an image, nor of a stream.
    #[error(
        "the image name must be a valid container image pull spec or reference to an image stream (e.g. myregistry/myteam/image:tag)"
    )]
    PullSpec,
    /// A digest.
    #[error("to import images by ID, use the 'tag' command")]
    Digest,
    /// A tag, beside `--all`.
    #[error("cannot specify a tag {0:?} as well as --all")]
    TagAndAll(String),
    /// The name of an image, the last part of which is not that of a stream.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// Reads the argument of `import-image`: `STREAM[:TAG]`, or the name of an image, the last part of which is the
/// stream's. The stream is in `namespace`, whatever stands before its name (as with oc). Without a tag, and without
/// `--all`, the tag is `latest`.
///
/// oc takes an argument for a registry that has a dot and no slash; here it is a stream.
///
/// # Errors
/// When it is no such name, has a digest, or has a tag beside `--all`.
pub fn parse_target(text: &str, all: bool, namespace: &Namespace) -> Result<Target, TargetError> {
    let image: ImageName = text.parse().map_err(|_| TargetError::PullSpec)?;
    if image.digest().is_some() {
        return Err(TargetError::Digest);
    }
    let scope = match (image.tag(), all) {
        (Some(_), true) => return Err(TargetError::TagAndAll(one_line(text, 300))),
        (None, true) => Scope::All,
        (Some(tag), false) => Scope::Tag(tag.clone()),
        (None, false) => Scope::Tag(Tag::latest()),
    };
    let (path, source) = match &image {
        ImageName::Qualified(image) => (image.repository.path(), Some(text.to_owned())),
        ImageName::Short { path, .. } => (path.as_str(), None),
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    Ok(Target { stream: StreamName::new(namespace.clone(), name)?, scope, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, all: bool) -> Result<Target, TargetError> {
        parse_target(text, all, &"dev".parse().unwrap())
    }

    #[test]
    fn an_argument_names_a_stream_and_its_tags() {
        for (text, stream, tag, source) in [
            ("app", "dev/app", "latest", false),
            ("app:v1", "dev/app", "v1", false),
            ("my.app:v1", "dev/my.app", "v1", false),
            ("team/app:v1", "dev/app", "v1", false),
            ("registry.io/ns/foo", "dev/foo", "latest", true),
            ("localhost:5000/foo:2", "dev/foo", "2", true),
            ("registry.io/a/b/c:2", "dev/c", "2", true),
        ] {
            let target = parse(text, false).unwrap();
            assert_eq!(target.stream.to_string(), stream, "{text}");
            assert_eq!(target.scope, Scope::Tag(tag.parse().unwrap()), "{text}");
            assert_eq!(target.source.as_deref(), source.then_some(text));
        }
        assert_eq!(parse("app", true).unwrap().scope, Scope::All);
    }

    /// Section 1.1, and the recordings 119, 121 and 123.
    #[test]
    fn an_argument_that_names_nothing_is_refused_in_the_words_of_oc() {
        let digest = format!("app@sha256:{}", "a".repeat(64));
        let pull_spec = TargetError::PullSpec.to_string();
        assert!(pull_spec.starts_with("the image name must be a valid container image pull spec"));
        for (text, all, message) in [
            ("", false, pull_spec.as_str()),
            ("", true, &pull_spec),
            ("App///x", false, &pull_spec),
            ("App", false, &pull_spec),
            ("app:-x", false, &pull_spec),
            ("../app", false, &pull_spec),
            (&digest, false, "to import images by ID, use the 'tag' command"),
            (&digest, true, "to import images by ID, use the 'tag' command"),
            ("app:v1", true, r#"cannot specify a tag "app:v1" as well as --all"#),
        ] {
            assert_eq!(parse(text, all).unwrap_err().to_string(), message, "{text}");
        }
    }
}
