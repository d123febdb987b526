//! Holds `completions/` and `man/` true to the command line. `UPDATE_GENERATED=1 cargo test generated` writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Cli;

const SHELLS: [(Shell, &str); 3] =
    [(Shell::Bash, "longshore.bash"), (Shell::Zsh, "_longshore"), (Shell::Fish, "longshore.fish")];

/// What stands below the options in the help has sections of its own in a man page (man-pages(7)).
const HEADINGS: [(&str, &str); 3] = [
    (".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n"),
    (".SH EXTRA\nExit codes:\n", ".SH \"EXIT STATUS\"\n"),
    ("\nEnvironment:\n", "\n.SH ENVIRONMENT\n"),
];

fn completions() -> BTreeMap<PathBuf, Vec<u8>> {
    SHELLS
        .into_iter()
        .map(|(shell, file)| {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "longshore", &mut script);
            (Path::new("completions").join(file), script)
        })
        .collect()
}

fn man_pages() -> BTreeMap<PathBuf, Vec<u8>> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    with_verbs(&root).map(man_page).collect()
}

/// A command, its verbs, and theirs.
fn with_verbs(command: &Command) -> Box<dyn Iterator<Item = Command> + '_> {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    Box::new(verbs.flat_map(with_verbs).chain([command.clone()]))
}

fn man_page(command: Command) -> (PathBuf, Vec<u8>) {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let source = format!("longshore {}", env!("CARGO_PKG_VERSION"));
    let mut page = Vec::new();
    Man::new(command.name(name.clone()))
        .source(source)
        .manual("User Commands")
        .render(&mut page)
        .unwrap();
    let page = HEADINGS
        .into_iter()
        .fold(String::from_utf8(page).unwrap(), |page, (from, to)| page.replace(from, to));
    (Path::new("man").join(format!("{name}.1")), page.into_bytes())
}

#[test]
fn completions_and_man_pages_are_those_of_the_command_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wanted: BTreeMap<_, _> = completions().into_iter().chain(man_pages()).collect();
    let there: BTreeSet<PathBuf> = ["completions", "man"]
        .into_iter()
        .flat_map(|dir| fs::read_dir(root.join(dir)).into_iter().flatten())
        .map(|entry| entry.unwrap().path().strip_prefix(root).unwrap().to_owned())
        .collect();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        write(root, &wanted, &there);
        return;
    }
    let stale: Vec<_> = wanted
        .iter()
        .filter(|(path, text)| fs::read(root.join(path)).ok().as_ref() != Some(text))
        .map(|(path, _)| path.as_path())
        .chain(there.iter().map(PathBuf::as_path).filter(|path| !wanted.contains_key(*path)))
        .collect();
    assert!(stale.is_empty(), "not up to date (set UPDATE_GENERATED=1): {stale:?}");
}

fn write(root: &Path, wanted: &BTreeMap<PathBuf, Vec<u8>>, there: &BTreeSet<PathBuf>) {
    for old in there.iter().filter(|path| !wanted.contains_key(*path)) {
        fs::remove_file(root.join(old)).unwrap();
    }
    for (path, text) in wanted {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    }
}
