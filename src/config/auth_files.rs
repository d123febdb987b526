//! Where auth files are: containers-auth.json(5), docker's `config.json`, `~/.dockercfg`.

use std::path::{Path, PathBuf};

use super::Env;

/// The auth files of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthFiles {
    /// This one and no other, as asked for; to look into, it must exist.
    Only(PathBuf),
    /// These, as far as they exist, in this order.
    Search(Vec<PathBuf>),
}

impl AuthFiles {
    /// The files for `--authfile FILE` if it was given, else for `REGISTRY_AUTH_FILE`, else the usual places.
    #[must_use]
    pub fn find(env: &Env, given: Option<&Path>) -> Self {
        match given.map(Path::to_owned).or_else(|| env.path("REGISTRY_AUTH_FILE")) {
            Some(file) => Self::Only(file),
            None => Self::Search(usual_places(env)),
        }
    }

    /// The file that is looked into first, and so the one to store logins in. `None` for a user without a home.
    #[must_use]
    pub fn first(&self) -> Option<&Path> {
        match self {
            Self::Only(file) => Some(file),
            Self::Search(files) => files.first().map(PathBuf::as_path),
        }
    }
}

fn usual_places(env: &Env) -> Vec<PathBuf> {
    let docker = env.path("DOCKER_CONFIG").or_else(|| Some(env.home()?.join(".docker")));
    let places = [
        runtime_file(env),
        env.config_home().map(|dir| dir.join("containers/auth.json")),
        docker.map(|dir| dir.join("config.json")),
        env.home().map(|home| home.join(".dockercfg")),
    ];
    places.into_iter().flatten().collect()
}

/// Podman keeps logins until the session ends. Without `XDG_RUNTIME_DIR`, as in containers, it has them in `/run`,
/// where only an existing file counts: users cannot make one.
fn runtime_file(env: &Env) -> Option<PathBuf> {
    match env.path("XDG_RUNTIME_DIR") {
        Some(dir) => Some(dir.join("containers/auth.json")),
        None => {
            let file = PathBuf::from(format!("/run/containers/{}/auth.json", env.uid()?));
            file.is_file().then_some(file)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(env: &Env) -> Vec<String> {
        match AuthFiles::find(env, None) {
            AuthFiles::Search(files) => files.iter().map(|f| f.display().to_string()).collect(),
            AuthFiles::Only(file) => panic!("{}", file.display()),
        }
    }

    #[test]
    fn the_usual_places_in_their_order() {
        let env = Env::fake(Path::new("/h"), [("XDG_RUNTIME_DIR", "/run/user/7")]);
        assert_eq!(
            search(&env),
            [
                "/run/user/7/containers/auth.json",
                "/h/.config/containers/auth.json",
                "/h/.docker/config.json",
                "/h/.dockercfg"
            ]
        );
        let env = Env::fake(Path::new("/h"), [("XDG_CONFIG_HOME", "/c"), ("DOCKER_CONFIG", "/d")]);
        assert_eq!(search(&env), ["/c/containers/auth.json", "/d/config.json", "/h/.dockercfg"]);
    }

    #[test]
    fn a_named_file_is_the_only_one() {
        let env = Env::fake(Path::new("/h"), [("REGISTRY_AUTH_FILE", "/r.json")]);
        assert_eq!(AuthFiles::find(&env, None), AuthFiles::Only("/r.json".into()));
        let given = AuthFiles::find(&env, Some(Path::new("/g.json")));
        assert_eq!(given.first(), Some(Path::new("/g.json")));
    }
}
