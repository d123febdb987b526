//! Under which tag an image stays that another one takes the tag of.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use regex::bytes::Regex;

use super::template::{Field, Piece, Template, TemplateError};
use super::whole::whole;
use crate::model::{Digest, ReferenceError, Tag, one_line};

/// How backups are named: `{tag}-before-{date}`. The time is that of the change, in UTC.
#[derive(Clone, Debug)]
pub struct Backup {
    template: Template<BackupField>,
    made: Regex,
}

/// What can be in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BackupField {
    /// The tag that changes.
    Tag,
    /// The day: `20261125`.
    Date,
    /// The time of day: `235959`.
    Time,
    /// A part of either: `2026`, `11`.
    Part(&'static str),
    /// The first twelve digits of the digest of the image that had the tag.
    Digest,
}

impl Field for BackupField {
    const ALL: &'static [(&'static str, Self)] = &[
        ("tag", Self::Tag),
        ("date", Self::Date),
        ("time", Self::Time),
        ("digest", Self::Digest),
        ("year", Self::Part("%Y")),
        ("month", Self::Part("%m")),
        ("day", Self::Part("%d")),
        ("hour", Self::Part("%H")),
        ("minute", Self::Part("%M")),
        ("second", Self::Part("%S")),
    ];
}

impl BackupField {
    /// The regular expression of its values.
    fn values(self) -> &'static str {
        match self {
            Self::Tag => "[A-Za-z0-9_][A-Za-z0-9._-]*",
            Self::Date => "[0-9]{8}",
            Self::Time => "[0-9]{6}",
            Self::Part("%Y") => "[0-9]{4}",
            Self::Part(_) => "[0-9]{2}",
            Self::Digest => "[0-9a-f]{12}",
        }
    }
}

/// Why a text is no template of backups.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// No template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The name is the same.
    #[error("'{{tag}}' is the tag itself: expected more, as in {{tag}}-before-{{date}}")]
    Same,
    /// Images would lose their backups to each other.
    #[error(
        "'{0}' has neither {{tag}} nor {{digest}}, so that backups of several tags would be one: expected one like {{tag}}-before-{{date}}"
    )]
    Shared(String),
    /// Names that are no tags.
    #[error("'{0}' makes no tags: they begin with a letter, a digit or '_'")]
    Beginning(String),
    /// The template is long.
    #[error("'{0}' is too long for a tag")]
    Long(String),
}

/// Why a backup cannot be named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the backup of the tag '{tag}' has no name by '{template}'")]
pub struct BackupNameError {
    tag: Tag,
    template: String,
    source: ReferenceError,
}

impl Backup {
    /// The tag that an image gets whose `tag` goes to another one at the time `now`; `old` is its digest.
    ///
    /// # Errors
    /// When the name is too long for a tag. It is never cut off.
    pub fn name(&self, tag: &Tag, old: &Digest, now: Timestamp) -> Result<Tag, BackupNameError> {
        let now = now.to_zoned(TimeZone::UTC);
        let value = |field| match field {
            BackupField::Tag => tag.to_string(),
            BackupField::Date => now.strftime("%Y%m%d").to_string(),
            BackupField::Time => now.strftime("%H%M%S").to_string(),
            BackupField::Part(part) => now.strftime(part).to_string(),
            BackupField::Digest => old.short().to_owned(),
        };
        let Ok(name) = self.template.fill(|field| Ok::<_, Infallible>(value(field)));
        name.parse().map_err(|source| BackupNameError {
            tag: tag.clone(),
            template: self.template.to_string(),
            source,
        })
    }

    /// Whether all backups of a tag have one name: then the last one is kept, as the template says.
    #[must_use]
    pub fn is_one_name(&self) -> bool {
        let is_same = |piece: &Piece<BackupField>| {
            matches!(piece, Piece::Text(_) | Piece::Field(BackupField::Tag))
        };
        self.template.pieces.iter().all(is_same)
    }

    /// The tag that an image gets where `name` is that of another one: with its digest behind.
    ///
    /// # Errors
    /// When the name is too long for a tag.
    pub fn beside(&self, name: &Tag, old: &Digest) -> Result<Tag, BackupNameError> {
        let beside = format!("{name}-{}", old.short()).parse();
        beside.map_err(|source| BackupNameError {
            tag: name.clone(),
            template: self.template.to_string(),
            source,
        })
    }

    /// Whether this may have named `tag`, so that it is to be left alone. Other tags can look the same.
    #[must_use]
    pub fn could_be(&self, tag: &Tag) -> bool {
        self.made.is_match(tag.as_str().as_bytes())
    }
}

impl FromStr for Backup {
    type Err = BackupError;

    fn from_str(text: &str) -> Result<Self, BackupError> {
        let template: Template<BackupField> = Template::parse(text)?;
        if template.pieces == [Piece::Field(BackupField::Tag)] {
            return Err(BackupError::Same);
        }
        if !template.has(BackupField::Tag) && !template.has(BackupField::Digest) {
            return Err(BackupError::Shared(template.to_string()));
        }
        if text.starts_with(['.', '-']) {
            return Err(BackupError::Beginning(template.to_string()));
        }
        let pieces = template.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => regex::escape(text),
            Piece::Field(field) => field.values().to_owned(),
        });
        // Only its length can be wrong with such an expression.
        let made = whole(&format!("{}(-[0-9a-f]{{12}})?", pieces.collect::<String>()));
        let made = made.map_err(|_| BackupError::Long(one_line(text, 80)))?;
        Ok(Self { template, made })
    }
}

impl fmt::Display for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.template.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    fn name(template: &str, old: &str) -> Result<Tag, BackupNameError> {
        let now = "2026-11-25T23:05:09.5Z".parse().unwrap();
        template.parse::<Backup>().unwrap().name(&tag(old), &DIGEST.parse().unwrap(), now)
    }

    #[test]
    fn a_backup_is_named_by_the_template() {
        for (template, expected) in [
            ("{tag}-before-{date}", "v1-before-20261125"),
            ("{tag}-{date}T{time}", "v1-20261125T230509"),
            ("before-{digest}", "before-0123456789ab"),
            ("{date}{time}{tag}", "20261125230509v1"),
            ("old-{tag}", "old-v1"),
            ("{tag}-{year}-{month}-{day}_{hour}.{minute}.{second}", "v1-2026-11-25_23.05.09"),
        ] {
            assert_eq!(name(template, "v1").unwrap(), tag(expected));
            assert_eq!(template.parse::<Backup>().unwrap().to_string(), template);
        }
    }

    #[test]
    fn a_name_is_never_cut_off() {
        let error = name("{tag}-before-{date}", &"v".repeat(113)).unwrap_err();
        assert!(error.to_string().ends_with("has no name by '{tag}-before-{date}'"), "{error}");
        assert!(error.source().unwrap().to_string().contains("vvv-before-20261125' is not a tag"));
        assert!(name("{tag}-before-{date}", &"v".repeat(112)).is_ok());
    }

    #[test]
    fn what_may_be_a_backup_is_left_alone() {
        for (template, yes, no) in [
            (
                "{tag}-before-{date}",
                &["v1-before-20261125", "a.b-c-before-20200101"][..],
                &["v1", "v1-before-2026112", "-before-20261125x", "v1-before-202611250"][..],
            ),
            ("b.{digest}", &["b.0123456789ab"], &["bx0123456789ab", "b.0123456789AB", "b.0123"]),
            ("{tag}-{time}", &["x-235959"], &["x-2359", "x235959"]),
            ("{tag}-{year}-{month}", &["x-2026-11"], &["x-202-11", "x-2026-1"]),
        ] {
            let backup: Backup = template.parse().unwrap();
            let could_be = |text: &str| text.parse().is_ok_and(|tag| backup.could_be(&tag));
            assert!(yes.iter().all(|text| could_be(text)), "{template}");
            assert!(!no.iter().any(|text| could_be(text)), "{template}");
        }
    }

    #[test]
    fn a_template_with_a_time_or_a_digest_names_each_image_anew() {
        for (template, is_one) in [
            ("old-{tag}", true),
            ("{tag}.{tag}", true),
            ("{tag}-{date}", false),
            ("{tag}-{time}", false),
            ("{digest}", false),
            ("{tag}-{year}{month}{day}", false),
            ("{tag}-{hour}", false),
        ] {
            assert_eq!(template.parse::<Backup>().unwrap().is_one_name(), is_one, "{template}");
        }
    }

    #[test]
    fn what_is_no_template_of_backups_is_told() {
        let long = format!("{{tag}}{}", "x".repeat(1_000_000));
        for (template, told) in [
            ("{tag}", "'{tag}' is the tag itself: expected more, as in {tag}-before-{date}"),
            ("old-{date}", "'old-{date}' has neither {tag} nor {digest}, so that backups"),
            ("old", "has neither {tag} nor {digest}"),
            (
                "{tag}-{week}",
                "has {week}, which is no field: there are {tag}, {date}, {time}, {digest}, {year}, {month}, {day}, {hour}, {minute}, {second}",
            ),
            ("-{tag}", "'-{tag}' makes no tags"),
            (long.as_str(), "is too long for a tag"),
        ] {
            let error = template.parse::<Backup>().unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    fn templates() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("{tag}".to_owned()),
            Just("{date}".to_owned()),
            Just("{time}".to_owned()),
            Just("{digest}".to_owned()),
            "[a-z0-9_.-]{1,4}",
        ];
        prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_it_names_could_be_a_backup(
            template in templates(),
            old in "[A-Za-z0-9_][A-Za-z0-9._-]{0,20}",
            hex in "[0-9a-f]{64}",
            second in 0_i64..4_102_444_800,
        ) {
            let Ok(backup) = template.parse::<Backup>() else { return Ok(()) };
            let digest = format!("sha256:{hex}").parse().unwrap();
            let now = Timestamp::from_second(second).unwrap();
            if let Ok(name) = backup.name(&tag(&old), &digest, now) {
                prop_assert!(backup.could_be(&name), "{} {}", template, name);
            }
        }
    }
}
