//! Puts the parts together: settings, logins and connections make registry clients, and with them any endpoint can be
//! opened.
//!
//! A session is one end of a copy: source and destination have logins and connection settings of their own.

mod lists;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::auth::{Credential, Helpers, Keychain, Lookup};
use crate::config::{
    self, AuthFiles, Connection, ConnectionOptions, Env, Location, Registries, RegistryOptions,
};
use crate::http::{self, Client, ClientOptions, RetryPolicy, STALL, Traffic};
use crate::model::{Endpoint, ImageName, ImageRef, Registry, RepositoryPath};
use crate::registry::{self, Fallback, Journal, Remote};
use crate::store::bundle::{BundleOptions, BundleWriter};
use crate::store::{self, Open, Resume, Sink, Source, Store, WriteOptions, local};

/// What was asked for about one end.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// How to connect to registries.
    pub connection: ConnectionOptions,
    /// What registries have to prove.
    pub trust: Trust,
    /// The auth file to look into instead of the usual ones.
    pub authfile: Option<PathBuf>,
    /// What holds for single registries, where the above says nothing.
    pub registries: Arc<HashMap<Registry, RegistryOptions>>,
    /// A login that is given by hand, and the registry that it is for. It goes to no other.
    pub given: Option<(Registry, Credential)>,
    /// Logins of single registries where none is given by hand. They are found before those of auth files.
    pub logins: Arc<HashMap<Registry, Credential>>,
    /// How often to try again.
    pub retry: RetryPolicy,
    /// How long no byte may come before a connection counts as dead.
    pub stall: Duration,
    /// What this end shares with the other one of a copy.
    pub traffic: Arc<Traffic>,
    /// How to write.
    pub write: WriteOptions,
    /// How to write bundles.
    pub bundle: BundleOptions,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            connection: ConnectionOptions::default(),
            trust: Trust::Verified,
            authfile: None,
            registries: Arc::default(),
            given: None,
            logins: Arc::default(),
            retry: RetryPolicy::default(),
            stall: STALL,
            traffic: Arc::default(),
            write: WriteOptions::default(),
            bundle: BundleOptions::default(),
        }
    }
}

/// Why an endpoint cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is wrong or forbids it.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The connection cannot be set up.
    #[error(transparent)]
    Http(#[from] http::Error),
}

impl From<Error> for store::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Config(config::Error::Blocked { .. }) => Self::Blocked(Box::new(error)),
            other => Self::Backend(Box::new(other)),
        }
    }
}

/// Opens endpoints; clients and their tokens are shared by all that it opens.
pub struct Session {
    env: Env,
    registries: Registries,
    keychain: Arc<Lookup>,
    /// For registries with an auth file of their own.
    keychains: HashMap<Registry, Arc<Lookup>>,
    options: SessionOptions,
    journal: Arc<Journal>,
    clients: Mutex<HashMap<(Registry, Trust), Client>>,
    /// The lists that registries give beside the distribution specification.
    lists: Mutex<lists::Known>,
    /// The bundles that are being written: their repositories share what is known of them.
    bundles: Mutex<HashMap<PathBuf, Arc<BundleWriter>>>,
}

/// What a registry has to prove before it is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Its certificate is verified, unless `registries.conf` waives that for it.
    Verified,
    /// Nothing: no certificate is verified, and a registry that speaks no TLS is spoken to without.
    Waived,
}

impl Session {
    /// A session in the environment `env`, whose names of images mean what `registries` says.
    #[must_use]
    pub fn new(env: Env, registries: Registries, options: SessionOptions) -> Self {
        let own = |(registry, own): (&Registry, &RegistryOptions)| {
            let file = own.authfile.as_deref().filter(|_| options.authfile.is_none())?;
            Some((registry.clone(), lookup(&env, Some(file), &options)))
        };
        let keychains = options.registries.iter().filter_map(own).collect();
        let keychain = lookup(&env, options.authfile.as_deref(), &options);
        let journal = Arc::new(journal(&env, options.write.resume));
        Self {
            env,
            registries,
            keychain,
            keychains,
            options,
            journal,
            clients: Mutex::default(),
            lists: Mutex::default(),
            bundles: Mutex::default(),
        }
    }

    /// A client for `registry`. One that `registries.conf` does not trust with less is reached as the options say.
    async fn client_with(&self, registry: &Registry, trust: Trust) -> Result<Client, Error> {
        let own = self.options.registries.get(registry);
        let trust = if own.is_some_and(|own| own.is_unverified) { Trust::Waived } else { trust };
        let mut clients = self.clients.lock().await;
        if let Some(client) = clients.get(&(registry.clone(), trust)) {
            return Ok(client.clone());
        }
        let asked = match own {
            Some(own) => self.options.connection.or(&own.connection),
            None => self.options.connection.clone(),
        };
        let connection = Connection::load(&asked, registry, &self.env)?;
        let client = match trust {
            Trust::Verified => self.connect(registry, connection)?,
            Trust::Waived => self.connect_unverified(registry, connection).await?,
        };
        clients.insert((registry.clone(), trust), client.clone());
        Ok(client)
    }

    /// What `insecure = true` in `registries.conf` asks for: no certificate is verified, and a registry that gives no TLS
    /// connection and answers without is spoken to without.
    async fn connect_unverified(
        &self,
        registry: &Registry,
        connection: Connection,
    ) -> Result<Client, Error> {
        let tls = Connection { insecure: true, ..connection.clone() };
        let plain = Connection { plain_http: true, ..connection };
        let is_plain =
            !self.answers(registry, &tls).await? && self.answers(registry, &plain).await?;
        self.connect(registry, if is_plain { plain } else { tls })
    }

    /// Whether there is an answer over a connection of this kind, whatever it is. It is tried once: requests that matter
    /// are tried again. A certificate that is refused is an answer too.
    async fn answers(&self, registry: &Registry, connection: &Connection) -> Result<bool, Error> {
        let once = RetryPolicy { tries: 1, ..self.options.retry };
        let client = self.connect_with(registry, connection.clone(), once)?;
        let asked = client.ping().await;
        Ok(!matches!(
            asked,
            Err(http::Error::PlainHttp { .. }
                | http::Error::Connect { .. }
                | http::Error::Tls { .. }
                | http::Error::Broken { .. }
                | http::Error::Stalled { .. })
        ))
    }

    fn connect(&self, registry: &Registry, connection: Connection) -> Result<Client, Error> {
        self.connect_with(registry, connection, self.options.retry)
    }

    fn connect_with(
        &self,
        registry: &Registry,
        connection: Connection,
        retry: RetryPolicy,
    ) -> Result<Client, Error> {
        let keychain = self.keychains.get(registry).unwrap_or(&self.keychain);
        let options = self.client_options(registry, connection, Arc::clone(keychain) as _);
        Ok(Client::new(ClientOptions { retry, ..options })?)
    }

    fn client_options(
        &self,
        registry: &Registry,
        connection: Connection,
        keychain: Arc<dyn Keychain>,
    ) -> ClientOptions {
        ClientOptions {
            registry: registry.clone(),
            host: registry.host().to_owned(),
            connection,
            keychain,
            retry: self.options.retry,
            stall: self.options.stall,
            traffic: Arc::clone(&self.options.traffic),
        }
    }

    /// The repository that the user calls `name`, where it really is.
    async fn remote(&self, name: &ImageRef, location: &Location) -> Result<Remote, Error> {
        let trust = if location.insecure { Trust::Waived } else { self.options.trust };
        let wire = location.image.repository.clone();
        let client = self.client_with(wire.registry(), trust).await?;
        let lists = self.lists(&client, trust).await?;
        let (name, journal) = (name.repository.clone(), Arc::clone(&self.journal));
        Ok(Remote::journaled(client, name, wire, journal).listed_by(lists))
    }

    /// All places that may have `name`, in the order in which to ask them.
    async fn places(&self, name: &ImageName) -> Result<Vec<Remote>, Error> {
        let mut places = Vec::new();
        for image in self.registries.candidates(name)? {
            for location in self.registries.pull_from(&image)? {
                places.push(self.remote(&image, &location).await?);
            }
        }
        Ok(places)
    }

    /// The bundle in `dir`, to be written.
    async fn bundle(&self, dir: &Path) -> store::Result<Arc<BundleWriter>> {
        let path = std::path::absolute(dir).map_err(store::Error::io("find", dir))?;
        let mut bundles = self.bundles.lock().await;
        if let Some(bundle) = bundles.get(&path) {
            return Ok(Arc::clone(bundle));
        }
        let bundle = BundleWriter::open(dir, self.options.write, &self.options.bundle)?;
        bundles.insert(path, Arc::clone(&bundle));
        Ok(bundle)
    }

    /// The one place to write `name` to.
    async fn destination(&self, name: &ImageName) -> Result<Remote, Error> {
        let candidates = self.registries.candidates(name)?;
        let [image] = candidates.as_slice() else {
            let name = Endpoint::Registry(name.clone()).to_string();
            let candidates = candidates.iter().map(ToString::to_string).collect();
            return Err(config::Error::Ambiguous { name, candidates }.into());
        };
        let location = self.registries.push_to(image)?;
        self.remote(image, &location).await
    }
}

/// Logins: the one that is given by hand, those of single registries, and those of `authfile` or else of the usual files.
fn lookup(env: &Env, authfile: Option<&Path>, options: &SessionOptions) -> Arc<Lookup> {
    let helpers = Helpers::new(env.var("PATH").map(ToOwned::to_owned));
    let lookup = Lookup::new(AuthFiles::find(env, authfile), helpers);
    let logins = options.logins.iter().map(|(registry, login)| (registry.clone(), login.clone()));
    let given = logins.chain(options.given.clone());
    Arc::new(given.fold(lookup, |lookup, (registry, login)| lookup.with_given(registry, login)))
}

/// Where unfinished uploads are kept, for whoever has a home.
fn journal(env: &Env, resume: Resume) -> Journal {
    match (resume, env.state_home()) {
        (Resume::Continue, Some(state)) => Journal::new(state.join("longshore/uploads")),
        (Resume::Afresh, _) | (Resume::Continue, None) => Journal::default(),
    }
}

#[async_trait]
impl Open for Session {
    async fn source(&self, endpoint: &Endpoint) -> store::Result<Arc<dyn Source>> {
        match endpoint {
            Endpoint::Registry(name) => Ok(Fallback::over(self.places(name).await?)),
            local => local::open_source(local).await,
        }
    }

    async fn sink(&self, endpoint: &Endpoint) -> store::Result<Arc<dyn Sink>> {
        match endpoint {
            Endpoint::Registry(name) => Ok(Arc::new(self.destination(name).await?)),
            Endpoint::Bundle { dir, name } => self.bundle(dir).await?.repository_of(name.as_ref()),
            local => local::open_sink(local, self.options.write).await,
        }
    }

    async fn store(&self, endpoint: &Endpoint) -> store::Result<Arc<dyn Store>> {
        match endpoint {
            Endpoint::Registry(name) => Ok(Arc::new(self.destination(name).await?)),
            local => local::open_store(local).await,
        }
    }

    async fn repositories(
        &self,
        registry: &Registry,
        below: Option<&str>,
    ) -> store::Result<Vec<RepositoryPath>> {
        let client = self.client_with(registry, self.options.trust).await?;
        let lists = self.lists(&client, self.options.trust).await?;
        registry::repositories(&client, lists.as_deref(), below).await
    }
}
