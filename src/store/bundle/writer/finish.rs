//! How a bundle is finished: what is in it is found out, what is of no use is removed, and sums are written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{BUNDLE_FILE, BundleError, BundledImage, Contents, HeldBlob, MARKER_FILE};
use super::super::{PresumedBlob, SIGNATURE_FILE, SUMS_FILE, read_small, unusable};
use super::{BundleWriter, blob_file, remove};
use crate::model::{Digest, ImagePath};
use crate::store::bundle::split::Parts;
use crate::store::bundle::sums::Sums;
use crate::store::bundle::survey::{Needed, Survey, attached_to};
use crate::store::layout::{Files as _, INDEX_FILE, LAYOUT_FILE};
use crate::store::{Result, partial};

impl BundleWriter {
    /// Ends the writing: what no image needs any more is removed, then the bundle is made whole.
    pub(super) fn finish(&self) -> Result<()> {
        self.begin()?;
        self.parts.as_ref().map_or(Ok(()), Parts::finish)?;
        let images = self.images()?;
        let (contents, survey) = self.take_stock(&images)?;
        self.tidy(&survey)?;
        self.seal(&contents)
    }

    /// Ends an update of which nothing came. The bundle holds what it held; blobs that came besides stay for the next
    /// run, and do not count.
    pub(super) fn give_up(&self) -> Result<()> {
        if !self.was_whole || self.state().lock.is_none() {
            return Ok(());
        }
        let (contents, _) = self.take_stock(&self.images()?)?;
        self.seal(&contents)
    }

    /// The images that are in the bundle now, each with where it came from, as far as that is known.
    fn images(&self) -> Result<Vec<BundledImage>> {
        let mut images = BTreeMap::new();
        let entries: Vec<_> = self.layout.index()?.entries().collect();
        let known: BTreeMap<ImagePath, BundledImage> = self.known();
        for entry in entries {
            let name = entry.name.filter(|name| attached_to(name.as_str()).is_none());
            let Some(name) = name.and_then(|name| name.as_str().parse::<ImagePath>().ok()) else {
                continue;
            };
            let digest = entry.descriptor.digest;
            let source = known.get(&name).filter(|image| image.digest == digest);
            let source = source.and_then(|image| image.source.clone());
            images.insert(name.clone(), BundledImage { name, digest, source });
        }
        for (name, image) in known.into_iter().filter(|(name, _)| name.digest.is_some()) {
            images.entry(name).or_insert(image);
        }
        Ok(images.into_values().collect())
    }

    /// What was told of images, by this run and by earlier ones.
    fn known(&self) -> BTreeMap<ImagePath, BundledImage> {
        let before = self.before.iter().flat_map(|contents| contents.images.clone());
        let mut known: BTreeMap<_, _> = before.map(|image| (image.name.clone(), image)).collect();
        for (name, arrival) in &self.state().arrivals {
            let source = Some(arrival.source.to_string());
            let digest = arrival.digest.clone();
            known.insert(name.clone(), BundledImage { name: name.clone(), digest, source });
        }
        known
    }

    fn take_stock(&self, images: &[BundledImage]) -> Result<(Contents, Survey)> {
        let mut survey = Survey::default();
        for image in images {
            survey.add(self, &image.name.path, &image.digest)?;
            if let Some(blob) = self.lacking(&survey) {
                let (image, blob) = (image.name.to_string(), blob.clone());
                return Err(BundleError::Lacks { dir: self.dir.clone(), image, blob }.into());
            }
        }
        let entries: Vec<_> = self.layout.index()?.entries().collect();
        survey.add_referrers(self, &entries)?;
        let held = survey.held.iter().map(|(digest, Needed { size, repository })| HeldBlob {
            digest: digest.clone(),
            size: *size,
            repository: repository.clone(),
        });
        let presumed = survey.absent.iter().filter_map(|(digest, needed)| {
            let repository = self.base.find(digest)?.clone();
            Some(PresumedBlob { digest: digest.clone(), size: needed.size, repository })
        });
        let mut contents = Contents::new(images.to_vec(), held.collect(), presumed.collect());
        contents.split = self.parts.as_ref().map(|parts| parts.split());
        if !contents.presumed.is_empty() {
            contents.base.clone_from(&self.base.known_from);
        }
        Ok((contents, survey))
    }

    /// Removes what nothing in the bundle needs.
    fn tidy(&self, survey: &Survey) -> Result<()> {
        partial::remove_private(&self.dir)?;
        let is_listed = |digest: &Digest| survey.has_manifest(digest);
        let stays = |digest: &Digest| {
            survey.has_manifest(digest) || self.parts.is_none() && survey.held.contains_key(digest)
        };
        if self.layout.has_more_than(&is_listed, &stays)? {
            self.unfinish()?;
            self.layout.keep_only(&is_listed, &stays)?;
        }
        self.parts.as_ref().map_or(Ok(()), |parts| self.tidy_parts(parts, survey))
    }

    /// Removes the parts that nothing in the bundle needs. What is of no use in others stays: to be without it, they
    /// would have to be written anew.
    fn tidy_parts(&self, parts: &Arc<Parts>, survey: &Survey) -> Result<()> {
        let is_needed = |digest: &Digest| survey.held.contains_key(digest);
        for number in parts.unneeded(&is_needed)? {
            self.unfinish()?;
            parts.remove(number)?;
        }
        let bytes = parts.bytes_beside(&is_needed)?;
        if bytes > 0 {
            let dir = self.dir.display();
            tracing::warn!(
                "{bytes} bytes in the parts of bundle:{dir} belong to no image in it: a new bundle would be smaller"
            );
        }
        Ok(())
    }

    /// Writes what makes a bundle whole, unless it is there.
    fn seal(&self, contents: &Contents) -> Result<()> {
        let path = self.dir.join(BUNDLE_FILE);
        let bytes = contents.to_bytes().map_err(|error| unusable(path.clone(), error))?;
        let sums = self.sums(contents, &bytes)?;
        let (file, text) = (self.dir.join(SUMS_FILE), sums.to_text());
        if read_small(&file)?.is_none_or(|there| there != text.as_bytes()) {
            self.unfinish()?;
            self.options.durability.write_atomically(&path, &bytes)?;
            self.options.durability.write_atomically(&file, text.as_bytes())?;
        }
        if let Some(signer) = &self.signer {
            let (file, signature) = (self.dir.join(SIGNATURE_FILE), signer.sign(text.as_bytes()));
            self.options.durability.write_atomically(&file, &signature)?;
        }
        remove(&self.dir.join(MARKER_FILE))
    }

    /// The sums of all files. Blobs are known by theirs.
    fn sums(&self, contents: &Contents, bundle: &[u8]) -> Result<Sums> {
        let mut sums = Sums::default();
        for name in [INDEX_FILE, LAYOUT_FILE] {
            let bytes = read_small(&self.dir.join(name))?.unwrap_or_default();
            sums.insert(name.to_owned(), Digest::of(&bytes));
        }
        sums.insert(BUNDLE_FILE.to_owned(), Digest::of(bundle));
        for HeldBlob { digest, .. } in &contents.blobs {
            if self.parts.is_none() || self.layout.blob_size(digest)?.is_some() {
                sums.insert(blob_file(digest), self.layout.sha256_of(digest)?);
            }
        }
        for (name, sum) in self.parts.as_ref().map_or(Ok(Vec::new()), |parts| parts.sums())? {
            sums.insert(name, sum);
        }
        Ok(sums)
    }
}
