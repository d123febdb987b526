//! A folder of streams: `ROOT/NAMESPACE/STREAM.yaml`, one `ImageStream` each, and `ROOT/images/sha256/HEX.yaml`, one
//! `Image` each.
//!
//! The files belong to people, to git and to `oc apply` as much as to us. A change touches the lines that it is about
//! ([`crate::yaml`]); comments, order, and fields that are not known here stay. `.yml` and `.json` are read too and stay
//! what they are. Files of other kinds beside streams, as a `kustomization.yaml`, are left alone.
//!
//! Writers take turns by a lock on `ROOT/.lock`, which stays. A file is written beside the one that it replaces, made
//! durable, and renamed: whoever reads, at any time, finds the old file or the new one. A link is followed and stays a
//! link when it leads to a place below `ROOT`; one that leads out is refused.
//!
//! There is no server that counts versions. A stream that is read has a hash of its file as its resource version, so
//! that a later write can be refused when the file has changed. It is never written, and one that a cluster wrote
//! there is dropped with the first change: `oc apply` would fail with it.
//!
//! The namespace `images` and the folder of images are one folder: streams are the files in it, images are in the
//! folders below.

mod document;
mod error;
mod images;
mod locked;
mod place;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub use error::Error;
pub use locked::Writer;

use self::document::Document;
use super::{ImageStream, Namespace, StreamName};

/// The largest file that is read or written: an API server keeps objects below 2 MiB, a long history may be more.
const LIMIT: u64 = 16 * 1024 * 1024;

/// A folder of streams and images.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

impl Files {
    /// The folder `root`. It is made when something is first kept in it.
    ///
    /// # Errors
    /// When there is something else than a folder.
    pub fn open(root: &Path) -> Result<Self, Error> {
        match fs::metadata(root) {
            Ok(metadata) if !metadata.is_dir() => Err(Error::NotAFolder(root.to_owned())),
            _ => Ok(Self { root: root.to_owned() }),
        }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A stream, if it is there. Its namespace is filled in, and its resource version is that of the file.
    ///
    /// # Errors
    /// When its file cannot be read, is no stream, or is another one.
    pub fn get(&self, name: &StreamName) -> Result<Option<ImageStream>, Error> {
        Ok(self.load(name)?.map(|(_, document)| document.stream))
    }

    /// All streams of a namespace, or of all namespaces, sorted by name; in place of one whose file cannot be read, or
    /// is not the stream that its place says, the reason. Objects of other API groups are not looked at.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn list(
        &self,
        namespace: Option<&Namespace>,
    ) -> Result<Vec<Result<ImageStream, Error>>, Error> {
        let namespaces = match namespace {
            Some(namespace) => vec![namespace.clone()],
            None => self.namespaces()?,
        };
        let mut streams = Vec::new();
        for namespace in namespaces {
            for (name, path) in self.files(&namespace)? {
                let read = path.and_then(|path| self.listed(&namespace, &name, &path));
                streams.extend(read.transpose());
            }
        }
        Ok(streams)
    }

    /// The stream in a file of a namespace; nothing when it holds an object of another API group, or is gone.
    fn listed(
        &self,
        namespace: &Namespace,
        name: &str,
        path: &Path,
    ) -> Result<Option<ImageStream>, Error> {
        let Some(text) = self.read(path)? else { return Ok(None) };
        if document::is_of_another_group(&text) {
            return Ok(None);
        }
        let name = StreamName::new(namespace.clone(), name)
            .map_err(|source| Error::Name { path: path.to_owned(), source })?;
        Ok(Some(Document::parse(path, text, &name)?.stream))
    }

    /// The stream's file and what it says.
    fn load(&self, name: &StreamName) -> Result<Option<(PathBuf, Document)>, Error> {
        let Some(path) = self.find(&self.folder(name.namespace()), name.name())? else {
            return Ok(None);
        };
        let Some(text) = self.read(&path)? else { return Ok(None) };
        let document = Document::parse(&path, text, name)?;
        Ok(Some((path, document)))
    }

    fn namespaces(&self) -> Result<Vec<Namespace>, Error> {
        let mut found: Vec<Namespace> = place::names(&self.root)?
            .into_iter()
            .filter(|name| self.root.join(name).is_dir())
            .filter_map(|name| name.parse().ok())
            .collect();
        found.sort();
        Ok(found)
    }

    /// The names of the streams that files in a namespace are for, and the one file of each.
    fn files(
        &self,
        namespace: &Namespace,
    ) -> Result<BTreeMap<String, Result<PathBuf, Error>>, Error> {
        let folder = self.folder(namespace);
        let mut found: BTreeMap<String, Result<PathBuf, Error>> = BTreeMap::new();
        for name in place::names(&folder)? {
            let Some((stem, _)) = place::split(&name) else { continue };
            let path = folder.join(&name);
            if path.is_dir() {
                continue;
            }
            let one = match found.remove(stem) {
                Some(first) => first.and_then(|first| Err(Error::two(first, path))),
                None => Ok(path),
            };
            found.insert(stem.to_owned(), one);
        }
        Ok(found)
    }
}

impl Writer<'_> {
    /// Changes a stream. `change` is given the stream, if it is there, and answers what is to be kept (nothing to leave
    /// all as it is), and something for the caller.
    ///
    /// A stream that is new is written as `kubectl get -o yaml` prints it; in one that is there, what did not change
    /// stays as it is, to the byte.
    ///
    /// # Errors
    /// Those of `change`, after which the stream has not changed. When the file cannot be read or written, or is not
    /// the stream that its place says.
    pub fn edit<T, E: From<Error>>(
        &self,
        name: &StreamName,
        change: impl FnOnce(Option<&ImageStream>) -> Result<(Option<ImageStream>, T), E>,
    ) -> Result<T, E> {
        let before = self.files.load(name)?;
        let (after, done) = change(before.as_ref().map(|(_, document)| &document.stream))?;
        if let Some(after) = after {
            match before {
                Some((path, document)) => {
                    let text = document.changed(&after, name);
                    if text != document.text {
                        self.replace(&path, &text)?;
                    }
                }
                None => {
                    let path = self.files.place(name, "yaml");
                    self.create(&path, &document::print(&after, name))?;
                }
            }
        }
        Ok(done)
    }

    /// Removes a stream; tells whether it was there. Of a link, the link goes.
    ///
    /// # Errors
    /// When its file cannot be removed, or there are two.
    pub fn delete(&self, name: &StreamName) -> Result<bool, Error> {
        match self.files.find(&self.files.folder(name.namespace()), name.name())? {
            Some(path) => self.remove(&path),
            None => Ok(false),
        }
    }
}
