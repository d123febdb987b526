//! A mirror file, read and checked.

use std::path::Path;

use serde_json::Value;

use super::image::Entry;
use super::written::{Mapping, Written};
use super::settings::Placed;
use super::{FileError, Settings};
use crate::mirror::document::File;
use crate::mirror::{Line, Position, Root};
use crate::model::{Endpoint, Registry, one_line};
use crate::yaml::{self, Step};

/// The form that is read.
const VERSION: u64 = 1;

/// Which images go where, and what holds for all of them.
#[derive(Clone, Debug)]
pub struct MirrorFile {
    file: String,
    images: Vec<Entry>,
    /// What holds where neither an image nor the command line says otherwise.
    pub settings: Settings,
}

impl MirrorFile {
    /// Reads the text of the file at `path`, `-` for standard input. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// With its place, when anything in it is not understood.
    pub fn read(path: &Path, text: &str) -> Result<Self, FileError> {
        let name = one_line(&path.display().to_string(), 300);
        let wrong = |source| FileError::Document { file: name.clone(), source };
        let file = File::read(&name, text).map_err(wrong)?;
        require_version(&file)?;
        refuse_nulls(&file, file.value(), &mut yaml::Path::default())?;
        let Mapping(Written { defaults, root, registries, images, .. }) =
            file.typed(file.value().clone()).map_err(wrong)?;
        let images = images.into_iter().enumerate();
        let images = images.map(|(index, image)| Entry::read(image, &file, index));
        let images = images.collect::<Result<_, _>>()?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let at = Placed { file: &file, folder };
        let settings = Settings::read(root, defaults.0, registries, &at)?;
        settings.check()?;
        Ok(Self { images, settings, file: name })
    }

    /// The registries that `lines` do not touch, of those that it speaks of.
    pub fn unused<'a>(&'a self, lines: &'a [Line]) -> impl Iterator<Item = (&'a Registry, &'a Position)> {
        let touched = |line: &Line, registry| {
            let ends = line.destinations.iter().chain([line.source.place()]);
            ends.filter_map(Endpoint::registry).any(|touched| touched == registry)
        };
        let registries = self.settings.registries.iter();
        let unused = registries.filter(move |(registry, _)| !lines.iter().any(|line| touched(line, registry)));
        unused.map(|(registry, said)| (registry, &said.position))
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

fn require_version(file: &File<'_>) -> Result<(), FileError> {
    let found = match file.value() {
        // What it is instead is told by its type.
        Value::Object(fields) => fields.get("version"),
        Value::Null => None,
        _ => return Ok(()),
    };
    let found = match found {
        Some(version) if version.as_u64() == Some(VERSION) => return Ok(()),
        Some(Value::Null) | None => "missing".to_owned(),
        Some(other) => one_line(&other.to_string(), 80),
    };
    let position = file.position(&["version"].into_iter().collect());
    Err(FileError::Version { position, found })
}

/// A key without a value says nothing, though somebody meant it to.
fn refuse_nulls(file: &File<'_>, value: &Value, path: &mut yaml::Path) -> Result<(), FileError> {
    let children: Vec<(Step, &Value)> = match value {
        Value::Null => {
            let (position, path) = (file.position_of_key(path), path.clone());
            return Err(FileError::NoValue { position, path });
        }
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (Step::from(key.clone()), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| (Step::from(index), value)).collect()
        }
        _ => Vec::new(),
    };
    for (step, child) in children {
        path.0.push(step);
        refuse_nulls(file, child, path)?;
        path.0.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests;
