//! `stream get`.

use longshore::imagestream::describe::row;
use longshore::imagestream::{ImageStream, Listing};
use longshore::model::one_line;
use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::args::{GetArgs, View};
use crate::cli::exit::Exit;
use crate::cli::verbs::streams::{self, Opened};
use crate::cli::verbs::table::table;

pub(super) async fn run(opened: Opened, args: GetArgs, context: &Context) -> anyhow::Result<Exit> {
    let Listing { streams: found, unreadable } = match args.streams.as_slice() {
        [] if args.all_namespaces => opened.streams.list(None).await?,
        [] => opened.streams.list(Some(&opened.namespace)).await?,
        names => named(&opened, names).await?,
    };
    match args.output.view {
        View::Name => {
            for stream in &found {
                let name = one_line(&stream.metadata.name, 200);
                context.output.line(format_args!("imagestream.image.openshift.io/{name}"))?;
            }
        }
        View::Text | View::Describe => text(&found, &args, &opened, context)?,
        view => match (found.as_slice(), args.streams.len()) {
            ([stream], 1) => streams::document(&opened.value(stream)?, view, context)?,
            _ => streams::document(&list(&found, &opened)?, view, context)?,
        },
    }
    let all = found.len() + unreadable.len();
    let exits: Vec<Exit> =
        unreadable.into_iter().map(|error| context.report(&error.into())).collect();
    Ok(Exit::of_failures(&exits, all))
}

async fn named(opened: &Opened, names: &[String]) -> anyhow::Result<Listing> {
    let mut streams = Vec::new();
    for name in names {
        streams.push(opened.stream(&opened.name(name)?).await?);
    }
    Ok(Listing { streams, unreadable: Vec::new() })
}

fn text(
    found: &[ImageStream],
    args: &GetArgs,
    opened: &Opened,
    context: &Context,
) -> anyhow::Result<()> {
    if found.is_empty() && !context.quiet {
        let place = opened.streams.place();
        let of = if args.all_namespaces {
            String::new()
        } else {
            format!(" in namespace {} (-A shows all namespaces)", opened.namespace)
        };
        context.console.lines([format!("{place} has no image streams{of}")]);
        return Ok(());
    }
    let now = streams::now();
    let rows = found.iter().map(|stream| row(stream, now));
    let text = if args.all_namespaces {
        let spaces =
            found.iter().map(|stream| stream.metadata.namespace.clone().unwrap_or_default());
        let rows: Vec<_> =
            spaces.zip(rows).map(|(space, [a, b, c, d])| [space, a, b, c, d]).collect();
        table(["NAMESPACE", "NAME", "IMAGE REPOSITORY", "TAGS", "UPDATED"], &rows)
    } else {
        table(["NAME", "IMAGE REPOSITORY", "TAGS", "UPDATED"], &rows.collect::<Vec<_>>())
    };
    Ok(context.output.bytes(text.as_bytes())?)
}

/// Several streams as one document, as `kubectl get` prints them.
fn list(streams: &[ImageStream], opened: &Opened) -> anyhow::Result<Value> {
    let items = streams.iter().map(|stream| opened.value(stream));
    let items = items.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(json!({ "apiVersion": "v1", "kind": "List", "items": items }))
}
