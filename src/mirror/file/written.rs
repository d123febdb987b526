//! A mirror file as it is written.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::tags::TagWish;
use crate::mirror::named::{NameError, qualified};
use crate::mirror::parsed::{Parsed, chain};
use crate::mirror::{Images, Root};
use crate::model::{Endpoint, ListingApi, ListingUrl, PlatformFilter, Rate};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    #[serde(rename = "version")]
    _version: u64,
    #[serde(default)]
    pub(super) include: Vec<String>,
    #[serde(default)]
    pub(super) defaults: Mapping<Defaults>,
    pub(super) root: Option<Parsed<Root>>,
    #[serde(default)]
    pub(super) registries: BTreeMap<String, Mapping<Registry>>,
    #[serde(default)]
    pub(super) images: Vec<Image>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Defaults {
    pub(super) platforms: Option<Vec<Parsed<PlatformFilter>>>,
    pub(super) referrers: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Registry {
    pub(super) plain_http: Option<bool>,
    pub(super) insecure: Option<bool>,
    pub(super) ca_file: Option<Parsed<FilePath>>,
    pub(super) cert_dir: Option<Parsed<FilePath>>,
    pub(super) authfile: Option<Parsed<FilePath>>,
    pub(super) limit_rate: Option<Parsed<Rate>>,
    pub(super) max_per_host: Option<Requests>,
    pub(super) listing: Option<Parsed<ListingApi>>,
    pub(super) listing_url: Option<Parsed<ListingUrl>>,
}

/// A path that is not empty.
#[derive(Clone, Debug)]
pub(crate) struct FilePath(pub(crate) PathBuf);

/// A text that is no path.
#[derive(Debug, thiserror::Error)]
#[error("a path is expected")]
pub(crate) struct PathError;

impl FromStr for FilePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        if text.is_empty() { Err(PathError) } else { Ok(Self(PathBuf::from(text))) }
    }
}

/// How many requests there may be at once.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct Requests(pub(super) NonZeroUsize);

/// A number that cannot be that of requests.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not from 1 to {MAX_REQUESTS}")]
pub(crate) struct RequestsError(u64);

/// As with `--max-per-host`.
const MAX_REQUESTS: u64 = 256;

impl TryFrom<u64> for Requests {
    type Error = RequestsError;

    fn try_from(number: u64) -> Result<Self, RequestsError> {
        let within = usize::try_from(number).ok().filter(|_| number <= MAX_REQUESTS);
        within.and_then(NonZeroUsize::new).map(Self).ok_or(RequestsError(number))
    }
}

/// A `T` that is written as a mapping: serde takes a list for one too.
#[derive(Clone, Default)]
pub(crate) struct Mapping<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Mapping<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MappingVisitor(PhantomData))
    }
}

struct MappingVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MappingVisitor<T> {
    type Value = Mapping<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mapping<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Mapping)
    }
}

/// `quay.io/org/app:v1`, or more of it.
pub(super) struct Image(pub(super) Fields);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields {
    pub(super) source: Parsed<Source>,
    pub(super) tags: Option<Vec<Parsed<TagWish>>>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub(super) to: Option<Vec<Target>>,
    pub(super) platforms: Option<Vec<Parsed<PlatformFilter>>>,
}

/// What a source means; it has no short name.
#[derive(Clone, Debug)]
pub(super) struct Source(pub(super) Images);

impl FromStr for Source {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Ok(Self(match text.parse()? {
            Images::One(image) => Images::One(qualified(image)?),
            Images::Matching { place, names } => {
                Images::Matching { place: qualified(place)?, names }
            }
        }))
    }
}

/// A destination; it has no short name.
#[derive(Clone, Debug)]
pub(super) struct Target(pub(super) Endpoint);

impl FromStr for Target {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        qualified(text.parse()?).map(Self)
    }
}

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ImageVisitor)
    }
}

struct ImageVisitor;

impl<'de> Visitor<'de> for ImageVisitor {
    type Value = Image;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an image as quay.io/org/app:v1, or a mapping with a source")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Image, E> {
        let source =
            text.parse().map(Parsed).map_err(|error: NameError| E::custom(chain(&error)))?;
        Ok(Image(Fields { source, tags: None, to: None, platforms: None }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Image, A::Error> {
        Fields::deserialize(MapAccessDeserializer::new(map)).map(Image)
    }
}

/// One text, or a list of them.
fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Target>>, D::Error> {
    deserializer.deserialize_any(TargetsVisitor).map(Some)
}

struct TargetsVisitor;

impl<'de> Visitor<'de> for TargetsVisitor {
    type Value = Vec<Target>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a destination, or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<Target>, E> {
        let target = text.parse().map_err(|error: NameError| E::custom(chain(&error)))?;
        Ok(vec![target])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Vec<Target>, A::Error> {
        let targets = Vec::<Parsed<Target>>::deserialize(SeqAccessDeserializer::new(items))?;
        Ok(targets.into_iter().map(|target| target.0).collect())
    }
}
