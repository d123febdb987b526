//! What several files say of the same setting.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::FileError;
use super::settings::{RegistrySettings, Said, Settings};
use crate::model::Registry;

/// What becomes of a setting that is said twice.
pub(super) trait Rule {
    fn both<T: PartialEq>(&self, one: Said<T>, other: Said<T>) -> Result<Said<T>, FileError>;

    fn pick<T: PartialEq>(
        &self,
        one: Option<Said<T>>,
        other: Option<Said<T>>,
    ) -> Result<Option<Said<T>>, FileError> {
        match (one, other) {
            (Some(one), Some(other)) => self.both(one, other).map(Some),
            (one, other) => Ok(one.or(other)),
        }
    }
}

/// The first wins: a file, over those that it includes.
pub(super) struct Over;

impl Rule for Over {
    fn both<T: PartialEq>(&self, one: Said<T>, _: Said<T>) -> Result<Said<T>, FileError> {
        Ok(one)
    }
}

/// Neither wins: files that one file includes.
pub(super) struct Beside;

impl Rule for Beside {
    fn both<T: PartialEq>(&self, one: Said<T>, other: Said<T>) -> Result<Said<T>, FileError> {
        match one.value == other.value {
            true => Ok(one),
            false => Err(FileError::Disagree { position: other.position, first: one.position }),
        }
    }
}

impl Settings {
    /// These and `other` by `rule`.
    pub(super) fn with(self, other: Self, rule: &impl Rule) -> Result<Self, FileError> {
        Ok(Self {
            root: rule.pick(self.root, other.root)?,
            platforms: rule.pick(self.platforms, other.platforms)?,
            referrers: rule.pick(self.referrers, other.referrers)?,
            registries: registries(self.registries, other.registries, rule)?,
        })
    }
}

type Registries = BTreeMap<Registry, Said<RegistrySettings>>;

fn registries(
    mut one: Registries,
    other: Registries,
    rule: &impl Rule,
) -> Result<Registries, FileError> {
    for (registry, said) in other {
        match one.entry(registry) {
            Entry::Vacant(entry) => {
                entry.insert(said);
            }
            Entry::Occupied(mut entry) => {
                let known = std::mem::take(&mut entry.get_mut().value);
                entry.get_mut().value = known.with(said.value, rule)?;
            }
        }
    }
    Ok(one)
}

impl RegistrySettings {
    fn with(self, other: Self, rule: &impl Rule) -> Result<Self, FileError> {
        Ok(Self {
            plain_http: rule.pick(self.plain_http, other.plain_http)?,
            insecure: rule.pick(self.insecure, other.insecure)?,
            ca_file: rule.pick(self.ca_file, other.ca_file)?,
            cert_dir: rule.pick(self.cert_dir, other.cert_dir)?,
            authfile: rule.pick(self.authfile, other.authfile)?,
            limit_rate: rule.pick(self.limit_rate, other.limit_rate)?,
            max_per_host: rule.pick(self.max_per_host, other.max_per_host)?,
            listing: rule.pick(self.listing, other.listing)?,
            listing_url: rule.pick(self.listing_url, other.listing_url)?,
        })
    }
}
