//! Which tags of a repository a rule takes, and why it leaves the others.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::num::NonZeroUsize;

use jiff::{SignedDuration, Timestamp};
use semver::Version;

use super::age::{Age, rough};
use super::natural::natural;
use super::pattern::Pattern;
use super::version::{Prereleases, Versions, version_of};
use crate::model::{Tag, one_line};

/// No image is older than Docker. What says that it is was built with a time that stands for none, so that the same
/// sources make the same image: 1970 and 1980 are common.
const FIRST: Timestamp = Timestamp::constant(1_356_998_400, 0);

/// What a tag has to fulfil to be taken: all that is there.
#[derive(Clone, Debug, Default)]
pub struct Select {
    /// One of them fits, if there are any.
    pub allow: Vec<Pattern>,
    /// None of them fits, whatever else does.
    pub deny: Vec<Pattern>,
    /// The tag is a version, and in this range.
    pub semver: Option<Versions>,
    /// Which pre-releases are in that range; without one, whether `newest` counts them.
    pub prerelease: Prereleases,
    /// The tag is among the newest of those that everything else takes.
    pub newest: Option<Newest>,
    /// The image was made at least so long ago.
    pub older_than: Option<Age>,
    /// The image was made less long ago.
    pub newer_than: Option<Age>,
}

/// A number of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// How many.
    pub count: NonZeroUsize,
    /// By which order.
    pub by: Order,
}

/// Which of two tags is newer. Of two that are equally new it is the one whose name is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The one with the higher version; tags that are no version are left, and so are pre-releases, unless they are
    /// wanted.
    Semver,
    /// The one whose name is later; numbers in it count as numbers.
    Name,
    /// The one whose image was made later; images of which that is not known are left.
    Created,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Semver => "semver",
            Self::Name => "name",
            Self::Created => "created",
        })
    }
}

/// A tag that may be taken. A repository has it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The tag.
    pub tag: Tag,
    /// When its image was made, as the image says; only looked at where [`Select::needs_times`].
    pub created: Option<Timestamp>,
}

/// What becomes of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is taken.
    Taken,
    /// It is left.
    Left(Why),
}

/// Why a tag is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is listed, and not there.
    Absent,
    /// There are patterns that allow, and none of them fits.
    NotAllowed,
    /// This pattern denies it.
    Denied(String),
    /// A version is wanted.
    NoVersion,
    /// Another version is wanted.
    OutOfRange {
        /// The version.
        version: Version,
        /// The range.
        range: String,
    },
    /// A pre-release of a version that is wanted.
    Prerelease(Version),
    /// Its time is needed.
    NoTime,
    /// Its time is needed, and it has one that stands for none.
    StandsForNone(Timestamp),
    /// It is newer.
    Young {
        /// How old it is; negative when it is from the future.
        age: SignedDuration,
        /// How old it has to be.
        bound: Age,
    },
    /// It is older.
    Old {
        /// How old it is.
        age: SignedDuration,
        /// How old it may not be.
        bound: Age,
    },
    /// Enough others are newer.
    NotNewest {
        /// What is wanted.
        newest: Newest,
        /// The oldest of the tags that are taken.
        last: Tag,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("it is listed, and not there"),
            Self::NotAllowed => f.write_str("no allow fits"),
            Self::Denied(pattern) => write!(f, "deny '{}' fits", one_line(pattern, 80)),
            Self::NoVersion => f.write_str("it is no version"),
            Self::OutOfRange { version, range } => {
                write!(f, "version {version} is not in {}", one_line(range, 80))
            }
            Self::Prerelease(version) => {
                write!(f, "version {version} is a pre-release: prerelease: true takes it")
            }
            Self::NoTime => f.write_str("its time is not known"),
            Self::StandsForNone(time) => {
                write!(f, "its time is not known: {time} stands for none")
            }
            Self::Young { age, bound } if age.is_negative() => {
                write!(f, "created in the future, younger than {bound}")
            }
            Self::Young { age, bound } => {
                write!(f, "created {} ago, younger than {bound}", rough(*age))
            }
            Self::Old { age, bound } => {
                write!(f, "created {} ago, older than {bound}", rough(*age))
            }
            Self::NotNewest { newest: Newest { count, by }, last } => {
                write!(f, "not among the newest {count} by {by} ({last} is the last of them)")
            }
        }
    }
}

impl Select {
    /// Whether it can be decided without the time at which images were made.
    #[must_use]
    pub fn needs_times(&self) -> bool {
        let by_time = self.newest.is_some_and(|newest| newest.by == Order::Created);
        by_time || self.older_than.is_some() || self.newer_than.is_some()
    }

    /// Judges a tag by its name alone. What is left here is left by [`Self::choose`], too.
    ///
    /// # Errors
    /// Why the tag is left.
    pub fn by_name(&self, tag: &Tag) -> Result<(), Why> {
        let fits = |pattern: &&Pattern| pattern.fits(tag.as_str());
        if !self.allow.is_empty() && !self.allow.iter().any(|pattern| fits(&pattern)) {
            return Err(Why::NotAllowed);
        }
        if let Some(pattern) = self.deny.iter().find(fits) {
            return Err(Why::Denied(pattern.to_string()));
        }
        let by_version = self.newest.is_some_and(|newest| newest.by == Order::Semver);
        if self.semver.is_none() && !by_version {
            return Ok(());
        }
        self.in_range(version_of(tag).ok_or(Why::NoVersion)?)
    }

    fn in_range(&self, version: Version) -> Result<(), Why> {
        let Some(range) = &self.semver else {
            let is_counted = self.prerelease.takes(&version);
            return if is_counted { Ok(()) } else { Err(Why::Prerelease(version)) };
        };
        if range.fits(&version, self.prerelease) {
            return Ok(());
        }
        Err(match range.fits(&version, Prereleases::All) {
            true => Why::Prerelease(version),
            false => Why::OutOfRange { version, range: range.to_string() },
        })
    }

    fn by_time(&self, created: Option<Timestamp>, now: Timestamp) -> Result<(), Why> {
        if !self.needs_times() {
            return Ok(());
        }
        let created = created.ok_or(Why::NoTime)?;
        if created < FIRST {
            return Err(Why::StandsForNone(created));
        }
        let age = now.duration_since(created);
        let bound = |bound: &Option<Age>, fails: fn(&SignedDuration, &SignedDuration) -> bool| {
            bound.clone().filter(|bound| fails(&age, &bound.length()))
        };
        if let Some(bound) = bound(&self.older_than, SignedDuration::lt) {
            return Err(Why::Young { age, bound });
        }
        match bound(&self.newer_than, SignedDuration::ge) {
            Some(bound) => Err(Why::Old { age, bound }),
            None => Ok(()),
        }
    }

    /// Judges all tags of a repository at the time `now`: one verdict for each, in their order. The order says nothing
    /// else.
    #[must_use]
    pub fn choose(&self, candidates: &[Candidate], now: Timestamp) -> Vec<Verdict> {
        let alone = |candidate: &Candidate| {
            self.by_name(&candidate.tag).and_then(|()| self.by_time(candidate.created, now))
        };
        let judged = candidates.iter().map(alone);
        let mut verdicts: Vec<Verdict> =
            judged.map(|judged| judged.map_or_else(Verdict::Left, |()| Verdict::Taken)).collect();
        if let Some(newest) = self.newest {
            newest.leave_others(candidates, &mut verdicts);
        }
        verdicts
    }
}

impl Newest {
    /// Leaves all that are taken but the newest.
    fn leave_others(self, candidates: &[Candidate], verdicts: &mut [Verdict]) {
        let taken = verdicts.iter().enumerate().filter(|(_, verdict)| **verdict == Verdict::Taken);
        let mut taken: Vec<usize> = taken.map(|(index, _)| index).collect();
        taken.sort_by_cached_key(|index| Reverse(Rank::of(&candidates[*index], self.by)));
        let Some(last) = taken.get(self.count.get() - 1) else { return };
        let last = &candidates[*last].tag;
        for index in &taken[self.count.get()..] {
            verdicts[*index] = Verdict::Left(Why::NotNewest { newest: self, last: last.clone() });
        }
    }
}

/// Where a tag stands: the greatest is the newest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    version: Option<Version>,
    created: Option<Timestamp>,
    name: Natural,
}

/// A name in natural order.
#[derive(PartialEq, Eq)]
struct Natural(Tag);

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        natural(self.0.as_str(), other.0.as_str())
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Rank {
    fn of(candidate: &Candidate, by: Order) -> Self {
        Self {
            version: (by == Order::Semver).then(|| version_of(&candidate.tag)).flatten(),
            created: candidate.created.filter(|_| by == Order::Created),
            name: Natural(candidate.tag.clone()),
        }
    }
}

#[cfg(test)]
#[path = "select_tests.rs"]
mod tests;
