//! Interrupts: the first stops the work, the second kills at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::Exit;

/// The signals that ask for an end.
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Takes the signals over from the system's default, which is to kill.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
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
