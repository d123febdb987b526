//! `tag-sync undo`.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use longshore::http::Traffic;
use longshore::mirror::Place;
use longshore::ops::tag_sync::{Undo, UndoneTag, undo};
use longshore::session::SessionOptions;
use longshore::tagsync::RuleFile;
use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::args::{Format, UndoArgs, settings};
use crate::cli::exit::Exit;
use crate::cli::verbs::ends;

/// Passwords are asked for here.
pub(super) fn start(
    args: UndoArgs,
    context: &Context,
) -> anyhow::Result<BoxFuture<'_, anyhow::Result<Exit>>> {
    let UndoArgs { list: path, rules, reach } = args;
    let list = Undo::read(&path)?;
    let mut copy = reach.resolve();
    if let Some(file) = rules {
        let rules = RuleFile::read(&file, &context.input.file(&file)?)?;
        settings::apply(&mut copy, &rules.settings);
    }
    let shared = SessionOptions {
        write: copy.write,
        traffic: Arc::new(Traffic::new(copy.traffic.clone())),
        ..SessionOptions::default()
    };
    let place = Place::At(list.place(&path)?);
    let open = ends::mirror(&copy.destination, &[place], &shared, context)?;
    let work = async move {
        let undone = undo(open.as_ref(), &list, &path).await?;
        tell(&undone, context)
    };
    Ok(work.boxed())
}

fn tell(undone: &[UndoneTag], context: &Context) -> anyhow::Result<Exit> {
    match context.output.format() {
        Format::Text => {
            for UndoneTag { image, digest, result } in undone {
                match result {
                    Ok(()) => context.output.line(format_args!("{digest} {image}"))?,
                    Err(other) => context.output.line(format_args!("{other} {image} (stays)"))?,
                }
            }
        }
        Format::Json => {
            let tags: Vec<Value> = undone
                .iter()
                .map(|UndoneTag { image, digest, result }| {
                    let stays = result.as_ref().err().map(ToString::to_string);
                    json!({ "image": image.to_string(), "digest": digest, "stays": stays })
                })
                .collect();
            context.output.json(&json!({ "tags": tags }))?;
        }
    }
    let back = undone.iter().filter(|tag| tag.result.is_ok()).count();
    context.note(format!("done: {back} tags are there again, {} stay", undone.len() - back));
    Ok(Exit::Done)
}
