//! Exit codes: one table, which the help, the man page and the README repeat.

use std::fmt::Write as _;

/// How a run ended, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Denied = 3,
    NotFound = 4,
    Network = 5,
    Verification = 6,
    Local = 7,
    Changes = 10,
    Interrupted = 130,
    Terminated = 143,
}

/// Each code, its name in JSON errors, and what it means.
const TABLE: [(Exit, &str, &str); 11] = [
    (Exit::Done, "done", "all was done"),
    (Exit::Failed, "failed", "some of several images failed, or none of the reasons below fits"),
    (Exit::Usage, "usage", "the command line or a mapping cannot be used as it is"),
    (Exit::Denied, "denied", "a login is missing, was refused, or lacks the permission"),
    (Exit::NotFound, "not-found", "the image, tag, stream, platform or repository is not there"),
    (
        Exit::Network,
        "network",
        "no connection, an untrusted certificate, or a registry that keeps failing",
    ),
    (Exit::Verification, "verification", "content is not what its digest, size or type says"),
    (Exit::Local, "local", "a local file, folder or setting cannot be read or written"),
    (Exit::Changes, "changes", "tag-sync check found something that a run would change"),
    (Exit::Interrupted, "interrupted", "stopped by an interrupt (Ctrl-C)"),
    (Exit::Terminated, "terminated", "stopped by a termination signal"),
];

impl Exit {
    /// The code of a run over several things: that of its failures where all failed alike, the general one where some
    /// did.
    pub(crate) fn of_failures(failures: &[Self], all: usize) -> Self {
        match failures {
            [] => Self::Done,
            [first, rest @ ..]
                if failures.len() == all && rest.iter().all(|exit| exit == first) =>
            {
                *first
            }
            _ => Self::Failed,
        }
    }

    /// The exit of this code, as a report has it.
    pub(crate) fn of_code(code: u64) -> Option<Self> {
        TABLE.iter().map(|(exit, ..)| *exit).find(|exit| u64::from(exit.code()) == code)
    }

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn name(self) -> &'static str {
        TABLE.iter().find(|(exit, ..)| *exit == self).map_or("failed", |(_, name, _)| name)
    }
}

/// The table as the help shows it.
pub(crate) fn help() -> String {
    let mut text = "Exit codes:\n".to_owned();
    for (exit, _, meaning) in TABLE {
        let _ = writeln!(text, "  {:>3}  {meaning}", exit.code());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_the_same_table() {
        let readme = include_str!("../../README.md");
        for (exit, _, meaning) in TABLE {
            let row = format!("| {} | {meaning} |", exit.code());
            assert!(readme.contains(&row), "{row}");
        }
    }

    #[test]
    fn failures_that_are_all_alike_keep_their_code() {
        assert_eq!(Exit::of_failures(&[], 2), Exit::Done);
        assert_eq!(Exit::of_failures(&[Exit::Denied], 1), Exit::Denied);
        assert_eq!(Exit::of_failures(&[Exit::Denied, Exit::Denied], 2), Exit::Denied);
        assert_eq!(Exit::of_failures(&[Exit::Denied], 2), Exit::Failed);
        assert_eq!(Exit::of_failures(&[Exit::Denied, Exit::Network], 2), Exit::Failed);
    }

    #[test]
    fn every_code_has_its_own_number_and_name() {
        for (index, (exit, name, _)) in TABLE.into_iter().enumerate() {
            assert_eq!(exit.name(), name);
            assert_eq!(Exit::of_code(exit.code().into()), Some(exit));
            for (other, other_name, _) in &TABLE[..index] {
                assert!(other.code() < exit.code() && *other_name != name);
            }
        }
    }
}
