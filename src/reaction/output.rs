//! Changed tags for the later steps of a CI job.
//!
//! Names and values come from registries and people, and end in files that a shell or a runner reads: none can become
//! more than a value.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Change, TaggedImage};

/// Lines `STREAM_TAG_DIGEST=…` and `STREAM_TAG_REFERENCE=…` for a shell to read, two for each change.
///
/// Letters are upper case, and all that cannot be in the name of a variable is `_`. A name that an earlier change has
/// already is told apart by a number: `APP_V1_2_DIGEST`. A value that a shell would take apart is quoted.
#[must_use]
pub fn env(changes: &[Change]) -> String {
    let mut names = HashSet::new();
    let mut lines = String::new();
    for change in changes {
        let name = free_name(&variable(&change.stream, &change.tag), &mut names);
        let TaggedImage { digest, reference } = &change.new;
        lines.push_str(&format!("{name}_DIGEST={}\n", shell_word(digest)));
        lines.push_str(&format!("{name}_REFERENCE={}\n", shell_word(reference)));
    }
    lines
}

fn variable(stream: &str, tag: &str) -> String {
    let sound = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = format!("{stream}_{tag}").chars().map(sound).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

fn free_name(name: &str, taken: &mut HashSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    // There are more numbers than changes.
    names.find(|name| taken.insert(name.clone())).unwrap_or_default()
}

/// A value of one line: what reads such files line by line must not meet a line of the value's own.
fn shell_word(text: &str) -> String {
    let text = text.replace(char::is_control, "_");
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+-".contains(c);
    if text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What `$GITHUB_OUTPUT` is given: `changed=true` or `false`, and `changes`, a JSON list of [`Change`]s.
///
/// Source: GitHub, «Workflow commands», multiline strings. `delimiter` must not be guessable by who names images.
#[must_use]
pub fn github(changes: &[Change], delimiter: &str) -> String {
    let documents: Vec<String> = changes.iter().map(Change::to_json).collect();
    let changed = !changes.is_empty();
    // JSON has no line ends but those of its layout, and here it has no layout: no line of it is the delimiter.
    format!("changed={changed}\nchanges<<{delimiter}\n[{}]\n{delimiter}\n", documents.join(","))
}

/// The file that `$GITHUB_OUTPUT` names, open to be appended to.
#[derive(Debug)]
pub struct GithubOutput {
    path: PathBuf,
    file: File,
}

impl GithubOutput {
    /// Opens it, and makes it if it is not there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        Ok(Self { path, file })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends [`github`], on a line of its own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&self, changes: &[Change]) -> io::Result<()> {
        let delimiter = format!("longshore_{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        let end = if self.is_amid_a_line() { "\n" } else { "" };
        (&self.file).write_all(format!("{end}{}", github(changes, &delimiter)).as_bytes())
    }

    /// Whether another step has left its last line without an end.
    fn is_amid_a_line(&self) -> bool {
        if !self.file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            return false;
        }
        let last = || -> io::Result<u8> {
            let (mut file, mut byte) = (File::open(&self.path)?, [0]);
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut byte)?;
            Ok(byte[0])
        };
        last().is_ok_and(|last| last != b'\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reaction::change::tests::stream;
    use crate::reaction::changes;

    fn change(name: &str, tag: &str, reference: &str) -> Change {
        changes(None, &stream(name, &[(tag, reference, "sha256:1")])).remove(0)
    }

    #[test]
    fn a_variable_is_named_and_quoted_for_a_shell() {
        for (name, tag, reference, expected) in [
            (
                "app",
                "v1.2",
                "q.io/a:v1@sha256:1",
                "APP_V1_2_DIGEST=sha256:1\nAPP_V1_2_REFERENCE=q.io/a:v1@sha256:1\n",
            ),
            ("7zip", "latest", "a", "_7ZIP_LATEST_DIGEST=sha256:1\n_7ZIP_LATEST_REFERENCE=a\n"),
            ("a", "b", "$(id)'\nX=1", "A_B_DIGEST=sha256:1\nA_B_REFERENCE='$(id)'\\''_X=1'\n"),
            ("a", "b", "", "A_B_DIGEST=sha256:1\nA_B_REFERENCE=\n"),
        ] {
            assert_eq!(env(&[change(name, tag, reference)]), expected);
        }
    }

    #[test]
    fn no_two_changes_share_a_variable() {
        let changes = [change("a-b", "c", "r"), change("a.b", "c", "r"), change("a", "b-c", "r")];
        let names: Vec<_> = env(&changes)
            .lines()
            .filter_map(|line| Some(line.split_once("_DIGEST=")?.0.to_owned()))
            .collect();
        assert_eq!(names, ["A_B_C", "A_B_C_2", "A_B_C_3"]);
    }

    #[test]
    fn a_value_cannot_end_the_output() {
        let changes = [change("a", "b", "x\nEOF\nevil=1"), change("c", "d", "y")];
        let text = github(&changes, "EOF");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            (lines.len(), lines[0], lines[1], lines[3]),
            (4, "changed=true", "changes<<EOF", "EOF")
        );
        let read: serde_json::Value = serde_json::from_str(lines[2]).unwrap();
        assert_eq!(read[0]["new"]["reference"], "x\nEOF\nevil=1");
        assert_eq!(read[1]["stream"], "c");
        assert_eq!(github(&[], "E"), "changed=false\nchanges<<E\n[]\nE\n");
    }

    #[test]
    fn what_other_steps_wrote_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        for (before, kept) in [("", ""), ("before=1\n", "before=1\n"), ("a=1", "a=1\n")] {
            std::fs::write(&path, before).unwrap();
            GithubOutput::open(path.clone()).unwrap().append(&[]).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let begins = format!("{kept}changed=false\nchanges<<longshore_");
            assert!(text.starts_with(&begins), "{text}");
        }
    }
}
