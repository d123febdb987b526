//! `import-image`.

use std::sync::Arc;

use futures_util::FutureExt as _;
use longshore::imagestream::api::{Status, UNTRUSTED};
use longshore::imagestream::describe::{
    Became, Outcome, describe_import, has_failed, headline, left_out, listing_failure, outcomes,
};
use longshore::imagestream::requests::{
    self, ImportError, ImportOptions, Imported, RequestError, Scope,
};
use longshore::imagestream::{ImageStream, ImageStreamImport, StreamName};
use longshore::model::{ImageRef, one_line};
use longshore::ops::PullThrough;
use longshore::reaction::triggers::Mode;
use longshore::reaction::{changes, output};

use super::Work;
use super::advised::Advised;
use super::reacting::{Reacting, stoppable_reacting};
use super::refresh;
use super::streams::{self, Opened};
use super::table::table;
use crate::cli::Context;
use crate::cli::args::{ImportRequest, View, Wanted, shell_word};
use crate::cli::exit::Exit;

/// Some images were not imported.
#[derive(Debug, thiserror::Error)]
#[error("imported completed with errors")]
pub(super) struct Incomplete;

/// Makes ready what is to follow, and starts the import. Only a watch takes signals by itself: they end it well.
pub(super) fn start(
    opened: Opened,
    request: ImportRequest,
    view: View,
    context: &Context,
) -> anyhow::Result<Work<'_>> {
    let mode = if request.wanted.is_dry_run() { Mode::DryRun } else { Mode::Write };
    let reacting = Reacting::prepare(request.reactions, &opened.namespace, mode, context)?;
    let reactions = Arc::clone(&reacting.reactions);
    Ok(match request.wanted {
        Wanted::One { stream, options } => {
            let work = run(opened, stream, options, reacting, view, context);
            stoppable_reacting(work, reactions, context).boxed()
        }
        Wanted::All { only_scheduled, interval: None } => {
            let work = refresh::once(opened, only_scheduled, reacting, view, context);
            stoppable_reacting(work, reactions, context).boxed()
        }
        Wanted::All { only_scheduled, interval: Some(interval) } => {
            refresh::watch(opened, only_scheduled, interval, reacting, view, context).boxed()
        }
    })
}

async fn run(
    opened: Opened,
    stream: String,
    options: Box<ImportOptions>,
    reacting: Reacting,
    view: View,
    context: &Context,
) -> anyhow::Result<Exit> {
    let name = opened.name(&stream)?;
    let done = match requests::import(opened.streams.as_ref(), &name, &options).await {
        Ok(done) => done,
        Err(error) => return Err(explain(error, &opened, &name, &options).await),
    };
    let after = done.after(streams::now());
    let Imported { before, import, answer, unremembered } = done;
    if opened.is_cluster && !import.replaced.is_empty() {
        let tags = import.replaced.join(", ");
        tracing::warn!(
            "a cluster gives all tags of a repository the same policies: {tags} had others"
        );
    }
    let moved = after.iter().flat_map(|after| changes(before.as_ref(), after)).collect::<Vec<_>>();
    let told = match view {
        View::Env => context.output.bytes(output::env(&moved).as_bytes()).map_err(Into::into),
        view => tell(&answer, before.as_ref(), &opened, view, context),
    };
    failures(&answer, &opened, context);
    let is_forgotten = unremembered.is_some();
    if let Some(error) = unremembered {
        let what = "the repository is not remembered: the next --all needs --from again";
        context.report(&anyhow::Error::new(error).context(what));
    }
    let uncopied = opened.copies.as_deref().map_or(0, |copies| copied(copies, context));
    let streams = opened.streams.as_ref();
    let unheard = reacting.react(streams, after.as_ref(), &moved, view, context).await;
    told?;
    if has_failed(&answer) || is_forgotten || uncopied > 0 {
        return Err(Incomplete.into());
    }
    Ok(Exit::of_failures(&unheard, unheard.len()))
}

/// Tells of each copy of image data that failed, and how many there are.
pub(super) fn copied(copies: &PullThrough, context: &Context) -> usize {
    let failed: Vec<_> = copies.take().into_iter().filter(|image| image.result.is_err()).collect();
    let count = failed.len();
    for image in failed {
        if let Err(error) = image.result {
            let what = format!("cannot copy {} to {}", image.source, image.destination);
            context.report(&anyhow::Error::new(error).context(what));
        }
    }
    count
}

/// Says what there is when that is not what was asked for.
async fn explain(
    error: ImportError,
    opened: &Opened,
    name: &StreamName,
    options: &ImportOptions,
) -> anyhow::Error {
    let ImportError::Request(request) = &error else { return error.into() };
    let what = request.to_string();
    match request {
        RequestError::NoTag(tag) => match opened.streams.get(name).await {
            Ok(Some(stream)) => Advised::tag(tag, &stream, what).into(),
            _ => error.into(),
        },
        RequestError::NoSource(_) | RequestError::NoStream(_) => {
            let from = options.from.as_deref().or(options.source.as_deref());
            let from = from.map_or("REGISTRY/REPOSITORY:TAG".to_owned(), |from| {
                shell_word(&one_line(from, 300))
            });
            let what_of = match &options.scope {
                Scope::All => format!("{} --all", name.name()),
                Scope::Tag(tag) => format!("{}:{tag}", name.name()),
            };
            let insecure = if options.insecure == Some(true) { " --insecure" } else { "" };
            let flags = &opened.flags;
            let command = format!(
                "longshore import-image {what_of} --from {from}{insecure}{flags} --confirm"
            );
            let names = opened.names(name.namespace()).await.unwrap_or_default();
            Advised::new_stream(name.name(), &names, what, &command).into()
        }
        RequestError::OtherOrigin { tag, from, .. }
        | RequestError::OtherOriginOfAlias { tag, from, .. } => {
            let insecure = if options.insecure == Some(true) { "--insecure " } else { "" };
            let (from, flags) = (shell_word(from), &opened.flags);
            let command = format!("longshore tag {insecure}{from} {}:{tag}{flags}", name.name());
            Advised::other(what, format!("to change it: {command}")).into()
        }
        RequestError::NotOnRegistry { tag, .. } => {
            let (name, flags) = (name.name(), &opened.flags);
            let command = format!("longshore tag REGISTRY/REPOSITORY:TAG {name}:{tag}{flags}");
            Advised::other(what, format!("to follow an image on a registry: {command}")).into()
        }
        RequestError::NoRepository | RequestError::OtherRepository(_) => {
            Advised::other(what, "--confirm has it follow that repository from now on".to_owned())
                .into()
        }
        _ => error.into(),
    }
}

/// Prints what came of it.
fn tell(
    answer: &ImageStreamImport,
    before: Option<&ImageStream>,
    opened: &Opened,
    view: View,
    context: &Context,
) -> anyhow::Result<()> {
    let name = &answer.metadata.name;
    let output = context.output;
    match (view, &answer.status.import) {
        (View::Text | View::Env, _) => output.bytes(summary(answer, before).as_bytes())?,
        (View::Describe, _) => output.bytes(describe_import(answer, streams::now()).as_bytes())?,
        (View::Name, _) => output.line(format_args!("imagestream.image.openshift.io/{name}"))?,
        (view, Some(stream)) => streams::document(&opened.value(stream)?, view, context)?,
        // Nothing was kept, so there is no stream to show: the answer is the result.
        (view, None) => streams::document(&opened.answer(answer)?, view, context)?,
    }
    Ok(())
}

/// What became of each tag.
fn summary(answer: &ImageStreamImport, before: Option<&ImageStream>) -> String {
    let rows: Vec<[String; 3]> = outcomes(answer).map(|outcome| row(&outcome, before)).collect();
    let mut text = format!("{}\n", headline(answer));
    if !rows.is_empty() {
        text = format!("{text}\n{}", table(["TAG", "RESULT", "IMAGE"], &rows));
    }
    if let Some(line) = left_out(answer) {
        text = format!("{text}\n{line}\n");
    }
    text
}

fn row(outcome: &Outcome<'_>, before: Option<&ImageStream>) -> [String; 3] {
    let reference = outcome.status.image.as_ref().map(|image| &image.docker_image_reference);
    let reference = reference.map(|text| one_line(text, 500)).unwrap_or_default();
    let (result, image) = match outcome.became(before) {
        Became::Imported => ("imported", reference),
        Became::Unchanged => ("unchanged", reference),
        Became::Moved { from } => {
            ("moved", format!("{reference} (before: {})", streams::short(&from)))
        }
        Became::Failed => ("failed", one_line(outcome.from, 500)),
    };
    [one_line(outcome.tag, 128), result.to_owned(), image]
}

/// Tells each image that was not imported, and gives the exit code of each.
pub(super) fn failures(
    answer: &ImageStreamImport,
    opened: &Opened,
    context: &Context,
) -> Vec<Exit> {
    let listing = listing_failure(answer).zip(answer.status.repository.as_ref());
    let from = answer.spec.repository.as_ref().map_or("", |spec| spec.from.name.as_str());
    let listing =
        listing.map(|(text, found)| (text, advice(&found.status, from, opened.is_cluster)));
    let failed = outcomes(answer).filter_map(|outcome| {
        Some((outcome.failure()?, advice(&outcome.status.status, outcome.from, opened.is_cluster)))
    });
    let told = listing.into_iter().chain(failed);
    told.map(|(text, hint)| context.report(&Advised::failed(text, hint).into())).collect()
}

/// What to do when an image could not be had. A cluster has its own logins.
pub(super) fn advice(status: &Status, from: &str, is_cluster: bool) -> Option<String> {
    if status.has_cause(UNTRUSTED) {
        return Some(
            "if that is meant to be so, import it with --insecure: that is kept".to_owned(),
        );
    }
    if status.reason != "Unauthorized" {
        return None;
    }
    if is_cluster {
        let command = "oc create secret docker-registry";
        return Some(format!("the cluster needs a login in the stream's namespace: {command}"));
    }
    let image = from.parse::<ImageRef>().ok()?;
    Some(format!("log in: longshore login {}", image.repository.registry()))
}
