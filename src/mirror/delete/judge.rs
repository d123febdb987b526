//! What may be removed now of what a list says. Pure.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::stock::{Held, Stock, belongs_to};
use crate::model::{Digest, RefName};

/// What a list says of one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Names and what they pointed to.
    pub names: BTreeMap<RefName, Digest>,
    /// Manifests.
    pub manifests: BTreeSet<Digest>,
}

/// What is to be done about one thing on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go.
    Go,
    /// It is gone already.
    Gone,
    /// The name points to another manifest now.
    Moved(Digest),
    /// This name needs the manifest now.
    Needed(RefName),
    /// A name of the manifest that is on the list points elsewhere now.
    NameMoved(RefName),
}

/// What is to be done about all that is on a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// The names.
    pub names: BTreeMap<RefName, Verdict>,
    /// The manifests.
    pub manifests: BTreeMap<Digest, Verdict>,
}

/// What may be removed of what is `listed`, from a repository that holds `stock`. Manifests that are not in the stock are
/// gone. What stays keeps what is in it, and what refers to it.
#[must_use]
pub fn judge(stock: &Stock, listed: &Listed) -> Judged {
    let mut names: BTreeMap<RefName, Verdict> = BTreeMap::new();
    for (name, pointed_to) in &listed.names {
        names.insert(name.clone(), judge_name(stock, name, pointed_to));
    }
    let mut manifests: BTreeMap<Digest, Verdict> = BTreeMap::new();
    let mut seen = HashSet::new();
    for (digest, verdict) in refused(stock, listed, &names) {
        let mut open = vec![digest];
        while let Some(digest) = open.pop() {
            if !seen.insert(digest) {
                continue;
            }
            open.extend(stock.manifests.get(digest).into_iter().flat_map(|held| &held.children));
            if !listed.manifests.contains(digest) {
                continue;
            }
            manifests.insert(digest.clone(), verdict.clone());
            let refers = |held: &Held| held.subject.as_ref() == Some(digest);
            open.extend(stock.manifests.iter().filter(|(_, held)| refers(held)).map(|(d, _)| d));
            for (name, attached) in attached_to(stock, digest) {
                if let Some(of_name @ Verdict::Go) = names.get_mut(name) {
                    *of_name = verdict.clone();
                    open.push(attached);
                }
            }
        }
    }
    for digest in &listed.manifests {
        let is_there = stock.manifests.contains_key(digest);
        let free = if is_there { Verdict::Go } else { Verdict::Gone };
        manifests.entry(digest.clone()).or_insert(free);
    }
    Judged { names, manifests }
}

fn judge_name(stock: &Stock, name: &RefName, pointed_to: &Digest) -> Verdict {
    match stock.names.get(name) {
        None => Verdict::Gone,
        Some(now) if now == pointed_to => Verdict::Go,
        Some(now) => Verdict::Moved(now.clone()),
    }
}

/// The manifests on a list that stay by themselves, and why.
fn refused<'s>(
    stock: &'s Stock,
    listed: &'s Listed,
    names: &BTreeMap<RefName, Verdict>,
) -> Vec<(&'s Digest, Verdict)> {
    let needed = needed(stock, listed).into_iter();
    let needed = needed.map(|(digest, name)| (digest, Verdict::Needed(name.clone())));
    let moved = listed.names.iter().filter(|(name, _)| matches!(names[*name], Verdict::Moved(_)));
    let moved = moved.filter(|(_, digest)| stock.manifests.contains_key(*digest));
    needed.chain(moved.map(|(name, digest)| (digest, Verdict::NameMoved(name.clone())))).collect()
}

/// The names that belong to a manifest by what they are called, and what they point to.
fn attached_to<'s>(
    stock: &'s Stock,
    digest: &Digest,
) -> impl Iterator<Item = (&'s RefName, &'s Digest)> {
    let names = stock.names.iter();
    names.filter(move |(name, _)| belongs_to(name).as_ref() == Some(digest))
}

/// The manifests that names need which do not go, each with the first such name.
fn needed<'s>(stock: &'s Stock, listed: &Listed) -> BTreeMap<&'s Digest, &'s RefName> {
    let goes = |(name, digest): &(&RefName, &Digest)| {
        listed.names.get(*name).is_some_and(|pointed_to| pointed_to == *digest)
    };
    let mut needed = BTreeMap::new();
    let mut seen = HashSet::new();
    for (name, digest) in stock.names.iter().filter(|named| !goes(named)) {
        let mut open = vec![digest];
        while let Some(digest) = open.pop() {
            if seen.insert(digest) {
                needed.insert(digest, name);
                let held = stock.manifests.get(digest);
                open.extend(held.into_iter().flat_map(|held| &held.children));
            }
        }
    }
    needed
}
