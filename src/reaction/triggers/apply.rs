//! Manifests on disk are brought up to date with a place of streams.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use super::annotation::ANNOTATION;
use super::edit::{Edit, Fault, Followers, edit};
use super::files::{self, Found};
use super::{Error, diff};
use crate::imagestream::{ImageStream, Namespace, StreamName, StreamTag, Streams};
use crate::reaction::pull_spec;
use crate::yaml::{self, Document, Place};

/// Which manifests to look at, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files, and folders whose `*.yaml`, `*.yml` and `*.json` are meant, at any depth.
    pub paths: Vec<PathBuf>,
    /// The namespace of streams where neither trigger nor manifest names one.
    pub namespace: Namespace,
    /// Whether to write.
    pub mode: Mode,
}

/// Whether what is found out is also done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Files are changed.
    Write,
    /// It is only told what would be changed.
    DryRun,
}

/// What became of the manifests.
#[derive(Debug, Default)]
pub struct Report {
    /// The files that have changed, or would have, by path.
    pub files: Vec<FileReport>,
    /// What follows a tag that has no image, and stays as it is.
    pub waiting: Vec<Waiting>,
    /// What could not be done; it stopped nothing else.
    pub errors: Vec<Error>,
}

impl Report {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.waiting.is_empty() && self.errors.is_empty()
    }
}

/// A value that follows a tag without an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The file.
    pub path: PathBuf,
    /// Where the value begins.
    pub place: Place,
    /// The object: `Deployment/web`.
    pub object: String,
    /// The tag.
    pub tag: StreamTag,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, place, object, tag } = self;
        let path = path.display();
        write!(f, "{path}:{}: {object} follows {tag}, which has no image", place.line)
    }
}

/// A file that has changed, or would have.
#[derive(Debug)]
pub struct FileReport {
    /// The file.
    pub path: PathBuf,
    /// What was replaced, in the order of the text.
    pub edits: Vec<Edit>,
    /// The same as a diff (`diff -u`).
    pub diff: String,
}

/// A file with triggers.
struct Manifest {
    path: PathBuf,
    text: String,
    documents: Vec<Document>,
}

/// Brings all manifests up to date with the streams of a place. `ahead` is one of them as it is taken to be, whatever
/// the place says of it.
pub async fn apply(
    streams: &dyn Streams,
    ahead: Option<&ImageStream>,
    options: &Options,
) -> Report {
    let paths = options.paths.clone();
    let (manifests, mut errors) = blocking(move || load(&paths)).await;
    let followed: BTreeSet<StreamTag> =
        manifests.iter().flat_map(|manifest| tags(manifest, &options.namespace)).collect();
    let (current, failed) = pull_specs(streams, ahead, followed).await;
    errors.extend(failed);
    let (namespace, mode) = (options.namespace.clone(), options.mode);
    let mut report = blocking(move || write(&manifests, &namespace, &current, mode)).await;
    errors.append(&mut report.errors);
    Report { errors, ..report }
}

/// Does what takes the disk's time apart from what else goes on.
async fn blocking<T: Send + Default + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    // It ends early only when the whole process does.
    tokio::task::spawn_blocking(work).await.unwrap_or_default()
}

fn load(paths: &[PathBuf]) -> (Vec<Manifest>, Vec<Error>) {
    let (found, mut errors) = files::find(paths);
    let mut manifests = Vec::new();
    for file in found {
        match load_one(file) {
            Ok(manifest) => manifests.extend(manifest),
            Err(error) => errors.push(error),
        }
    }
    (manifests, errors)
}

/// What was found in a folder is a manifest only if it holds the annotation: folders hold data, and templates that are
/// no YAML.
fn load_one(Found { path, is_named }: Found) -> Result<Option<Manifest>, Error> {
    let text = match files::read(&path) {
        Err(Error::TooLarge { .. } | Error::NotText { .. }) if !is_named => return Ok(None),
        text => text?,
    };
    if !is_named && !is_annotated(&text) {
        return Ok(None);
    }
    match yaml::documents(&text) {
        Ok(documents) => Ok(Some(Manifest { path, text, documents })),
        Err(source) => Err(Error::Syntax { path, source }),
    }
}

/// Whether a text holds the annotation's key, in YAML or in JSON, where a slash may be written with another before it.
fn is_annotated(text: &str) -> bool {
    text.contains(ANNOTATION) || text.contains(&ANNOTATION.replace('/', r"\/"))
}

fn tags(manifest: &Manifest, namespace: &Namespace) -> Vec<StreamTag> {
    let followers = Followers::find(&manifest.text, &manifest.documents, namespace);
    followers.images.into_iter().map(|image| image.tag).collect()
}

/// What each tag points to, where there is such a tag; every stream is asked for once.
async fn pull_specs(
    streams: &dyn Streams,
    ahead: Option<&ImageStream>,
    tags: BTreeSet<StreamTag>,
) -> (BTreeMap<StreamTag, String>, Vec<Error>) {
    let (mut found, mut errors) = (BTreeMap::new(), Vec::new());
    let mut by_stream: BTreeMap<StreamName, Vec<StreamTag>> = BTreeMap::new();
    for tag in tags {
        by_stream.entry(tag.stream.clone()).or_default().push(tag);
    }
    for (name, tags) in by_stream {
        let stream = match ahead.filter(|stream| name.is_of(stream)) {
            Some(stream) => Ok(Some(stream.clone())),
            None => streams.get(&name).await,
        };
        match stream {
            Ok(Some(stream)) => found.extend(tags.into_iter().filter_map(|tag| {
                let reference = pull_spec(&stream, tag.tag.as_str())?;
                Some((tag, reference))
            })),
            Ok(None) => {}
            Err(source) => errors.push(Error::Stream { stream: name, source }),
        }
    }
    (found, errors)
}

fn write(
    manifests: &[Manifest],
    namespace: &Namespace,
    current: &BTreeMap<StreamTag, String>,
    mode: Mode,
) -> Report {
    let mut report = Report::default();
    for manifest in manifests {
        let Manifest { path, text, documents } = manifest;
        let followers = Followers::find(text, documents, namespace);
        let unknown = followers.images.iter().filter(|image| !current.contains_key(&image.tag));
        report.waiting.extend(unknown.map(|image| Waiting {
            path: path.clone(),
            place: image.place,
            object: image.object.clone(),
            tag: image.tag.clone(),
        }));
        let (edited, edits, faults) = edit(text, &followers, |tag| current.get(tag).cloned());
        let faults = followers.faults.into_iter().chain(faults);
        report.errors.extend(faults.map(|fault| fault.of(path)));
        if edits.is_empty() {
            continue;
        }
        let written = match mode {
            Mode::Write => files::replace(path, text, &edited),
            Mode::DryRun => Ok(()),
        };
        match written {
            Ok(()) => {
                let diff = diff::unified(path, text, &edited);
                report.files.push(FileReport { path: path.clone(), edits, diff });
            }
            Err(error) => report.errors.push(error),
        }
    }
    report
}

impl Fault {
    fn of(self, path: &std::path::Path) -> Error {
        let Self { place, object, reason } = self;
        Error::Trigger { path: path.to_owned(), place, object, reason }
    }
}
