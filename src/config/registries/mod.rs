//! `registries.conf`: where an image that a person names really is (containers-registries.conf(5)).
//!
//! Each image name is looked up by the longest matching prefix. The prefix is replaced by the location, mirrors are
//! tried before it, and a blocked prefix ends the matter. Short names are completed by aliases and search registries.

mod file;
mod load;
mod prefix;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use self::file::Entry;
use super::{Env, Error};
use crate::model::{ImageName, ImageRef, one_line};

/// All that `registries.conf` and its drop-in files say.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    entries: Vec<Entry>,
    search: Vec<String>,
    mode: ShortNameMode,
    aliases: BTreeMap<String, Alias>,
}

/// What a short name stands for, and which file says so.
#[derive(Clone, Debug)]
struct Alias {
    image: String,
    path: PathBuf,
}

/// What to do with a short name that has several candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ShortNameMode {
    /// Ask or fail. Nobody is asked here, so it fails.
    Enforcing,
    /// Try the candidates in order.
    #[default]
    Permissive,
}

/// A place to try for an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The image there.
    pub image: ImageRef,
    /// The file allows TLS with an unknown certificate and, with a server that speaks no TLS, plain HTTP.
    pub insecure: bool,
}

impl Registries {
    /// Reads the files that are in force for `env`.
    ///
    /// # Errors
    /// When a file cannot be read or says what it cannot say. That there is no file is no error, but for one that
    /// `CONTAINERS_REGISTRIES_CONF` names.
    pub fn load(env: &Env) -> Result<Self, Error> {
        load::load(env)
    }

    /// The first search registry, for verbs that take a registry and are given none.
    #[must_use]
    pub fn first_search_registry(&self) -> Option<&str> {
        self.search.first().map(String::as_str)
    }

    /// The images that `name` may mean, in the order in which to try them; just itself unless it is a short name.
    ///
    /// # Errors
    /// When nothing tells the registry of a short name, or several registries are possible and `short-name-mode` is
    /// `enforcing`.
    pub fn candidates(&self, name: &ImageName) -> Result<Vec<ImageRef>, Error> {
        let (path, tag, digest) = match name {
            ImageName::Qualified(image) => return Ok(vec![image.clone()]),
            ImageName::Short { path, tag, digest } => (path, tag, digest),
        };
        let mut images = match self.aliases.get(path) {
            Some(alias) => vec![parse(&alias.image, path, &alias.path)?],
            None => self.searched(path)?,
        };
        for image in &mut images {
            image.tag.clone_from(tag);
            image.digest.clone_from(digest);
        }
        Ok(images)
    }

    fn searched(&self, path: &str) -> Result<Vec<ImageRef>, Error> {
        let names: Vec<String> =
            self.search.iter().map(|registry| format!("{registry}/{path}")).collect();
        match names.as_slice() {
            [] => Err(Error::NoRegistry(one_line(path, 100))),
            [_, _, ..] if self.mode == ShortNameMode::Enforcing => {
                Err(Error::Ambiguous { name: one_line(path, 100), candidates: names })
            }
            names => {
                let file = Path::new("registries.conf");
                names.iter().map(|name| parse(name, path, file)).collect()
            }
        }
    }

    /// Where to pull `image` from: the mirrors that serve it, in order, and then the place itself.
    ///
    /// # Errors
    /// When the image is blocked, or a location makes no image name of it.
    pub fn pull_from(&self, image: &ImageRef) -> Result<Vec<Location>, Error> {
        let name = image.to_string();
        let Some((entry, covered)) = self.entry(&name, image) else {
            return Ok(vec![Location { image: image.clone(), insecure: false }]);
        };
        entry.check_blocked(&name)?;
        let rest = &name[covered..];
        let mirrors = entry.mirrors.iter().filter(|mirror| mirror.serves(image));
        let places = mirrors.map(|mirror| (mirror.location.as_str(), mirror.insecure));
        let primary = entry.location.as_deref().unwrap_or(&name[..covered]);
        places
            .chain([(primary, entry.insecure)])
            .map(|(location, insecure)| {
                let image = parse(&format!("{location}{rest}"), &name, &entry.path)?;
                Ok(Location { image, insecure })
            })
            .collect()
    }

    /// Where to push `image` to: its own name. Locations and mirrors are for pulling, says containers-registries.conf(5).
    ///
    /// # Errors
    /// When the image is blocked.
    pub fn push_to(&self, image: &ImageRef) -> Result<Location, Error> {
        let name = image.to_string();
        let entry = self.entry(&name, image).map(|(entry, _)| entry);
        entry.map_or(Ok(()), |entry| entry.check_blocked(&name))?;
        let insecure = entry.is_some_and(|entry| entry.insecure);
        Ok(Location { image: image.clone(), insecure })
    }

    /// The entry with the longest matching prefix, and how much of `name` it covers.
    fn entry(&self, name: &str, image: &ImageRef) -> Option<(&Entry, usize)> {
        let repository = image.repository.to_string().len();
        let covered = |entry: &Entry| entry.prefix.covers(name, repository);
        self.entries
            .iter()
            .filter_map(|entry| Some((entry, covered(entry)?)))
            .max_by_key(|(entry, covered)| (*covered, entry.prefix.as_str().len()))
    }
}

impl Entry {
    fn check_blocked(&self, image: &str) -> Result<(), Error> {
        if !self.blocked {
            return Ok(());
        }
        Err(Error::Blocked {
            image: image.to_owned(),
            prefix: self.prefix.as_str().to_owned(),
            path: self.path.clone(),
        })
    }
}

fn parse(name: &str, image: &str, path: &Path) -> Result<ImageRef, Error> {
    name.parse().map_err(|source| Error::Rewrite {
        name: one_line(name, 300),
        image: one_line(image, 300),
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
