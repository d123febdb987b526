//! Standard input: passwords, tokens, lists; and questions to a person.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use longshore::auth::Secret;

use super::args::UsageError;

/// The longest password or token that is read.
const SECRET: u64 = 1 << 20;
/// The longest list, and the largest plan.
const FILE: u64 = 128 << 20;

/// Where input comes from.
#[derive(Clone)]
pub(crate) enum Input {
    /// Standard input and the terminal.
    Process,
    /// This text, for commands that are run from within.
    Text(String),
}

impl Input {
    /// All of standard input, which may have so many bytes.
    fn read(&self, limit: u64) -> anyhow::Result<String> {
        match self {
            Self::Process => whole("standard input", io::stdin().lock(), limit),
            Self::Text(given) => Ok(given.clone()),
        }
    }

    /// The secret on standard input, without the end of its line.
    pub(crate) fn secret(&self, what: &str) -> anyhow::Result<Secret> {
        let text = Secret::new(self.read(SECRET)?);
        let secret = text.expose().trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            bail!(UsageError(format!("standard input holds no {what}")));
        }
        Ok(Secret::new(secret.to_owned()))
    }

    /// Asks for a password, which is not shown.
    pub(crate) fn ask_password(&self, prompt: &str) -> anyhow::Result<Secret> {
        self.needs_terminal("a password is needed: give it with --password-stdin")?;
        let password = rpassword::prompt_password(prompt).context("cannot read the password")?;
        Ok(Secret::new(password))
    }

    /// Asks for a line.
    pub(crate) fn ask(&self, prompt: &str) -> anyhow::Result<String> {
        self.needs_terminal("a user name is needed: give it with --username")?;
        let mut stderr = io::stderr().lock();
        write!(stderr, "{prompt}")
            .and_then(|()| stderr.flush())
            .context("cannot ask on the terminal")?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
        match answer.trim() {
            "" => bail!(UsageError("no user name was given".into())),
            answer => Ok(answer.to_owned()),
        }
    }

    fn needs_terminal(&self, otherwise: &str) -> Result<(), UsageError> {
        match self {
            Self::Process if io::stdin().is_terminal() => Ok(()),
            Self::Process | Self::Text(_) => Err(UsageError(otherwise.to_owned())),
        }
    }

    /// The text of a file, or standard input for `-`.
    pub(crate) fn file(&self, path: &Path) -> anyhow::Result<String> {
        if path.as_os_str() == "-" {
            return self.read(FILE);
        }
        let place = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot read {place}"))?;
        whole(&place, file, FILE)
    }
}

/// All of a text. What is longer than it may be is refused, not cut off.
fn whole(place: &str, input: impl Read, limit: u64) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let read = input.take(limit + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read {place}"))?;
    if bytes.len() as u64 > limit {
        bail!(UsageError(format!("{place} has more than {} MiB", limit >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| UsageError(format!("{place} is no text in UTF-8")).into())
}
