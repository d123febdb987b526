//! One file in the format of containers-registries.conf(5): version 2, and what is left of version 1.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::ShortNameMode;
use super::prefix::Prefix;
use crate::config::Error;
use crate::model::{ImageName, ImageRef, Registry, one_line};

/// What one file says, checked.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) entries: Vec<Entry>,
    pub(super) search: Option<Vec<String>>,
    pub(super) mode: Option<ShortNameMode>,
    /// An empty image takes an alias back.
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) is_version_1: bool,
}

/// A `[[registry]]` table.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) prefix: Prefix,
    /// What takes the place of the prefix; `None` leaves it.
    pub(super) location: Option<String>,
    pub(super) insecure: bool,
    pub(super) blocked: bool,
    pub(super) mirrors: Vec<Mirror>,
    /// The file that says so.
    pub(super) path: PathBuf,
}

/// A `[[registry.mirror]]` table.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    pub(super) location: String,
    pub(super) insecure: bool,
    serves: Serves,
}

/// Which images a mirror serves: `pull-from-mirror`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Serves {
    All,
    DigestOnly,
    TagOnly,
}

impl Mirror {
    pub(super) fn serves(&self, image: &ImageRef) -> bool {
        match self.serves {
            Serves::All => true,
            Serves::DigestOnly => image.digest.is_some(),
            Serves::TagOnly => image.digest.is_none(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawFile {
    unqualified_search_registries: Option<Vec<Spanned<String>>>,
    short_name_mode: Option<Spanned<String>>,
    #[serde(default)]
    registry: Vec<RawEntry>,
    #[serde(default)]
    aliases: BTreeMap<Spanned<String>, Spanned<String>>,
    registries: Option<Spanned<RawVersion1>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawEntry {
    prefix: Option<Spanned<String>>,
    location: Option<Spanned<String>>,
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    blocked: bool,
    #[serde(default)]
    mirror: Vec<RawMirror>,
    mirror_by_digest_only: Option<Spanned<bool>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawMirror {
    location: Spanned<String>,
    #[serde(default)]
    insecure: bool,
    pull_from_mirror: Option<Spanned<Serves>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawVersion1 {
    search: RawList,
    insecure: RawList,
    block: RawList,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawList {
    registries: Vec<Spanned<String>>,
}

/// Reads the text of the file at `path`.
pub(super) fn parse(text: &str, path: &Path) -> Result<Settings, Error> {
    let raw: RawFile = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Error::at(path, text, at, one_line(error.message(), 200))
    })?;
    let check = Check { text, path };
    if let Some(old) = raw.registries {
        if raw.unqualified_search_registries.is_some() || !raw.registry.is_empty() {
            let message = "settings of version 1 and version 2 cannot stand in one file";
            return Err(check.fault(old.span().start, message.to_owned()));
        }
        return check.version_1(old.into_inner());
    }
    let search = raw.unqualified_search_registries;
    Ok(Settings {
        entries: raw.registry.into_iter().map(|raw| check.entry(raw)).collect::<Result<_, _>>()?,
        search: search.map(|search| check.hosts(search)).transpose()?,
        mode: raw.short_name_mode.map(|mode| check.mode(&mode)).transpose()?.flatten(),
        aliases: raw.aliases.iter().map(|alias| check.alias(alias)).collect::<Result<_, _>>()?,
        is_version_1: false,
    })
}

/// Checks what was read, with the means to tell where a fault is.
struct Check<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Check<'_> {
    fn fault(&self, offset: usize, message: String) -> Error {
        Error::at(self.path, self.text, offset, message)
    }

    fn entry(&self, raw: RawEntry) -> Result<Entry, Error> {
        let location = raw.location.as_ref().map(|text| self.location(text)).transpose()?;
        let prefix = match (&raw.prefix, &location) {
            (Some(text), _) => self.prefix(text)?,
            (None, Some(location)) => Prefix::parse(location).map_err(|why| {
                self.fault(raw.location.map_or(0, |text| text.span().start), why.to_owned())
            })?,
            (None, None) => {
                let message = "a [[registry]] needs a prefix or a location";
                return Err(self.fault(0, message.to_owned()));
            }
        };
        if location.is_none() && !prefix.is_wildcard() {
            let at = raw.prefix.map_or(0, |text| text.span().start);
            let message = "a prefix without a wildcard needs a location";
            return Err(self.fault(at, message.to_owned()));
        }
        let by_digest = raw.mirror_by_digest_only.as_ref();
        let mirrors = raw.mirror.into_iter().map(|mirror| self.mirror(mirror, by_digest));
        Ok(Entry {
            mirrors: mirrors.collect::<Result<_, _>>()?,
            prefix,
            location,
            insecure: raw.insecure,
            blocked: raw.blocked,
            path: self.path.to_owned(),
        })
    }

    fn mirror(&self, raw: RawMirror, by_digest: Option<&Spanned<bool>>) -> Result<Mirror, Error> {
        let by_digest = by_digest.is_some_and(|by_digest| *by_digest.get_ref());
        let serves = match (by_digest, raw.pull_from_mirror) {
            (true, Some(serves)) => {
                let message = "pull-from-mirror contradicts mirror-by-digest-only of its registry";
                return Err(self.fault(serves.span().start, message.to_owned()));
            }
            (true, None) => Serves::DigestOnly,
            (false, serves) => serves.map_or(Serves::All, Spanned::into_inner),
        };
        let location = self.location(&raw.location)?;
        Ok(Mirror { location, insecure: raw.insecure, serves })
    }

    fn prefix(&self, text: &Spanned<String>) -> Result<Prefix, Error> {
        let bare = self.bare(text)?;
        let prefix =
            Prefix::parse(bare).map_err(|why| self.fault(text.span().start, why.to_owned()))?;
        if !prefix.is_wildcard() {
            self.location(text)?;
        }
        Ok(prefix)
    }

    /// A location is the front part of an image name: a host, and perhaps a path, tag or digest.
    fn location(&self, text: &Spanned<String>) -> Result<String, Error> {
        let bare = self.bare(text)?;
        let is_sound =
            bare.parse::<ImageRef>().is_ok() || format!("{bare}/x").parse::<ImageRef>().is_ok();
        if is_sound {
            return Ok(bare.to_owned());
        }
        let message = format!("'{}' is not HOST[:PORT][/PATH]", one_line(bare, 100));
        Err(self.fault(text.span().start, message))
    }

    fn bare<'t>(&self, text: &'t Spanned<String>) -> Result<&'t str, Error> {
        let bare = text.get_ref().trim_end_matches('/');
        if !bare.contains("://") {
            return Ok(bare);
        }
        let message = format!("'{}' is written without a scheme", one_line(bare, 100));
        Err(self.fault(text.span().start, message))
    }

    fn hosts(&self, hosts: Vec<Spanned<String>>) -> Result<Vec<String>, Error> {
        let host = |text: Spanned<String>| {
            let bare = self.bare(&text)?;
            match bare.parse::<Registry>() {
                Ok(registry) => Ok(registry.to_string()),
                Err(error) => Err(self.fault(text.span().start, error.to_string())),
            }
        };
        hosts.into_iter().map(host).collect()
    }

    fn mode(&self, text: &Spanned<String>) -> Result<Option<ShortNameMode>, Error> {
        match text.get_ref().as_str() {
            "" => Ok(None),
            "enforcing" => Ok(Some(ShortNameMode::Enforcing)),
            "permissive" | "disabled" => Ok(Some(ShortNameMode::Permissive)),
            _ => {
                let message = "short-name-mode is enforcing, permissive or disabled";
                Err(self.fault(text.span().start, message.to_owned()))
            }
        }
    }

    fn alias(
        &self,
        (name, image): (&Spanned<String>, &Spanned<String>),
    ) -> Result<(String, String), Error> {
        let is_short =
            matches!(name.get_ref().parse(), Ok(ImageName::Short { tag: None, digest: None, .. }));
        if !is_short {
            let message = "an alias is a name without registry, tag and digest";
            return Err(self.fault(name.span().start, message.to_owned()));
        }
        let image_is_bare = image.get_ref().is_empty()
            || image
                .get_ref()
                .parse::<ImageRef>()
                .is_ok_and(|image| image.tag.is_none() && image.digest.is_none());
        if !image_is_bare {
            let message = "an alias stands for REGISTRY/REPOSITORY without tag and digest";
            return Err(self.fault(image.span().start, message.to_owned()));
        }
        Ok((name.get_ref().clone(), image.get_ref().clone()))
    }

    fn version_1(&self, raw: RawVersion1) -> Result<Settings, Error> {
        let mut entries: Vec<Entry> = Vec::new();
        for text in &raw.insecure.registries {
            self.version_1_entry(&mut entries, text)?.insecure = true;
        }
        for text in &raw.block.registries {
            self.version_1_entry(&mut entries, text)?.blocked = true;
        }
        Ok(Settings {
            entries,
            search: Some(self.hosts(raw.search.registries)?),
            mode: None,
            aliases: BTreeMap::new(),
            is_version_1: true,
        })
    }

    /// The entry for a registry of a version 1 list, which may be in several lists.
    fn version_1_entry<'e>(
        &self,
        entries: &'e mut Vec<Entry>,
        text: &Spanned<String>,
    ) -> Result<&'e mut Entry, Error> {
        let prefix = self.prefix(text)?;
        let at = entries.iter().position(|entry| entry.prefix == prefix).unwrap_or(entries.len());
        if at == entries.len() {
            entries.push(Entry {
                location: Some(prefix.as_str().to_owned()),
                prefix,
                insecure: false,
                blocked: false,
                mirrors: Vec::new(),
                path: self.path.to_owned(),
            });
        }
        Ok(&mut entries[at])
    }
}
