//! What earlier runs saw, which saves questions: which list of tags a mark stands for, what was made when, what a target
//! had. It is never believed for long, and nothing is overwritten or deleted on its word.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::config::Env;
use crate::model::{Digest, Endpoint, PlatformFilter, Tag};
use crate::store::Mark;

/// The largest file that is read: that of a repository of some hundred thousand tags.
const LIMIT: u64 = 64 << 20;

/// The folder with all that is remembered.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    dir: Option<PathBuf>,
}

/// What is remembered of a repository that tags come from.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct OfSource {
    /// The list of tags as it was when it had this mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) list: Option<MarkedList>,
    /// When images were made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) created: BTreeMap<Digest, Timestamp>,
    /// What picking platforms made of an index: the digest, for digest and platforms.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) picked: BTreeMap<String, Digest>,
    /// What tags pointed to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tags: BTreeMap<Tag, Sighting>,
}

/// A list of tags and the mark that the registry gave with it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MarkedList {
    pub(super) mark: Mark,
    pub(super) names: Vec<Tag>,
}

/// What is remembered of a repository that tags go to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct OfTarget {
    #[serde(default)]
    pub(super) tags: BTreeMap<Tag, Sighting>,
}

/// What a tag pointed to when it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sighting {
    pub(super) digest: Digest,
    pub(super) at: Timestamp,
}

/// The key of what picking `platforms` from `index` made.
pub(super) fn picking(index: &Digest, platforms: &[PlatformFilter]) -> String {
    let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    format!("{index} {}", names.join(","))
}

impl Memory {
    /// The memory of the user whose environment that is; none without a home.
    #[must_use]
    pub fn of(env: &Env) -> Self {
        Self { dir: env.state_home().map(|state| state.join("longshore/tag-sync")) }
    }

    /// No memory: everything is asked, and nothing kept.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The folder for lists by which deletions are undone.
    #[must_use]
    pub fn undo_dir(&self) -> Option<PathBuf> {
        self.dir.as_ref().map(|dir| dir.join("undo"))
    }

    pub(super) fn source(&self, place: &Endpoint) -> OfSource {
        self.read("sources", place)
    }

    pub(super) fn target(&self, place: &Endpoint) -> OfTarget {
        self.read("targets", place)
    }

    pub(super) fn keep_source(&self, place: &Endpoint, known: &OfSource) {
        self.write("sources", place, known);
    }

    pub(super) fn keep_target(&self, place: &Endpoint, known: &OfTarget) {
        self.write("targets", place, known);
    }

    fn path(&self, kind: &str, place: &Endpoint) -> Option<PathBuf> {
        // A relative path is another place elsewhere.
        let own = place.path().map(|path| std::path::absolute(&path).unwrap_or(path));
        let own = own.map_or_else(|| place.to_string(), |path| path.display().to_string());
        let name = Digest::of(own.as_bytes());
        Some(self.dir.as_ref()?.join(kind).join(format!("{}.json", name.hex())))
    }

    /// What cannot be read is not known.
    fn read<T: DeserializeOwned + Default>(&self, kind: &str, place: &Endpoint) -> T {
        let Some(path) = self.path(kind, place) else { return T::default() };
        read(&path).unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::debug!("{} is not read: {error}", path.display());
            }
            T::default()
        })
    }

    /// What cannot be kept is asked again.
    fn write(&self, kind: &str, place: &Endpoint, known: &impl Serialize) {
        let Some(path) = self.path(kind, place) else { return };
        let written = || {
            let text = serde_json::to_vec(known).map_err(io::Error::from)?;
            let folder = path.parent().unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&text)?;
            file.persist(&path).map(drop).map_err(io::Error::from)
        };
        if let Err(error) = written() {
            tracing::debug!("{} is not kept: {error}", path.display());
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut text = Vec::new();
    File::open(path)?.take(LIMIT + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LIMIT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too large"));
    }
    Ok(serde_json::from_slice(&text)?)
}
