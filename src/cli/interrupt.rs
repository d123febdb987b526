//! Interrupts: the first stops the work, the second kills at once.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use anyhow::Context as _;

use super::exit::Exit;

/// The signals that ask for an end.
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Takes the signals over from the system's default, which is to kill.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for one.
    pub(crate) async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }

    /// From now on a signal ends the process at once, however busy it is with its clean end.
    pub(crate) fn kill_on_next(mut self) {
        tokio::spawn(async move {
            let exit = self.next().await;
            std::process::exit(exit.code().into());
        });
    }
}

/// Does `work` to its end, or to the first signal. Dropping it is what stops it: whatever it has not finished cleans up
/// behind itself.
pub(crate) async fn stoppable(
    work: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    let mut interrupts = Interrupts::listen()?;
    tokio::select! {
        result = work => result,
        exit = interrupts.next() => {
            interrupts.kill_on_next();
            Ok(exit)
        }
    }
}
