//! A bundle being written.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::split::{Parts, split_of};
use super::sums::Sums;
use super::survey::{Needed, Stock, Survey, attached_to};
use super::{
    BUNDLE_FILE, Base, BundleError, BundleOptions, BundledImage, Contents, HeldBlob, MARKER_FILE,
    PresumedBlob, SIGNATURE_FILE, SUMS_FILE, SigningKey, SplitSize, is_at, marker, read_small,
    unusable,
};
use crate::model::{
    Descriptor, Digest, Endpoint, ImagePath, Manifest, RefName, Repository, RepositoryPath,
};
use crate::store::file::blocking;
use crate::store::layout::{Files, INDEX_FILE, LAYOUT_FILE};
use crate::store::{
    Arrival, Error, Layout, Reference, Result, Sink, Source, WriteOptions, partial,
};

/// A bundle being written; what is there of it already is kept, and updated.
pub struct BundleWriter {
    dir: PathBuf,
    /// Its manifests, and its blobs unless they are in parts.
    layout: Layout,
    parts: Option<Arc<Parts>>,
    options: WriteOptions,
    /// What the bundle was made of when it was finished last.
    before: Option<Contents>,
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
        Ok(Arc::new(Self {
            dir,
            layout,
            parts,
            options,
            before,
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

    fn presumes(&self, digest: &Digest) -> bool {
        self.base.find(digest).is_some()
    }

    /// Whether all that a manifest needs is there or presumed.
    fn is_whole(&self, repository: &RepositoryPath, digest: &Digest) -> Result<bool> {
        let mut survey = Survey::default();
        match survey.add(self, repository, digest) {
            Ok(()) => Ok(survey.absent.keys().all(|blob| self.presumes(blob))),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends the writing: what no image needs any more is removed, then the bundle is made whole.
    fn finish(&self) -> Result<()> {
        self.begin()?;
        self.parts.as_ref().map_or(Ok(()), Parts::finish)?;
        let images = self.images()?;
        let (contents, survey) = self.take_stock(&images)?;
        self.tidy(&survey)?;
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
            let lacking = survey.absent.keys().find(|blob| !self.presumes(blob));
            if let Some(blob) = lacking {
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
                "{bytes} bytes in the parts of bundle:{dir} are of no use any more: a new bundle would be smaller"
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
    match std::fs::read_dir(dir) {
        Ok(entries) => Ok(entries.flatten().all(|entry| partial::is_leftover(&entry.file_name()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(Error::io("list", dir)(error)),
    }
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("delete", path)(error)),
        _ => Ok(()),
    }
}

impl BundleWriter {
    fn has(&self, blob: &Descriptor) -> Result<bool> {
        Ok(self.size_of(&blob.digest)? == Some(blob.size))
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

/// One repository of a bundle.
struct BundleSink {
    bundle: Arc<BundleWriter>,
    repository: RepositoryPath,
}

impl BundleSink {
    /// What the bundle's layout calls an image of this repository.
    fn full_name(&self, name: &RefName) -> Result<RefName> {
        let unusable = |source| Error::Name { place: self.place(), source };
        format!("{}:{name}", self.repository).parse().map_err(unusable)
    }

    fn put(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        let bundle = &self.bundle;
        let name = name.map(|name| self.full_name(name)).transpose()?;
        for blob in manifest.blobs().filter(|blob| !blob.is_foreign()) {
            if !bundle.has(blob)? && !bundle.presumes(&blob.digest) {
                let (what, place) = (format!("blob {}", blob.digest), self.place());
                return Err(Error::NotFound { what, place, source: None });
            }
        }
        bundle.unfinish()?;
        bundle.layout.keep_manifest(manifest, name.as_ref())
    }
}

#[async_trait]
impl Sink for BundleSink {
    fn place(&self) -> String {
        format!("bundle:{}:{}", self.bundle.dir.display(), self.repository)
    }

    fn pool(&self) -> String {
        format!("bundle:{}", self.bundle.dir.display())
    }

    async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        let (bundle, wanted) = (Arc::clone(&self.bundle), blob.clone());
        let is_there = blocking(move || bundle.has(&wanted)).await?;
        Ok(is_there || self.bundle.presumes(&blob.digest))
    }

    async fn mount_blob(&self, _: &Descriptor, _: &Repository) -> Result<bool> {
        Ok(false)
    }

    async fn put_blob(&self, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        self.bundle.begin()?;
        match &self.bundle.parts {
            Some(parts) => parts.put(blob, source).await,
            None => self.bundle.layout.put_blob(blob, source).await,
        }
    }

    async fn manifest_digest(&self, reference: &Reference) -> Result<Option<Digest>> {
        let reference = match reference {
            Reference::Name(name) => Reference::Name(self.full_name(name)?),
            other => other.clone(),
        };
        let found = self.bundle.layout.manifest_digest(&reference).await?;
        match found {
            Some(digest) if self.bundle.is_whole(&self.repository, &digest)? => Ok(Some(digest)),
            _ => Ok(None),
        }
    }

    async fn put_manifest(&self, manifest: &Manifest, name: Option<&RefName>) -> Result<()> {
        let sink = Self { bundle: Arc::clone(&self.bundle), repository: self.repository.clone() };
        let (manifest, name) = (manifest.clone(), name.cloned());
        blocking(move || sink.put(&manifest, name.as_ref())).await
    }

    fn record(&self, arrival: &Arrival) {
        if let Endpoint::Bundle { name: Some(name), .. } = &arrival.destination {
            let digest = name.tag.is_none().then(|| arrival.digest.clone());
            let name = ImagePath { digest, ..name.clone() };
            self.bundle.state().arrivals.push((name, arrival.clone()));
        }
    }

    async fn finish(&self) -> Result<()> {
        self.bundle.layout.finish().await?;
        let bundle = Arc::clone(&self.bundle);
        blocking(move || bundle.finish()).await
    }
}
