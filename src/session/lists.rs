//! Lists that registries give beside the distribution specification: which, and from where.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Error, Session, Trust};
use crate::auth::Nobody;
use crate::config::{Connection, ConnectionOptions};
use crate::http::{self, Client, ClientOptions};
use crate::model::{ListingApi, ListingUrl, Registry, one_line};
use crate::registry::{Kind, Lists};

/// The lists of each registry that was asked, none for most.
pub(super) type Known = HashMap<(Registry, Trust), Option<Arc<Lists>>>;

impl Session {
    /// The lists that the registry of `client` gives besides, if any.
    pub(super) async fn lists(
        &self,
        client: &Client,
        trust: Trust,
    ) -> Result<Option<Arc<Lists>>, Error> {
        let key = (client.registry().clone(), trust);
        let mut known = self.lists.lock().await;
        if let Some(lists) = known.get(&key) {
            return Ok(lists.clone());
        }
        let lists = self.lists_of(client)?.map(Arc::new);
        known.insert(key, lists.clone());
        Ok(lists)
    }

    fn lists_of(&self, client: &Client) -> Result<Option<Lists>, Error> {
        let own = self.options.registries.get(client.registry());
        let url = own.and_then(|own| own.listing_url.clone());
        let asked = own.and_then(|own| own.listing);
        let Some((kind, url)) = which(client.registry(), asked, url) else { return Ok(None) };
        let Some(url) = url else { return Ok(Some(Lists::new(kind, client.clone(), ""))) };
        let client = match client.own_address(&url.to_string()) {
            Some(_) => client.clone(),
            None => self.stranger(&url)?,
        };
        Ok(Some(Lists::new(kind, client, url.path())))
    }

    /// A client for the host of lists that is no registry's: it gets no credential. Its certificate is proven as its own
    /// settings say, or by what was given for all.
    fn stranger(&self, url: &ListingUrl) -> Result<Client, Error> {
        let host: Registry =
            url.host().parse().map_err(|_| http::Error::Host(one_line(url.host(), 80)))?;
        let own = self.options.registries.get(&host).map(|own| own.connection.clone());
        let for_all = ConnectionOptions {
            ca_file: self.options.connection.ca_file.clone(),
            ..ConnectionOptions::default()
        };
        let asked = ConnectionOptions {
            plain_http: url.is_plain_http(),
            ..for_all.or(&own.unwrap_or_default())
        };
        let connection = Connection::load(&asked, &host, &self.env)?;
        let options = self.client_options(&host, connection, Arc::new(Nobody));
        Ok(Client::new(ClientOptions { host: url.host().to_owned(), ..options })?)
    }
}

/// Which lists `registry` gives, and where, when that is not beside itself: as asked, or as its name tells.
fn which(
    registry: &Registry,
    asked: Option<ListingApi>,
    url: Option<ListingUrl>,
) -> Option<(Kind, Option<ListingUrl>)> {
    let hub = || Some(url.clone().unwrap_or_else(ListingUrl::docker_hub));
    match (asked, ListingApi::of(registry)) {
        (Some(ListingApi::Distribution), _) | (None, ListingApi::Distribution) => None,
        (Some(ListingApi::Quay), _) | (None, ListingApi::Quay) => Some((Kind::Quay, url)),
        (Some(ListingApi::DockerHub), _) => Some((Kind::DockerHub, hub())),
        (None, ListingApi::DockerHub) => Some((Kind::DockerHubRepositories, hub())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_and_settings_have_the_last_word() {
        let which = |registry: &str, asked: Option<&str>, url: Option<&str>| {
            let asked = asked.map(|asked| asked.parse().unwrap());
            let which =
                which(&registry.parse().unwrap(), asked, url.map(|url| url.parse().unwrap()));
            which.map(|(kind, url)| (kind, url.map(|url| url.to_string())))
        };
        let hub = || Some("https://hub.docker.com".to_owned());
        assert_eq!(which("quay.io", None, None), Some((Kind::Quay, None)));
        assert_eq!(which("quay.io", Some("distribution"), None), None);
        assert_eq!(which("docker.io", None, None), Some((Kind::DockerHubRepositories, hub())));
        assert_eq!(which("docker.io", Some("docker-hub"), None), Some((Kind::DockerHub, hub())));
        assert_eq!(which("q.io", None, None), None);
        assert_eq!(which("q.io", Some("quay"), None), Some((Kind::Quay, None)));
        let url = "https://api.q.io/x";
        let elsewhere = Some((Kind::Quay, Some(url.to_owned())));
        assert_eq!(which("q.io", Some("quay"), Some(url)), elsewhere);
    }
}
