//! Interrupts: the first stops the work, the second kills at once.

use std::fs;
use std::future::{Future, pending};
use std::pin::pin;

use anyhow::Context as _;
use longshore::reaction::kill_commands;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Context;
use super::exit::Exit;

/// What is told of most work that was stopped.
pub(crate) const GOES_ON: &str =
    "stopped: what was not whole has no name; the same command goes on from there";

/// The signals that ask for an end.
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    /// That the terminal is gone, unless whoever started this wants it to go on then.
    hangup: Option<Signal>,
}

impl Interrupts {
    /// Takes the signals over from the system's default, which is to kill.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        let hangup = (!outlives_terminal()).then(|| listen(SignalKind::hangup()));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: hangup.transpose()?,
        })
    }

    /// The same; that the terminal is gone has another meaning, which whoever calls this sees to.
    pub(crate) fn listen_but_hangup() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        let (interrupt, terminate) =
            (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate, hangup: None })
    }

    /// Waits for one.
    pub(crate) async fn next(&mut self) -> Exit {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = hangup => Exit::Terminated,
        }
    }

    /// From now on a signal ends the process at once, however busy it is with its clean end.
    pub(crate) fn kill_on_next(mut self) {
        tokio::spawn(async move {
            let exit = self.next().await;
            kill_commands();
            std::process::exit(exit.code().into());
        });
    }
}

/// Whether this was started to go on when its terminal is gone (`nohup`). Where that is not known, the signal is left
/// as it is.
fn outlives_terminal() -> bool {
    fs::read_to_string("/proc/self/status").map_or(true, |status| ignores_hangup(&status))
}

/// Source: proc(5), `/proc/pid/status`: `SigIgn`, a mask in hexadecimal digits whose lowest bit is signal 1.
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & 1 == 1)
}

/// Does `work` to its end, or to the first signal. Dropping it is what stops it: whatever it has not finished cleans up
/// behind itself.
pub(crate) async fn stoppable(
    work: impl Future<Output = anyhow::Result<Exit>>,
    context: &Context,
) -> anyhow::Result<Exit> {
    until_stopped(work, || context.console.lines([GOES_ON.to_owned()])).await
}

/// The same; `last_words` tells how it is when it was stopped.
pub(crate) async fn until_stopped(
    work: impl Future<Output = anyhow::Result<Exit>>,
    last_words: impl FnOnce(),
) -> anyhow::Result<Exit> {
    let mut interrupts = Interrupts::listen()?;
    let exit = {
        let mut work = pin!(work);
        tokio::select! {
            result = &mut work => return result,
            exit = interrupts.next() => {
                interrupts.kill_on_next();
                exit
            }
        }
    };
    last_words();
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hangup_that_is_ignored_stays_so() {
        for (status, is_ignored) in [
            ("Name:\tx\nSigIgn:\t0000000000001000\n", false),
            ("SigIgn:\t0000000000001001\nSigCgt:\t0\n", true),
            ("SigIgn:\t?\n", true),
            ("", true),
        ] {
            assert_eq!(ignores_hangup(status), is_ignored, "{status}");
        }
    }
}
