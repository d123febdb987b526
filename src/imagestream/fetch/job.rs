//! One image to ask for, and all that decides how.

use super::super::ImageStream;
use super::super::api::{DOCKER_IMAGE, ImageImportSpec, ImportMode, ImportPolicy};
use super::choice::Preference;
use super::reference::Named;
use crate::model::ReferenceError;

/// One image to ask for.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) named: Named,
    pub(super) policy: ImportPolicy,
    pub(super) keeps: Keeps,
    pub(super) first: First,
    pub(super) detail: Detail,
}

/// What becomes of an index.
#[derive(Clone, Debug)]
pub(super) enum Keeps {
    /// One of its images is chosen.
    One(Preference),
    /// It is kept with all its images.
    All,
}

/// Whether others are asked for along with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Company {
    /// No.
    Alone,
    /// Yes: some of them may be one image under several tags.
    Several,
}

impl Company {
    pub(super) fn of(images: usize) -> Self {
        if images > 1 { Self::Several } else { Self::Alone }
    }
}

/// What is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// The digest: its image is probably known, or wanted for another tag too.
    Digest,
    /// The manifest.
    Manifest,
}

/// How much of an image is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Detail {
    /// What is kept of it.
    Summary,
    /// Its manifest and configuration as they came, too. What is known already does not help with that.
    Raw,
}

impl Job {
    /// What `spec` asks for; `None` for what is not on a registry, which is nothing to do.
    pub(super) fn new(
        spec: &ImageImportSpec,
        company: Company,
        stream: Option<&ImageStream>,
        keep: bool,
    ) -> Option<Result<Self, ReferenceError>> {
        (spec.from.kind == DOCKER_IMAGE)
            .then(|| Ok(Self::of(spec, company, stream, keep, Named::parse(&spec.from.name)?)))
    }

    fn of(
        spec: &ImageImportSpec,
        company: Company,
        stream: Option<&ImageStream>,
        keep: bool,
        named: Named,
    ) -> Self {
        let target = spec.to.as_ref().map_or_else(|| named.tag(), |to| to.name.clone());
        let stored = stream.and_then(|stream| stream.spec_tag(&target));
        let has_history = stream.is_some_and(|stream| stream.current(&target).is_some());
        let detail = if spec.include_manifest && !keep { Detail::Raw } else { Detail::Summary };
        Self {
            keeps: match spec.import_policy.import_mode {
                Some(ImportMode::PreserveOriginal) => Keeps::All,
                _ => Keeps::One(Preference::of(stored.map(|tag| &tag.annotations))),
            },
            first: match (has_history, company, detail) {
                (true, _, Detail::Summary) | (_, Company::Several, Detail::Summary) => {
                    First::Digest
                }
                _ => First::Manifest,
            },
            named,
            policy: spec.import_policy.clone(),
            detail,
        }
    }
}
