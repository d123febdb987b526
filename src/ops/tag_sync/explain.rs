//! Which rules take a tag, and which leave it, and why.

use super::choose::{Chosen, choose};
use super::units::{Lists, Unit};
use super::{Inquiry, SyncError, Trouble};
use crate::mirror::Place;
use crate::model::{Digest, Endpoint, RepositoryPath, Tag};
use crate::tagsync::{Rule, Source, Why};

/// What one rule says of one tag.
#[derive(Debug)]
pub struct Explained {
    /// The number of the rule.
    pub rule: usize,
    /// The image at its source.
    pub source: Endpoint,
    /// What the rule says of it.
    pub verdict: Explanation,
}

/// What a rule says of a tag.
#[derive(Debug)]
pub enum Explanation {
    /// It takes the image, which goes to these places.
    Taken(Digest, Vec<Endpoint>),
    /// It leaves the tag.
    Left(Why),
    /// There is no such tag.
    Absent,
    /// The repository is left out of the namespace.
    Repository,
    /// That cannot be found out.
    Unknown(Box<SyncError>),
}

/// Asks all rules that have to do with the repository of `image` about its tag, whether it is a source or a target.
pub async fn explain(inquiry: &Inquiry<'_>, image: &Endpoint, tag: &Tag) -> Vec<Explained> {
    let place = image.without_name();
    let mut explained = Vec::new();
    let mut lists = Lists::default();
    for (number, rule) in inquiry.rules.iter().enumerate() {
        if !may_touch(rule, &place) {
            continue;
        }
        if let Some(left_out) = left_out(rule, number, &place, tag) {
            explained.push(left_out);
            continue;
        }
        let (units, troubles) = lists.units(inquiry.ends.source.as_ref(), rule, number).await;
        let concerned: Vec<&Unit> = units
            .iter()
            .filter(|unit| unit.source == place || unit.targets.contains(&place))
            .collect();
        let unknown = |error: SyncError| Explained {
            rule: number,
            source: image.clone(),
            verdict: Explanation::Unknown(error.into()),
        };
        if concerned.is_empty() {
            explained.extend(troubles.into_iter().map(|trouble| unknown(trouble.error)));
        }
        for unit in concerned {
            match choose(inquiry, unit).await {
                Ok(chosen) => explained.extend(of_unit(rule, unit, &chosen, &place, tag)),
                Err(error) => explained.push(unknown(error)),
            }
        }
    }
    explained
}

/// Whether a rule can have to do with a repository, as far as its text tells.
fn may_touch(rule: &Rule, place: &Endpoint) -> bool {
    let is_source = match &rule.source {
        Source::Repository(source) | Source::Image(source, _) => source == place,
        Source::Below { namespace, .. } => rest(namespace, place).is_some(),
    };
    is_source || rule.may_write_to(place)
}

fn rest(namespace: &crate::mirror::Namespace, place: &Endpoint) -> Option<RepositoryPath> {
    let own = Place::namespace_of(place)?;
    let is_here = own.registry == namespace.registry;
    namespace.below(own.path.as_deref().filter(|_| is_here)?)?.parse().ok()
}

/// A repository that the rule leaves out by its name.
fn left_out(rule: &Rule, number: usize, place: &Endpoint, tag: &Tag) -> Option<Explained> {
    let Source::Below { namespace, allow, deny } = &rule.source else { return None };
    let rest = rest(namespace, place)?;
    (!Source::takes(allow, deny, rest.as_str())).then(|| Explained {
        rule: number,
        source: place.named(&tag.clone().into()).unwrap_or_else(|_| place.clone()),
        verdict: Explanation::Repository,
    })
}

/// What the rule says of the tag of a source, or of those that are called so at a target.
fn of_unit(
    rule: &Rule,
    unit: &Unit,
    chosen: &Chosen,
    place: &Endpoint,
    tag: &Tag,
) -> Vec<Explained> {
    let is_meant = |candidate: &Tag| match unit.source == *place {
        true => candidate == tag,
        false => rule.rename.apply(candidate).is_ok_and(|name| name == *tag),
    };
    let image =
        |tag: &Tag| unit.source.named(&tag.clone().into()).unwrap_or_else(|_| unit.source.clone());
    let said = |tag: &Tag, verdict| Explained { rule: unit.rule, source: image(tag), verdict };
    let mut explained = Vec::new();
    for (candidate, digest) in chosen.tags.iter().filter(|(candidate, _)| is_meant(candidate)) {
        let targets = match rule.rename.apply(candidate) {
            Ok(name) => {
                let name = name.into();
                unit.targets.iter().filter_map(|target| target.named(&name).ok()).collect()
            }
            Err(_) => Vec::new(),
        };
        explained.push(said(candidate, Explanation::Taken(digest.clone(), targets)));
    }
    let left = chosen.left.iter().filter(|(candidate, _)| is_meant(candidate));
    explained.extend(left.map(|(tag, why)| said(tag, Explanation::Left(why.clone()))));
    for Trouble { source, error, .. } in &chosen.troubles {
        if source.as_ref().is_some_and(|at| *at == image(tag)) {
            explained.push(said(tag, Explanation::Unknown(error.clone().into())));
        }
    }
    // A rule for one other tag has nothing to do with this one.
    if explained.is_empty() && unit.image.is_none() {
        explained.push(said(tag, Explanation::Absent));
    }
    explained
}
