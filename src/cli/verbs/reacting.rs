//! What follows when a tag moves, as the verbs that move tags have it done and told.

use std::path::PathBuf;

use anyhow::Context as _;
use longshore::auth::Secret;
use longshore::config::Connection;
use longshore::http::RetryPolicy;
use longshore::imagestream::{ImageStream, Namespace, Streams};
use longshore::reaction::triggers::{self, Mode};
use longshore::reaction::{Change, Command, Outcome, Reactions, Via, Webhook, output, read_secret};

use crate::cli::Context;
use crate::cli::args::{Format, ReactionRequest, UsageError, View};
use crate::cli::exit::Exit;

/// How many lines of a command that failed are told with its error.
const LAST_LINES: usize = 20;

/// What is to follow, all of it ready.
pub(super) struct Reacting {
    pub(super) reactions: Reactions,
    pub(super) triggers: Option<triggers::Options>,
    github: Option<PathBuf>,
}

impl Reacting {
    /// Reads keys and settings, so that nothing can be missing when a tag has moved. In a dry run nobody is told, and
    /// manifests are only compared.
    pub(super) fn prepare(
        request: ReactionRequest,
        namespace: &Namespace,
        mode: Mode,
        context: &Context,
    ) -> anyhow::Result<Self> {
        let ReactionRequest { command, webhook, manifests, github } = request;
        let github = github.then(|| {
            let path = context.env.path("GITHUB_OUTPUT");
            path.ok_or_else(|| {
                UsageError("--github-output needs GITHUB_OUTPUT to name a file".into())
            })
        });
        let github = github.transpose()?;
        let webhook = webhook.map(|(url, file)| hook(&url, file, context)).transpose()?;
        let command = command.map(|(script, timeout)| Command::new(script, timeout));
        let reactions = match mode {
            Mode::Write => Reactions { command, webhook },
            Mode::DryRun => Reactions::default(),
        };
        let triggers = (!manifests.is_empty()).then(|| triggers::Options {
            paths: manifests,
            namespace: namespace.clone(),
            mode,
        });
        Ok(Self { reactions, triggers, github })
    }

    /// Whether nothing is to follow.
    pub(super) fn is_idle(&self) -> bool {
        let Reactions { command, webhook } = &self.reactions;
        let is_nobody = command.is_none() && webhook.is_none();
        is_nobody && self.triggers.is_none() && self.github.is_none()
    }

    /// Has it all done after a run that made `changes`, and tells what came of it beside the run's own result, which is
    /// shown as `view`. The stream `after` is what the run made, or would have made. Returns the exits of what failed.
    pub(super) async fn react(
        &self,
        streams: &dyn Streams,
        after: Option<&ImageStream>,
        changes: &[Change],
        view: View,
        context: &Context,
    ) -> anyhow::Result<Vec<Exit>> {
        let manifests = async {
            match &self.triggers {
                Some(options) => triggers::apply(streams, after, options).await,
                None => triggers::Report::default(),
            }
        };
        let (outcomes, report) = tokio::join!(self.reactions.tell(changes), manifests);
        self.note(changes)?;
        let mut exits: Vec<Exit> = outcomes.into_iter().filter_map(|o| told(o, context)).collect();
        exits.extend(self.tell_manifests(report, view, context)?);
        Ok(exits)
    }

    /// Tells later steps of a job.
    pub(super) fn note(&self, changes: &[Change]) -> anyhow::Result<()> {
        let Some(path) = &self.github else { return Ok(()) };
        output::append_github(path, changes)
            .with_context(|| format!("cannot write GITHUB_OUTPUT, {}", path.display()))
    }

    /// Tells which manifests have changed, or shows how they would. Returns the exits of what failed.
    pub(super) fn tell_manifests(
        &self,
        report: triggers::Report,
        view: View,
        context: &Context,
    ) -> anyhow::Result<Vec<Exit>> {
        let is_dry = self.triggers.as_ref().is_some_and(|options| options.mode == Mode::DryRun);
        for file in &report.files {
            if is_dry && matches!(view, View::Text | View::Describe) {
                context.output.bytes(file.diff.as_bytes())?;
            } else if is_dry {
                context.console.write(file.diff.as_bytes());
            } else if !context.quiet {
                context.console.lines(file.edits.iter().map(|edit| {
                    let (path, line) = (file.path.display(), edit.place.line);
                    format!("{path}:{line}: {} has {}", edit.object, edit.new)
                }));
            }
        }
        if !context.quiet {
            context.console.lines(report.waiting.iter().map(|waiting| format!("note: {waiting}")));
        }
        Ok(report.errors.into_iter().map(|error| context.report(&error.into())).collect())
    }
}

fn hook(url: &str, file: Option<PathBuf>, context: &Context) -> anyhow::Result<Webhook> {
    let key = match file {
        Some(file) => Some(read_secret(&file)?),
        None => context
            .env
            .var("LONGSHORE_ON_CHANGE_SECRET")
            .and_then(|key| key.to_str())
            .map(|key| Secret::new(key.to_owned())),
    };
    Ok(Webhook::new(url, key, Connection::default(), RetryPolicy::default())?)
}

/// Passes on what a command wrote, and tells a failure; its exit.
pub(super) fn told(outcome: Outcome, context: &Context) -> Option<Exit> {
    let Change { namespace, stream, tag, .. } = &outcome.change;
    let tag = format!("{namespace}/{stream}:{tag}");
    let lines = outcome.output().map(longshore::reaction::Output::lines).unwrap_or_default();
    let shown = match (&outcome.result, context.quiet) {
        (Ok(_), true) => lines.len(),
        (Err(_), true) => lines.len().saturating_sub(LAST_LINES),
        (_, false) => 0,
    };
    // With JSON every line of standard error is a document.
    if context.output.format() == Format::Text {
        context.console.lines(lines[shown..].iter().map(|line| format!("{tag} | {line}")));
    }
    let who = match outcome.via {
        Via::Command => "command",
        Via::Webhook => "webhook",
    };
    let error = outcome.result.err()?;
    Some(context.report(&anyhow::Error::new(error).context(format!("{who} for {tag} failed"))))
}
