//! The proof that a bundle is what was written: every file has its sum, and what the files say of each other holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::survey::{Needed, Survey};
use super::writer::blob_file;
use super::{BundleError, BundleReader};
use crate::model::{Digest, RefName};
use crate::store::Result;
use crate::store::file::{Span, blocking};
use crate::store::layout::{Entry, Files};

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
        let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || {
            while let Some((path, sum)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Some(problem) = self.check_file(path, sum) {
                    found.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
                }
            }
        };
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        std::thread::scope(|scope| {
            for _ in 0..cores.min(files.len()) {
                scope.spawn(work);
            }
        });
        problems.extend(found.into_inner().unwrap_or_else(PoisonError::into_inner));
        problems.sort_unstable();
        problems
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

    fn check_file(&self, path: &str, sum: &Digest) -> Option<String> {
        let span = match Span::open(&self.dir.join(path)) {
            Ok(Some(span)) => span,
            Ok(None) => return Some(format!("{path} is missing")),
            Err(error) => return Some(format!("{path} cannot be read: {error}")),
        };
        match span.sha256() {
            Ok(found) if found == *sum => None,
            Ok(_) => Some(format!("{path} has other bytes than were written")),
            Err(error) => Some(format!("{path} cannot be read: {error}")),
        }
    }

    /// What `bundle.json` and `index.json` say, and the content does not.
    fn check_contents(&self) -> Result<Vec<String>> {
        let mut problems = self.check_blobs()?;
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
            if let Err(error) = survey.add(&self.layout, &image.name.path, &image.digest) {
                problems.push(format!("{} cannot be read: {error}", image.name));
            }
        }
        survey.add_referrers(&self.layout, &entries)?;
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
            let size = Files::blob(&self.layout, &blob.digest)?.map(|span| span.length);
            if !is_proven || size != Some(blob.size) {
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
