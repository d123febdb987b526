//! The program itself, run as a person runs it, in a home folder of its own.

use std::path::Path;
use std::process::Command;

/// `longshore`, which knows nothing of whoever runs the tests.
pub(crate) fn longshore(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_longshore"));
    command
        .env_clear()
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .env("CONTAINERS_REGISTRIES_CONF", "/dev/null")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("COLUMNS", "100")
        .current_dir(home);
    command
}

/// What a run wrote and how it ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `longshore` with `arguments` and nothing on its standard input.
pub(crate) fn run(home: &Path, arguments: &[&str]) -> Ran {
    run_with_input(home, arguments, "")
}

/// Runs `longshore` with `arguments` and `input` on its standard input.
pub(crate) fn run_with_input(home: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut command = assert_cmd::Command::from_std(longshore(home));
    let output = command.args(arguments).write_stdin(input).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
