//! `stream rollback`.

use longshore::imagestream::rollback::{Rollback, rollback};
use serde_json::json;

use crate::cli::Context;
use crate::cli::args::{Format, RollbackArgs};
use crate::cli::exit::Exit;
use crate::cli::verbs::advised::Advised;
use crate::cli::verbs::streams::{self, Opened};

pub(super) async fn run(
    opened: Opened,
    args: RollbackArgs,
    context: &Context,
) -> anyhow::Result<Exit> {
    let tag = opened.tag(&args.tag)?;
    let stream = opened.stream(&tag.stream).await?;
    let name = tag.tag.as_str();
    if stream.status_tag(name).is_none() && stream.spec_tag(name).is_none() {
        let what = format!("the image stream has no tag {name:?}");
        return Err(Advised::tag(name, &stream, what).into());
    }
    let followed =
        stream.spec_tag(name).and_then(|tag| tag.from.as_ref()).map(|from| from.name.clone());
    let Rollback { spec, from, to } = rollback(&stream, name, args.to.as_ref())?;
    opened.streams.set_tag(&tag, &spec).await?;
    let shown = format!("{}:{name}", tag.stream.name());
    match context.output.format() {
        Format::Text => {
            let (from, to) = (streams::short(&from.image), streams::short(&to.image));
            context.output.line(format_args!("Tag {shown} moved back from {from} to {to}."))?;
            if let Some(followed) = followed.filter(|_| !context.quiet) {
                context.console.lines([format!(
                    "note: it stays there; to follow {followed} again: longshore tag {followed} {shown}"
                )]);
            }
        }
        Format::Json => context.output.json(&json!({
            "stream": tag.stream.to_string(), "tag": name, "from": from, "to": to,
        }))?,
    }
    Ok(Exit::Done)
}
