//! `tag`.

use std::collections::BTreeSet;

use longshore::imagestream::StreamName;
use longshore::imagestream::api::DOCKER_IMAGE;
use longshore::imagestream::requests::{self, ImportOptions, Scope};
use longshore::imagestream::tagging::{self, Setting, TagChange, TagError, TagRemoval, Tagging};
use longshore::reaction::changes;
use serde_json::{Value, json};

use super::advised::Advised;
use super::import_image::failures;
use super::reacting::Reacting;
use super::streams::Opened;
use crate::cli::Context;
use crate::cli::args::{Format, TagRequest, View};
use crate::cli::exit::Exit;

pub(super) async fn run(
    opened: Opened,
    request: TagRequest,
    reacting: Reacting,
    context: &Context,
) -> anyhow::Result<Exit> {
    let mut options = request.options;
    options.namespace = opened.namespace.clone();
    match tagging::parse(&options)? {
        Tagging::Delete(removals) => delete(&opened, &removals, context).await,
        Tagging::Set(setting) if reacting.is_idle() => set(&opened, &setting, context).await,
        Tagging::Set(setting) => set_and_react(&opened, &setting, &reacting, context).await,
    }
}

/// Sets the tags, and has done what is to follow, also when some could not be set.
async fn set_and_react(
    opened: &Opened,
    setting: &Setting,
    reacting: &Reacting,
    context: &Context,
) -> anyhow::Result<Exit> {
    let streams = opened.streams.as_ref();
    let names: BTreeSet<&StreamName> = setting.destinations().map(|tag| &tag.stream).collect();
    let mut before = Vec::new();
    for name in names {
        before.push((name, streams.get(name).await?));
    }
    let result = set(opened, setting, context).await;
    let mut moved = Vec::new();
    let mut failed = Vec::new();
    for (name, before) in before {
        match streams.get(name).await {
            Ok(after) => {
                moved.extend(after.iter().flat_map(|after| changes(before.as_ref(), after)));
            }
            Err(error) => failed.push(context.report(&error.into())),
        }
    }
    failed.extend(reacting.react(streams, None, &moved, View::Text, context).await);
    match result {
        Ok(Exit::Done) => Ok(Exit::of_failures(&failed, failed.len())),
        other => other,
    }
}

async fn delete(
    opened: &Opened,
    removals: &[TagRemoval],
    context: &Context,
) -> anyhow::Result<Exit> {
    let mut done = Vec::new();
    let mut exits = Vec::new();
    for TagRemoval { tag, said } in removals {
        match opened.streams.delete_tag(tag).await {
            Ok(()) => {
                tell(said, context)?;
                done.push(tag.to_string());
            }
            Err(error) => {
                exits.push(context.report(&opened.explain(error, tag).await));
            }
        }
    }
    if context.output.format() == Format::Json {
        context.output.json(&json!({ "deleted": done }))?;
    }
    Ok(Exit::of_failures(&exits, removals.len()))
}

/// Sets the tags. Where nobody else imports what they follow, that is done at once.
async fn set(opened: &Opened, setting: &Setting, context: &Context) -> anyhow::Result<Exit> {
    let source = match setting.needs() {
        Some(name) => Some(opened.stream(name).await?),
        None => None,
    };
    let changes = setting.resolve(source.as_ref()).map_err(|error| match (error, &source) {
        (TagError::NoImage(written), Some(stream)) => {
            let tag = written.rsplit(':').next().unwrap_or_default();
            let what = TagError::NoImage(written.clone()).to_string();
            Advised::tag(tag, stream, what).into()
        }
        (error, _) => anyhow::Error::new(error),
    })?;
    let mut done: Vec<Value> = Vec::new();
    let mut exits = Vec::new();
    let mut told = Ok(());
    for TagChange { tag, spec, said } in &changes {
        opened.streams.set_tag(tag, spec, None).await?;
        // Nobody to read it is no reason to leave the rest.
        told = told.and(tell(said, context));
        done.push(json!({ "tag": tag.to_string(), "from": spec.from }));
        let is_on_registry = spec.from.as_ref().is_some_and(|from| from.kind == DOCKER_IMAGE);
        if is_on_registry && !spec.reference && !opened.is_cluster {
            let options = ImportOptions::new(Scope::Tag(tag.tag.clone()));
            let streams = opened.streams.as_ref();
            let done = requests::import(streams, &tag.stream, &options).await?;
            exits.extend(failures(&done.answer, opened, context));
        }
    }
    if context.output.format() == Format::Json {
        told = context.output.json(&json!({ "tags": done })).map_err(Into::into);
    }
    told?;
    Ok(Exit::of_failures(&exits, changes.len()))
}

fn tell(said: &str, context: &Context) -> anyhow::Result<()> {
    if context.output.format() == Format::Text {
        context.output.line(said)?;
    }
    Ok(())
}
