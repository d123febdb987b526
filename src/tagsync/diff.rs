//! What is to be done at a target, from what is wanted there and what it has.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Backup, BackupNameError, PruneMode, Rule};
use crate::model::{Digest, Tag};

/// What becomes of one tag of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It points to the image already.
    Keep,
    /// It is not there yet.
    New,
    /// It points to another image.
    Move {
        /// That one.
        from: Digest,
        /// What that one is kept as.
        backup: Option<Tag>,
    },
    /// It points to another image, and never moves.
    Held {
        /// That one.
        from: Digest,
        /// The pattern that says so.
        immutable: String,
    },
}

/// What becomes of the tag `name`, which points to `there`, where `wanted` is to be.
///
/// # Errors
/// When an image would be overwritten, and what it is to be kept as is no tag.
pub fn step(
    rule: &Rule,
    name: &Tag,
    wanted: &Digest,
    there: Option<&Digest>,
    now: Timestamp,
) -> Result<Step, BackupNameError> {
    let from = match there {
        None => return Ok(Step::New),
        Some(there) if there == wanted => return Ok(Step::Keep),
        Some(there) => there.clone(),
    };
    if let Some(pattern) = rule.immutable.iter().find(|pattern| pattern.fits(name.as_str())) {
        return Ok(Step::Held { from, immutable: pattern.to_string() });
    }
    let kept = |backup: &Backup| backup.name(name, &from, now);
    let backup = rule.backup.as_ref().map(kept).transpose()?;
    Ok(Step::Move { from, backup })
}

/// What is known of one target before tags are taken away from it.
#[derive(Debug, Default)]
pub struct Holding<'r> {
    /// All rules that put tags there.
    pub rules: Vec<&'r Rule>,
    /// All tags that they want there.
    pub wanted: BTreeSet<Tag>,
}

impl Holding<'_> {
    /// The tags of those that are `there` that nobody wants, and that may go.
    ///
    /// A tag stays that a rule wants or protects, that may be a backup, or by which clients find what refers to an image
    /// (`sha256-…`): that is not for rules of tags.
    #[must_use]
    pub fn strays(&self, there: &[Tag]) -> Vec<Tag> {
        let stays = |tag: &Tag| {
            self.wanted.contains(tag)
                || is_of_referrers(tag)
                || self.rules.iter().any(|rule| keeps(rule, tag))
        };
        there.iter().filter(|tag| !stays(tag)).cloned().collect()
    }

    /// How many tags may go at once: what the most careful rule says.
    #[must_use]
    pub fn max_delete(&self) -> usize {
        let looking = self.rules.iter().filter(|rule| rule.prune.mode != PruneMode::Off);
        looking.map(|rule| rule.prune.max_delete).min().unwrap_or(0)
    }
}

fn keeps(rule: &Rule, tag: &Tag) -> bool {
    rule.prune.protect.iter().any(|pattern| pattern.fits(tag.as_str()))
        || rule.backup.as_ref().is_some_and(|backup| backup.could_be(tag))
}

/// Whether a tag is of the referrers tag schema (OCI distribution specification, «Referrers Tag Schema»: the digest with a
/// dash, cut after 64 characters), or one of cosign's, which only has something more behind.
fn is_of_referrers(tag: &Tag) -> bool {
    let text = tag.as_str();
    let rest = text.strip_prefix("sha256-").or_else(|| text.strip_prefix("sha512-"));
    rest.and_then(|rest| rest.split_at_checked(64)).is_some_and(|(hex, after)| {
        hex.bytes().all(|b| b.is_ascii_hexdigit()) && (after.is_empty() || after.starts_with('.'))
    })
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
