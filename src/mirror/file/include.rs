//! The files that a mirror file includes, and what all of them say together.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::image::Entry;
use super::merge::{Beside, Over};
use super::part::Part;
use super::{FileError, Said, Settings};
use crate::mirror::Position;
use crate::mirror::images::fits;
use crate::model::one_line;

/// How deep files include each other.
pub(super) const MAX_DEPTH: usize = 10;
/// How many files make one.
pub(super) const MAX_FILES: usize = 1000;

/// Where included files are read from.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// When it cannot be read, or is longer than such a file should be.
    fn read(&self, path: &Path) -> io::Result<String>;

    /// The names of the files in a folder, in any order.
    ///
    /// # Errors
    /// When it cannot be read.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// What a file is called, whichever way leads to it.
    ///
    /// # Errors
    /// When it is not there.
    fn identity(&self, path: &Path) -> io::Result<PathBuf>;
}

/// What a file says together with those that it includes.
pub(super) struct Whole {
    pub(super) images: Vec<Entry>,
    pub(super) settings: Settings,
}

/// Reads what `part`, the file at `path`, includes. The images of each file are there once.
pub(super) fn include(part: Part, path: &Path, files: &dyn Files) -> Result<Whole, FileError> {
    // Standard input has no other name.
    let first = files.identity(path).unwrap_or_else(|_| path.to_owned());
    Reader { files, above: vec![first], known: HashMap::new() }.whole(part, path)
}

struct Reader<'f> {
    files: &'f dyn Files,
    /// The files that led to the one that is read.
    above: Vec<PathBuf>,
    /// What the files say of settings that were read before, each with what it includes.
    known: HashMap<PathBuf, Settings>,
}

impl Reader<'_> {
    fn whole(&mut self, part: Part, path: &Path) -> Result<Whole, FileError> {
        let Part { include, mut images, settings: own, .. } = part;
        let mut settings = own.clone();
        for said in &include {
            for path in self.paths(path, said)? {
                let more = self.included(&path, &said.position)?;
                images.extend(more.images);
                settings = settings.with(own.clone().with(more.settings, &Over)?, &Beside)?;
            }
        }
        Ok(Whole { images, settings })
    }

    /// What the file at `path` says. Its images were taken already when it was read before.
    fn included(&mut self, path: &Path, position: &Position) -> Result<Whole, FileError> {
        let place = || position.clone();
        let unreadable =
            |source| FileError::Unreadable { position: place(), path: path.to_owned(), source };
        let identity = self.files.identity(path).map_err(unreadable)?;
        if self.above.contains(&identity) {
            return Err(FileError::Cycle { position: place(), path: path.to_owned() });
        }
        if let Some(settings) = self.known.get(&identity) {
            return Ok(Whole { images: Vec::new(), settings: settings.clone() });
        }
        let many = self.above.len() + self.known.len();
        if self.above.len() > MAX_DEPTH || many >= MAX_FILES {
            return Err(FileError::TooMany { position: place() });
        }
        let text = self.files.read(path).map_err(unreadable)?;
        self.above.push(identity.clone());
        let whole = self.whole(Part::read(path, &text)?, path)?;
        self.above.pop();
        self.known.insert(identity, whole.settings.clone());
        Ok(whole)
    }

    /// The files that `said` in the file at `path` means.
    fn paths(&self, path: &Path, said: &Said<String>) -> Result<Vec<PathBuf>, FileError> {
        let Said { value, position } = said;
        let folder = path.parent().unwrap_or(Path::new(""));
        let (below, name) = match value.rsplit_once('/') {
            Some((below, name)) => (format!("{below}/"), name),
            None => (String::new(), value.as_str()),
        };
        if name.is_empty() || below.contains('*') {
            return Err(FileError::Include { position: position.clone() });
        }
        if !name.contains('*') {
            return Ok(vec![folder.join(value)]);
        }
        let folder = folder.join(below);
        let names = self.files.names(&folder).map_err(|source| FileError::Unreadable {
            position: position.clone(),
            path: folder.clone(),
            source,
        })?;
        // As in a shell.
        let is_hidden = |found: &str| found.starts_with('.') && !name.starts_with('.');
        let mut found: Vec<String> =
            names.into_iter().filter(|found| fits(name, found) && !is_hidden(found)).collect();
        found.sort();
        if found.is_empty() {
            let (position, pattern) = (position.clone(), one_line(value, 300));
            return Err(FileError::NoFile { position, pattern });
        }
        Ok(found.into_iter().map(|name| folder.join(name)).collect())
    }
}

#[cfg(test)]
mod tests;
