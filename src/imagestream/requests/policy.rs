//! Which policies an import has: those of the flags, else those that are stored, else those of oc without flags.

use super::ImportOptions;
use crate::imagestream::api::{
    DOCKER_IMAGE, INSECURE_REPOSITORY, ImageImportSpec, ImageStream, ImportMode, ImportPolicy,
    LocalReference, ObjectReference, ReferencePolicy, ReferencePolicyType, RepositoryImportSpec,
    SpecTag,
};

/// The policies of one tag or of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Policies {
    pub(super) import: ImportPolicy,
    pub(super) reference: ReferencePolicy,
}

impl Policies {
    /// Those of an image that is imported to a tag. A tag that is stored keeps what it has.
    pub(super) fn of_tag(
        options: &ImportOptions,
        stream: Option<&ImageStream>,
        stored: Option<&SpecTag>,
    ) -> Self {
        let old = stored.map_or_else(Self::unsaid, Self::stored);
        Self::chosen(options, stream, &old).or_default()
    }

    /// Those of a whole repository. What all its stored tags have in common is kept; where they differ nothing is
    /// said, so that each can keep its own ([`repository_tag`]).
    pub(super) fn of_repository(
        options: &ImportOptions,
        stream: Option<&ImageStream>,
        stored: &[&SpecTag],
    ) -> Self {
        let mut olds = stored.iter().map(|tag| Self::stored(tag));
        let common = olds.next().map(|first| olds.fold(first, |common, old| common.shared(&old)));
        let old = common.unwrap_or_else(|| Self::unsaid().or_default());
        Self::chosen(options, stream, &old)
    }

    /// Of `stored` tags of a repository, those that an API server takes out of what they have: for it, these are
    /// the policies of all.
    pub(super) fn replaced(
        &self,
        options: &ImportOptions,
        stream: Option<&ImageStream>,
        stored: &[&SpecTag],
    ) -> Vec<String> {
        let for_all = self.clone().or_default().import;
        let is_replaced =
            |tag: &&&SpecTag| Self::of_tag(options, stream, Some(tag)).import != for_all;
        stored.iter().filter(is_replaced).map(|tag| tag.name.clone()).collect()
    }

    /// What a tag has.
    fn stored(tag: &SpecTag) -> Self {
        let stored =
            Self { import: tag.import_policy.clone(), reference: tag.reference_policy.clone() };
        stored.or_default()
    }

    fn unsaid() -> Self {
        Self { import: ImportPolicy::default(), reference: ReferencePolicy::default() }
    }

    fn chosen(options: &ImportOptions, stream: Option<&ImageStream>, old: &Self) -> Self {
        let annotated = || old.import.insecure || stream.is_some_and(is_insecure);
        Self {
            import: ImportPolicy {
                insecure: options.insecure.unwrap_or_else(annotated),
                scheduled: options.scheduled || old.import.scheduled,
                import_mode: options.import_mode.clone().or_else(|| old.import.import_mode.clone()),
            },
            reference: ReferencePolicy {
                kind: options.reference_policy.clone().or_else(|| old.reference.kind.clone()),
            },
        }
    }

    /// What two have in common.
    fn shared(self, other: &Self) -> Self {
        Self {
            import: ImportPolicy {
                insecure: self.import.insecure && other.import.insecure,
                scheduled: self.import.scheduled && other.import.scheduled,
                import_mode: self
                    .import
                    .import_mode
                    .filter(|mode| other.import.import_mode.as_ref() == Some(mode)),
            },
            reference: ReferencePolicy {
                kind: self
                    .reference
                    .kind
                    .filter(|kind| other.reference.kind.as_ref() == Some(kind)),
            },
        }
    }

    /// With what oc takes without flags, and an API server without fields, where nothing is said.
    fn or_default(mut self) -> Self {
        self.import.import_mode.get_or_insert(ImportMode::Legacy);
        self.reference.kind.get_or_insert(ReferencePolicyType::Source);
        self
    }
}

/// Whether a stream's annotation says that its registries may lack a trusted certificate, or TLS.
fn is_insecure(stream: &ImageStream) -> bool {
    stream.metadata.annotations.get(INSECURE_REPOSITORY).is_some_and(|value| value == "true")
}

/// The tags of a stream that were imported from `repository` as a whole: each is of the tag there with its name.
pub(super) fn tags_of<'a>(stream: &'a ImageStream, repository: &str) -> Vec<&'a SpecTag> {
    stream.spec.tags.iter().filter(|tag| is_of(tag, repository)).collect()
}

fn is_of(tag: &SpecTag, repository: &str) -> bool {
    tag.from.as_ref().is_some_and(|from| {
        let name = from.name.strip_prefix(repository).and_then(|rest| rest.strip_prefix(':'));
        from.kind == DOCKER_IMAGE && name == Some(tag.name.as_str())
    })
}

/// What the import of a whole repository is for one of its tags. A tag that is `stored` already, and was imported
/// from there, keeps its policies where the import of the repository says nothing: a mode or a reference policy that
/// is left out, and `scheduled`, which can only be turned on. `insecure` is the repository's: all of it is on one
/// registry, and a flag that turns it off must not be lost.
///
/// An API server has the policies of the repository for all its tags. Who imports without one asks this for each.
#[must_use]
pub fn repository_tag(
    repository: &RepositoryImportSpec,
    tag: &str,
    stored: Option<&SpecTag>,
) -> ImageImportSpec {
    let old = stored.filter(|stored| is_of(stored, &repository.from.name));
    let old = old.map_or_else(Policies::unsaid, Policies::stored);
    let said = &repository.import_policy;
    let kept = Policies {
        import: ImportPolicy {
            insecure: said.insecure,
            scheduled: said.scheduled || old.import.scheduled,
            import_mode: said.import_mode.clone().or(old.import.import_mode),
        },
        reference: ReferencePolicy {
            kind: repository.reference_policy.kind.clone().or(old.reference.kind),
        },
    };
    let Policies { import, reference } = kept.or_default();
    ImageImportSpec {
        from: ObjectReference::new(DOCKER_IMAGE, format!("{}:{tag}", repository.from.name)),
        to: Some(LocalReference { name: tag.to_owned() }),
        import_policy: import,
        reference_policy: reference,
        include_manifest: repository.include_manifest,
    }
}
