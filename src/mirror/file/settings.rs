//! What a mirror file says of all its images, and of registries.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::FileError;
use super::written::{self, Defaults, FilePath, Mapping};
use crate::mirror::Document;
use crate::mirror::parsed::Parsed;
use crate::mirror::{Position, Root};
use crate::model::{ListingApi, ListingUrl, PlatformFilter, Rate, Registry, one_line};
use crate::yaml::{self, Step};

/// A value, and where a file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// The value.
    pub value: T,
    /// The place.
    pub position: Position,
}

/// What holds where neither an image nor the command line says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Where images go that name no destination.
    pub root: Option<Said<Root>>,
    /// Which platforms of an index are wanted.
    pub platforms: Option<Said<Vec<PlatformFilter>>>,
    /// Whether what refers to an image goes along.
    pub referrers: Option<Said<bool>>,
    /// How registries are reached.
    pub registries: BTreeMap<Registry, Said<RegistrySettings>>,
}

/// How one registry is reached, wherever an image is from or goes to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrySettings {
    /// Speak HTTP without TLS.
    pub plain_http: Option<Said<bool>>,
    /// Do not verify its certificate.
    pub insecure: Option<Said<bool>>,
    /// A file of PEM certificates to trust besides the system's.
    pub ca_file: Option<Said<PathBuf>>,
    /// A folder of certificates and keys, instead of `certs.d`.
    pub cert_dir: Option<Said<PathBuf>>,
    /// The auth file with its login.
    pub authfile: Option<Said<PathBuf>>,
    /// The most bytes in a second, in each direction.
    pub limit_rate: Option<Said<Rate>>,
    /// The most requests of a kind at once.
    pub max_per_host: Option<Said<NonZeroUsize>>,
    /// Which lists it gives, where its name does not tell.
    pub listing: Option<Said<ListingApi>>,
    /// Where these lists are, when they are not where they always are.
    pub listing_url: Option<Said<ListingUrl>>,
}

/// A file, and the folder that paths in it are relative to.
pub(crate) struct Placed<'a> {
    pub(crate) file: &'a Document<'a>,
    pub(crate) folder: &'a Path,
}

impl Placed<'_> {
    fn said<T>(&self, way: &[&str], value: T) -> Said<T> {
        let path = way.iter().map(|step| Step::from(*step)).collect();
        Said { value, position: self.file.position(&path) }
    }

    fn path(&self, way: &[&str], path: Parsed<FilePath>) -> Said<PathBuf> {
        self.said(way, self.folder.join(path.0.0))
    }
}

impl Settings {
    pub(crate) fn read(
        root: Option<Parsed<Root>>,
        defaults: Defaults,
        registries: BTreeMap<String, Mapping<written::Registry>>,
        at: &Placed<'_>,
    ) -> Result<Self, FileError> {
        let filters = |list: Vec<Parsed<PlatformFilter>>| list.into_iter().map(|p| p.0).collect();
        let platforms = defaults.platforms.map(filters);
        let mut settings = Self {
            root: root.map(|root| at.said(&["root"], root.0)),
            platforms: platforms.map(|list| at.said(&["defaults", "platforms"], list)),
            referrers: defaults.referrers.map(|value| at.said(&["defaults", "referrers"], value)),
            registries: BTreeMap::new(),
        };
        for (name, Mapping(written)) in registries {
            let path = ["registries", &name].into_iter().collect::<yaml::Path>();
            let position = at.file.position_of_key(&path);
            let registry: Registry = match name.parse() {
                Ok(registry) => registry,
                Err(source) => return Err(FileError::Registry { position, source }),
            };
            if settings.registries.contains_key(&registry) {
                let (name, registry) = (one_line(&name, 80), registry.to_string());
                return Err(FileError::SameRegistry { position, name, registry });
            }
            let value = RegistrySettings::read(&name, written, at);
            settings.registries.insert(registry, Said { value, position });
        }
        Ok(settings)
    }

    /// Refuses what cannot hold together.
    pub(crate) fn check(&self) -> Result<(), FileError> {
        for (registry, Said { value, .. }) in &self.registries {
            let is_plain = value.plain_http.as_ref().is_some_and(|said| said.value);
            if let Some((field, position)) = value.of_tls().filter(|_| is_plain) {
                let (registry, position) = (registry.to_string(), position.clone());
                return Err(FileError::WithoutTls { position, field, registry });
            }
            let Some(Said { value: url, position }) = &value.listing_url else { continue };
            let position = position.clone();
            match value.listing.as_ref().map(|said| said.value) {
                None | Some(ListingApi::Distribution) => {
                    return Err(FileError::NoListing { position });
                }
                Some(_) if url.is_exposed() && !is_plain => {
                    let registry = registry.to_string();
                    return Err(FileError::ListingWithoutTls { position, registry });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// All files and folders that it names.
    pub fn paths(&self) -> impl Iterator<Item = &Said<PathBuf>> {
        self.registries.values().flat_map(|Said { value, .. }| {
            [&value.ca_file, &value.cert_dir, &value.authfile].into_iter().flatten()
        })
    }
}

impl RegistrySettings {
    fn read(name: &str, written: written::Registry, at: &Placed<'_>) -> Self {
        let way = |field| ["registries", name, field];
        let said = |field, value: bool| at.said(&way(field), value);
        let path = |field, value: Parsed<FilePath>| at.path(&way(field), value);
        Self {
            plain_http: written.plain_http.map(|value| said("plain-http", value)),
            insecure: written.insecure.map(|value| said("insecure", value)),
            ca_file: written.ca_file.map(|file| path("ca-file", file)),
            cert_dir: written.cert_dir.map(|dir| path("cert-dir", dir)),
            authfile: written.authfile.map(|file| path("authfile", file)),
            limit_rate: written.limit_rate.map(|rate| at.said(&way("limit-rate"), rate.0)),
            max_per_host: written.max_per_host.map(|most| at.said(&way("max-per-host"), most.0)),
            listing: written.listing.map(|api| at.said(&way("listing"), api.0)),
            listing_url: written.listing_url.map(|url| at.said(&way("listing-url"), url.0)),
        }
    }

    /// A setting that means nothing without TLS.
    fn of_tls(&self) -> Option<(&'static str, &Position)> {
        let insecure = self.insecure.as_ref().filter(|said| said.value);
        let insecure = insecure.map(|said| ("insecure", &said.position));
        let ca_file = self.ca_file.as_ref().map(|said| ("ca-file", &said.position));
        let cert_dir = self.cert_dir.as_ref().map(|said| ("cert-dir", &said.position));
        insecure.or(ca_file).or(cert_dir)
    }
}
