//! What follows when a tag moves, as the verbs that move tags have it done and told.

use std::future::ready;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use longshore::auth::Secret;
use longshore::config::Connection;
use longshore::http::RetryPolicy;
use longshore::imagestream::{ImageStream, Namespace, Streams};
use longshore::reaction::output::GithubOutput;
use longshore::reaction::triggers::{self, Mode};
use longshore::reaction::{Change, Command, Outcome, Reactions, Via, Webhook, read_secret};

use super::advised::Advised;
use crate::cli::Context;
use crate::cli::args::{Format, ReactionRequest, UsageError, View};
use crate::cli::diagnose::LAST_LINES;
use crate::cli::exit::Exit;
use crate::cli::interrupt::{GOES_ON, until_stopped};

/// What is to follow, all of it ready.
pub(super) struct Reacting {
    pub(super) reactions: Arc<Reactions>,
    pub(super) triggers: Option<triggers::Options>,
    github: Option<GithubOutput>,
}

impl Reacting {
    /// Reads keys and settings, and looks whether files are there, so that nothing is missing when a tag has moved. In a dry run nobody is told, and
    /// manifests are only compared.
    pub(super) fn prepare(
        request: ReactionRequest,
        namespace: &Namespace,
        mode: Mode,
        context: &Context,
    ) -> anyhow::Result<Self> {
        let ReactionRequest { command, webhook, manifests, github } = request;
        triggers::check(&manifests)?;
        let webhook = webhook.map(|(url, file)| hook(&url, file, context)).transpose()?;
        let command = command.map(|(script, timeout)| Command::new(script, timeout));
        let reactions = match mode {
            Mode::Write => Reactions::new(command, webhook),
            Mode::DryRun => Reactions::default(),
        };
        let triggers = (!manifests.is_empty()).then(|| triggers::Options {
            paths: manifests,
            namespace: namespace.clone(),
            mode,
        });
        let github = github.then(|| github_output(context)).transpose()?;
        Ok(Self { reactions: Arc::new(reactions), triggers, github })
    }

    /// Whether nothing is to follow.
    pub(super) fn is_idle(&self) -> bool {
        self.reactions.is_nobody() && self.triggers.is_none() && self.github.is_none()
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
    ) -> Vec<Exit> {
        let noted = self.note(changes, context);
        let manifests = async {
            match &self.triggers {
                Some(options) => triggers::apply(streams, after, options).await,
                None => triggers::Report::default(),
            }
        };
        let outcomes = self.reactions.tell(changes);
        let failures = outcomes.filter_map(|outcome| ready(told(outcome, context)));
        let (failures, report) = tokio::join!(failures.collect::<Vec<Exit>>(), manifests);
        let manifests = self.tell_manifests(report, view, context);
        noted.into_iter().chain(failures).chain(manifests).collect()
    }

    /// Tells later steps of a job; the exit when that fails.
    pub(super) fn note(&self, changes: &[Change], context: &Context) -> Option<Exit> {
        let output = self.github.as_ref()?;
        let noted = output.append(changes).with_context(|| unwritable(output.path()));
        noted.err().map(|error| context.report(&error))
    }

    /// Tells which manifests have changed, or shows how they would. Returns the exits of what failed.
    pub(super) fn tell_manifests(
        &self,
        report: triggers::Report,
        view: View,
        context: &Context,
    ) -> Vec<Exit> {
        let is_dry = self.triggers.as_ref().is_some_and(|options| options.mode == Mode::DryRun);
        let diffs: String = report.files.iter().map(|file| file.diff.as_str()).collect();
        let mut unprinted = None;
        if is_dry && matches!(view, View::Text | View::Describe) {
            unprinted = context.output.bytes(diffs.as_bytes()).err();
        } else if is_dry {
            context.console.write(diffs.as_bytes());
        } else if !context.quiet {
            context.console.lines(report.files.iter().flat_map(edits));
        }
        if !context.quiet {
            context.console.lines(report.waiting.iter().map(|waiting| format!("note: {waiting}")));
        }
        let errors = report.errors.into_iter().map(anyhow::Error::new);
        let errors = unprinted.into_iter().map(anyhow::Error::new).chain(errors);
        errors.map(|error| context.report(&error)).collect()
    }
}

/// What has changed in a file, a line for each value.
fn edits(file: &triggers::FileReport) -> impl Iterator<Item = String> {
    let path = file.path.display();
    let line = move |edit: &triggers::Edit| {
        format!("{path}:{}: {} has {}", edit.place.line, edit.object, edit.new)
    };
    file.edits.iter().map(line)
}

fn github_output(context: &Context) -> anyhow::Result<GithubOutput> {
    let missing = || UsageError("--github-output needs GITHUB_OUTPUT to name a file".into());
    let path = context.env.path("GITHUB_OUTPUT").ok_or_else(missing)?;
    GithubOutput::open(path.clone()).with_context(|| unwritable(&path))
}

fn unwritable(path: &Path) -> String {
    format!("cannot write GITHUB_OUTPUT, {}", path.display())
}

/// Does `work`, which tells `reactions`, to its end or to the first signal.
pub(super) async fn stoppable_reacting(
    work: impl Future<Output = anyhow::Result<Exit>>,
    reactions: Arc<Reactions>,
    context: &Context,
) -> anyhow::Result<Exit> {
    let last_words = || {
        if untold(&reactions, context).is_empty() {
            context.console.lines([GOES_ON.to_owned()]);
        }
    };
    until_stopped(work, last_words).await
}

/// Tells the changes whose reactions were stopped; the exit of each.
pub(super) fn untold(reactions: &Reactions, context: &Context) -> Vec<Exit> {
    let untold = reactions.untold();
    let errors = untold.iter().map(|change| {
        let (tag, new) = (name(change), &change.new.digest);
        let what = format!("stopped before what follows {tag} had ended; it has moved to {new}");
        let hint = "no later run tells of it again: see what it did, and do the rest by hand";
        Advised::failed(what, Some(hint.to_owned()))
    });
    errors.map(|error| context.report(&error.into())).collect()
}

fn name(Change { namespace, stream, tag, .. }: &Change) -> String {
    format!("{namespace}/{stream}:{tag}")
}

pub(super) fn hook(url: &str, file: Option<PathBuf>, context: &Context) -> anyhow::Result<Webhook> {
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
    let tag = name(&outcome.change);
    let shown = match (&outcome.result, context.quiet) {
        // The error has its end.
        (Err(_), _) if context.output.format() == Format::Json => None,
        (Ok(_), true) => None,
        (Err(_), true) => outcome.output().map(|output| output.end(LAST_LINES)),
        (_, false) => outcome.output().cloned(),
    };
    if let Some(output) = shown {
        let dropped = output.dropped();
        let left_out = (dropped > 0).then(|| format!("({dropped} bytes before this are left out)"));
        let lines = left_out.into_iter().chain(output.lines());
        context.console.lines(lines.map(|line| format!("{tag} | {line}")));
    }
    let who = match outcome.via {
        Via::Command => "command",
        Via::Webhook => "webhook",
    };
    let error = outcome.result.err()?;
    Some(context.report(&anyhow::Error::new(error).context(format!("{who} for {tag} failed"))))
}
