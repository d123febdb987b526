//! Rules: which tags of which repositories are kept in step, where, and how.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::{Age, Backup, Pattern, Rename, Schedule, Select, Windows};
use crate::mirror::{Namespace, Position, Root};
use crate::model::{Digest, Endpoint, ImageName, PlatformFilter, Rate, RepositoryPath, Tag};
use crate::transfer::Attachments;

/// How many tags of one target repository a run deletes at most where a rule says nothing.
pub const MAX_DELETE: usize = 20;

/// One rule, with all that the defaults of its file say for it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it is called; no two rules of a file have one name.
    pub name: String,
    /// Where it stands.
    pub position: Position,
    /// The repositories.
    pub source: Source,
    /// Where their tags go; never empty.
    pub targets: Vec<Target>,
    /// Which tags.
    pub select: Select,
    /// Images that are wanted by digest besides, and get no tag.
    pub digests: Vec<Digest>,
    /// Which platforms of an index are wanted; all when empty.
    pub platforms: Vec<PlatformFilter>,
    /// What tags are called at the targets.
    pub rename: Rename,
    /// What goes along with images.
    pub attachments: Attachments,
    /// What becomes of other tags at the targets.
    pub prune: Prune,
    /// What an overwritten tag is kept as.
    pub backup: Option<Backup>,
    /// Tags of the target that never move.
    pub immutable: Vec<Pattern>,
    /// Who is told when a tag of a target moves.
    pub on_change: Option<OnChange>,
    /// When a watch runs it.
    pub schedule: Option<Schedule>,
    /// When it may run, and how fast.
    pub window: Windows<Rate>,
    /// How old what is remembered of a target may be before it is asked again.
    pub recheck: Age,
}

impl Rule {
    /// Whether both may put tags to the same place.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.targets.iter().any(|one| other.targets.iter().any(|other| one.meets(other)))
    }

    /// Whether it may put tags there, as far as its text tells.
    #[must_use]
    pub fn may_write_to(&self, place: &Endpoint) -> bool {
        let place = Target::Repository(place.clone());
        self.targets.iter().any(|target| target.meets(&place))
    }

    /// Where the tags of the repository `source` go.
    #[must_use]
    pub fn places_of(&self, source: &str) -> Vec<String> {
        let rest = match (&self.source, source.parse::<Endpoint>()) {
            (
                Source::Below { namespace, .. },
                Ok(Endpoint::Registry(ImageName::Qualified(image))),
            ) => rest_below(namespace, &(&image.repository).into()),
            _ => None,
        };
        let places = self.targets.iter().filter_map(|target| target.place(rest.as_ref()));
        places.map(|place| place.to_string()).collect()
    }
}

/// The repositories of a rule.
#[derive(Clone, Debug)]
pub enum Source {
    /// One, whose tags are chosen from.
    Repository(Endpoint),
    /// One tag of one, which has to be there.
    Image(Endpoint, Tag),
    /// All below a place that fit.
    Below {
        /// The place.
        namespace: Namespace,
        /// Which repositories, by what stands behind the place; all when empty.
        allow: Vec<Pattern>,
        /// Which not.
        deny: Vec<Pattern>,
    },
}

impl Source {
    /// Whether a repository below the place, named by the rest of its path, is meant.
    #[must_use]
    pub fn takes(allow: &[Pattern], deny: &[Pattern], rest: &str) -> bool {
        let fits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.fits(rest));
        (allow.is_empty() || fits(allow)) && !fits(deny)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repository(place) => write!(f, "{place}"),
            Self::Image(place, tag) => write!(f, "{place}:{tag}"),
            Self::Below { namespace, .. } => write!(f, "{namespace}"),
        }
    }
}

/// Where tags go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To this repository, layout or folder.
    Repository(Endpoint),
    /// Below this place, under the path that a repository has below its own.
    Below(Root),
}

impl Target {
    /// Whether both may be the same repository.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Repository(one), Self::Repository(other)) => one == other,
            (Self::Repository(place), Self::Below(root))
            | (Self::Below(root), Self::Repository(place)) => {
                is_below(&place.to_string(), &root.to_string())
            }
            (Self::Below(one), Self::Below(other)) => {
                let (one, other) = (one.to_string(), other.to_string());
                is_below(&one, &other) || is_below(&other, &one)
            }
        }
    }

    /// The place for the repository at `rest` below the place of the source; of a single one, the place itself.
    #[must_use]
    pub fn place(&self, rest: Option<&RepositoryPath>) -> Option<Endpoint> {
        match (self, rest) {
            (Self::Repository(place), _) => Some(place.clone()),
            (Self::Below(root), Some(rest)) => root.repository(rest).ok(),
            (Self::Below(_), None) => None,
        }
    }
}

fn is_below(place: &str, root: &str) -> bool {
    place.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repository(place) => write!(f, "{place}"),
            Self::Below(root) => write!(f, "{root}"),
        }
    }
}

/// What becomes of tags of a target that no rule selects any more.
#[derive(Clone, Debug)]
pub struct Prune {
    /// Whether they stay.
    pub mode: PruneMode,
    /// Tags that stay whatever the rules say.
    pub protect: Vec<Pattern>,
    /// With more than this many in one repository, nothing of it is deleted.
    pub max_delete: usize,
}

impl Default for Prune {
    fn default() -> Self {
        Self { mode: PruneMode::Off, protect: Vec::new(), max_delete: MAX_DELETE }
    }
}

/// Whether tags stay that no rule selects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PruneMode {
    /// They stay, and nobody looks.
    #[default]
    Off,
    /// They stay, and are told.
    Report,
    /// They are deleted.
    Tags,
}

/// Who is told when a tag moves. Command and address may hold secrets: they are not in its debug form.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OnChange {
    /// A command, for `sh`.
    pub command: Option<String>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// An address that is posted to.
    pub url: Option<String>,
    /// The file with the key that what is posted is signed with.
    pub secret_file: Option<PathBuf>,
}

impl fmt::Debug for OnChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnChange").finish_non_exhaustive()
    }
}

/// What is behind a place in the path of a repository below it.
#[must_use]
pub fn rest_below(namespace: &Namespace, repository: &RepositoryPath) -> Option<RepositoryPath> {
    namespace.below(repository.as_str())?.parse().ok()
}

/// A name without which an endpoint is a whole repository.
pub(super) fn tag_of(endpoint: &Endpoint) -> Option<Tag> {
    match endpoint {
        Endpoint::Registry(ImageName::Qualified(image)) => image.tag.clone(),
        other => other.name()?.to_tag().ok(),
    }
}

#[cfg(test)]
#[path = "rule_tests.rs"]
mod tests;
