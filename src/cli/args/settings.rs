//! What a mirror file says where the command line says nothing.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use longshore::config::{ConnectionOptions, RegistryOptions};
use longshore::http::{RateLimit, TrafficOptions};
use longshore::mirror::file::{RegistrySettings, Said, Settings};
use longshore::model::Registry;
use longshore::transfer::Attachments;

use super::{Copy, Mirroring};

impl Mirroring {
    /// The same, with what `settings` say besides.
    pub(crate) fn with_settings(mut self, settings: &Settings) -> Self {
        let request = &mut self.copy.request;
        if let (Attachments::New, Some(said)) = (request.attachments, &settings.referrers) {
            request.attachments = if said.value { Attachments::All } else { Attachments::None };
        }
        apply(&mut self.copy, settings);
        self
    }
}

fn each(settings: &Settings) -> impl Iterator<Item = (&Registry, &RegistrySettings)> {
    settings.registries.iter().map(|(registry, said)| (registry, &said.value))
}

fn options(settings: &RegistrySettings) -> RegistryOptions {
    let is_set = |said: &Option<Said<bool>>| said.as_ref().is_some_and(|said| said.value);
    let path = |said: &Option<Said<PathBuf>>| said.as_ref().map(|said| said.value.clone());
    RegistryOptions {
        connection: ConnectionOptions {
            ca_file: path(&settings.ca_file),
            cert_dir: path(&settings.cert_dir),
            insecure: is_set(&settings.insecure),
            plain_http: is_set(&settings.plain_http),
        },
        authfile: path(&settings.authfile),
        listing: settings.listing.as_ref().map(|said| said.value),
        listing_url: settings.listing_url.as_ref().map(|said| said.value.clone()),
        is_unverified: false,
    }
}

/// `copy`, with what `settings` say of registries.
pub(crate) fn apply(copy: &mut Copy, settings: &Settings) {
    let registries: HashMap<Registry, RegistryOptions> =
        each(settings).map(|(registry, said)| (registry.clone(), options(said))).collect();
    copy.source.registries = Arc::new(registries);
    copy.destination.registries = Arc::clone(&copy.source.registries);
    limit(&mut copy.traffic, settings);
}

/// Of several limits for one registry the last counts: those of the command line stay behind.
fn limit(traffic: &mut TrafficOptions, settings: &Settings) {
    let limits = each(settings).filter_map(|(registry, settings)| {
        let rate = settings.limit_rate.as_ref()?.value;
        Some(RateLimit { registry: Some(registry.clone()), rate })
    });
    traffic.limits.splice(0..0, limits);
    let most = each(settings).filter_map(|(registry, settings)| {
        Some((registry.clone(), settings.max_per_host.as_ref()?.value))
    });
    traffic.max_per_registry = most.collect();
}

#[cfg(test)]
mod tests {
    use longshore::mirror::Position;
    use longshore::model::ListingApi;

    use super::*;

    #[test]
    fn lists_are_where_the_file_says() {
        let position = || Position::File { file: "m.yaml".to_owned(), line: 1, column: 1 };
        let url = "https://api.q.io/lists";
        let settings = RegistrySettings {
            listing: Some(Said { value: ListingApi::Quay, position: position() }),
            listing_url: Some(Said { value: url.parse().unwrap(), position: position() }),
            ..RegistrySettings::default()
        };
        let options = options(&settings);
        assert_eq!(options.listing, Some(ListingApi::Quay));
        assert_eq!(options.listing_url.unwrap().to_string(), url);
    }

    #[test]
    fn the_command_line_has_the_last_word_on_rates() {
        let registry: Registry = "q.io".parse().unwrap();
        let position = Position::File { file: "m.yaml".to_owned(), line: 1, column: 1 };
        let limit_of = |rate: &str| RateLimit {
            registry: Some(registry.clone()),
            rate: rate.parse().unwrap(),
        };
        let rate = Said { value: limit_of("1k").rate, position: position.clone() };
        let value = RegistrySettings { limit_rate: Some(rate), ..RegistrySettings::default() };
        let registries = [(registry.clone(), Said { value, position })].into();
        let settings = Settings { registries, ..Settings::default() };
        let limits = vec![limit_of("2k")];
        let mut traffic = TrafficOptions { limits, ..TrafficOptions::default() };
        limit(&mut traffic, &settings);
        assert_eq!(traffic.limits, [limit_of("1k"), limit_of("2k")]);
    }
}
