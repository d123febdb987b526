//! A home folder where `longshore` runs, with nothing of this machine's settings.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::program::{self, Ran};

/// How often a command is killed before it is let alone.
const KILLS: u64 = 12;

/// A home folder, where commands run.
pub(crate) struct Shell {
    home: TempDir,
}

impl Shell {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("run")).unwrap();
        Self { home }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// A path in the home folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    /// An endpoint in the home folder, as skopeo is to be told: `oci:/home/…/image:v1` for `oci:image:v1`.
    pub(crate) fn full(&self, endpoint: &str) -> String {
        let (kind, path) = endpoint.split_once(':').unwrap();
        format!("{kind}:{}", self.path(path).display())
    }

    /// Runs to the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.feed("", arguments)
    }

    /// Runs with `input` on standard input.
    pub(crate) fn feed(&self, input: &str, arguments: &[&str]) -> Ran {
        program::run_with_input(self.home(), arguments, input)
    }

    /// Runs where a registry may still be at work for a client that was killed: again until `is_good`, for a second.
    pub(crate) fn run_until(&self, arguments: &[&str], is_good: impl Fn(&Ran) -> bool) -> Ran {
        for _ in 0..10 {
            let ran = self.run(arguments);
            if is_good(&ran) {
                return ran;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        self.run(arguments)
    }

    /// Runs and must succeed; gives standard output.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "longshore {}\n{}", arguments.join(" "), ran.stderr);
        ran.stdout
    }

    /// Runs with `input` on standard input and must succeed; gives standard output.
    pub(crate) fn ok_with(&self, input: &str, arguments: &[&str]) -> String {
        let ran = self.feed(input, arguments);
        assert_eq!(ran.code, Some(0), "longshore {}\n{}", arguments.join(" "), ran.stderr);
        ran.stdout
    }

    /// Runs and must end with this exit code; gives standard error.
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(code), "longshore {}\n{}", arguments.join(" "), ran.stderr);
        ran.stderr
    }

    /// Runs where no file grows beyond so many KiB, as on a full disk.
    pub(crate) fn run_short_of_disk(&self, kibibytes: u32, arguments: &[&str]) -> Ran {
        program::ended(program::short_of_disk(self.home(), kibibytes), arguments, "")
    }

    /// Runs and is killed, again and again, each time a bit later; at the end it is let alone, and must succeed.
    pub(crate) fn killed_again_and_again(&self, arguments: &[&str], mut after_each: impl FnMut()) {
        let mut killed = 0;
        for round in 0..KILLS {
            let mut child = self.start(arguments);
            std::thread::sleep(Duration::from_millis(40 + 40 * round));
            killed += usize::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
            after_each();
        }
        assert!(killed > 0, "it was always done before it could be killed");
        self.ok(arguments);
    }

    /// Starts in the background.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = program::longshore(self.home());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }
}
