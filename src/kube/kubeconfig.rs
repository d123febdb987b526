//! Several kubeconfig files as one, by kubectl's rules: of two entries of one name the first counts, and the first file
//! that chooses a context chooses it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::document::{self, Cluster, Context, User};
use crate::config::{Env, is_absent};
use crate::model::one_line;

/// An entry, and the file that it stands in: paths in it begin there.
pub(super) struct Entry<T> {
    pub(super) value: T,
    pub(super) file: PathBuf,
}

type Entries<T> = BTreeMap<String, Entry<T>>;

/// All files that are there.
#[derive(Default)]
pub(super) struct Kubeconfig {
    files: Vec<PathBuf>,
    current_context: Option<String>,
    clusters: Entries<Cluster>,
    users: Entries<User>,
    contexts: Entries<Context>,
}

/// A context with its server and its login.
pub(super) struct Chosen<'a> {
    pub(super) name: String,
    pub(super) context: &'a Entry<Context>,
    pub(super) cluster: &'a Entry<Cluster>,
    /// None for a context that names nobody.
    pub(super) user: Option<&'a Entry<User>>,
}

/// The files that `KUBECONFIG` names, else `~/.kube/config`.
pub(super) fn usual_files(env: &Env) -> Vec<PathBuf> {
    env.paths("KUBECONFIG")
        .unwrap_or_else(|| env.home().map(|home| home.join(".kube/config")).into_iter().collect())
}

impl Kubeconfig {
    /// Reads the one file, which must be there.
    pub(super) fn read(file: &Path) -> Result<Self, ConfigError> {
        let mut all = Self::default();
        all.add(file)?;
        Ok(all)
    }

    /// Reads those of `files` that are there.
    pub(super) fn read_those_there(files: &[PathBuf]) -> Result<Self, ConfigError> {
        let mut all = Self::default();
        for file in files {
            match all.add(file) {
                Err(error) if absent(&error) => {}
                other => other?,
            }
        }
        Ok(all)
    }

    fn add(&mut self, file: &Path) -> Result<(), ConfigError> {
        let found = document::read(file)?;
        self.files.push(file.to_owned());
        let chosen = found.current_context.filter(|name| !name.is_empty());
        self.current_context = self.current_context.take().or(chosen);
        insert(&mut self.clusters, file, found.clusters.into_iter().map(|e| (e.name, e.cluster)));
        insert(&mut self.users, file, found.users.into_iter().map(|e| (e.name, e.user)));
        insert(&mut self.contexts, file, found.contexts.into_iter().map(|e| (e.name, e.context)));
        Ok(())
    }

    /// Whether a context is chosen.
    pub(super) fn chooses(&self) -> bool {
        self.current_context.is_some()
    }

    /// Whether there is no context in any file.
    pub(super) fn is_empty(&self) -> bool {
        self.contexts.is_empty()
    }

    /// The context of this name, or the one that the files choose.
    pub(super) fn choose(&self, name: Option<&str>) -> Result<Chosen<'_>, ConfigError> {
        let Some(name) = name.or(self.current_context.as_deref()) else {
            return Err(ConfigError::NoContext {
                files: self.shown(),
                there: names(&self.contexts),
            });
        };
        let context = self.find("context", &self.contexts, name)?;
        let cluster = self.find("cluster", &self.clusters, &context.value.cluster)?;
        let user = match context.value.user.as_str() {
            "" => None,
            user => Some(self.find("user", &self.users, user)?),
        };
        Ok(Chosen { name: one_line(name, 200), context, cluster, user })
    }

    fn find<'a, T>(
        &self,
        kind: &'static str,
        entries: &'a Entries<T>,
        name: &str,
    ) -> Result<&'a Entry<T>, ConfigError> {
        entries.get(name).ok_or_else(|| ConfigError::NoEntry {
            kind,
            name: one_line(name, 200),
            files: self.shown(),
            there: names(entries),
        })
    }

    fn shown(&self) -> String {
        shown(&self.files)
    }
}

/// The files, for a message.
pub(super) fn shown(files: &[PathBuf]) -> String {
    let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    files.join(", ")
}

fn insert<T>(entries: &mut Entries<T>, file: &Path, found: impl Iterator<Item = (String, T)>) {
    for (name, value) in found {
        entries.entry(name).or_insert_with(|| Entry { value, file: file.to_owned() });
    }
}

fn names<T>(entries: &Entries<T>) -> Vec<String> {
    entries.keys().take(20).map(|name| one_line(name, 80)).collect()
}

/// A path that is written in `file`: a relative one begins there.
pub(super) fn beside(file: &Path, path: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}

/// Whether nothing is there to be read.
pub(super) fn absent(error: &ConfigError) -> bool {
    matches!(error, ConfigError::Read { source, .. } if is_absent(source))
}
