//! A mirror file with all that it includes, read and checked.

use std::collections::HashSet;
use std::path::Path;

use super::image::Entry;
use super::include::{Files, Whole, include};
use super::part::Part;
use super::{FileError, Settings};
use crate::mirror::{Line, Position, Root};
use crate::model::{Endpoint, Registry};

/// Which images go where, and what holds for all of them.
#[derive(Clone, Debug)]
pub struct MirrorFile {
    file: String,
    images: Vec<Entry>,
    /// What holds where neither an image nor the command line says otherwise.
    pub settings: Settings,
}

impl MirrorFile {
    /// Reads `text`, which is that of the file at `path` (`-` for standard input), and what it includes from `files`.
    /// Paths in a file are relative to its folder.
    ///
    /// # Errors
    /// With its place, when anything in a file is not understood, or one cannot be read.
    pub fn read(path: &Path, text: &str, files: &dyn Files) -> Result<Self, FileError> {
        let part = Part::read(path, text)?;
        let file = part.name.clone();
        let Whole { images, settings } = include(part, path, files)?;
        settings.check()?;
        Ok(Self { images, settings, file })
    }

    /// The registries that it speaks of and no image of `lines` is of or goes to.
    #[must_use]
    pub fn unused(&self, lines: &[Line]) -> Vec<(&Registry, &Position)> {
        let ends =
            lines.iter().flat_map(|line| line.destinations.iter().chain([line.source.place()]));
        let used: HashSet<&Registry> = ends.filter_map(Endpoint::registry).collect();
        let registries = self.settings.registries.iter();
        let unused = registries.filter(|(registry, _)| !used.contains(registry));
        unused.map(|(registry, said)| (registry, &said.position)).collect()
    }

    /// What goes where. `root` is where images go that name no destination; without one, where the file says.
    ///
    /// # Errors
    /// When an image has no destination, or the file names none.
    pub fn lines(&self, root: Option<&Root>) -> Result<Vec<Line>, FileError> {
        if self.images.is_empty() {
            return Err(FileError::Nothing { file: self.file.clone() });
        }
        let root = root.or(self.settings.root.as_ref().map(|said| &said.value));
        let platforms = self.settings.platforms.as_ref().map(|said| said.value.as_slice());
        let mut lines = Vec::new();
        for entry in &self.images {
            lines.extend(entry.lines(root, platforms.unwrap_or_default())?);
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests;
