//! Keys of auth files: which registry, namespace or repository an entry is for.
//!
//! containers-auth.json(5) writes `quay.io/org/app`, `quay.io/org`, `quay.io`; docker once wrote
//! `https://index.docker.io/v1/`.

use crate::model::Registry;

/// What an entry of an auth file is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    registry: Registry,
    path: String,
}

impl Key {
    /// The key for `path` on `registry`; an empty path is the registry as a whole.
    pub(super) fn new(registry: &Registry, path: &str) -> Self {
        Self { registry: registry.clone(), path: path.to_owned() }
    }

    /// Reads a key as it stands in a file. Of an address, as docker once wrote it, the scheme and `/v1/` or `/v2/`
    /// are left out. `None` when no registry is named.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bare = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let bare = bare.unwrap_or(text).trim_end_matches('/');
        let is_address = bare != text;
        let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
        let path = if is_address && matches!(path, "v1" | "v2") { "" } else { path };
        Some(Self { registry: host.parse().ok()?, path: path.to_owned() })
    }

    /// How well this key serves `wanted`: the number of components, or `None` if it does not. Components count
    /// whole: `quay.io/org` serves `quay.io/org/app` and never `quay.io/organisation/app`.
    pub(super) fn serves(&self, wanted: &Self) -> Option<usize> {
        if self.registry != wanted.registry {
            return None;
        }
        if self.path.is_empty() {
            return Some(0);
        }
        let rest = wanted.path.strip_prefix(&self.path)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| 1 + self.path.matches('/').count())
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.registry)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, "/{}", self.path) }
    }
}

/// The key in `keys` that serves `wanted` best: the longest; among equals the one written as [`Key`] prints it, then
/// the first.
pub(super) fn best<'a>(keys: impl Iterator<Item = &'a String>, wanted: &Key) -> Option<&'a String> {
    keys.enumerate()
        .filter_map(|(at, text)| {
            let key = Key::parse(text)?;
            let length = key.serves(wanted)?;
            Some(((length, *text == key.to_string(), std::cmp::Reverse(at)), text))
        })
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chosen(keys: &[&str], wanted: &str) -> Option<String> {
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        best(keys.iter(), &Key::parse(wanted).unwrap()).cloned()
    }

    #[test]
    fn the_longest_key_of_whole_components_wins() {
        let keys = ["quay.io", "quay.io/org/app", "quay.io/org"];
        assert_eq!(chosen(&keys, "quay.io/org/app").unwrap(), "quay.io/org/app");
        assert_eq!(chosen(&keys, "quay.io/org/app/sub").unwrap(), "quay.io/org/app");
        assert_eq!(chosen(&keys, "quay.io/org/apple").unwrap(), "quay.io/org");
        assert_eq!(chosen(&keys, "quay.io/organisation/app").unwrap(), "quay.io");
        assert_eq!(chosen(&keys, "quay.io").unwrap(), "quay.io");
        assert_eq!(chosen(&keys[1..], "quay.io"), None);
        assert_eq!(chosen(&["localhost"], "localhost:443/a"), None);
    }

    #[test]
    fn old_keys_of_docker_are_understood() {
        for key in [
            "https://index.docker.io/v1/",
            "index.docker.io",
            "https://registry-1.docker.io/v2/",
            "docker.io",
            "http://docker.io/",
        ] {
            assert_eq!(chosen(&[key], "docker.io/library/alpine").as_deref(), Some(key));
        }
        assert_eq!(
            chosen(&["quay.io/v1"], "quay.io/v1/app").unwrap(),
            "quay.io/v1",
            "a namespace may have that name"
        );
        assert_eq!(
            chosen(&["https://quay.io/v2", "quay.io"], "quay.io/a").unwrap(),
            "quay.io",
            "among equals the plain one"
        );
    }

    proptest! {
        #[test]
        fn a_key_serves_what_is_below_it_and_nothing_else(
            key in "[a-c]{1,2}(/[a-c]{1,2}){0,2}",
            path in "[a-c]{1,2}(/[a-c]{1,2}){0,3}",
        ) {
            let registry: Registry = "quay.io".parse().unwrap();
            let below = path.split('/').collect::<Vec<_>>()
                .starts_with(&key.split('/').collect::<Vec<_>>());
            let served = Key::new(&registry, &key).serves(&Key::new(&registry, &path));
            prop_assert_eq!(served.is_some(), below);
        }

        #[test]
        fn reading_a_key_never_panics_and_what_it_prints_reads_back(text in "\\PC{0,30}") {
            if let Some(key) = Key::parse(&text) {
                let again = Key::parse(&key.to_string());
                prop_assert_eq!(again.map(|k| k.registry), Some(key.registry));
            }
        }
    }
}
