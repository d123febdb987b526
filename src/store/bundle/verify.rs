//! The proof that a bundle is what was written: every file has its sum, and what the files say of each other holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::split::{check_part, part_number};
use super::survey::{Needed, Stock as _, Survey};
use super::writer::blob_file;
use super::{BundleError, BundleReader};
use crate::model::{Digest, RefName};
use crate::store::Result;
use crate::store::file::{Span, blocking};
use crate::store::layout::{Entry, Files as _};

impl BundleReader {
    /// Reads every file of the bundle, on all cores.
    ///
    /// # Errors
    /// [`BundleError::Damaged`], with all that is wrong.
    pub async fn verify(self: &Arc<Self>) -> Result<()> {
        let bundle = Arc::clone(self);
        blocking(move || {
            let mut problems = bundle.check_files();
            if problems.is_empty() {
                problems = bundle.check_contents()?;
            }
            if problems.is_empty() {
                return Ok(());
            }
            Err(BundleError::Damaged { dir: bundle.dir.clone(), problems }.into())
        })
        .await
    }

    /// The files whose sums are not those that stand in `SHA256SUMS`.
    fn check_files(&self) -> Vec<String> {
        let files: Vec<(&str, &Digest)> = self.sums.iter().collect();
        let mut problems = self.check_folders(&files);
        if !problems.is_empty() {
            return problems;
        }
        problems.extend(on_all_cores(&files, |(path, sum)| self.check_file(path, sum)));
        problems
    }

    /// The blobs over several parts whose bytes are not those of their digests.
    fn check_cut_blobs(&self) -> Result<Vec<String>> {
        let parts = self.parts()?;
        Ok(on_all_cores(&parts.cut(), |digest| match parts.is_proven(digest) {
            Ok(true) => Vec::new(),
            Ok(false) => vec![format!("the pieces of {digest} are not that blob")],
            Err(error) => vec![format!("{digest} cannot be read: {error}")],
        }))
    }

    /// The folders of files that are none, but links for example.
    fn check_folders(&self, files: &[(&str, &Digest)]) -> Vec<String> {
        let parents = files.iter().flat_map(|(path, _)| Path::new(path).ancestors().skip(1));
        let parents: BTreeSet<&Path> = parents.filter(|path| *path != Path::new("")).collect();
        let is_folder = |path: &&Path| {
            self.dir.join(path).symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
        };
        let others = parents.into_iter().filter(|path| !is_folder(path));
        others.map(|path| format!("{} is not a folder", path.display())).collect()
    }

    fn check_file(&self, path: &str, sum: &Digest) -> Vec<String> {
        let span = match Span::open(&self.dir.join(path)) {
            Ok(Some(span)) => span,
            Ok(None) => return vec![format!("{path} is missing")],
            Err(error) => return vec![format!("{path} cannot be read: {error}")],
        };
        if let Some(number) = part_number(path) {
            let checked = check_part(&span, number, sum);
            return checked.unwrap_or_else(|error| vec![format!("{path} cannot be used: {error}")]);
        }
        match span.sha256() {
            Ok(found) if found == *sum => Vec::new(),
            Ok(_) => vec![format!("{path} has other bytes than were written")],
            Err(error) => vec![format!("{path} cannot be read: {error}")],
        }
    }

    /// What `bundle.json` and `index.json` say, and the content does not.
    fn check_contents(&self) -> Result<Vec<String>> {
        let mut problems = self.check_cut_blobs()?;
        problems.extend(self.check_blobs()?);
        let entries: Vec<Entry> = self.layout.index()?.entries().collect();
        let mut survey = Survey::default();
        for image in &self.contents().images {
            let named = image.name.tag.as_ref().map(|_| image.name.to_string());
            let is_listed = |entry: &Entry| {
                let name = entry.name.as_ref().map(RefName::as_str);
                entry.descriptor.digest == image.digest
                    && (named.is_none() || name == named.as_deref())
            };
            if !entries.iter().any(is_listed) {
                problems.push(format!("{} is not what index.json names so", image.name));
            }
            if let Err(error) = survey.add(self, &image.name.path, &image.digest) {
                problems.push(format!("{} cannot be read: {error}", image.name));
            }
        }
        survey.add_referrers(self, &entries)?;
        problems.extend(self.check_survey(&survey));
        Ok(problems)
    }

    /// The blobs that `bundle.json` names, and that are not there as it says.
    fn check_blobs(&self) -> Result<Vec<String>> {
        let mut problems = Vec::new();
        for blob in &self.contents().blobs {
            let path = blob_file(&blob.digest);
            let is_proven = self.sums.get(&path).is_some_and(|sum| {
                self.layout.sha256_of(&blob.digest).is_ok_and(|expected| expected == *sum)
            });
            let is_in_parts = self.parts()?.size_of(&blob.digest).is_some();
            let is_known = is_proven || is_in_parts;
            if !is_known || self.size_of(&blob.digest)? != Some(blob.size) {
                problems.push(format!(
                    "{path} is not the blob of this digest, or not of {} bytes",
                    blob.size
                ));
            }
        }
        Ok(problems)
    }

    /// The blobs that images need, and that are neither here nor presumed.
    fn check_survey(&self, survey: &Survey) -> Vec<String> {
        let contents = self.contents();
        let held: HashMap<&Digest, u64> =
            contents.blobs.iter().map(|blob| (&blob.digest, blob.size)).collect();
        let presumed: HashMap<&Digest, u64> =
            contents.presumed.iter().map(|blob| (&blob.digest, blob.size)).collect();
        let here = unknown(&survey.held, &held);
        here.chain(unknown(&survey.absent, &presumed)).collect()
    }
}

/// All that is wrong with some things, which are looked at on all cores.
fn on_all_cores<T: Sync>(things: &[T], check: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(thing) = things.get(next.fetch_add(1, Ordering::Relaxed)) {
            let problems = check(thing);
            found.lock().unwrap_or_else(PoisonError::into_inner).extend(problems);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(things.len()) {
            scope.spawn(work);
        }
    });
    let mut problems = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    problems.sort_unstable();
    problems
}

/// What images need and `known` does not have.
fn unknown<'a>(
    needed: &'a BTreeMap<Digest, Needed>,
    known: &'a HashMap<&Digest, u64>,
) -> impl Iterator<Item = String> {
    let unknown = needed.iter().filter(|(digest, needed)| known.get(digest) != Some(&needed.size));
    unknown.map(|(digest, Needed { repository, .. })| {
        format!("blob {digest} of {repository} is neither in the bundle nor presumed")
    })
}
