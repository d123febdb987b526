//! The person-facing half: arguments in, results on standard output, messages and progress on standard error, an
//! exit code at the end. Only here is anything printed.
//!
//! A verb is two steps: its arguments are resolved, which may ask the person something, and then it runs.

mod args;
mod console;
mod diagnose;
mod exit;
#[cfg(test)]
mod generated;
mod interrupt;
mod output;
mod progress;
mod prompt;
mod verbs;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use longshore::config::{Env, Registries};

use self::args::{Cli, Format};
use self::console::Console;
use self::diagnose::Diagnosis;
use self::exit::Exit;
use self::output::Output;
use self::progress::Progress;
use self::prompt::Input;
use self::verbs::Work;

/// How long a stopped run may take to clean up.
const GRACE: Duration = Duration::from_secs(3);

/// What surrounds a verb.
pub(crate) struct Context {
    pub(crate) env: Env,
    pub(crate) registries: OnceLock<Registries>,
    pub(crate) input: Input,
    pub(crate) output: Output,
    pub(crate) console: Console,
    pub(crate) quiet: bool,
}

impl Context {
    /// What `registries.conf` says; it is read, and its warnings are told, once.
    pub(crate) fn registries(&self) -> anyhow::Result<&Registries> {
        match self.registries.get() {
            Some(registries) => Ok(registries),
            None => {
                let registries = Registries::load(&self.env)?;
                Ok(self.registries.get_or_init(|| registries))
            }
        }
    }

    /// Progress, unless nobody wants to see it.
    pub(crate) fn progress(&self) -> Progress {
        if self.quiet { Progress::hidden() } else { Progress::show(&self.console) }
    }

    /// Tells something in passing, to whoever wants to know.
    pub(crate) fn note(&self, text: String) {
        if !self.quiet {
            self.console.lines([text]);
        }
    }

    /// Tells an error, and how the process is to end because of it.
    pub(crate) fn report(&self, error: &anyhow::Error) -> Exit {
        self.tell(&diagnose::diagnose(error))
    }

    /// Tells an error, and how the process is to end because of it.
    pub(crate) fn tell(&self, diagnosis: &Diagnosis) -> Exit {
        diagnosis.tell(self.output.format(), &self.console)
    }
}

/// Runs the command line of this process.
pub(crate) fn main() -> ExitCode {
    let arguments = arguments();
    let env = Env::from_process();
    let console = Console::new(&env);
    let cli = match Cli::try_parse_from(&arguments).map_err(args::suggest) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && args::want_json(&arguments) => {
            return ExitCode::from(Diagnosis::of_usage(&error).tell(Format::Json, &console).code());
        }
        Err(error) => error.exit(),
    };
    console.listen(&cli.global, &env);
    let context = Context {
        env,
        registries: OnceLock::new(),
        input: Input::Process,
        output: Output::new(cli.global.output.format()),
        console,
        quiet: cli.global.quiet,
    };
    let checked = cli.command.check(cli.global.output).map_err(anyhow::Error::new);
    let exit = checked
        .and_then(|()| verbs::start(cli.command, &context))
        .and_then(drive)
        .unwrap_or_else(|error| context.report(&error));
    ExitCode::from(exit.code())
}

/// The arguments; called as a credential helper, those of the verb that is one.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let name = arguments.first().and_then(|path| Path::new(path).file_stem());
    if name.is_some_and(|name| name == "docker-credential-longshore") {
        arguments.insert(1, "credential-helper".into());
    }
    arguments
}

/// Runs a verb to its end.
fn drive(work: Work<'_>) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(GRACE);
    result
}
