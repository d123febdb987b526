//! Keeping and forgetting logins: in an auth file, in the helper that it names for the registry, in the keyring.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::authfile::AuthFile;
use super::document::shape;
use super::edit::{self, NotAnObject};
use super::entry::to_pair;
use super::helper::Helpers;
use super::key::Key;
use super::keyring::{HELPER, Keyring};
use super::locked;
use super::lookup::{blocking, helper_origin};
use super::vault::{Vault, ask};
use super::{Credential, Error, Origin};
use crate::model::{Registry, one_line};

/// An auth file and what it names, to keep logins in.
pub struct LoginStore {
    path: PathBuf,
    helpers: Helpers,
    vault: Arc<dyn Vault>,
}

impl LoginStore {
    /// Keeps logins in the auth file at `path`.
    #[must_use]
    pub fn new(path: PathBuf, helpers: Helpers) -> Self {
        Self { path, helpers, vault: Arc::new(Keyring) }
    }

    /// With another vault than the operating system's keyring.
    #[must_use]
    pub fn with_vault(self, vault: Arc<dyn Vault>) -> Self {
        Self { vault, ..self }
    }

    /// Keeps `credential` for repository or namespace `path` on `registry`; an empty path is the registry as a whole.
    /// A helper that the file names for the registry is given it, since a lookup asks the helper first. Tells where
    /// it went.
    ///
    /// # Errors
    /// When the file cannot be written or has a form that is only read, or the helper fails or knows no paths.
    pub async fn store(
        &self,
        registry: &Registry,
        path: &str,
        credential: &Credential,
    ) -> Result<Origin, Error> {
        let key = Key::new(registry, path);
        let file = self.read().await?;
        let helper = file.map(|file| file.helper(registry)).transpose()?.flatten();
        let Some((name, server)) = helper else {
            let (entry, credential) = (key.clone(), credential.clone());
            self.edit(move |fields| edit::set_entry(fields, &entry, &credential)).await?;
            return Ok(Origin::File { path: self.path.clone(), key: key.to_string() });
        };
        if name == HELPER {
            return self.store_in_keyring(registry, path, credential).await;
        }
        refuse_path(registry, path, &name)?;
        self.helpers.store(&name, &server, credential).await?;
        Ok(helper_origin(name, self.path.clone()))
    }

    /// Keeps `credential` for `registry` in the keyring, names the keyring in the file for other programs, and takes
    /// an entry out that the file may have for the same.
    ///
    /// # Errors
    /// When the keyring cannot be used ([`Error::Keyring`]) or knows no paths, or the file cannot be written.
    pub async fn store_in_keyring(
        &self,
        registry: &Registry,
        path: &str,
        credential: &Credential,
    ) -> Result<Origin, Error> {
        refuse_path(registry, path, HELPER)?;
        let pair = to_pair(credential).map(|(name, secret)| (name.to_owned(), secret.clone()));
        let (username, secret) =
            pair.ok_or_else(|| Error::RegistryToken { keeper: keeper(HELPER) })?;
        let server = registry.to_string();
        ask(&self.vault, move |vault| vault.store(&server, &username, &secret)).await?;
        let key = Key::new(registry, "");
        self.edit(move |fields| {
            edit::remove_entry(fields, &key);
            edit::set_helper(fields, &key, HELPER)
        })
        .await?;
        Ok(Origin::Keyring { path: self.path.clone() })
    }

    /// Forgets what is kept for exactly `path` on `registry`, in the file and in the helper that it names for the
    /// registry. Tells where something was.
    ///
    /// # Errors
    /// As for [`LoginStore::store`].
    pub async fn erase(&self, registry: &Registry, path: &str) -> Result<Vec<Origin>, Error> {
        let Some(file) = self.read().await? else { return Ok(Vec::new()) };
        let mut gone = Vec::new();
        if let Some((name, server)) = file.helper(registry)?.filter(|_| path.is_empty()) {
            gone.extend(self.erase_from_helper(name, server).await?);
        }
        let key = Key::new(registry, path);
        let origin = Origin::File { path: self.path.clone(), key: key.to_string() };
        if self.edit(move |fields| Ok(edit::remove_entry(fields, &key))).await? {
            gone.push(origin);
        }
        Ok(gone)
    }

    /// Forgets all that the file and the helpers in its `credHelpers` keep. Tells where something was.
    ///
    /// # Errors
    /// As for [`LoginStore::store`]. When a helper fails, the others and the file have forgotten all the same.
    pub async fn erase_all(&self) -> Result<Vec<Origin>, Error> {
        let Some(file) = self.read().await? else { return Ok(Vec::new()) };
        let keys = self.edit(|fields| Ok(edit::remove_entries(fields))).await?;
        let path = &self.path;
        let entries = keys.into_iter().map(|key| Origin::File { path: path.clone(), key });
        let mut gone: Vec<Origin> = entries.collect();
        let mut failure = None;
        for (name, server) in file.helpers()? {
            match self.erase_from_helper(name, server).await {
                Ok(origin) => gone.extend(origin),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(gone), Err)
    }

    /// Lets a helper forget `server`. The keyring is no longer named for it; other helpers stay as they were set up.
    async fn erase_from_helper(
        &self,
        name: String,
        server: String,
    ) -> Result<Option<Origin>, Error> {
        let was_there = if name == HELPER {
            let (wanted, key) = (server.clone(), Key::parse(&server));
            let was_there = ask(&self.vault, move |vault| vault.erase(&wanted)).await?;
            self.edit(move |fields| Ok(key.map(|key| edit::remove_helper(fields, &key)))).await?;
            was_there
        } else {
            self.helpers.erase(&name, &server).await?
        };
        Ok(was_there.then(|| helper_origin(name, self.path.clone())))
    }

    /// The file, if there is one.
    async fn read(&self) -> Result<Option<AuthFile>, Error> {
        let path = self.path.clone();
        match blocking(move || AuthFile::read(&path)).await {
            Err(error) if error.is_missing_file() => Ok(None),
            file => file.map(Some),
        }
    }

    async fn edit<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Map<String, Value>) -> Result<T, NotAnObject> + Send + 'static,
    ) -> Result<T, Error> {
        let path = self.path.clone();
        blocking(move || {
            locked::edit(&path, |fields| {
                change(fields).map_err(|NotAnObject(field)| shape(&path, field, "an object"))
            })
        })
        .await
    }
}

fn refuse_path(registry: &Registry, path: &str, name: &str) -> Result<(), Error> {
    if path.is_empty() {
        return Ok(());
    }
    Err(Error::PathInHelper {
        host: registry.to_string(),
        keeper: keeper(name),
        path: one_line(path, 100),
    })
}

fn keeper(name: &str) -> String {
    match name {
        HELPER => "the keyring".to_owned(),
        _ => format!("docker-credential-{}", one_line(name, 80)),
    }
}
