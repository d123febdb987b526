//! Streams in a folder: what an API server does with an import, done here.
//!
//! Images are fetched while nothing is locked. Then the stream is read again under its lock, must be the one that the
//! question was made from, and gets what follows from the answers; `Image` objects are written before the stream that
//! names them. Whoever is killed leaves the old stream or the new one.

mod import;

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;

use super::api::{Image, ObjectMeta, SpecTag, Time};
use super::fetch::{self, Registries};
use super::files::{Files, Writer};
use super::{
    Error, ImageStream, ImageStreamImport, Listing, Namespace, PullThrough, Result, StreamName,
    StreamTag, Streams, change, prune, pull_through, refusal,
};
use crate::model::Digest;

/// What an API server says to who would overwrite a change of somebody else.
const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// What an import needs besides the folder.
#[derive(Clone)]
pub struct Fetching {
    /// What opens the places that images are fetched from.
    pub registries: Registries,
    /// How many tags of a repository are imported at most; all without one.
    pub limit: Option<usize>,
    /// Who is told how a fetch goes on.
    pub observer: Arc<dyn fetch::Observer>,
    /// Copies the data of images, when they are wanted.
    pub pull_through: Option<Arc<dyn PullThrough>>,
    /// Tells the time.
    pub clock: fn() -> Time,
}

/// Streams in a folder.
#[derive(Clone)]
pub struct Local {
    files: Arc<Files>,
    fetching: Fetching,
}

impl Local {
    /// The streams of `files`, with images from where `fetching` says.
    #[must_use]
    pub fn new(files: Files, fetching: Fetching) -> Self {
        Self { files: Arc::new(files), fetching }
    }

    fn now(&self) -> Time {
        (self.fetching.clock)()
    }

    /// Does something with the files where waiting for a disk or a lock harms nobody.
    async fn with_files<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Files) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let files = Arc::clone(&self.files);
        match tokio::task::spawn_blocking(move || act(&files)).await {
            Ok(done) => done,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }

    /// Makes another stream of one; it is written when it is another. The answer is the stream as it is then.
    async fn change(
        &self,
        name: &StreamName,
        change: impl FnOnce(Option<&ImageStream>) -> Result<ImageStream> + Send + 'static,
    ) -> Result<ImageStream> {
        self.change_along(name, |old, _| change(old)).await
    }

    /// The same, and `change` may write images that the stream will name: nobody else writes until it does.
    async fn change_along(
        &self,
        name: &StreamName,
        change: impl FnOnce(Option<&ImageStream>, &Writer) -> Result<ImageStream> + Send + 'static,
    ) -> Result<ImageStream> {
        let name = name.clone();
        self.with_files(move |files| {
            let writer = files.writer()?;
            let made = writer.edit(&name, |old| {
                let mut new = change(old, &writer)?;
                settle(files, &mut new);
                let is_other = old != Some(&new);
                Ok::<_, Error>((is_other.then(|| new.clone()), new))
            })?;
            // Read again for its version.
            Ok(files.get(&name)?.unwrap_or(made))
        })
        .await
    }
}

/// Sets the repository that users of the stream get, by what is known of its images.
fn settle(files: &Files, stream: &mut ImageStream) {
    let is_there = |digest: &str, place: &str| {
        let image = digest.parse().ok().and_then(|digest| files.image(&digest).ok().flatten());
        image.is_some_and(|image| pull_through::is_copied(&image, place))
    };
    pull_through::settle(stream, is_there);
}

#[async_trait]
impl Streams for Local {
    fn place(&self) -> String {
        self.files.root().display().to_string()
    }

    async fn get(&self, name: &StreamName) -> Result<Option<ImageStream>> {
        let name = name.clone();
        self.with_files(move |files| Ok(files.get(&name)?)).await
    }

    async fn list(&self, namespace: Option<&Namespace>) -> Result<Listing> {
        let namespace = namespace.cloned();
        let found = self.with_files(move |files| Ok(files.list(namespace.as_ref())?)).await?;
        let mut listing = Listing::default();
        for stream in found {
            match stream {
                Ok(stream) => listing.streams.push(stream),
                Err(error) => listing.unreadable.push(error.into()),
            }
        }
        Ok(listing)
    }

    async fn import(&self, import: &ImageStreamImport) -> Result<ImageStreamImport> {
        import::import(self, import).await
    }

    async fn set_tag(
        &self,
        tag: &StreamTag,
        spec: &SpecTag,
        version: Option<&str>,
    ) -> Result<ImageStream> {
        let other = match change::source_stream(tag, spec) {
            Some(name) => self.get(&name).await?,
            None => None,
        };
        let (tag, spec, now) = (tag.clone(), spec.clone(), self.now());
        let (name, version) = (tag.stream.clone(), version.map(ToOwned::to_owned));
        let set = move |stream: Option<&ImageStream>| {
            if let Some(version) = &version {
                let stream = stream.ok_or_else(|| Error::NoStream(tag.stream.clone()))?;
                unchanged(stream, Some(version))?;
            }
            change::set_tag(stream, &tag, &spec, other.as_ref(), now).map_err(Error::Status)
        };
        self.change(&name, set).await
    }

    async fn set_repository(&self, name: &StreamName, repository: &str) -> Result<ImageStream> {
        let (stream, repository, now) = (name.clone(), repository.to_owned(), self.now());
        let set = move |old: Option<&ImageStream>| {
            change::set_repository(old, &stream, &repository, now).map_err(Error::Status)
        };
        self.change(name, set).await
    }

    async fn delete_tag(&self, tag: &StreamTag) -> Result<()> {
        let (name, tag) = (tag.stream.clone(), tag.clone());
        let delete = move |stream: Option<&ImageStream>| {
            let old = stream.ok_or_else(|| Error::NoStream(tag.stream.clone()))?;
            change::delete_tag(Some(old), &tag).map_err(|_| Error::NoTag(tag))
        };
        self.change(&name, delete).await.map(drop)
    }

    async fn delete(&self, name: &StreamName) -> Result<()> {
        let gone = name.clone();
        let was_there = self.with_files(move |files| Ok(files.writer()?.delete(&gone)?)).await?;
        if was_there { Ok(()) } else { Err(Error::NoStream(name.clone())) }
    }

    async fn replace_status(&self, stream: &ImageStream) -> Result<()> {
        let name = StreamName::of(stream)?;
        let (shortened, missing) = (stream.clone(), name.clone());
        let replace = move |old: Option<&ImageStream>| {
            let old = old.ok_or(Error::NoStream(missing))?;
            unchanged(old, shortened.metadata.resource_version.as_ref())?;
            Ok(ImageStream { status: shortened.status, ..old.clone() })
        };
        self.change(&name, replace).await.map(drop)
    }

    async fn image(&self, digest: &str) -> Result<Option<Image>> {
        match digest.parse::<Digest>() {
            Ok(digest) => self.with_files(move |files| Ok(files.image(&digest)?)).await,
            Err(_) => Ok(None),
        }
    }

    async fn images(&self) -> Result<Vec<String>> {
        let digests = self.with_files(|files| Ok(files.images()?)).await?;
        Ok(digests.iter().map(ToString::to_string).collect())
    }

    async fn delete_images(&self, digests: &[String]) -> Result<Vec<String>> {
        let wanted: HashSet<String> = digests.iter().cloned().collect();
        self.with_files(move |files| forget(&files.writer()?, files, &wanted)).await
    }
}

/// Refuses a stream that is another than the one of this version.
fn unchanged(stream: &ImageStream, version: Option<&String>) -> Result<()> {
    let ObjectMeta { name, resource_version, .. } = &stream.metadata;
    if resource_version.as_ref() == version {
        return Ok(());
    }
    Err(Error::Status(refusal::conflict("imagestreams", name, MODIFIED)))
}

/// Removes those of `wanted` that nothing names while nobody else writes.
fn forget(writer: &Writer, files: &Files, wanted: &HashSet<String>) -> Result<Vec<String>> {
    let streams: Vec<ImageStream> =
        files.list(None)?.into_iter().collect::<std::result::Result<_, _>>()?;
    // One that cannot be read lists nothing.
    let read = |digest: &Digest| files.image(digest).ok().flatten();
    let known = files.images()?;
    let images = known.iter().map(|digest| read(digest).unwrap_or(Image::new(digest.as_str())));
    let images: Vec<Image> = images.collect();
    let unnamed = prune::unnamed(&streams, &images);
    let mut gone = Vec::new();
    for digest in known.iter().filter(|digest| unnamed.contains(digest.as_str())) {
        if wanted.contains(digest.as_str()) && writer.delete_image(digest)? {
            gone.push(digest.to_string());
        }
    }
    Ok(gone)
}

/// The name that an object's metadata make.
fn named(namespace: Option<&str>, name: &str) -> Result<StreamName> {
    let namespace = namespace.map_or_else(|| Ok(Namespace::default()), str::parse)?;
    Ok(StreamName::new(namespace, name)?)
}
