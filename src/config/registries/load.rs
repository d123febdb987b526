//! Which files are in force, and how one overrides the other (containers-registries.conf.d(5)).

use std::path::{Path, PathBuf};

use super::file::{self, Settings};
use super::{Alias, Registries};
use crate::config::{Env, Error, read};

/// What a file may have at most.
const LIMIT: u64 = 4 * 1024 * 1024;

const SYSTEM: &str = "/etc/containers";
const VENDOR: &str = "/usr/share/containers";

/// The files of a run.
#[derive(Debug, PartialEq, Eq)]
struct Files {
    main: Option<PathBuf>,
    folders: Vec<PathBuf>,
}

pub(super) fn load(env: &Env) -> Result<Registries, Error> {
    let files = in_force(env, Path::is_file);
    let mut registries = Registries::default();
    if let Some(path) = &files.main {
        let settings = file::parse(&read::text(path, LIMIT)?, path)?;
        if settings.is_version_1 {
            tracing::warn!(file = %path.display(), "registries.conf has the old format of version 1");
        }
        registries.add(settings, path);
    }
    for folder in &files.folders {
        for path in drop_ins(folder)? {
            let text = read::text(&path, LIMIT)?;
            let settings = file::parse(&text, &path)?;
            if settings.is_version_1 {
                let message = "a drop-in file cannot have the old format of version 1";
                return Err(Error::at(&path, &text, 0, message.to_owned()));
            }
            registries.add(settings, &path);
        }
    }
    Ok(registries)
}

/// A user's own file takes the place of the system's, and of the system's drop-in files too.
fn in_force(env: &Env, exists: impl Fn(&Path) -> bool) -> Files {
    let user = env.config_home().map(|dir| dir.join("containers"));
    let user_file = user.as_ref().map(|dir| dir.join("registries.conf"));
    let own_file = user_file.filter(|path| exists(path));
    let named_file = env.path("CONTAINERS_REGISTRIES_CONF");
    let is_own = named_file.is_none() && own_file.is_some();
    let system_files = [SYSTEM, VENDOR].map(|dir| Path::new(dir).join("registries.conf"));
    let drop_in = |dir: &Path| dir.join("registries.conf.d");
    let folders = match env.path("CONTAINERS_REGISTRIES_CONF_DIR") {
        Some(folder) => vec![folder],
        None => {
            let system = (!is_own).then(|| drop_in(Path::new(SYSTEM)));
            system.into_iter().chain(user.as_deref().map(drop_in)).collect()
        }
    };
    let main = named_file.or(own_file);
    Files { main: main.or_else(|| system_files.into_iter().find(|path| exists(path))), folders }
}

/// The `*.conf` files of a folder, by name. A folder that is not there has none.
fn drop_ins(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if read::is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(Error::read(folder)(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::read(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "conf") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

impl Registries {
    /// Adds what a later file says: its entries take the place of those with the same prefix, its lists of the list.
    pub(super) fn add(&mut self, settings: Settings, path: &Path) {
        let Settings { entries, search, mode, aliases, is_version_1: _ } = settings;
        self.entries.retain(|old| !entries.iter().any(|new| new.prefix == old.prefix));
        self.entries.extend(entries);
        self.search = search.unwrap_or(std::mem::take(&mut self.search));
        self.mode = mode.unwrap_or(self.mode);
        for (name, image) in aliases {
            if image.is_empty() {
                self.aliases.remove(&name);
            } else {
                self.aliases.insert(name, Alias { image, path: path.to_owned() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(env: &Env, there: &[&str]) -> (Option<String>, Vec<String>) {
        let files = in_force(env, |path| there.iter().any(|known| Path::new(known) == path));
        let text = |path: PathBuf| path.display().to_string();
        (files.main.map(text), files.folders.into_iter().map(text).collect())
    }

    #[test]
    fn the_users_own_file_hides_the_systems() {
        let env = Env::fake(Path::new("/h"), []);
        let (own, system) =
            ("/h/.config/containers/registries.conf", "/etc/containers/registries.conf");
        let own_folder = "/h/.config/containers/registries.conf.d".to_owned();
        let system_folder = "/etc/containers/registries.conf.d".to_owned();
        assert_eq!(files(&env, &[own, system]), (Some(own.into()), vec![own_folder.clone()]));
        let both = vec![system_folder, own_folder];
        assert_eq!(files(&env, &[system]), (Some(system.into()), both.clone()));
        assert_eq!(files(&env, &[]), (None, both));
        let vendor = "/usr/share/containers/registries.conf";
        assert_eq!(files(&env, &[vendor]).0.as_deref(), Some(vendor));
    }

    #[test]
    fn named_files_win() {
        let vars =
            [("CONTAINERS_REGISTRIES_CONF", "/r"), ("CONTAINERS_REGISTRIES_CONF_DIR", "/r.d")];
        let env = Env::fake(Path::new("/h"), vars);
        let own = "/h/.config/containers/registries.conf";
        assert_eq!(files(&env, &[own]), (Some("/r".into()), vec!["/r.d".into()]));
    }

    #[test]
    fn drop_in_files_are_read_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::create_dir(path("d")).unwrap();
        let load = || {
            let (main, folder) = (path("main"), path("d"));
            let vars = [
                ("CONTAINERS_REGISTRIES_CONF", main.to_str().unwrap()),
                ("CONTAINERS_REGISTRIES_CONF_DIR", folder.to_str().unwrap()),
            ];
            super::load(&Env::fake(dir.path(), vars))
        };
        assert!(load().is_err(), "a named file must exist");
        std::fs::write(path("main"), "unqualified-search-registries = ['main.io']").unwrap();
        assert_eq!(load().unwrap().first_search_registry(), Some("main.io"));
        for (name, registry) in [("2.conf", "b.io"), ("1.conf", "a.io"), ("3.txt", "no.io")] {
            let text = format!("unqualified-search-registries = ['{registry}']");
            std::fs::write(path("d").join(name), text).unwrap();
        }
        assert_eq!(load().unwrap().first_search_registry(), Some("b.io"));
        std::fs::write(path("d/4.conf"), "[registries.search]\nregistries = ['c.io']").unwrap();
        let error = load().unwrap_err().to_string();
        assert!(
            error.ends_with("4.conf:1:1: a drop-in file cannot have the old format of version 1")
        );
    }
}
