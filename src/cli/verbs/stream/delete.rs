//! `stream delete`.

use longshore::imagestream::Error;
use serde_json::json;

use crate::cli::Context;
use crate::cli::args::{DeleteArgs, Format};
use crate::cli::exit::Exit;
use crate::cli::verbs::advised::Advised;
use crate::cli::verbs::streams::Opened;

pub(super) async fn run(
    opened: Opened,
    args: DeleteArgs,
    context: &Context,
) -> anyhow::Result<Exit> {
    let names = args.streams.iter().map(|name| match opened.tag(name) {
        Ok(tag) => {
            let flags = &opened.flags;
            let hint = format!("to delete the tag: longshore tag -d {name}{flags}");
            Err(Advised::other(format!("{tag} is a tag, not a stream"), hint).into())
        }
        Err(_) => opened.name(name),
    });
    let names = names.collect::<anyhow::Result<Vec<_>>>()?;
    let mut gone = Vec::new();
    let mut exits = Vec::new();
    for name in &names {
        match opened.streams.delete(name).await {
            Ok(()) => {
                if context.output.format() == Format::Text {
                    let name = name.name();
                    context
                        .output
                        .line(format_args!("imagestream.image.openshift.io {name:?} deleted"))?;
                }
                gone.push(name.to_string());
            }
            Err(Error::NoStream(name)) => {
                let what = format!("no image stream named {:?} exists", name.name());
                exits.push(context.report(&opened.unknown(&name, what).await.into()));
            }
            Err(error) => exits.push(context.report(&error.into())),
        }
    }
    if context.output.format() == Format::Json {
        context.output.json(&json!({ "deleted": gone }))?;
    }
    Ok(Exit::of_failures(&exits, names.len()))
}
