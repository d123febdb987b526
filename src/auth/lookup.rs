//! Where the credential for a repository is found: given by hand, or in the auth files, in their order.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::authfile::{AuthFile, Step};
use super::entry::from_pair;
use super::helper::Helpers;
use super::keyring::{HELPER, Keyring};
use super::vault::{Vault, ask};
use super::{Credential, Error, Keychain};
use crate::config::AuthFiles;
use crate::model::Registry;

/// Where a credential comes from or went to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Given by hand for this run.
    Given,
    /// An entry of an auth file.
    File {
        /// The file.
        path: PathBuf,
        /// The entry's key.
        key: String,
    },
    /// A credential helper.
    Helper {
        /// Its name: `pass` for `docker-credential-pass`.
        name: String,
        /// The auth file that names it.
        path: PathBuf,
    },
    /// The operating system's keyring.
    Keyring {
        /// The auth file that refers to it.
        path: PathBuf,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("the command line"),
            Self::File { path, key } => write!(f, "{} (entry {key})", path.display()),
            Self::Helper { name, path } => {
                write!(f, "docker-credential-{name} (named in {})", path.display())
            }
            Self::Keyring { path } => write!(f, "the keyring (named in {})", path.display()),
        }
    }
}

/// A credential and where it comes from.
#[derive(Clone, Debug)]
pub struct Found {
    /// The credential.
    pub credential: Credential,
    /// Where it comes from.
    pub origin: Origin,
}

/// Finds credentials. Files are read when they are needed, each once; helpers and the keyring are asked only for the
/// registry in use, each once.
pub struct Lookup {
    given: HashMap<Registry, Credential>,
    files: Vec<Source>,
    helpers: Helpers,
    vault: Arc<dyn Vault>,
    asked: Mutex<HashMap<(String, String), Answer>>,
}

/// What a helper answered for a server, once it did.
type Answer = Arc<OnceCell<Option<Credential>>>;

/// An auth file that may not have been read yet.
struct Source {
    path: PathBuf,
    must_exist: bool,
    content: OnceCell<Option<AuthFile>>,
}

impl Lookup {
    /// Looks into the files in their order; the first that has a credential is taken.
    #[must_use]
    pub fn new(files: AuthFiles, helpers: Helpers) -> Self {
        let files = match files {
            AuthFiles::Only(file) => vec![Source::new(file, true)],
            AuthFiles::Search(files) => {
                files.into_iter().map(|path| Source::new(path, false)).collect()
            }
        };
        Self {
            given: HashMap::new(),
            files,
            helpers,
            vault: Arc::new(Keyring),
            asked: Mutex::default(),
        }
    }

    /// With a credential given by hand, which is for `registry` and goes to no other.
    #[must_use]
    pub fn with_given(mut self, registry: Registry, credential: Credential) -> Self {
        self.given.insert(registry, credential);
        self
    }

    /// With another vault than the operating system's keyring.
    #[must_use]
    pub fn with_vault(self, vault: Arc<dyn Vault>) -> Self {
        Self { vault, ..self }
    }

    /// The credential for repository `path` on `registry`; an empty path asks for the registry as a whole.
    ///
    /// # Errors
    /// When a file cannot be used, or a helper fails that is named for this very registry. A failing `credsStore`,
    /// which is named for none, is told in the log and passed over.
    pub async fn find(&self, registry: &Registry, path: &str) -> Result<Option<Found>, Error> {
        if let Some(credential) = self.given.get(registry) {
            return Ok(Some(Found { credential: credential.clone(), origin: Origin::Given }));
        }
        for source in &self.files {
            let Some(file) = source.content().await? else { continue };
            for step in file.steps(registry, path)? {
                let found = self.take(step, &source.path).await?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(None)
    }

    async fn take(&self, step: Step, file: &Path) -> Result<Option<Found>, Error> {
        let path = file.to_owned();
        match step {
            Step::Entry { key, credential } => {
                Ok(Some(Found { credential, origin: Origin::File { path, key } }))
            }
            Step::Helper { name, server } => {
                let credential = self.ask_once(&name, &server).await?;
                let found = |credential| Found { credential, origin: helper_origin(name, path) };
                Ok(credential.map(found))
            }
            Step::Store { name, server } => {
                let answer =
                    self.ask_once(&name, &server).await.unwrap_or_else(|error| passed_over(&error));
                let found = |credential| Found { credential, origin: helper_origin(name, path) };
                Ok(answer.map(found))
            }
        }
    }

    async fn ask_once(&self, name: &str, server: &str) -> Result<Option<Credential>, Error> {
        self.answer(name, server).get_or_try_init(|| self.ask(name, server)).await.cloned()
    }

    fn answer(&self, name: &str, server: &str) -> Answer {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.entry((name.to_owned(), server.to_owned())).or_default().clone()
    }

    async fn ask(&self, name: &str, server: &str) -> Result<Option<Credential>, Error> {
        if name != HELPER {
            return self.helpers.get(name, server).await;
        }
        let server = server.to_owned();
        let login = ask(&self.vault, move |vault| vault.get(&server)).await?;
        Ok(login.and_then(|(username, secret)| from_pair(username, secret)))
    }
}

fn passed_over(error: &Error) -> Option<Credential> {
    tracing::warn!(error = error as &dyn std::error::Error, "credsStore is passed over");
    None
}

pub(super) fn helper_origin(name: String, path: PathBuf) -> Origin {
    if name == HELPER { Origin::Keyring { path } } else { Origin::Helper { name, path } }
}

impl Source {
    fn new(path: PathBuf, must_exist: bool) -> Self {
        Self { path, must_exist, content: OnceCell::new() }
    }

    async fn content(&self) -> Result<Option<&AuthFile>, Error> {
        let read = || async {
            let path = self.path.clone();
            match blocking(move || AuthFile::read(&path)).await {
                Ok(file) => Ok(Some(file)),
                Err(error) if error.is_missing_file() && !self.must_exist => Ok(None),
                Err(error) => Err(error),
            }
        };
        self.content.get_or_try_init(read).await.map(Option::as_ref)
    }
}

/// Runs file work off the threads of the runtime.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|lost| std::panic::resume_unwind(lost.into_panic()))
}

#[async_trait]
impl Keychain for Lookup {
    async fn credential(
        &self,
        registry: &Registry,
        path: &str,
    ) -> Result<Option<Credential>, Error> {
        Ok(self.find(registry, path).await?.map(|found| found.credential))
    }
}
