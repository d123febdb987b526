//! What is known of a repository while it is looked at, and what to ask next. Pure.
//!
//! Only digests are kept, and which points to which: manifests are gone as soon as they are read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::fault::{Fault, Finding, Subject, is_readable};
use super::question::{Answer, Question, Read};
use super::scope::{Names, Root, Scope};
use crate::model::{Descriptor, Digest, RefName};

/// How many manifests may lie between a name and a blob, referrers included.
const MAX_DEPTH: u8 = 16;
/// How many manifests and blobs one repository may have.
const MAX_NODES: usize = 500_000;

/// How many names are told of one fault.
const MAX_NAMES: usize = 20;

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Names.
    pub names: u64,
    /// Manifests.
    pub manifests: u64,
    /// Blobs.
    pub blobs: u64,
    /// Bytes of them all.
    pub bytes: u64,
}

impl Counts {
    /// Adds what was looked at elsewhere.
    pub fn add(&mut self, other: Self) {
        self.names += other.names;
        self.manifests += other.manifests;
        self.blobs += other.blobs;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    /// What has come to it since it was `before`.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            names: self.names - before.names,
            manifests: self.manifests - before.manifests,
            blobs: self.blobs - before.blobs,
            bytes: self.bytes - before.bytes,
        }
    }
}

/// What has come of looking at a repository.
#[derive(Debug, Default)]
pub struct Surveyed {
    /// What each name points to, as far as that is known.
    pub names: BTreeMap<RefName, Digest>,
    /// All that is wrong, in the order of names.
    pub findings: Vec<Finding>,
    /// How much was looked at.
    pub counts: Counts,
    /// Set when the repository has more than can be looked at, or deeper than anything honest: in words.
    pub too_large: Option<String>,
}

/// The number of a manifest.
type Id = usize;

/// One manifest.
struct Node {
    digest: Digest,
    /// How far it is from a name.
    depth: u8,
    /// What points to it says that it has so many bytes.
    said: Option<u64>,
    /// The manifests that point to it, or that it refers to.
    parents: Vec<Id>,
}

/// One blob.
struct Leaf {
    said: u64,
    parents: Vec<Id>,
}

/// A fault of something that is known.
struct Fallen {
    subject: Subject,
    fault: Fault,
    /// The name that it is about, where it is about one.
    name: Option<RefName>,
}

/// A repository that is being looked at.
pub(super) struct Survey {
    /// Where cosign's tags are among the names that were listed, they are not asked for.
    lists_names: bool,
    /// What should be listed as a referrer.
    referrers: Vec<Root>,
    nodes: Vec<Node>,
    ids: HashMap<Digest, Id>,
    leaves: HashMap<Digest, Leaf>,
    names: BTreeMap<RefName, Digest>,
    open: Vec<Question>,
    fallen: Vec<Fallen>,
    counts: Counts,
    too_large: Option<String>,
}

impl Survey {
    pub(super) fn new(scope: Scope) -> Self {
        let mut survey = Self {
            lists_names: scope.names == Names::All,
            referrers: Vec::new(),
            nodes: Vec::new(),
            ids: HashMap::new(),
            leaves: HashMap::new(),
            names: BTreeMap::new(),
            open: Vec::new(),
            fallen: Vec::new(),
            counts: Counts::default(),
            too_large: None,
        };
        for root in &scope.roots {
            survey.root(&root.digest);
        }
        survey.referrers = scope.roots;
        survey.referrers.retain(|root| root.subject.is_some());
        match scope.names {
            Names::All => survey.open.push(Question::Names),
            Names::These(names) => survey.ask_for(names),
            Names::Only => survey.open.push(Question::Only),
        }
        survey
    }

    fn ask_for(&mut self, names: impl IntoIterator<Item = RefName, IntoIter: DoubleEndedIterator>) {
        self.open.extend(names.into_iter().rev().map(Question::Name));
    }

    /// The next question. What was found last is asked for first, so that few are open at a time.
    pub(super) fn next(&mut self) -> Option<Question> {
        self.open.pop()
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    pub(super) fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Names(names) => self.ask_for(names),
            Answer::Only(digest) => self.root(&digest),
            Answer::Name(name, Ok(digest)) => {
                self.counts.names += 1;
                self.root(&digest);
                self.names.insert(name, digest);
            }
            Answer::Perhaps(name, subject, Ok(Some(digest))) => {
                self.counts.names += 1;
                if let Some(&id) = self.ids.get(&subject) {
                    self.manifest(&digest, None, Some(id), self.nodes[id].depth + 1);
                }
                self.names.insert(name, digest);
            }
            Answer::Perhaps(.., Ok(None)) => {}
            Answer::Name(name, Err(fault)) | Answer::Perhaps(name, _, Err(fault)) => {
                self.counts.names += 1;
                self.fallen.push(Fallen { subject: Subject::Name, fault, name: Some(name) });
            }
            Answer::Manifest(digest, read) => self.take_manifest(&digest, read),
            Answer::Blob(blob, looked) => {
                self.counts.blobs += 1;
                self.counts.bytes = self.counts.bytes.saturating_add(blob.size);
                if let Err(fault) = looked {
                    self.fall(Subject::Blob(blob.digest), fault);
                }
            }
        }
    }

    fn root(&mut self, digest: &Digest) {
        self.manifest(digest, None, None, 0);
    }

    fn take_manifest(&mut self, digest: &Digest, read: Result<Read, Fault>) {
        self.counts.manifests += 1;
        let Some(&id) = self.ids.get(digest) else { return };
        let Read { size, children, blobs, referrers } = match read {
            Ok(read) => read,
            Err(fault) => return self.fall(Subject::Manifest(digest.clone()), fault),
        };
        self.counts.bytes = self.counts.bytes.saturating_add(size);
        if let Some(expected) = self.nodes[id].said.filter(|said| *said != size) {
            let fault = Fault::Size { expected, found: size };
            self.fall(Subject::Manifest(digest.clone()), fault);
        }
        let below = self.nodes[id].depth + 1;
        if below > MAX_DEPTH {
            self.too_large = Some(format!("{MAX_DEPTH} levels of manifests"));
            return;
        }
        if !self.lists_names {
            let perhaps = |name| Question::Perhaps(name, digest.clone());
            self.open.extend(cosign_names(digest).map(perhaps));
        }
        for child in children {
            self.manifest(&child.digest, Some(child.size), Some(id), below);
        }
        match referrers {
            Ok(referrers) => {
                for referrer in referrers.iter().filter(|r| is_readable(r.media_type.as_ref())) {
                    self.manifest(&referrer.digest, Some(referrer.size), Some(id), below);
                }
            }
            Err(fault) => self.fall(Subject::Referrers(digest.clone()), fault),
        }
        for blob in blobs {
            self.blob(blob, id);
        }
    }

    fn manifest(&mut self, digest: &Digest, said: Option<u64>, parent: Option<Id>, depth: u8) {
        let id = match self.ids.get(digest).copied() {
            Some(id) => id,
            None if !self.has_room() => return,
            None => {
                let (id, digest) = (self.nodes.len(), digest.clone());
                self.ids.insert(digest.clone(), id);
                self.open.push(Question::Manifest(digest.clone()));
                self.nodes.push(Node { digest, depth, said, parents: Vec::new() });
                id
            }
        };
        let node = &mut self.nodes[id];
        node.said = node.said.or(said);
        if let Some(parent) = parent.filter(|parent| node.parents.last() != Some(parent)) {
            node.parents.push(parent);
        }
    }

    fn blob(&mut self, blob: Descriptor, parent: Id) {
        let (size, digest) = (blob.size, blob.digest.clone());
        if let Some(leaf) = self.leaves.get_mut(&digest) {
            let found = leaf.said;
            if leaf.parents.last() != Some(&parent) {
                leaf.parents.push(parent);
            }
            if found != size {
                self.fall(Subject::Blob(digest), Fault::Size { expected: size, found });
            }
        } else if self.has_room() {
            self.leaves.insert(digest, Leaf { said: size, parents: vec![parent] });
            self.open.push(Question::Blob(Box::new(blob)));
        }
    }

    fn has_room(&mut self) -> bool {
        let has_room = self.nodes.len() + self.leaves.len() < MAX_NODES;
        if !has_room {
            self.too_large = Some(format!("{MAX_NODES} manifests and blobs"));
        }
        has_room
    }

    fn fall(&mut self, subject: Subject, fault: Fault) {
        self.fallen.push(Fallen { subject, fault, name: None });
    }

    /// What has come of it, when there is no question left.
    pub(super) fn finish(mut self) -> Surveyed {
        for Root { digest, subject } in std::mem::take(&mut self.referrers) {
            if subject.is_some_and(|subject| self.hides(&subject, &digest)) {
                self.fall(Subject::Manifest(digest), Fault::Unlisted);
            }
        }
        let mut roots: HashMap<&Digest, Vec<&RefName>> = HashMap::new();
        for (name, digest) in &self.names {
            roots.entry(digest).or_default().push(name);
        }
        let mut findings = Vec::new();
        for Fallen { subject, fault, name } in std::mem::take(&mut self.fallen) {
            let (start, holders) = self.around(&subject);
            let above = self.above(start);
            let reached = above.iter().filter_map(|id| roots.get(&self.nodes[*id].digest));
            let names: BTreeSet<&RefName> = reached.flatten().copied().chain(&name).collect();
            findings.push(Finding {
                subject,
                fault,
                more_names: names.len().saturating_sub(MAX_NAMES),
                names: names.into_iter().take(MAX_NAMES).cloned().collect(),
                holders: holders.into_iter().map(|id| self.nodes[id].digest.clone()).collect(),
            });
        }
        drop(roots);
        findings.sort_by(|a, b| (&a.names, &a.subject).cmp(&(&b.names, &b.subject)));
        Surveyed { names: self.names, findings, counts: self.counts, too_large: self.too_large }
    }

    /// Whether two manifests are there, and the second is not listed as a referrer of the first.
    fn hides(&self, subject: &Digest, referrer: &Digest) -> bool {
        let has_fallen = self.fallen.iter().any(|fallen| match &fallen.subject {
            Subject::Manifest(digest) => digest == subject || digest == referrer,
            Subject::Referrers(digest) => digest == subject,
            Subject::Name | Subject::Blob(_) => false,
        });
        let ids = (self.ids.get(subject), self.ids.get(referrer));
        let (Some(subject), Some(referrer)) = ids else { return false };
        !has_fallen && !self.nodes[*referrer].parents.contains(subject)
    }

    /// From where to look for the names that lead to something, and the manifests that point to it.
    fn around(&self, subject: &Subject) -> (Vec<Id>, BTreeSet<Id>) {
        match subject {
            Subject::Name => (Vec::new(), BTreeSet::new()),
            Subject::Manifest(digest) | Subject::Referrers(digest) => {
                let id = self.ids.get(digest).copied();
                let parents = id.iter().flat_map(|id| &self.nodes[*id].parents).copied().collect();
                (id.into_iter().collect(), parents)
            }
            Subject::Blob(digest) => {
                let parents = self.leaves.get(digest).map_or(&[][..], |leaf| &leaf.parents);
                (parents.to_vec(), parents.iter().copied().collect())
            }
        }
    }

    /// These manifests, and all from which they are reached.
    fn above(&self, start: Vec<Id>) -> BTreeSet<Id> {
        let mut found = BTreeSet::new();
        let mut open = start;
        while let Some(id) = open.pop() {
            if found.insert(id) {
                open.extend(&self.nodes[id].parents);
            }
        }
        found
    }
}

/// The tags under which cosign keeps what belongs to a manifest.
fn cosign_names(digest: &Digest) -> impl Iterator<Item = RefName> + use<> {
    let stem = format!("{}-{}", digest.algorithm().as_str(), digest.hex());
    ["sig", "att", "sbom"].into_iter().filter_map(move |kind| format!("{stem}.{kind}").parse().ok())
}

#[cfg(test)]
#[path = "survey_tests.rs"]
mod tests;
