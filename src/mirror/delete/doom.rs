//! What goes when some names and manifests are not wanted any more. Pure.
//!
//! - What a name that stays leads to stays, and so does what refers to it: signatures, attestations.
//! - What goes takes along the manifests in it and all that refers to it, but nothing of what stays.
//! - A name that goes and whose manifest stays is only taken away.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use super::stock::{Stock, belongs_to};
use crate::model::{Digest, RefName};

/// What is not wanted any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Names.
    pub names: BTreeSet<RefName>,
    /// Manifests, which go only if no name needs them.
    pub digests: BTreeSet<Digest>,
}

/// One thing that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A name, with its manifest.
    Name(RefName, Digest),
    /// A name alone: its manifest is needed, by this other name.
    NameAlone(RefName, Digest, RefName),
    /// A manifest, with its bytes and those of its blobs.
    Manifest(Digest, u64),
}

/// All that goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doomed {
    /// Blocks of what belongs together: names first, then manifests, each before those in it.
    pub blocks: Vec<Vec<Row>>,
    /// Manifests that were not wanted and stay, each with a name that needs it.
    pub kept: Vec<(Digest, RefName)>,
}

/// What follows from `wanted` in a repository that holds `stock`.
#[must_use]
pub fn doom(stock: &Stock, wanted: &Wanted) -> Doomed {
    let links = Links::of(stock);
    let mut going: BTreeSet<&RefName> = wanted.names.iter().chain(links.attached_names()).collect();
    // What is attached goes with its subject. Each turn it is fewer, until it is what it follows from.
    let stays = loop {
        let stays = links.staying(wanted, &going);
        let doomed: HashSet<&Digest> =
            links.with(wanted).into_iter().filter(|digest| !stays.contains_key(digest)).collect();
        let with_subject = links.attached.iter().filter(|(subject, _)| doomed.contains(subject));
        let attached = with_subject.flat_map(|(_, names)| names).copied();
        let next: BTreeSet<&RefName> = wanted.names.iter().chain(attached).collect();
        if next == going {
            break stays;
        }
        going.retain(|name| next.contains(name));
    };
    let kept = wanted
        .digests
        .iter()
        .filter_map(|digest| stays.get(digest).map(|name| (digest.clone(), (*name).clone())));
    let kept = kept.collect();
    let mut writing = Writing { links: &links, stays: &stays, going, gone: HashSet::new() };
    let blocks = links.seeds(wanted).into_iter().map(|seed| writing.block(seed));
    Doomed { blocks: blocks.filter(|block| !block.is_empty()).collect(), kept }
}

/// The manifests that stay, each with the name for whose sake it does.
type Staying<'s> = HashMap<&'s Digest, &'s RefName>;

/// A stock, and what points where in it.
struct Links<'s> {
    stock: &'s Stock,
    /// The names of each manifest.
    names: BTreeMap<&'s Digest, Vec<&'s RefName>>,
    /// What names each manifest as its subject.
    referrers: BTreeMap<&'s Digest, Vec<&'s Digest>>,
    /// Names that belong to each manifest by what they are called.
    attached: BTreeMap<Digest, Vec<&'s RefName>>,
}

impl<'s> Links<'s> {
    fn of(stock: &'s Stock) -> Self {
        let (mut names, mut referrers) =
            (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        let mut attached = BTreeMap::<_, Vec<_>>::new();
        for (name, digest) in &stock.names {
            names.entry(digest).or_default().push(name);
            if let Some(subject) = belongs_to(name).filter(|s| stock.manifests.contains_key(s)) {
                attached.entry(subject).or_default().push(name);
            }
        }
        for (digest, held) in &stock.manifests {
            if let Some(subject) = &held.subject {
                referrers.entry(subject).or_default().push(digest);
            }
        }
        Self { stock, names, referrers, attached }
    }

    fn attached_names(&self) -> impl Iterator<Item = &'s RefName> {
        self.attached.values().flatten().copied()
    }

    /// The manifests that are not wanted, or whose names are not.
    fn seeds(&self, wanted: &Wanted) -> Vec<&'s Digest> {
        let named = wanted.names.iter().filter_map(|name| self.stock.names.get(name));
        let known = |digest| self.stock.manifests.get_key_value(digest).map(|(digest, _)| digest);
        named.chain(wanted.digests.iter().filter_map(known)).collect()
    }

    /// All that the names which do not go lead to, and what is attached to that.
    fn staying(&self, wanted: &Wanted, going: &BTreeSet<&RefName>) -> Staying<'s> {
        let mut stays = Staying::new();
        for (name, digest) in self.stock.names.iter().filter(|(name, _)| !going.contains(name)) {
            let mut open = vec![digest];
            while let Some(digest) = open.pop() {
                if stays.contains_key(digest) {
                    continue;
                }
                stays.insert(digest, name);
                let attached = self.attached.get(digest).into_iter().flatten();
                let attached = attached.filter(|name| !wanted.names.contains(**name));
                open.extend(attached.filter_map(|name| self.stock.names.get(*name)));
                open.extend(self.referrers(digest).filter(|d| !wanted.digests.contains(*d)));
                open.extend(self.children(digest));
            }
        }
        stays
    }

    /// All that goes with what is not wanted, if nothing of it stays.
    fn with(&self, wanted: &Wanted) -> HashSet<&'s Digest> {
        let mut found = HashSet::new();
        let mut open = self.seeds(wanted);
        while let Some(digest) = open.pop() {
            if found.insert(digest) {
                open.extend(self.below(digest));
            }
        }
        found
    }

    fn children(&self, digest: &Digest) -> impl Iterator<Item = &'s Digest> + use<'s> {
        self.stock.manifests.get(digest).into_iter().flat_map(|held| &held.children)
    }

    fn referrers(&self, digest: &Digest) -> impl Iterator<Item = &'s Digest> {
        self.referrers.get(digest).into_iter().flatten().copied()
    }

    /// What goes with a manifest.
    fn below(&self, digest: &Digest) -> impl Iterator<Item = &'s Digest> {
        let names = self.attached.get(digest).into_iter().flatten();
        let attached = names.filter_map(|name| self.stock.names.get(*name));
        self.children(digest).chain(self.referrers(digest)).chain(attached)
    }
}

/// A list that is being written.
struct Writing<'w, 's> {
    links: &'w Links<'s>,
    stays: &'w Staying<'s>,
    /// Names that go and are not on the list yet.
    going: BTreeSet<&'w RefName>,
    /// Manifests that are on the list.
    gone: HashSet<&'s Digest>,
}

impl<'s> Writing<'_, 's> {
    /// What goes with `seed` and is not on the list yet.
    fn block(&mut self, seed: &'s Digest) -> Vec<Row> {
        let (mut names, mut manifests) = (Vec::new(), Vec::new());
        let mut open = VecDeque::from([seed]);
        while let Some(digest) = open.pop_front() {
            names.extend(self.names_of(digest));
            let Some(held) = self.links.stock.manifests.get(digest) else { continue };
            if !self.stays.contains_key(digest) && self.gone.insert(digest) {
                manifests.push(Row::Manifest(digest.clone(), held.bytes));
                open.extend(self.links.below(digest));
            }
        }
        names.append(&mut manifests);
        names
    }

    fn names_of(&mut self, digest: &'s Digest) -> Vec<Row> {
        let names = self.links.names.get(digest).into_iter().flatten();
        let going = names.filter(|name| self.going.remove(**name));
        let row = |name: &&RefName| match self.stays.get(digest) {
            None => Row::Name((*name).clone(), digest.clone()),
            Some(needs) => Row::NameAlone((*name).clone(), digest.clone(), (*needs).clone()),
        };
        going.map(row).collect()
    }
}

#[cfg(test)]
#[path = "doom_tests.rs"]
mod tests;
