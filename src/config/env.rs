//! The environment, read once.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Variables whose values are for this program alone: no other that it starts is given them.
pub const SECRET_VARIABLES: [&str; 2] = ["LONGSHORE_ON_CHANGE_URL", "LONGSHORE_ON_CHANGE_SECRET"];

/// Environment variables and the standard folders of the user who runs this.
#[derive(Clone, Debug, Default)]
pub struct Env {
    vars: HashMap<OsString, OsString>,
    home: Option<PathBuf>,
    uid: Option<u32>,
}

impl Env {
    /// The environment of this process.
    #[must_use]
    pub fn from_process() -> Self {
        let uid = Some(rustix::process::getuid().as_raw());
        Self { vars: std::env::vars_os().collect(), home: dirs::home_dir(), uid }
    }

    /// A made-up environment whose home folder is `home`, and whose user has no number.
    #[must_use]
    pub fn fake<const N: usize>(home: &Path, vars: [(&str, &str); N]) -> Self {
        let vars = vars.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self { vars, home: Some(home.to_owned()), uid: None }
    }

    /// The value of a variable; an empty one counts as not set.
    #[must_use]
    pub fn var(&self, key: &str) -> Option<&OsStr> {
        self.vars.get(OsStr::new(key)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The value of a variable as a path.
    #[must_use]
    pub fn path(&self, key: &str) -> Option<PathBuf> {
        self.var(key).map(PathBuf::from)
    }

    /// The value of a variable as a list of paths, written like `PATH`, without its empty parts.
    #[must_use]
    pub fn paths(&self, key: &str) -> Option<Vec<PathBuf>> {
        let paths = std::env::split_paths(self.var(key)?);
        Some(paths.filter(|path| !path.as_os_str().is_empty()).collect())
    }

    /// The home folder.
    #[must_use]
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The number of the user.
    #[must_use]
    pub fn uid(&self) -> Option<u32> {
        self.uid
    }

    /// `$XDG_CONFIG_HOME`, or `~/.config`.
    #[must_use]
    pub fn config_home(&self) -> Option<PathBuf> {
        self.xdg("XDG_CONFIG_HOME", ".config")
    }

    /// `$XDG_DATA_HOME`, or `~/.local/share`.
    #[must_use]
    pub fn data_home(&self) -> Option<PathBuf> {
        self.xdg("XDG_DATA_HOME", ".local/share")
    }

    /// `$XDG_STATE_HOME`, or `~/.local/state`.
    #[must_use]
    pub fn state_home(&self) -> Option<PathBuf> {
        self.xdg("XDG_STATE_HOME", ".local/state")
    }

    /// A folder of the XDG base directory specification; relative values are to be ignored, says the specification.
    fn xdg(&self, key: &str, below_home: &str) -> Option<PathBuf> {
        self.path(key)
            .filter(|path| path.is_absolute())
            .or_else(|| self.home.as_ref().map(|home| home.join(below_home)))
    }
}
