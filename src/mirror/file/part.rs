//! One file, with what it says itself.

use std::path::Path;

use serde_json::Value;

use super::image::Entry;
use super::settings::Placed;
use super::written::{Mapping, Written};
use super::{FileError, Said, Settings};
use crate::mirror::Document;
use crate::model::one_line;
use crate::yaml::{self, Step};

/// The form that is read.
const VERSION: u64 = 1;

/// One file of a mirror file.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    /// Paths of other files, relative to this one.
    pub(super) include: Vec<Said<String>>,
    pub(super) images: Vec<Entry>,
    pub(super) settings: Settings,
}

impl Part {
    /// Reads `text`, which is that of the file at `path`.
    pub(super) fn read(path: &Path, text: &str) -> Result<Self, FileError> {
        let name = one_line(&path.display().to_string(), 300);
        let wrong = |source| FileError::Document { file: name.clone(), source };
        let file = Document::read(&name, text).map_err(wrong)?;
        require_version(&file)?;
        refuse_nulls(&file, file.value(), &mut yaml::Path::default())?;
        let Mapping(written) = file.typed(file.value().clone()).map_err(wrong)?;
        let Written { include, defaults, root, registries, images, .. } = written;
        let images = images.into_iter().enumerate();
        let images = images.map(|(index, image)| Entry::read(image, &file, index));
        let images = images.collect::<Result<_, _>>()?;
        let at = Placed { file: &file, folder: path.parent().unwrap_or(Path::new("")) };
        let settings = Settings::read(root, defaults.0, registries, &at)?;
        let include = include.into_iter().enumerate().map(|(index, value)| {
            let path = yaml::Path(vec!["include".into(), index.into()]);
            Said { value, position: file.position(&path) }
        });
        Ok(Self { include: include.collect(), images, settings, name: name.clone() })
    }
}

fn require_version(file: &Document<'_>) -> Result<(), FileError> {
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
pub(crate) fn refuse_nulls(
    file: &Document<'_>,
    value: &Value,
    path: &mut yaml::Path,
) -> Result<(), FileError> {
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
