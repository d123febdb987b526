//! Under which tag an image goes to the mirror.

use std::str::FromStr;

use regex::bytes::{Captures, Regex};

use super::template::{Field, Template, TemplateError, foreign};
use super::version::{Written, version_of};
use super::whole::whole;
use crate::model::{ReferenceError, Tag, one_line};

/// How tags are renamed: by a template such as `mirror-{tag}`, or by rules of which the first that fits counts. A tag
/// that no rule fits stays as it is; so does every tag without rules.
///
/// Several tags can become one: `{major}.{minor}` makes `1.2` of `1.2.3` and of `1.2.4`. It is for the caller to see
/// that.
#[derive(Clone, Debug)]
pub struct Rename(Way);

#[derive(Clone, Debug)]
enum Way {
    Template(Template<TagField>),
    Rules(Vec<RenameRule>),
}

/// What can be in a template: `{tag}`, `{version}` (the tag without the `v` in front), `{major}`, `{minor}` and
/// `{patch}` (the numbers as they are written).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TagField {
    Tag,
    Version,
    Number(usize),
}

impl Field for TagField {
    const ALL: &'static [(&'static str, Self)] = &[
        ("tag", Self::Tag),
        ("version", Self::Version),
        ("major", Self::Number(0)),
        ("minor", Self::Number(1)),
        ("patch", Self::Number(2)),
    ];
}

/// Why a tag cannot be renamed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    /// A template wants parts of a version.
    #[error("the tag '{tag}' is no version, so {{{field}}} in '{template}' stands for nothing")]
    NoVersion {
        /// The tag.
        tag: Tag,
        /// The field.
        field: &'static str,
        /// The template.
        template: String,
    },
    /// A template wants a number that the version does not have.
    #[error("the tag '{tag}' has fewer numbers, so {{{field}}} in '{template}' stands for nothing")]
    NoNumber {
        /// The tag.
        tag: Tag,
        /// The field.
        field: &'static str,
        /// The template.
        template: String,
    },
    /// What comes out is no tag.
    #[error("the tag '{tag}' would be renamed to what is no tag")]
    NotATag {
        /// The tag.
        tag: Tag,
        /// What comes out, and what a tag is.
        #[source]
        source: ReferenceError,
    },
}

impl Rename {
    /// Renames by the first of `rules` that fits.
    #[must_use]
    pub fn by_rules(rules: Vec<RenameRule>) -> Self {
        Self(Way::Rules(rules))
    }

    /// The name that `tag` gets.
    ///
    /// # Errors
    /// When a field of the template has no value, or when what comes out is no tag.
    pub fn apply(&self, tag: &Tag) -> Result<Tag, RenameError> {
        let name = match &self.0 {
            Way::Template(template) => template.fill(|field| value(template, field, tag))?,
            Way::Rules(rules) => {
                let Some(name) = rules.iter().find_map(|rule| rule.apply(tag.as_str())) else {
                    return Ok(tag.clone());
                };
                name
            }
        };
        name.parse().map_err(|source| RenameError::NotATag { tag: tag.clone(), source })
    }
}

/// Without rules: every tag stays as it is.
impl Default for Rename {
    fn default() -> Self {
        Self::by_rules(Vec::new())
    }
}

impl FromStr for Rename {
    type Err = TemplateError;

    /// Reads a template.
    fn from_str(text: &str) -> Result<Self, TemplateError> {
        Template::parse(text).map(|template| Self(Way::Template(template)))
    }
}

fn value(template: &Template<TagField>, field: TagField, tag: &Tag) -> Result<String, RenameError> {
    let (name, template) = (field.name(), || template.to_string());
    let written = Written::new(tag.as_str());
    if field == TagField::Tag {
        return Ok(tag.to_string());
    }
    if version_of(tag).is_none() {
        let (tag, template) = (tag.clone(), template());
        return Err(RenameError::NoVersion { tag, field: name, template });
    }
    let TagField::Number(index) = field else { return Ok(written.text.to_owned()) };
    written.number(index).map(str::to_owned).ok_or_else(|| RenameError::NoNumber {
        tag: tag.clone(),
        field: name,
        template: template(),
    })
}

/// What becomes of tags that fit an expression.
#[derive(Clone, Debug)]
pub struct RenameRule {
    matching: Regex,
    to: Vec<Part>,
}

/// A part of a replacement.
#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Group(usize),
}

/// Why a rule is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenameRuleError {
    /// No regular expression.
    #[error("'{text}' is no regular expression: {why}")]
    Expression {
        /// What was written.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// A `$` that names nothing.
    #[error("'{0}' has a $ that names no group: a group is written $1 or ${{name}}")]
    Dollar(String),
    /// A group that the expression does not have.
    #[error("'{to}' names the group '{group}', which the expression does not have: it has {known}")]
    Group {
        /// What was written.
        to: String,
        /// The group.
        group: String,
        /// The groups of the expression.
        known: String,
    },
    /// A character that cannot be in a tag.
    #[error("'{to}' has '{character}', which no tag can have: expected A-Z a-z 0-9 _ . -")]
    Character {
        /// What was written.
        to: String,
        /// The first such character.
        character: char,
    },
}

impl RenameRule {
    /// The rule that makes `to` of the tags whose whole name the regular expression `matching` fits. In `to`, `$1` is
    /// the first group, whatever stands behind it, `${name}` or `$name` one by its name, and `$0` all. Slashes around
    /// the expression are left out, as they are what makes an expression elsewhere.
    ///
    /// # Errors
    /// When `matching` is no regular expression, or when `to` names other groups than it has or cannot be in a tag.
    pub fn new(matching: &str, to: &str) -> Result<Self, RenameRuleError> {
        let between = matching.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let matching = whole(between.unwrap_or(matching))
            .map_err(|why| RenameRuleError::Expression { text: one_line(matching, 80), why })?;
        let to = parts(to, &matching)?;
        Ok(Self { matching, to })
    }

    /// The new name of a tag that fits.
    fn apply(&self, tag: &str) -> Option<String> {
        let groups = self.matching.captures(tag.as_bytes())?;
        Some(self.to.iter().map(|part| text_of(part, &groups)).collect())
    }
}

fn text_of(part: &Part, groups: &Captures<'_>) -> String {
    match part {
        Part::Text(text) => text.clone(),
        Part::Group(index) => groups.get(*index).map_or_else(String::new, |group| {
            String::from_utf8_lossy(group.as_bytes()).into_owned()
        }),
    }
}

fn parts(to: &str, matching: &Regex) -> Result<Vec<Part>, RenameRuleError> {
    let mut parts = Vec::new();
    let mut pieces = to.split('$');
    parts.extend(literal(to, pieces.next().unwrap_or_default())?);
    for piece in pieces {
        let (group, behind) =
            group(piece).ok_or_else(|| RenameRuleError::Dollar(one_line(to, 80)))?;
        parts
            .push(Part::Group(index(matching, group).ok_or_else(|| unknown(to, group, matching))?));
        parts.extend(literal(to, behind)?);
    }
    Ok(parts)
}

/// The group that stands behind a `$`, and what is behind it.
fn group(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix('{') {
        return rest.split_once('}').filter(|(name, _)| !name.is_empty());
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let name = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    // `$1a` is the first group and an `a`.
    let length = if digits > 0 { digits } else { name };
    (length > 0).then(|| text.split_at(length))
}

fn index(matching: &Regex, group: &str) -> Option<usize> {
    match group.parse() {
        Ok(index) => (index < matching.captures_len()).then_some(index),
        Err(_) => matching.capture_names().position(|name| name == Some(group)),
    }
}

fn unknown(to: &str, group: &str, matching: &Regex) -> RenameRuleError {
    let named = |(index, name): (usize, Option<&str>)| {
        name.map_or_else(|| format!("${index}"), |name| format!("${{{name}}}"))
    };
    let known: Vec<String> = matching.capture_names().enumerate().map(named).collect();
    let known = known.join(", ");
    RenameRuleError::Group { to: one_line(to, 80), group: one_line(group, 40), known }
}

fn literal(to: &str, text: &str) -> Result<Option<Part>, RenameRuleError> {
    match foreign(text) {
        Some(character) => Err(RenameRuleError::Character { to: one_line(to, 80), character }),
        None => Ok((!text.is_empty()).then(|| Part::Text(text.to_owned()))),
    }
}

#[cfg(test)]
#[path = "rename_tests.rs"]
mod tests;
