//! A folder of layouts, one for each repository.

use std::collections::HashMap;
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::file;
use super::layout::OWN_NAMES;
use super::{Error, Layout, Result};
use crate::model::{ReferenceError, Registry, Repository};

/// The most repositories that are listed.
const MAX_REPOSITORIES: usize = 100_000;

/// A folder in which each repository `a/b/c` is an image layout at `a/b/c`.
///
/// A component that a layout needs for itself (`blobs`, `index.json`, `oci-layout`) has a `_` in front; no component
/// of a repository name starts with one. Links are not followed.
#[derive(Debug)]
pub struct LayoutStore {
    root: PathBuf,
    open: Mutex<HashMap<String, Layout>>,
}

impl LayoutStore {
    /// The store in `root`, which need not be there yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), open: Mutex::default() }
    }

    /// The name here of a repository of some registry: `localhost_5000/org/app`, `quay.io/org/app`.
    ///
    /// # Errors
    /// When the registry's name cannot be part of a repository name.
    pub fn name_of(repository: &Repository) -> std::result::Result<String, ReferenceError> {
        let name = format!("{}/{}", component_of(repository.registry()), repository.path());
        checked(&name)?;
        Ok(name)
    }

    /// The folder for a repository of some registry, whether it is there or not.
    ///
    /// # Errors
    /// When the registry's name cannot be part of a repository name.
    pub fn dir_of(&self, repository: &Repository) -> Result<PathBuf> {
        let unusable = |source| Error::Name { place: self.root.display().to_string(), source };
        self.dir(&Self::name_of(repository).map_err(unusable)?)
    }

    /// The repository `name`, which has to be there.
    ///
    /// # Errors
    /// When it is not, or when `name` is no repository name.
    pub fn layout(&self, name: &str) -> Result<Layout> {
        let dir = self.dir(name)?;
        if !file::is_below(&self.root, &dir) || !dir.join(OWN_NAMES[0]).is_file() {
            return Err(self.no_repository(name));
        }
        self.remember(name, || Layout::open(dir))
    }

    /// The repository `name`, which is made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made, or when `name` is no repository name.
    pub fn create(&self, name: &str) -> Result<Layout> {
        let dir = self.dir(name)?;
        file::make_below(&self.root, &dir)?;
        if !dir.join(OWN_NAMES[0]).is_file() {
            self.known().remove(name);
        }
        self.remember(name, || Layout::create(dir))
    }

    /// The names of all repositories, sorted.
    ///
    /// # Errors
    /// When a folder cannot be read, or when there are more than a hundred thousand.
    pub fn repositories(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut pending = vec![(self.root.clone(), String::new())];
        while let Some((dir, name)) = pending.pop() {
            if !name.is_empty() && dir.join(OWN_NAMES[0]).is_file() {
                names.push(name.clone());
            }
            pending.extend(subfolders(&dir, &name)?);
            if names.len() + pending.len() > MAX_REPOSITORIES {
                return Err(Error::Unsupported {
                    place: self.root.display().to_string(),
                    why: "holds more repositories than can be listed",
                });
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn dir(&self, name: &str) -> Result<PathBuf> {
        checked(name)
            .map_err(|source| Error::Name { place: self.root.display().to_string(), source })?;
        let mut dir = self.root.clone();
        for component in name.split('/') {
            dir.push(if OWN_NAMES.contains(&component) {
                format!("_{component}")
            } else {
                component.to_owned()
            });
        }
        Ok(dir)
    }

    /// One [`Layout`] for each repository, so that what it has learnt is of use to all.
    fn remember(&self, name: &str, open: impl FnOnce() -> Result<Layout>) -> Result<Layout> {
        if let Some(layout) = self.known().get(name) {
            return Ok(layout.clone());
        }
        let layout = open()?;
        Ok(self.known().entry(name.to_owned()).or_insert(layout).clone())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Layout>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn no_repository(&self, name: &str) -> Error {
        Error::NotFound {
            what: format!("repository {name}"),
            place: self.root.display().to_string(),
            source: None,
        }
    }
}

/// The folders in `dir` that may be repositories, or hold some, with their names.
fn subfolders(dir: &Path, name: &str) -> Result<Vec<(PathBuf, String)>> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", dir)(error)),
    };
    let named = |entry: DirEntry| Some((entry.path(), subfolder_name(&entry, name)?));
    Ok(entries.flatten().filter_map(named).collect())
}

fn subfolder_name(entry: &DirEntry, parent: &str) -> Option<String> {
    let file_name = entry.file_name().into_string().ok()?;
    let component = match file_name.strip_prefix('_') {
        Some(own) => OWN_NAMES.contains(&own).then_some(own)?,
        None if OWN_NAMES.contains(&file_name.as_str()) => return None,
        None => &file_name,
    };
    let name =
        if parent.is_empty() { component.to_owned() } else { format!("{parent}/{component}") };
    let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
    (is_folder && checked(&name).is_ok()).then_some(name)
}

/// A registry as the first component of a name: `_` for the colon before a port; `ip6-0-0-0-0-0-0-0-1` for `[::1]`.
fn component_of(registry: &Registry) -> String {
    let name = registry.as_str();
    let Some((address, port)) = name.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return name.replace(':', "_");
    };
    let groups = address.parse::<Ipv6Addr>().map(|address| address.segments()).unwrap_or_default();
    let groups = groups.map(|group| format!("{group:x}")).join("-");
    format!("ip6-{groups}{}", port.replace(':', "_"))
}

/// The rules for names of repositories are the same on any registry but Docker Hub.
fn checked(name: &str) -> std::result::Result<(), ReferenceError> {
    Repository::new("localhost".parse()?, name).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_of_any_registry_has_a_name() {
        for (image, name) in [
            ("quay.io/org/app", "quay.io/org/app"),
            ("localhost:5000/app", "localhost_5000/app"),
            ("docker.io/alpine", "docker.io/library/alpine"),
            ("[::1]:5000/app", "ip6-0-0-0-0-0-0-0-1_5000/app"),
            ("[::1]/app", "ip6-0-0-0-0-0-0-0-1/app"),
        ] {
            let image: crate::model::ImageRef = image.parse().unwrap();
            assert_eq!(LayoutStore::name_of(&image.repository).unwrap(), name);
        }
    }

    #[test]
    fn repositories_may_be_called_like_the_files_of_a_layout() {
        let dir = tempfile::tempdir().unwrap();
        let store = LayoutStore::new(dir.path());
        let names = ["a", "a/blobs", "a/blobs/sha256", "a/index.json", "a/oci-layout", "b/c.d/e"];
        for name in names {
            store.create(name).unwrap();
        }
        assert_eq!(store.repositories().unwrap(), names);
        assert!(store.layout("a/blobs").is_ok());
        assert!(store.layout("b").unwrap_err().is_not_found());
    }

    #[test]
    fn names_cannot_leave_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
        Layout::create(&outside).unwrap();
        std::fs::create_dir(&root).unwrap();
        std::os::unix::fs::symlink(&outside, root.join("link")).unwrap();
        let store = LayoutStore::new(&root);
        for name in ["", "..", "../outside", "a/../..", "/etc", "a//b", "_blobs", "A"] {
            assert!(store.layout(name).is_err() && store.create(name).is_err(), "{name}");
        }
        assert!(store.layout("link").is_err() && store.create("link").is_err());
        assert!(store.create("link/below").is_err());
        assert!(store.repositories().unwrap().is_empty());
    }
}
