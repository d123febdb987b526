//! What there is to look at by a list or a plan.

use std::collections::HashMap;

use super::sites::{Origins, Site, SiteError, Sites, is_own, one};
use crate::mirror::Place;
use crate::mirror::verify::{Expected, Listed, Names, Root, Scope};
use crate::model::{Endpoint, ImageName};
use crate::shard;
use crate::store::{self, Open};

/// What a list says of one repository, layout or archive.
#[derive(Default)]
struct Part {
    expected: Expected,
    roots: Vec<Root>,
    origins: Origins,
}

/// What `list` names, wherever that is, and nothing besides.
pub(super) async fn named(
    open: &dyn Open,
    list: &[Listed],
    shard: Option<&shard::Part>,
) -> store::Result<Sites> {
    let mut found = Sites::default();
    for (place, part) in parts(list.iter()) {
        found.all += 1;
        if is_own(&place, shard) {
            let names = Names::These(part.expected.keys().cloned().collect());
            found.sites.push(part.site(open, &place, names).await?);
        }
    }
    Ok(found)
}

/// What there is in those repositories of `place` that `list` names something in.
pub(super) async fn within(
    open: &dyn Open,
    place: &Place,
    list: &[Listed],
    shard: Option<&shard::Part>,
) -> Result<Sites, SiteError> {
    let mut found = Sites::default();
    for (endpoint, part) in parts_in(place, list) {
        found.all += 1;
        if !is_own(&endpoint, shard) {
            continue;
        }
        let is_one = matches!(place, Place::At(endpoint) if !endpoint.is_repository());
        let names = if is_one || part.expected.is_empty() {
            Names::These(part.expected.keys().cloned().collect())
        } else {
            Names::All
        };
        found.sites.push(part.site(open, &endpoint, names).await?);
    }
    if found.all == 0 {
        return Err(SiteError::NotListed(place.to_string()));
    }
    Ok(found)
}

/// What `list` says of `place`: a name without a tag is that of a repository, or of the path above some.
fn parts_in(place: &Place, list: &[Listed]) -> Vec<(Endpoint, Part)> {
    let parts_in = |place: &Place| parts(list.iter().filter(|listed| is_in(place, listed)));
    let here = parts_in(place);
    match place {
        Place::At(endpoint) if here.is_empty() => Place::namespace_of(endpoint)
            .map_or(here, |namespace| parts_in(&Place::Below(namespace))),
        _ => here,
    }
}

fn is_in(place: &Place, Listed { image, digest, .. }: &Listed) -> bool {
    match (place, image) {
        (Place::Below(namespace), Endpoint::Registry(ImageName::Qualified(image))) => {
            let repository = &image.repository;
            *repository.registry() == namespace.registry
                && namespace.below(repository.path()).is_some()
        }
        (Place::Below(_), _) => false,
        (Place::At(endpoint), _) => {
            endpoint.without_name() == image.without_name()
                && endpoint.name().is_none_or(|name| image.name() == Some(name))
                && endpoint.digest().is_none_or(|wanted| wanted == digest)
        }
    }
}

/// The places that `list` names, each with all that is said of it, in the order of the list.
fn parts<'a>(list: impl Iterator<Item = &'a Listed>) -> Vec<(Endpoint, Part)> {
    let mut parts: Vec<(Endpoint, Part)> = Vec::new();
    let mut numbers = HashMap::new();
    for listed in list {
        let place = listed.image.without_name();
        let number = *numbers.entry(place.clone()).or_insert_with(|| {
            parts.push((place, Part::default()));
            parts.len() - 1
        });
        parts[number].1.add(listed);
    }
    parts
}

impl Part {
    fn add(&mut self, Listed { image, digest, referrers, origin }: &Listed) {
        match image.name() {
            Some(name) => {
                self.expected.insert(name, digest.clone());
            }
            None => self.roots.push(Root { digest: digest.clone(), subject: None }),
        }
        for referrer in referrers {
            let (subject, digest) = (Some(referrer.subject.clone()), referrer.digest.clone());
            match &referrer.name {
                Some(name) => {
                    self.expected.insert(name.clone(), digest);
                }
                None => self.roots.push(Root { digest, subject }),
            }
        }
        let Some(origin) = origin else { return };
        if !self.origins.places.contains(&origin.place) {
            self.origins.places.push(origin.place.clone());
        }
        if origin.digest != *digest {
            self.origins.made.insert(digest.clone(), origin.clone());
        }
    }

    async fn site(self, open: &dyn Open, place: &Endpoint, names: Names) -> store::Result<Site> {
        Ok(Site {
            scope: Scope { names, roots: self.roots },
            expected: Some(self.expected),
            origins: self.origins,
            may_be_empty: true,
            ..one(open, place).await?
        })
    }
}
