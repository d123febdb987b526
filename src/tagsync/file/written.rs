//! A file of rules as it is written.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::forms::{Either, Filled, ListOr};
use crate::mirror::file::{FilePath, Mapping, RegistryFields};
use crate::mirror::{NameError, Namespace, Parsed, Place, Root, RootError, qualified};
use crate::model::{Digest, Endpoint, PlatformFilter, Rate};
use crate::tagsync::{
    Age, Backup, Days, Order, Pattern, Prereleases, PruneMode, Rename, Source, Target, TimeOfDay,
    Versions, Zone,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    #[serde(rename = "version")]
    _version: u64,
    #[serde(default)]
    pub(super) defaults: Mapping<Wishes>,
    #[serde(default)]
    pub(super) registries: BTreeMap<String, Mapping<RegistryFields>>,
    #[serde(default)]
    pub(super) rules: Vec<Mapping<WrittenRule>>,
}

/// What a rule says, or the defaults for all.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Wishes {
    pub(super) platforms: Option<Vec<Parsed<PlatformFilter>>>,
    pub(super) referrers: Option<bool>,
    #[serde(default)]
    pub(super) prune: Option<Either<Mode, Mapping<PruneWish>>>,
    pub(super) backup: Option<Parsed<Backup>>,
    pub(super) immutable: Option<Vec<Parsed<Pattern>>>,
    #[serde(default)]
    pub(super) on_change: Option<Either<String, Mapping<OnChangeWish>>>,
    pub(super) schedule: Option<String>,
    pub(super) time_zone: Option<Parsed<Zone>>,
    pub(super) window: Option<Vec<Mapping<WindowWish>>>,
    pub(super) recheck: Option<Parsed<Age>>,
}

impl Wishes {
    /// These, and for the rest what `other` says.
    pub(super) fn or(self, other: &Self) -> Self {
        Self {
            platforms: self.platforms.or_else(|| other.platforms.clone()),
            referrers: self.referrers.or(other.referrers),
            prune: self.prune.or_else(|| other.prune.clone()),
            backup: self.backup.or_else(|| other.backup.clone()),
            immutable: self.immutable.or_else(|| other.immutable.clone()),
            on_change: self.on_change.or_else(|| other.on_change.clone()),
            schedule: self.schedule.or_else(|| other.schedule.clone()),
            time_zone: self.time_zone.or_else(|| other.time_zone.clone()),
            window: self.window.or_else(|| other.window.clone()),
            recheck: self.recheck.or_else(|| other.recheck.clone()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WrittenRule {
    pub(super) name: Option<Parsed<RuleName>>,
    pub(super) source: Parsed<SourceText>,
    pub(super) to: Either<Parsed<TargetText>, Vec<Parsed<TargetText>>>,
    pub(super) repositories: Option<ListOr<Mapping<Choices>, Parsed<Choice>>>,
    pub(super) tags: Option<ListOr<Mapping<Tags>, Parsed<Choice>>>,
    #[serde(default)]
    pub(super) digests: Vec<Parsed<Digest>>,
    pub(super) rename: Option<Either<Parsed<Rename>, Vec<Mapping<RenameWish>>>>,
    // serde cannot flatten a struct and refuse unknown fields at once.
    platforms: Option<Vec<Parsed<PlatformFilter>>>,
    referrers: Option<bool>,
    #[serde(default)]
    prune: Option<Either<Mode, Mapping<PruneWish>>>,
    backup: Option<Parsed<Backup>>,
    immutable: Option<Vec<Parsed<Pattern>>>,
    #[serde(default)]
    on_change: Option<Either<String, Mapping<OnChangeWish>>>,
    schedule: Option<String>,
    time_zone: Option<Parsed<Zone>>,
    window: Option<Vec<Mapping<WindowWish>>>,
    recheck: Option<Parsed<Age>>,
}

impl WrittenRule {
    /// What it says of what the defaults may say too.
    pub(super) fn wishes(&self) -> Wishes {
        Wishes {
            platforms: self.platforms.clone(),
            referrers: self.referrers,
            prune: self.prune.clone(),
            backup: self.backup.clone(),
            immutable: self.immutable.clone(),
            on_change: self.on_change.clone(),
            schedule: self.schedule.clone(),
            time_zone: self.time_zone.clone(),
            window: self.window.clone(),
            recheck: self.recheck.clone(),
        }
    }
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PruneWish {
    pub(super) mode: Mode,
    #[serde(default)]
    pub(super) protect: Vec<Parsed<Pattern>>,
    pub(super) max_delete: Option<Number>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct OnChangeWish {
    pub(super) command: Option<String>,
    pub(super) timeout: Option<Parsed<Timeout>>,
    pub(super) url: Option<Parsed<Hook>>,
    pub(super) secret_file: Option<Parsed<FilePath>>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WindowWish {
    pub(super) from: Parsed<TimeOfDay>,
    pub(super) to: Parsed<TimeOfDay>,
    pub(super) days: Option<Vec<Parsed<Days>>>,
    pub(super) limit_rate: Option<Parsed<Rate>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choices {
    #[serde(default)]
    pub(super) allow: Filled<Parsed<Pattern>>,
    #[serde(default)]
    pub(super) deny: Vec<Parsed<Pattern>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Tags {
    #[serde(default)]
    pub(super) allow: Filled<Parsed<Pattern>>,
    #[serde(default)]
    pub(super) deny: Vec<Parsed<Pattern>>,
    pub(super) semver: Option<Parsed<Versions>>,
    #[serde(default)]
    pub(super) prerelease: PrereleaseWish,
    pub(super) newest: Option<Either<Count, Mapping<NewestWish>>>,
    pub(super) older_than: Option<Parsed<Age>>,
    pub(super) newer_than: Option<Parsed<Age>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewestWish {
    pub(super) count: Count,
    pub(super) by: Option<OrderWish>,
}

/// What makes a tag newer than another.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OrderWish {
    Semver,
    Name,
    Created,
}

impl From<OrderWish> for Order {
    fn from(wish: OrderWish) -> Self {
        match wish {
            OrderWish::Semver => Self::Semver,
            OrderWish::Name => Self::Name,
            OrderWish::Created => Self::Created,
        }
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameWish {
    #[serde(rename = "match")]
    pub(super) matching: String,
    pub(super) to: String,
}

/// Whether tags stay that no rule selects. YAML 1.1 reads `off` as a truth.
#[derive(Clone, Copy)]
pub(super) struct Mode(pub(super) PruneMode);

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ModeVisitor)
    }
}

struct ModeVisitor;

impl Visitor<'_> for ModeVisitor {
    type Value = Mode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("off, report or tags")
    }

    fn visit_bool<E: Error>(self, is_on: bool) -> Result<Mode, E> {
        match is_on {
            false => Ok(Mode(PruneMode::Off)),
            true => Err(E::invalid_value(Unexpected::Bool(is_on), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Mode, E> {
        match text {
            "off" => Ok(Mode(PruneMode::Off)),
            "report" => Ok(Mode(PruneMode::Report)),
            "tags" => Ok(Mode(PruneMode::Tags)),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

/// Which pre-releases count: `false`, `true`, or `ordered`.
#[derive(Clone, Copy, Default)]
pub(super) struct PrereleaseWish(pub(super) Prereleases);

impl<'de> Deserialize<'de> for PrereleaseWish {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PrereleaseVisitor)
    }
}

struct PrereleaseVisitor;

impl Visitor<'_> for PrereleaseVisitor {
    type Value = PrereleaseWish;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or ordered")
    }

    fn visit_bool<E: Error>(self, is_wanted: bool) -> Result<PrereleaseWish, E> {
        Ok(PrereleaseWish(if is_wanted { Prereleases::All } else { Prereleases::Named }))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PrereleaseWish, E> {
        match text {
            "ordered" => Ok(PrereleaseWish(Prereleases::Ordered)),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

/// A number of tags.
#[derive(Clone, Copy)]
pub(super) struct Count(pub(super) NonZeroUsize);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Number(count) = deserializer.deserialize_any(NumberVisitor(1))?;
        let error = || D::Error::custom("a number of 1 or more is expected");
        NonZeroUsize::new(count).map(Self).ok_or_else(error)
    }
}

/// A number that may be 0.
#[derive(Clone, Copy)]
pub(super) struct Number(pub(super) usize);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor(0))
    }
}

/// Reads a number of at least so many.
struct NumberVisitor(u64);

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number of {} or more", self.0)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
        let within = usize::try_from(number).ok().filter(|_| number >= self.0);
        within.map(Number).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }
}

/// A pattern that allows, or with `!` in front one that denies.
#[derive(Clone, Debug)]
pub(super) enum Choice {
    Allow(Pattern),
    Deny(Pattern),
}

impl FromStr for Choice {
    type Err = <Pattern as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix('!') {
            Some(pattern) => pattern.parse().map(Self::Deny),
            None => text.parse().map(Self::Allow),
        }
    }
}

/// The name of a rule: it stands in lock files, reports and metrics.
#[derive(Clone, Debug)]
pub(super) struct RuleName(pub(super) String);

/// A text that names no rule.
#[derive(Debug, thiserror::Error)]
#[error("a rule has a name of 1 to 100 characters, without white space around it")]
pub(super) struct RuleNameError;

impl FromStr for RuleName {
    type Err = RuleNameError;

    fn from_str(text: &str) -> Result<Self, RuleNameError> {
        let is_sound = !text.is_empty()
            && text.chars().count() <= 100
            && text.trim() == text
            && !text.contains(char::is_control);
        if is_sound { Ok(Self(text.to_owned())) } else { Err(RuleNameError) }
    }
}

/// `quay.io/org/app`, `quay.io/org/app:v1`, `quay.io/org/`.
#[derive(Clone, Debug)]
pub(super) struct SourceText(pub(super) Source);

/// A text that is no source of a rule.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("'{0}' has a digest: images are named by digest in digests")]
    Digest(String),
    #[error("'{0}' is written as a whole: rules are for registries, oci:DIR and file://REPOSITORY")]
    Whole(String),
    #[error(
        "'{0}' has a *: tags are chosen by tags, and repositories below a place, as in quay.io/org/, by repositories"
    )]
    Wild(String),
}

impl FromStr for SourceText {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let text = text.strip_suffix('*').filter(|rest| rest.ends_with('/')).unwrap_or(text);
        if text.contains('*') {
            return Err(SourceError::Wild(text.to_owned()));
        }
        match text.parse::<Place>().map_err(NameError::from)? {
            Place::Below(namespace) => {
                Ok(Self(Source::Below { namespace, allow: Vec::new(), deny: Vec::new() }))
            }
            Place::At(endpoint) => {
                let endpoint = changeable(qualified(endpoint)?, text)?;
                if endpoint.digest().is_some() {
                    return Err(SourceError::Digest(text.to_owned()));
                }
                let place = endpoint.without_name();
                Ok(Self(match crate::tagsync::rule::tag_of(&endpoint) {
                    Some(tag) => Source::Image(place, tag),
                    None => Source::Repository(place),
                }))
            }
        }
    }
}

/// `endpoint`, if single tags of it can be set, under the one name that it has.
fn changeable(endpoint: Endpoint, text: &str) -> Result<Endpoint, SourceError> {
    match endpoint {
        Endpoint::Oci { dir, name } => Ok(Endpoint::Oci { dir: dir.components().collect(), name }),
        other if other.is_mutable() => Ok(other),
        _ => Err(SourceError::Whole(text.to_owned())),
    }
}

/// Where tags go: a repository, or with a `/` at its end a place below which repositories are.
#[derive(Clone, Debug)]
pub(super) struct TargetText(pub(super) Target, pub(super) Option<Namespace>);

/// A text that is no target.
#[derive(Debug, thiserror::Error)]
pub(super) enum TargetError {
    #[error(transparent)]
    Root(#[from] RootError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("'{0}' names a tag or a digest: tags keep their names, or get others by rename")]
    Named(String),
}

impl From<NameError> for TargetError {
    fn from(error: NameError) -> Self {
        Self::Source(error.into())
    }
}

impl FromStr for TargetText {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        match text.parse::<Place>().map_err(NameError::from)? {
            Place::Below(namespace) => {
                let root: Root = namespace.to_string().parse()?;
                Ok(Self(Target::Below(root), Some(namespace)))
            }
            Place::At(endpoint) => {
                let endpoint = changeable(qualified(endpoint)?, text)?;
                if !endpoint.is_repository() {
                    return Err(TargetError::Named(text.to_owned()));
                }
                let namespace = Place::namespace_of(&endpoint);
                Ok(Self(Target::Repository(endpoint), namespace))
            }
        }
    }
}

/// How long a command may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeout(pub(super) Duration);

/// A text that is no such time.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is no time that a command may take: expected 30s, 5m or 1h")]
pub(super) struct TimeoutError(String);

impl FromStr for Timeout {
    type Err = TimeoutError;

    fn from_str(text: &str) -> Result<Self, TimeoutError> {
        let time: Option<jiff::SignedDuration> = text.parse().ok();
        let time = time.and_then(|time| Duration::try_from(time).ok());
        let time = time.filter(|time| !time.is_zero());
        time.map(Self).ok_or_else(|| TimeoutError(crate::model::one_line(text, 40)))
    }
}

/// An address that is posted to. It may hold a secret, so it is never shown.
#[derive(Clone)]
pub(super) struct Hook(pub(super) String);

/// A text that is no address.
#[derive(Debug, thiserror::Error)]
#[error("an address is expected that begins with http:// or https://")]
pub(super) struct HookError;

impl FromStr for Hook {
    type Err = HookError;

    fn from_str(text: &str) -> Result<Self, HookError> {
        let is_one = text.starts_with("https://") || text.starts_with("http://");
        if is_one { Ok(Self(text.to_owned())) } else { Err(HookError) }
    }
}
