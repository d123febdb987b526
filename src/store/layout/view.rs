//! What an image layout says, wherever its files are: in a folder or in an archive.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::index::{Entry, Index};
use crate::model::{
    Descriptor, Digest, MAX_MANIFEST_SIZE, Manifest, ManifestError, RefName, one_line,
};
use crate::store::file::Span;
use crate::store::{Error, Reference, Result};

/// The most bytes that are read of an `index.json`: room for a hundred thousand images.
pub(crate) const MAX_INDEX_SIZE: u64 = 32 * 1024 * 1024;

/// The files of a layout.
pub(crate) trait Files {
    /// The layout, as a person would write it.
    fn place(&self) -> String;

    /// What `index.json` holds now.
    fn index(&self) -> Result<Index>;

    /// The blob of this digest; `None` when there is none.
    fn blob(&self, digest: &Digest) -> Result<Option<Span>>;
}

/// What is worth knowing of a manifest for as long as the process lives: its digest fixes its content.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// The manifests in it.
    pub(crate) children: Vec<Digest>,
    /// What it refers to, and how it stands in a list of referrers.
    pub(crate) refers: Option<(Digest, Descriptor)>,
}

/// Reads a layout; remembers what it read of manifests.
#[derive(Debug, Default)]
pub(crate) struct View {
    facts: Mutex<HashMap<Digest, Arc<Facts>>>,
}

impl View {
    /// The manifest that is meant.
    pub(crate) fn manifest(&self, files: &impl Files, reference: &Reference) -> Result<Manifest> {
        let index = files.index()?;
        let digest = self.resolve(files, &index, reference)?;
        read_manifest(files, &index, &digest)
    }

    /// The digest of the manifest that is meant; `None` when it is not there, damaged, or neither listed nor in an
    /// index that is.
    pub(crate) fn digest(
        &self,
        files: &impl Files,
        reference: &Reference,
    ) -> Result<Option<Digest>> {
        let index = files.index()?;
        let found = self.resolve(files, &index, reference).and_then(|digest| {
            read_manifest(files, &index, &digest)?;
            Ok(digest)
        });
        match found {
            Ok(digest) if index.find(&digest).is_some() => Ok(Some(digest)),
            Ok(digest) => Ok(self.is_child(files, &index, &digest)?.then_some(digest)),
            Err(Error::NotFound { .. } | Error::Digest { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The manifests that name `subject` as theirs: the roots that do, and those that the fallback tag lists (OCI
    /// distribution specification, «Referrers Tag Schema»).
    pub(crate) fn referrers(
        &self,
        files: &impl Files,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>> {
        let index = files.index()?;
        let mut found: Vec<Descriptor> = Vec::new();
        for entry in index.entries() {
            let facts = self.facts(files, &entry.descriptor.digest)?;
            let refers = facts.refers.as_ref().filter(|(named, _)| named == subject);
            found.extend(refers.map(|(_, descriptor)| descriptor.clone()));
        }
        for descriptor in fallback(files, &index, subject)? {
            if files.blob(&descriptor.digest)?.is_some() {
                found.push(descriptor);
            }
        }
        let mut seen = std::collections::HashSet::new();
        found.retain(|descriptor| seen.insert(descriptor.digest.clone()));
        Ok(found)
    }

    /// Whether a root of the layout is an index that holds `digest`.
    pub(crate) fn is_child(
        &self,
        files: &impl Files,
        index: &Index,
        digest: &Digest,
    ) -> Result<bool> {
        for entry in index.entries() {
            if self.facts(files, &entry.descriptor.digest)?.children.contains(digest) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is known of a manifest; nothing, when it cannot be read.
    pub(crate) fn facts(&self, files: &impl Files, digest: &Digest) -> Result<Arc<Facts>> {
        if let Some(facts) = self.known().get(digest) {
            return Ok(Arc::clone(facts));
        }
        let small = files.blob(digest)?.filter(|span| span.length <= MAX_MANIFEST_SIZE);
        let Some(span) = small else { return Ok(Arc::default()) };
        let bytes = span.read(MAX_MANIFEST_SIZE)?;
        let facts = match Manifest::parse_as(bytes, None, digest.algorithm()) {
            Ok(manifest) if manifest.digest() == digest => Arc::new(Facts::of(&manifest)),
            _ => return Ok(Arc::default()),
        };
        self.known().insert(digest.clone(), Arc::clone(&facts));
        Ok(facts)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Arc<Facts>>> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn resolve(&self, files: &impl Files, index: &Index, reference: &Reference) -> Result<Digest> {
        match reference {
            Reference::Digest(digest) => Ok(digest.clone()),
            Reference::Name(name) => match index.named(name) {
                Some(descriptor) => Ok(descriptor.digest),
                None => Err(not_found(files, &format!("image '{name}'"))),
            },
            Reference::Only => self.only(files, index),
        }
    }

    /// The one image: the only one listed, or the only one named, or the only one that refers to no other.
    fn only(&self, files: &impl Files, index: &Index) -> Result<Digest> {
        let entries: Vec<Entry> = index.entries().collect();
        let listed = distinct(entries.iter());
        if listed.is_empty() {
            return Err(not_found(files, "an image"));
        }
        let named = distinct(entries.iter().filter(|entry| entry.name.is_some()));
        let mut subjects = listed.clone();
        subjects.retain(|digest| !self.facts(files, digest).is_ok_and(|f| f.refers.is_some()));
        match [&listed, &named, &subjects].into_iter().find(|digests| digests.len() == 1) {
            Some(digests) => Ok(digests[0].clone()),
            None => Err(Error::Several { place: files.place(), count: listed.len() }),
        }
    }
}

impl Facts {
    fn of(manifest: &Manifest) -> Self {
        Self {
            children: manifest.children().iter().map(|child| child.digest.clone()).collect(),
            refers: manifest
                .subject()
                .map(|subject| (subject.digest.clone(), manifest.referrer_descriptor())),
        }
    }
}

/// The tag under which clients of registries without the referrers API list the referrers of `subject`.
fn fallback(files: &impl Files, index: &Index, subject: &Digest) -> Result<Vec<Descriptor>> {
    let tag = format!("{}-{}", subject.algorithm().as_str(), subject.hex());
    let Some(listed) = tag.parse::<RefName>().ok().and_then(|tag| index.named(&tag)) else {
        return Ok(Vec::new());
    };
    match read_manifest(files, index, &listed.digest) {
        Ok(manifest) => Ok(manifest.children().to_vec()),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn read_manifest(files: &impl Files, index: &Index, digest: &Digest) -> Result<Manifest> {
    let span =
        files.blob(digest)?.ok_or_else(|| not_found(files, &format!("manifest {digest}")))?;
    let listed = index.find(digest);
    let unusable = |source| match listed {
        Some(_) => Error::Manifest { reference: digest.to_string(), place: files.place(), source },
        None => Error::NotFound {
            what: format!("manifest {digest}"),
            place: files.place(),
            source: Some(Box::new(source)),
        },
    };
    if span.length > MAX_MANIFEST_SIZE {
        return Err(unusable(ManifestError::TooLarge));
    }
    let bytes = span.read(MAX_MANIFEST_SIZE)?;
    let found = Digest::with(digest.algorithm(), &bytes);
    if found != *digest {
        return Err(Error::Digest { expected: digest.clone(), found, place: files.place() });
    }
    let media_type = listed.as_ref().map(|entry| entry.media_type.as_ref());
    Manifest::parse_as(bytes, media_type, digest.algorithm()).map_err(unusable)
}

fn not_found(files: &impl Files, what: &str) -> Error {
    Error::NotFound { what: one_line(what, 300), place: files.place(), source: None }
}

fn distinct<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<Digest> {
    let mut digests: Vec<_> = entries.map(|entry| entry.descriptor.digest.clone()).collect();
    digests.sort_unstable();
    digests.dedup();
    digests
}
