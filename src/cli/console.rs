//! Messages on standard error: they never tear the progress bars apart.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use indicatif::MultiProgress;
use longshore::config::Env;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use super::args::GlobalArgs;

/// Standard error, shared by messages and progress bars.
#[derive(Clone)]
pub(crate) struct Console {
    bars: MultiProgress,
    is_terminal: bool,
    colours: bool,
}

impl Console {
    pub(crate) fn new(env: &Env) -> Self {
        let is_terminal =
            io::stderr().is_terminal() && env.var("TERM").is_none_or(|term| term != "dumb");
        Self {
            bars: MultiProgress::new(),
            is_terminal,
            colours: is_terminal && env.var("NO_COLOR").is_none(),
        }
    }

    /// Whether lines can be drawn over.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    pub(crate) fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// A word set off by a colour, where there are colours.
    pub(crate) fn paint(&self, colour: Colour, word: &str) -> String {
        if self.colours {
            format!("\x1b[1;{}m{word}\x1b[0m", colour as u8)
        } else {
            word.to_owned()
        }
    }

    /// Writes text above the progress bars. A message that nobody can take is no reason to stop.
    pub(crate) fn write(&self, text: &[u8]) {
        self.bars.suspend(|| {
            let mut stderr = io::stderr().lock();
            let _ = stderr.write_all(text).and_then(|()| stderr.flush());
        });
    }

    /// Writes lines above the progress bars.
    pub(crate) fn lines(&self, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            self.write(format!("{line}\n").as_bytes());
        }
    }

    /// Sends what the library tells to standard error, as far as it was asked for.
    pub(crate) fn listen(&self, global: &GlobalArgs, env: &Env) {
        let wanted = match (global.quiet, global.verbose) {
            (true, _) => "error",
            (false, 0) => "warn",
            (false, 1) => "warn,longshore=info",
            (false, 2) => "warn,longshore=debug",
            (false, _) => "debug,longshore=trace",
        };
        let filter = env
            .var("LONGSHORE_LOG")
            .and_then(|filter| EnvFilter::try_new(filter.to_string_lossy()).ok())
            .unwrap_or_else(|| EnvFilter::new(wanted));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(self.colours)
            .event_format(Message(self.clone()))
            .with_writer(self.clone())
            .init();
    }
}

/// Colours of the first words of messages (ECMA-48).
#[derive(Clone, Copy)]
pub(crate) enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Blue = 34,
}

/// A message being written; it goes out whole.
pub(crate) struct Line {
    console: Console,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Console {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { console: self.clone(), text: Vec::new() }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.console.write(&self.text);
    }
}

/// Messages in the form `warning: text`.
struct Message(Console);

impl<S, N> FormatEvent<S, N> for Message
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (colour, label) = match *event.metadata().level() {
            Level::ERROR => (Colour::Red, "error"),
            Level::WARN => (Colour::Yellow, "warning"),
            Level::INFO => (Colour::Green, "info"),
            Level::DEBUG => (Colour::Blue, "debug"),
            Level::TRACE => (Colour::Blue, "trace"),
        };
        write!(writer, "{}: ", self.0.paint(colour, label))?;
        ctx.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
