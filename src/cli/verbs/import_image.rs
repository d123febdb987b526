//! `import-image`.

use futures_util::FutureExt as _;
use longshore::imagestream::api::{Status, UNTRUSTED};
use longshore::imagestream::describe::{
    Became, Outcome, describe_import, has_failed, headline, left_out, listing_failure, outcomes,
};
use longshore::imagestream::requests::{self, ImportError, ImportOptions, Imported, RequestError};
use longshore::imagestream::{ImageStream, ImageStreamImport, StreamName};
use longshore::model::{ImageRef, one_line};
use longshore::ops::PullThrough;
use longshore::reaction::triggers::Mode;
use longshore::reaction::{changes, output};

use super::Work;
use super::advised::Advised;
use super::reacting::Reacting;
use super::refresh;
use super::streams::{self, Opened};
use super::table::table;
use crate::cli::Context;
use crate::cli::args::{ImportRequest, View, Wanted};
use crate::cli::exit::Exit;
use crate::cli::interrupt::stoppable;

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
    Ok(match request.wanted {
        Wanted::One { stream, options } => {
            stoppable(run(opened, stream, options, reacting, view, context)).boxed()
        }
        Wanted::All { only_scheduled, interval: None } => {
            stoppable(refresh::once(opened, only_scheduled, reacting, context)).boxed()
        }
        Wanted::All { only_scheduled, interval: Some(interval) } => {
            refresh::watch(opened, only_scheduled, interval, reacting, context).boxed()
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
    let Imported { before, import, answer, forgotten } = done;
    if opened.is_cluster && !import.replaced.is_empty() {
        let tags = import.replaced.join(", ");
        tracing::warn!(
            "a cluster gives all tags of a repository the same policies: {tags} had others"
        );
    }
    let after = answer.status.import.as_ref();
    let moved = after.map(|after| changes(before.as_ref(), after)).unwrap_or_default();
    match view {
        View::Env => context.output.bytes(output::env(&moved).as_bytes())?,
        view => tell(&answer, before.as_ref(), &opened, view, context)?,
    }
    failures(&answer, &opened, context);
    let is_forgotten = forgotten.is_some();
    if let Some(error) = forgotten {
        let what = "the repository is not remembered: the next --all needs --from again";
        context.report(&anyhow::Error::new(error).context(what));
    }
    let uncopied = opened.copies.as_deref().map_or(0, |copies| copied(copies, context));
    let unheard = reacting.react(opened.streams.as_ref(), &moved, view, context).await?;
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
            let from =
                from.map_or("REGISTRY/REPOSITORY:TAG".to_owned(), |from| one_line(from, 300));
            let command = format!("longshore import-image {} --from {from} --confirm", name.name());
            let names = opened.names(name.namespace()).await;
            Advised::new_stream(name.name(), &names, what, &command).into()
        }
        RequestError::OtherOrigin { tag, from, .. }
        | RequestError::OtherOriginOfAlias { tag, from, .. } => {
            let command = format!("longshore tag {from} {}:{tag}", name.name());
            Advised::other(what, format!("to change it: {command}")).into()
        }
        RequestError::NotOnRegistry { tag, .. } => {
            let command = format!("longshore tag REGISTRY/REPOSITORY:TAG {}:{tag}", name.name());
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
        (view, None) => streams::document(&serde_json::to_value(answer)?, view, context)?,
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
    let listing = listing.map(|(text, found)| (text, advice(&found.status, from, opened)));
    let failed = outcomes(answer).filter_map(|outcome| {
        Some((outcome.failure()?, advice(&outcome.status.status, outcome.from, opened)))
    });
    let told = listing.into_iter().chain(failed);
    told.map(|(text, hint)| context.report(&Advised::failed(text, hint).into())).collect()
}

/// What to do when an image could not be had. A cluster has its own logins.
fn advice(status: &Status, from: &str, opened: &Opened) -> Option<String> {
    if status.has_cause(UNTRUSTED) {
        return Some("if that is meant to be so, give --insecure".to_owned());
    }
    if status.reason != "Unauthorized" {
        return None;
    }
    if opened.is_cluster {
        let command = "oc create secret docker-registry";
        return Some(format!("the cluster needs a login in the stream's namespace: {command}"));
    }
    let image = from.parse::<ImageRef>().ok()?;
    Some(format!("log in: longshore login {}", image.repository.registry()))
}
