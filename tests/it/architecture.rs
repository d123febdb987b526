//! The layers of `src/lib.rs` are held apart: no file names a layer, or a library, that its own may not know.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::source::{Name, names};

/// Each layer, the layers that it may use, and what it may not name besides.
#[rustfmt::skip]
const LAYERS: [(&str, &[&str], &[&str]); 18] = [
    ("model", &[], &["tokio", "reqwest", "clap", "indicatif", "tar", "std::fs", "std::env", "std::time", "std::net::TcpStream"]),
    ("yaml", &["model"], &["tokio", "reqwest", "clap", "indicatif", "tar", "std::fs", "std::env", "std::time", "std::net::TcpStream"]),
    ("config", &["model"], &["reqwest", "hyper", "clap", "std::net::TcpStream"]),
    ("auth", &["model", "yaml", "config"], &["reqwest", "hyper", "http", "clap", "rpassword"]),
    ("http", &["model", "auth", "config"], &["clap", "indicatif", "tar", "std::env"]),
    ("store", &["model"], &["reqwest", "hyper", "http", "clap", "indicatif", "std::env"]),
    ("registry", &["model", "config", "auth", "http", "store"], &["clap", "indicatif", "tar", "std::env"]),
    ("transfer", &["model", "store"], &["reqwest", "hyper", "http", "clap", "indicatif", "tar", "std::fs", "std::env"]),
    ("mirror", &["model", "yaml", "store", "transfer", "shard"], &["reqwest", "hyper", "http", "clap", "indicatif", "std::env"]),
    ("shard", &["model"], &["tokio", "reqwest", "clap", "indicatif", "tar", "std::fs", "std::env", "std::time", "std::net::TcpStream"]),
    ("tagsync", &["model", "yaml", "auth", "transfer", "mirror"], &["tokio", "reqwest", "hyper", "http", "clap", "indicatif", "std::fs", "std::env", "std::time::SystemTime"]),
    ("kube", &["model", "yaml", "config", "auth", "http"], &["reqwest", "hyper", "clap", "indicatif", "tar", "std::env"]),
    ("imagestream", &["model", "yaml", "store", "kube"], &["reqwest", "hyper", "http", "clap", "indicatif", "std::env"]),
    ("reaction", &["model", "yaml", "config", "auth", "http", "imagestream"], &["reqwest", "hyper", "clap", "indicatif", "std::env"]),
    ("server", &["model", "store"], &["reqwest", "clap", "indicatif", "std::env"]),
    ("session", &["model", "yaml", "config", "auth", "http", "store", "registry", "transfer", "mirror", "tagsync", "shard", "kube", "imagestream", "reaction", "server"], &["clap", "indicatif", "std::env"]),
    ("ops", &["model", "yaml", "config", "auth", "http", "store", "registry", "transfer", "mirror", "tagsync", "shard", "kube", "imagestream", "reaction", "server", "session"], &["clap", "indicatif", "std::env"]),
    ("cli", &["model", "yaml", "config", "auth", "http", "store", "registry", "transfer", "mirror", "tagsync", "shard", "kube", "imagestream", "reaction", "server", "session", "ops"], &["reqwest", "hyper"]),
];

/// A file longer than this does more than one thing.
const MAX_LINES: usize = 600;

#[test]
fn no_layer_knows_what_it_may_not() {
    let mut breaches = Vec::new();
    for (path, text) in sources() {
        let module = module_of(&path);
        let Some(layer) = module.first().filter(|layer| *layer != "lib" && *layer != "main") else {
            continue;
        };
        let Some((_, may_use, may_not_name)) = LAYERS.iter().find(|(name, ..)| name == layer)
        else {
            breaches.push(format!("{}: '{layer}' is no layer", path.display()));
            continue;
        };
        breaches.extend(names(&text, module.len()).into_iter().filter_map(
            |Name { line, path: name }| {
                let breach = match own(&name) {
                    Some(other) => {
                        let other = other.split("::").next()?;
                        other != layer && is_layer(other) && !may_use.contains(&other)
                    }
                    None => {
                        // Constants of the compiler, not the environment.
                        !starts_with(&name, "std::env::consts")
                            && may_not_name.iter().any(|word| starts_with(&name, word))
                    }
                };
                breach.then(|| format!("{}:{line}: {layer} may not know {name}", path.display()))
            },
        ));
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn the_map_shows_every_layer() {
    let map = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for (layer, ..) in LAYERS {
        let shown = map.lines().any(|line| {
            line.starts_with("//! | ")
                && line.split('|').nth(1).is_some_and(|cell| cell.contains(&format!("`{layer}`")))
        });
        assert!(shown, "src/lib.rs does not show the layer {layer}");
    }
}

#[test]
fn no_file_grows_without_bounds() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(path, lines)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

/// A path within the package, without its root: the command calls the library by name.
fn own(path: &str) -> Option<&str> {
    path.strip_prefix("crate::").or_else(|| path.strip_prefix("longshore::"))
}

fn is_layer(name: &str) -> bool {
    LAYERS.iter().any(|(layer, ..)| *layer == name)
}

fn starts_with(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `src/http/retry.rs` is the module `http`, `retry`.
fn module_of(path: &Path) -> Vec<String> {
    let path = path.strip_prefix("src").unwrap().with_extension("");
    let parts = path.iter().map(|part| part.to_str().unwrap().to_owned());
    parts.filter(|part| part != "mod").collect()
}

/// All source files below `src`, by path.
fn sources() -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(root()).unwrap().to_owned(), text);
            }
        }
    }
    found
}
