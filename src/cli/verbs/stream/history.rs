//! `stream history`.

use longshore::imagestream::api::{StatusTag, TagEvent};
use longshore::imagestream::describe::ago;
use longshore::model::one_line;
use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::args::{Format, HistoryArgs};
use crate::cli::exit::Exit;
use crate::cli::verbs::advised::Advised;
use crate::cli::verbs::streams::{self, Opened};
use crate::cli::verbs::table::table;

pub(super) async fn run(
    opened: Opened,
    args: HistoryArgs,
    context: &Context,
) -> anyhow::Result<Exit> {
    let tag = opened.tag(&args.tag)?;
    let stream = opened.stream(&tag.stream).await?;
    let name = tag.tag.as_str();
    let status = match (stream.status_tag(name), stream.spec_tag(name)) {
        (Some(status), _) => status.clone(),
        (None, Some(_)) => StatusTag::default(),
        (None, None) => {
            let what = format!("the image stream has no tag {name:?}");
            return Err(Advised::tag(name, &stream, what).into());
        }
    };
    match context.output.format() {
        Format::Text => context.output.bytes(text(&status).as_bytes())?,
        Format::Json => {
            let items: Vec<Value> = status.items.iter().enumerate().map(item).collect();
            context.output.json(&json!({
                "stream": tag.stream.to_string(),
                "tag": name,
                "history": items,
                "conditions": status.conditions,
            }))?;
        }
    }
    Ok(Exit::Done)
}

fn text(status: &StatusTag) -> String {
    let now = streams::now();
    let rows: Vec<[String; 4]> = status
        .items
        .iter()
        .enumerate()
        .map(|(index, event)| {
            let since = format!("{} ago", ago(event.created, now));
            [
                index.to_string(),
                event.created.to_string(),
                since,
                one_line(&event.docker_image_reference, 500),
            ]
        })
        .collect();
    let mut text = table(["#", "SINCE", "", "IMAGE"], &rows);
    for failure in &status.conditions {
        let since = failure.last_transition_time.map(|time| format!(" {} ago", ago(time, now)));
        let what = one_line(&failure.message, 500);
        text = format!("{text}the last import failed{}: {what}\n", since.unwrap_or_default());
    }
    text
}

fn item((index, event): (usize, &TagEvent)) -> Value {
    json!({
        "number": index,
        "created": event.created,
        "image": event.image,
        "dockerImageReference": event.docker_image_reference,
        "generation": event.generation,
    })
}
