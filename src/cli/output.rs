//! Results on standard output, as text or JSON.
//!
//! A reader that goes away (`longshore tags … | head -1`) ends the printing and nothing else: the work goes on, and
//! the exit code tells how it went.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

use serde::Serialize;

use super::args::Format;

/// Standard output cannot take a result.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) struct OutputError(#[from] io::Error);

/// Where results go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }

    pub(crate) fn format(self) -> Format {
        self.format
    }

    /// Prints a value as one JSON document.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), OutputError> {
        let mut text = serde_json::to_vec_pretty(value).map_err(io::Error::from)?;
        text.push(b'\n');
        self.bytes(&text)
    }

    /// Prints a line.
    pub(crate) fn line(self, line: impl Display) -> Result<(), OutputError> {
        self.bytes(format!("{line}\n").as_bytes())
    }

    /// Prints a document as it is, byte for byte; a terminal gets the end of the line that it may lack.
    pub(crate) fn document(self, bytes: &[u8]) -> Result<(), OutputError> {
        self.bytes(bytes)?;
        if io::stdout().is_terminal() && !bytes.ends_with(b"\n") { self.line("") } else { Ok(()) }
    }

    /// Prints bytes as they are.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), OutputError> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }
}
