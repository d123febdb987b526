//! Values that stand in a lock file as the text that a person writes.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    parse(&String::deserialize(from)?)
}

fn parse<T: FromStr<Err: Display>, E: Error>(text: &str) -> Result<T, E> {
    text.parse().map_err(E::custom)
}

/// A value that may be missing.
pub(super) mod optional {
    use super::{Deserialize, Deserializer, Display, FromStr, Serializer};

    pub(in super::super) fn serialize<T: Display, S: Serializer>(
        value: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = Option::<String>::deserialize(from)?;
        text.as_deref().map(super::parse).transpose()
    }
}

/// Platforms: `linux/arm64`, or `like REGEX`.
pub(super) mod platforms {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::PlatformFilter;

    const LIKE: &str = "like ";

    pub(in super::super) fn serialize<S: Serializer>(
        platforms: &[PlatformFilter],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(platforms.iter().map(|platform| match platform.pattern() {
            Some(pattern) => format!("{LIKE}{pattern}"),
            None => platform.to_string(),
        }))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<PlatformFilter>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let read = |text: &String| match text.strip_prefix(LIKE) {
            Some(pattern) => PlatformFilter::like(pattern).map_err(D::Error::custom),
            None => super::parse(text),
        };
        texts.iter().map(read).collect()
    }
}

/// Repositories by digest.
pub(super) mod table {
    use std::collections::BTreeMap;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::{Digest, ImageRef, Repository};

    pub(in super::super) fn serialize<S: Serializer>(
        table: &BTreeMap<Digest, Repository>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_map(table.iter().map(|(digest, from)| (digest, from.to_string())))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<Digest, Repository>, D::Error> {
        let table = BTreeMap::<Digest, String>::deserialize(from)?;
        table.into_iter().map(|(digest, text)| Ok((digest, repository(&text)?))).collect()
    }

    fn repository<E: Error>(text: &str) -> Result<Repository, E> {
        match text.parse::<ImageRef>() {
            Ok(ImageRef { repository, tag: None, digest: None }) => Ok(repository),
            Ok(_) => Err(E::custom("a repository has neither tag nor digest")),
            Err(error) => Err(E::custom(error)),
        }
    }
}
