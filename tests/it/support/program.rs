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

/// The same, where no file grows beyond so many KiB: writing more fails in its middle, as on a full disk.
pub(crate) fn short_of_disk(home: &Path, kibibytes: u32) -> Command {
    let usual = longshore(home);
    // The shell counts in units of 512 bytes.
    let limited = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", 2 * kibibytes);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &limited, "sh"]).arg(usual.get_program()).current_dir(home);
    command.env_clear().envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
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
    ended(longshore(home), arguments, input)
}

/// Runs `command` with `arguments` and `input` on its standard input.
pub(crate) fn ended(command: Command, arguments: &[&str], input: &str) -> Ran {
    let mut command = assert_cmd::Command::from_std(command);
    let output = command.args(arguments).write_stdin(input).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
