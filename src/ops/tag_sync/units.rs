//! From rules to repositories: each one that tags come from, and where those go.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{SyncError, Trouble};
use crate::mirror::Namespace;
use crate::model::{Digest, Endpoint, ImageName, ImageRef, Repository, RepositoryPath, Tag};
use crate::store::{self, Open};
use crate::tagsync::{Lock, Rule, Source, rest_below};

/// A repository of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The number of the rule.
    pub rule: usize,
    /// Where tags come from.
    pub source: Endpoint,
    /// The one tag that is wanted; all that the rule selects where there is none.
    pub image: Option<Tag>,
    /// Where they go.
    pub targets: Vec<Endpoint>,
}

/// The repositories below places, each asked for once.
#[derive(Default)]
pub(super) struct Lists(HashMap<(String, Option<String>), Listed>);

/// The repositories below a place, or why they are not known.
type Listed = Result<Vec<RepositoryPath>, Arc<store::Error>>;

impl Lists {
    /// The repositories of the rule with this number.
    pub(super) async fn units(
        &mut self,
        open: &dyn Open,
        rule: &Rule,
        number: usize,
    ) -> (Vec<Unit>, Vec<Trouble>) {
        let (namespace, allow, deny) = match &rule.source {
            Source::Repository(place) => return one(rule, number, place, None),
            Source::Image(place, tag) => return one(rule, number, place, Some(tag)),
            Source::Below { namespace, allow, deny } => (namespace, allow, deny),
        };
        let paths = match self.below(open, namespace).await {
            Ok(paths) => paths,
            Err(source) => {
                let registry = namespace.registry.clone();
                let error = SyncError::Repositories { registry, source };
                return (Vec::new(), vec![Trouble::of_rule(number, error)]);
            }
        };
        let (mut units, mut troubles) = (Vec::new(), Vec::new());
        for path in paths {
            let Some(rest) = rest_below(namespace, &path) else { continue };
            if Source::takes(allow, deny, rest.as_str())
                && let Some(place) = registry_place(namespace, &path)
            {
                let (unit, trouble) = unit(rule, number, &place, None, Some(&rest));
                units.push(unit);
                troubles.extend(trouble);
            }
        }
        if units.is_empty() {
            let error = SyncError::NoRepository(namespace.to_string());
            troubles.push(Trouble::of_rule(number, error));
        }
        (units, troubles)
    }

    async fn below(&mut self, open: &dyn Open, namespace: &Namespace) -> Listed {
        let Namespace { registry, path } = namespace;
        let key = (registry.to_string(), path.clone());
        if let Some(known) = self.0.get(&key) {
            return known.clone();
        }
        let listed = open.repositories(registry, path.as_deref()).await.map_err(Arc::new);
        self.0.insert(key, listed.clone());
        listed
    }
}

/// A repository, and what its tags are to be.
pub(super) type Pinned = (Unit, BTreeMap<Tag, Digest>);

/// What a lock file says of a rule: each of its repositories, with its tags.
pub(super) fn locked(rule: &Rule, number: usize, lock: &Lock) -> (Vec<Pinned>, Vec<Trouble>) {
    let Some(repositories) = lock.rules.get(&rule.name) else {
        let error = SyncError::NotLocked(rule.name.clone());
        return (Vec::new(), vec![Trouble::of_rule(number, error)]);
    };
    let (mut units, mut troubles) = (Vec::new(), Vec::new());
    for (name, tags) in repositories {
        let Some((place, rest)) = covered(rule, name) else {
            let (rule, repository) = (rule.name.clone(), name.clone());
            let error = SyncError::NotOfRule { rule, repository };
            troubles.push(Trouble::of_rule(number, error));
            continue;
        };
        let (unit, trouble) = unit(rule, number, &place, None, rest.as_ref());
        units.push((unit, tags.clone()));
        troubles.extend(trouble);
    }
    (units, troubles)
}

/// The repository that a lock file calls `name`, if it is one of the rule; what is behind the rule's place in its path.
fn covered(rule: &Rule, name: &str) -> Option<(Endpoint, Option<RepositoryPath>)> {
    let place: Endpoint = name.parse().ok()?;
    match (&rule.source, &place) {
        // What a name in a layout means cannot be pinned.
        (_, Endpoint::Oci { .. }) => None,
        (Source::Repository(own) | Source::Image(own, _), _) => {
            (*own == place).then_some((place, None))
        }
        (
            Source::Below { namespace, allow, deny },
            Endpoint::Registry(ImageName::Qualified(image)),
        ) if image.repository.registry() == &namespace.registry => {
            let rest = rest_below(namespace, &(&image.repository).into())?;
            Source::takes(allow, deny, rest.as_str()).then_some((place, Some(rest)))
        }
        (Source::Below { .. }, _) => None,
    }
}

fn one(
    rule: &Rule,
    number: usize,
    place: &Endpoint,
    image: Option<&Tag>,
) -> (Vec<Unit>, Vec<Trouble>) {
    let (unit, troubles) = unit(rule, number, place, image, None);
    (vec![unit], troubles)
}

fn unit(
    rule: &Rule,
    number: usize,
    place: &Endpoint,
    image: Option<&Tag>,
    rest: Option<&RepositoryPath>,
) -> (Unit, Vec<Trouble>) {
    let (mut targets, mut troubles) = (Vec::new(), Vec::new());
    for target in &rule.targets {
        match target.place(rest) {
            Some(place) => targets.push(place),
            None => {
                let (repository, target) = (place.to_string(), target.to_string());
                let error = SyncError::NoPlace { repository, target };
                troubles.push(Trouble::of_rule(number, error));
            }
        }
    }
    let unit = Unit { rule: number, source: place.clone(), image: image.cloned(), targets };
    (unit, troubles)
}

fn registry_place(namespace: &Namespace, path: &RepositoryPath) -> Option<Endpoint> {
    let repository = Repository::new(namespace.registry.clone(), path.as_str()).ok()?;
    let image = ImageRef { repository, tag: None, digest: None };
    Some(Endpoint::Registry(ImageName::Qualified(image)))
}
