//! `--on-change CMD`: a command of the person's, run for each change.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::Receiver;
use tokio::process::Child;
use tokio::sync::Semaphore;

use super::Change;
use crate::config::SECRET_VARIABLES;

/// How many run at once.
const PARALLEL: usize = 4;
/// The most that is kept of what one writes: its end.
const KEPT: usize = 64 * 1024;
/// How long one that is asked to end may take to do so.
const GRACE: Duration = Duration::from_secs(2);
/// How long to wait, after a command's end, for what it wrote last. Whatever it left running in the background may hold
/// its output open for as long as it likes.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A command that is run through `sh -c` for each change.
///
/// It gets the change as JSON on its standard input, which it need not read, and in its environment:
/// `LONGSHORE_NAMESPACE`, `LONGSHORE_STREAM`, `LONGSHORE_TAG`, `LONGSHORE_OLD_DIGEST`, `LONGSHORE_OLD_REFERENCE`
/// (both empty when the tag is new), `LONGSHORE_NEW_DIGEST` and `LONGSHORE_NEW_REFERENCE`. Four run at once.
#[derive(Clone, Debug)]
pub struct Command {
    script: String,
    timeout: Duration,
    free: Arc<Semaphore>,
}

/// How a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It could not be started.
    #[error("the command cannot be started")]
    Start(#[source] io::Error),
    /// It cannot be waited for.
    #[error("the command cannot be followed")]
    Follow(#[source] io::Error),
    /// It took too long and was stopped, with all that it had started.
    #[error("the command was stopped after {} s", .after.as_secs_f32())]
    Timeout {
        /// How long it was waited for.
        after: Duration,
        /// What it wrote.
        output: Output,
    },
    /// It ended with an error.
    #[error("the command ended with {status}")]
    Status {
        /// How it ended.
        status: ExitStatus,
        /// What it wrote.
        output: Output,
    },
}

impl CommandError {
    /// What it wrote before it failed.
    #[must_use]
    pub fn output(&self) -> Option<&Output> {
        match self {
            Self::Timeout { output, .. } | Self::Status { output, .. } => Some(output),
            Self::Start(_) | Self::Follow(_) => None,
        }
    }
}

/// What a command wrote on standard output and standard error, in the order in which it did; only the end of it when it
/// was much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    kept: Vec<u8>,
    written: u64,
}

impl Output {
    /// How many bytes were dropped before what was kept.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.written - self.kept.len() as u64
    }

    /// What was kept, its last `lines` alone.
    #[must_use]
    pub fn end(&self, lines: usize) -> Self {
        let ends = self.kept.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
        // The end of the last line begins no other.
        let mut starts = ends.map(|(index, _)| index + 1).filter(|at| *at < self.kept.len());
        let from = lines
            .checked_sub(1)
            .map_or(self.kept.len(), |skip| starts.nth(skip).unwrap_or_default());
        Self { kept: self.kept[from..].to_vec(), written: self.written }
    }

    /// Its lines, fit for a terminal: without control characters.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.kept);
        let plain = |line: &str| line.replace(|c: char| c.is_control() && c != '\t', "");
        text.lines().map(plain).collect()
    }

    fn push(&mut self, bytes: &[u8]) {
        self.written += bytes.len() as u64;
        self.kept.extend_from_slice(bytes);
        // Not at each push: what is moved to the front has been written at least once by then.
        if self.kept.len() > 2 * KEPT {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let surplus = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..surplus);
    }
}

impl Command {
    /// The command `script`; one that takes longer than `timeout` is stopped.
    #[must_use]
    pub fn new(script: impl Into<String>, timeout: Duration) -> Self {
        Self { script: script.into(), timeout, free: Arc::new(Semaphore::new(PARALLEL)) }
    }

    /// Runs it for `change`, once one of the places for commands is free. When this is dropped the command is killed,
    /// with all that it has started.
    ///
    /// # Errors
    /// When it cannot be run, takes too long, or says by its status that it failed.
    pub async fn run(&self, change: &Change) -> Result<Output, CommandError> {
        // It is never closed.
        let _turn = self.free.acquire().await;
        let (mut child, group, pipe) = self.start(change).map_err(CommandError::Start)?;
        let mut output = Output::default();
        let followed = follow(&mut child, change.to_json(), pipe, &mut output);
        let ended = tokio::time::timeout(self.timeout, followed).await;
        output.cut();
        match ended {
            Err(_) => {
                group.stop(&mut child).await;
                Err(CommandError::Timeout { after: self.timeout, output })
            }
            Ok(Err(error)) => Err(CommandError::Follow(error)),
            Ok(Ok(status)) => {
                group.leave();
                match status.success() {
                    true => Ok(output),
                    false => Err(CommandError::Status { status, output }),
                }
            }
        }
    }

    /// Starts it as the leader of a process group, with one pipe for all that it writes.
    fn start(&self, change: &Change) -> io::Result<(Child, Group, Receiver)> {
        let (reader, writer) = io::pipe()?;
        let mut command = tokio::process::Command::new("sh");
        for secret in SECRET_VARIABLES {
            command.env_remove(secret);
        }
        command
            .arg("-c")
            .arg(&self.script)
            .envs(environment(change))
            .stdin(Stdio::piped())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0);
        let (child, group) = Group::start(&mut command)?;
        Ok((child, group, Receiver::from_owned_fd(reader.into())?))
    }
}

fn environment(change: &Change) -> [(&'static str, &str); 7] {
    let old = change.old.as_ref();
    [
        ("LONGSHORE_NAMESPACE", &change.namespace),
        ("LONGSHORE_STREAM", &change.stream),
        ("LONGSHORE_TAG", &change.tag),
        ("LONGSHORE_OLD_DIGEST", old.map_or("", |old| &old.digest)),
        ("LONGSHORE_OLD_REFERENCE", old.map_or("", |old| &old.reference)),
        ("LONGSHORE_NEW_DIGEST", &change.new.digest),
        ("LONGSHORE_NEW_REFERENCE", &change.new.reference),
    ]
}

/// Writes to a command and reads from it until it ends.
async fn follow(
    child: &mut Child,
    input: String,
    mut pipe: Receiver,
    output: &mut Output,
) -> io::Result<ExitStatus> {
    let stdin = child.stdin.take();
    let write = async {
        if let Some(mut stdin) = stdin {
            // A command need not read what it is given.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
    };
    let read = async {
        let mut buffer = vec![0; 8 * 1024];
        while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
            output.push(&buffer[..count]);
        }
    };
    let talk = async { tokio::join!(write, read) };
    tokio::pin!(talk);
    let status = tokio::select! {
        status = child.wait() => status?,
        // It closed its output and runs on.
        _ = &mut talk => return child.wait().await,
    };
    let _ = tokio::time::timeout(LAST_WORDS, talk).await;
    Ok(status)
}

/// The groups that run.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Kills all commands that run, with all that they have started, and lets no other begin: for the moment before a
/// process ends in which nothing is dropped.
pub fn kill_commands() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    for group in running.iter() {
        let _ = kill_process_group(*group, Signal::KILL);
    }
    // Whoever would start one waits for ever.
    std::mem::forget(running);
}

/// A process and all that it has started. Dropping it kills them.
struct Group(Option<Pid>);

impl Group {
    /// Starts the leader of a group.
    fn start(command: &mut tokio::process::Command) -> io::Result<(Child, Self)> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let leader = command.spawn()?;
        let pid = leader.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        running.extend(pid);
        Ok((leader, Self(pid)))
    }

    /// Asks them to end, and kills those that do not.
    async fn stop(self, leader: &mut Child) {
        self.signal(Signal::TERM);
        let _ = tokio::time::timeout(GRACE, leader.wait()).await;
    }

    /// Lets them be: their leader is gone.
    fn leave(mut self) {
        self.forget();
    }

    fn forget(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|group| Some(*group) != self.0);
        self.0 = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.0 {
            // It fails when they are all gone.
            let _ = kill_process_group(pid, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        self.forget();
    }
}
