//! A bundle being written.

mod finish;
mod sink;

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::sink::BundleSink;
use super::split::{Parts, split_of};
use super::survey::{Stock, Survey};
use super::{
    BUNDLE_FILE, Base, BundleError, BundleOptions, Contents, MARKER_FILE, SIGNATURE_FILE,
    SUMS_FILE, SigningKey, SplitSize, is_at, marker, read_small, unusable,
};
use crate::model::{Descriptor, Digest, ImagePath, RepositoryPath};
use crate::store::{Arrival, Error, Layout, Result, Sink, WriteOptions, partial};

/// A bundle being written; what is there of it already is kept, and updated.
pub struct BundleWriter {
    dir: PathBuf,
    /// Its manifests, and its blobs unless they are in parts.
    layout: Layout,
    parts: Option<Arc<Parts>>,
    options: WriteOptions,
    /// What the bundle was made of when it was finished last.
    before: Option<Contents>,
    /// Whether it was finished when it was opened.
    was_whole: bool,
    /// Where blobs are that are left out.
    base: Arc<Base>,
    signer: Option<Arc<SigningKey>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The folder, locked against other writers as soon as something was written.
    lock: Option<File>,
    arrivals: Vec<(ImagePath, Arrival)>,
}

impl BundleWriter {
    /// The bundle in `dir`, which is made when the first thing is put into it.
    ///
    /// # Errors
    /// When the folder holds something else, or a bundle that cannot be read.
    pub fn open(
        dir: impl Into<PathBuf>,
        options: WriteOptions,
        bundle: &BundleOptions,
    ) -> Result<Arc<Self>> {
        let dir = dir.into();
        let path = dir.join(BUNDLE_FILE);
        let before = read_small(&path)?
            .map(|bytes| Contents::parse(&bytes).map_err(|error| unusable(path.clone(), error)))
            .transpose()?;
        if !is_at(&dir) && !is_empty(&dir)? {
            let place = dir.display().to_string();
            return Err(Error::NotA {
                place,
                expected: "a bundle or an empty folder",
                source: None,
            });
        }
        let layout = Layout::create_on_write(&dir, options)?;
        let base = match &before {
            Some(contents) if bundle.base.is_unknown() => Arc::new(contents.own_base()),
            _ => Arc::clone(&bundle.base),
        };
        let signer = bundle.signer.clone();
        let split = split(&dir, before.as_ref(), bundle.split)?;
        let parts = split.map(|split| Arc::new(Parts::new(dir.clone(), split, options)));
        let was_whole = dir.join(SUMS_FILE).exists() && !dir.join(MARKER_FILE).exists();
        Ok(Arc::new(Self {
            dir,
            layout,
            parts,
            options,
            before,
            was_whole,
            base,
            signer,
            state: Mutex::default(),
        }))
    }

    /// The repository that an image of this name goes to.
    ///
    /// # Errors
    /// When the image has no name.
    pub fn repository_of(self: &Arc<Self>, name: Option<&ImagePath>) -> Result<Arc<dyn Sink>> {
        let name = name.ok_or_else(|| Error::Unsupported {
            place: format!("bundle:{}", self.dir.display()),
            why: "needs a name for an image that comes from no repository, as in bundle:DIR:org/app:v1",
        })?;
        Ok(Arc::new(BundleSink { bundle: Arc::clone(self), repository: name.path.clone() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the folder, which is there, for this process.
    fn lock(&self) -> Result<()> {
        let mut state = self.state();
        if state.lock.is_some() {
            return Ok(());
        }
        let folder = File::open(&self.dir).map_err(Error::io("open", &self.dir))?;
        if folder.try_lock().is_err() {
            return Err(BundleError::Busy { dir: self.dir.clone() }.into());
        }
        state.lock = Some(folder);
        Ok(())
    }

    /// Takes the folder for this process, and says in it that it is being written, unless it is whole.
    fn begin(&self) -> Result<()> {
        std::fs::create_dir_all(&self.dir).map_err(Error::io("create", &self.dir))?;
        self.lock()?;
        if [SUMS_FILE, MARKER_FILE].iter().any(|name| self.dir.join(name).exists()) {
            return Ok(());
        }
        self.mark()
    }

    /// Says that the bundle is not whole, before that is so.
    fn unfinish(&self) -> Result<()> {
        self.begin()?;
        if !self.dir.join(SUMS_FILE).exists() {
            return Ok(());
        }
        self.mark()?;
        remove(&self.dir.join(SIGNATURE_FILE))?;
        remove(&self.dir.join(SUMS_FILE))
    }

    fn mark(&self) -> Result<()> {
        let sums = self.parts.as_ref().map_or(Ok(Vec::new()), |parts| parts.known_sums())?;
        marker::write(&self.dir, self.options.durability, &sums)
    }

    fn has(&self, blob: &Descriptor) -> Result<bool> {
        Ok(self.size_of(&blob.digest)? == Some(blob.size))
    }

    fn presumes(&self, digest: &Digest) -> bool {
        self.base.find(digest).is_some()
    }

    /// Something that is needed, and neither there nor presumed.
    fn lacking<'a>(&self, survey: &'a Survey) -> Option<&'a Digest> {
        let absent = survey.absent.keys().find(|blob| !self.presumes(blob));
        absent.or_else(|| survey.lost_since(self.before.as_ref()?))
    }

    /// Whether all that a manifest needs is there or presumed.
    fn is_whole(&self, repository: &RepositoryPath, digest: &Digest) -> Result<bool> {
        let mut survey = Survey::default();
        match survey.add(self, repository, digest) {
            Ok(()) => Ok(self.lacking(&survey).is_none()),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The size of the parts of the bundle in `dir`, if it has parts or gets them.
fn split(
    dir: &Path,
    before: Option<&Contents>,
    wanted: Option<SplitSize>,
) -> Result<Option<SplitSize>> {
    let is = match split_of(dir)? {
        None => before.and_then(|contents| contents.split),
        split => split,
    };
    let is_new = before.is_none() && is.is_none();
    match wanted {
        Some(size) if is_new || is == wanted => Ok(Some(size)),
        None => Ok(is),
        Some(size) => {
            let is = is.map_or("no parts".to_owned(), |is| format!("parts of {is}"));
            let wanted = format!("parts of {size}");
            Err(BundleError::Split { dir: dir.to_owned(), is, wanted }.into())
        }
    }
}

/// The file of a blob in a bundle.
pub(super) fn blob_file(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex())
}

/// Whether nothing is in a folder but what a writer left who was killed at the start.
fn is_empty(dir: &Path) -> Result<bool> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        entries => entries.map_err(Error::io("list", dir))?,
    };
    let entries: Vec<_> = entries.collect::<io::Result<_>>().map_err(Error::io("list", dir))?;
    Ok(entries.iter().all(|entry| partial::is_leftover(&entry.file_name())))
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("delete", path)(error)),
        _ => Ok(()),
    }
}

impl Stock for BundleWriter {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn size_of(&self, blob: &Digest) -> Result<Option<u64>> {
        match &self.parts {
            // What others have left there is looked at by whoever may change it.
            Some(parts) if self.dir.exists() => self.lock().and_then(|()| parts.size_of(blob)),
            Some(_) => Ok(None),
            None => self.layout.blob_size(blob),
        }
    }
}
