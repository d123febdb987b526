//! What the README says holds.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::support::program;
use crate::support::shell::Shell;

const README: &str = include_str!("../../README.md");

#[test]
fn exit_codes_are_those_of_the_help() {
    let shown = Shell::new().ok(&["--help"]);
    let (_, codes) = shown.split_once("Exit codes:\n").unwrap();
    let help: Vec<String> = codes
        .lines()
        .take_while(|line| !line.is_empty())
        .map(|line| line.trim().split_once("  ").unwrap())
        .map(|(code, meaning)| format!("| {code} | {meaning} |"))
        .collect();
    let readme: Vec<&str> = README
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
        .filter(|line| section(line) == "Exit codes")
        .collect();
    assert!(help.len() > 5);
    assert_eq!(readme, help);
}

#[test]
fn flags_of_the_tables_exist() {
    let shell = Shell::new();
    let verbs = [
        "pull",
        "mirror",
        "verify",
        "delete",
        "login",
        "serve",
        "import-image",
        "tag",
        "stream prune",
        "tag-sync check",
        "tag-sync run",
        "tag-sync watch",
    ];
    let help = |verb: &str| shell.ok(&verb.split(' ').chain(["--help"]).collect::<Vec<_>>());
    let help = verbs.map(help).concat();
    let flags = README.split('`').filter(|code| code.starts_with("--") && !code.contains('…'));
    for flag in flags.map(|code| code.split(' ').next().unwrap()) {
        assert!(help.contains(flag), "{flag} is in the README and in no help");
    }
}

#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/decisions/README.md"] {
        let page = root.join(page);
        let text = std::fs::read_to_string(&page).unwrap();
        let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for link in links.filter(|link| !link.contains("://")) {
            let target = page.parent().unwrap().join(link);
            assert!(target.exists(), "{}: {link}", page.display());
        }
    }
}

/// The heading above a line.
fn section(line: &str) -> &'static str {
    let before = &README[..README.find(line).unwrap()];
    before.rsplit("\n## ").next().unwrap().lines().next().unwrap()
}

#[test]
fn the_tour_goes_as_it_is_written() {
    let shell = Shell::new();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    std::os::unix::fs::symlink(fixtures, shell.path("fixtures")).unwrap();
    let server = Server::start(&shell);
    let examples = examples();
    assert!(examples.len() > 5);
    for Example { command, output } in examples {
        let run = command.replace("localhost:5000", &server.address);
        let ran = sh(&shell, &run);
        let shown =
            String::from_utf8(ran.stdout).unwrap().replace(&server.address, "localhost:5000");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "$ {command}\n{shown}{said}");
        assert!(
            is_like(&shown, &output),
            "$ {command}\n{shown}\nis not as in the README:\n{output}"
        );
    }
}

/// Runs a command line where `longshore` is in the path.
fn sh(shell: &Shell, line: &str) -> Output {
    let program = program::longshore(shell.home());
    let mut command = Command::new("sh");
    let folder = Path::new(program.get_program()).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    command.env_clear().envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("PATH", format!("{}:{path}", folder.display())).current_dir(shell.home());
    command.args(["-c", line]).output().unwrap()
}

/// `longshore serve`, running.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(shell: &Shell) -> Self {
        let mut command = program::longshore(shell.home());
        command.args(["serve", "--addr", "127.0.0.1:0", "registry"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (_, address) = line.trim_end().split_once("://").unwrap();
        Self { address: address.to_owned(), child }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A command of the README and the output that is shown under it, where `…` stands for anything.
struct Example {
    command: String,
    output: String,
}

/// All examples but those in blocks that say why they are not run.
fn examples() -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let (mut inside, mut before) = (None, "");
    for line in README.lines() {
        match inside {
            None if line == "```console" => inside = Some(!before.starts_with("<!-- not run: ")),
            None => before = if line.is_empty() { before } else { line },
            Some(_) if line == "```" => inside = None,
            Some(false) => {}
            Some(true) => match line.strip_prefix("$ ") {
                Some(command) => {
                    let command = command.to_owned();
                    examples.push(Example { command, output: String::new() });
                }
                None => {
                    let output = &mut examples.last_mut().unwrap().output;
                    output.push_str(line);
                    output.push('\n');
                }
            },
        }
    }
    examples
}

fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn an_ellipsis_stands_for_anything() {
    assert!(is_like("a b c", "a … c") && is_like("a", "a") && is_like("a-b-c", "…-b…"));
    assert!(!is_like("a b c", "a … d") && !is_like("a b", "a") && !is_like("b", "a…"));
}
