//! What images of a bundle need, and which of it is there.

use std::collections::{BTreeMap, HashMap};

use super::Contents;
use crate::model::{Descriptor, Digest, ImagePath, Manifest, RepositoryPath};
use crate::store::layout::Entry;
use crate::store::{Layout, Reference, Result};

/// What is there of a bundle.
pub(super) trait Stock {
    /// Where its manifests are.
    fn layout(&self) -> &Layout;

    /// The size of a blob, wherever it is; `None` when it is not there.
    fn size_of(&self, blob: &Digest) -> Result<Option<u64>>;
}

/// What images need.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Blobs and manifests that are there.
    pub(super) held: BTreeMap<Digest, Needed>,
    /// Blobs that are not.
    pub(super) absent: BTreeMap<Digest, Needed>,
    /// Manifests that are not there, each after an index that names it.
    sparse: Vec<(Digest, Digest)>,
    /// The repository of each manifest.
    manifests: HashMap<Digest, RepositoryPath>,
}

/// A blob or manifest that images need.
#[derive(Clone, Debug)]
pub(super) struct Needed {
    pub(super) size: u64,
    /// The repository of the first image that needs it.
    pub(super) repository: RepositoryPath,
}

impl Survey {
    /// Adds a manifest and all that is below it.
    ///
    /// # Errors
    /// When the manifest is missing, or one is damaged.
    pub(super) fn add(
        &mut self,
        stock: &impl Stock,
        repository: &RepositoryPath,
        root: &Digest,
    ) -> Result<()> {
        let mut open = vec![(None, root.clone())];
        while let Some((index, digest)) = open.pop() {
            if self.manifests.contains_key(&digest) {
                continue;
            }
            let manifest = match stock.layout().manifest_now(&Reference::Digest(digest.clone())) {
                // An index may be sparse.
                Err(error) if error.is_not_found() && index.is_some() => {
                    self.sparse.extend(index.map(|index| (index, digest)));
                    continue;
                }
                manifest => manifest?,
            };
            let children = manifest.children().iter().map(|child| child.digest.clone());
            open.extend(children.map(|child| (Some(digest.clone()), child)));
            self.manifests.insert(digest, repository.clone());
            self.note(stock, repository, &manifest)?;
        }
        Ok(())
    }

    /// Adds what refers to a manifest that is here, and what refers to that.
    pub(super) fn add_referrers(&mut self, stock: &impl Stock, entries: &[Entry]) -> Result<()> {
        loop {
            let before = self.manifests.len();
            for entry in entries {
                let subject = stock.layout().subject_of(&entry.descriptor.digest)?;
                let signed = entry.name.as_ref().and_then(|name| attached_to(name.as_str()));
                let subject = subject.or(signed);
                let found = subject.and_then(|subject| self.manifests.get(&subject).cloned());
                if let Some(repository) = found {
                    self.add(stock, &repository, &entry.descriptor.digest)?;
                }
            }
            if self.manifests.len() == before {
                return Ok(());
            }
        }
    }

    /// A manifest that is not there, and was when the bundle was made whole with an index that names it.
    pub(super) fn lost_since(&self, before: &Contents) -> Option<&Digest> {
        let is_lost =
            |(index, child): &&(Digest, Digest)| before.holds(index) && before.holds(child);
        self.sparse.iter().find(is_lost).map(|(_, child)| child)
    }

    /// Whether a manifest is one of them.
    pub(super) fn has_manifest(&self, digest: &Digest) -> bool {
        self.manifests.contains_key(digest)
    }

    fn note(
        &mut self,
        stock: &impl Stock,
        repository: &RepositoryPath,
        manifest: &Manifest,
    ) -> Result<()> {
        let needed = |size| Needed { size, repository: repository.clone() };
        let Descriptor { digest, size, .. } = manifest.descriptor();
        self.held.entry(digest).or_insert_with(|| needed(size));
        for blob in manifest.blobs().filter(|blob| !blob.is_foreign()) {
            let is_there = stock.size_of(&blob.digest)? == Some(blob.size);
            let list = if is_there { &mut self.held } else { &mut self.absent };
            list.entry(blob.digest.clone()).or_insert_with(|| needed(blob.size));
        }
        Ok(())
    }
}

/// What the image of this name belongs to, if its tag is one of those by which cosign finds its own.
pub(super) fn attached_to(name: &str) -> Option<Digest> {
    let tag = name.parse::<ImagePath>().ok()?.tag?;
    let (digest, suffix) = tag.as_str().rsplit_once('.')?;
    ["sig", "att", "sbom"].contains(&suffix).then_some(())?;
    digest.replacen('-', ":", 1).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_signatures_are_told_from_others() {
        let digest = Digest::of(b"");
        let tag = digest.as_str().replace(':', "-");
        assert_eq!(attached_to(&format!("org/app:{tag}.sig")), Some(digest));
        for other in ["org/app:v1.sig".to_owned(), format!("org/app:{tag}"), format!("{tag}.sig")] {
            assert_eq!(attached_to(&other), None, "{other}");
        }
    }
}
