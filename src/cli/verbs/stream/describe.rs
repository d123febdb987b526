//! `stream describe`.

use longshore::imagestream::describe::{describe_image, describe_stream};

use crate::cli::Context;
use crate::cli::args::{DescribeArgs, Format};
use crate::cli::exit::Exit;
use crate::cli::verbs::advised::Advised;
use crate::cli::verbs::streams::{self, Opened};

pub(super) async fn run(
    opened: Opened,
    args: DescribeArgs,
    context: &Context,
) -> anyhow::Result<Exit> {
    let (object, text) = if args.stream.contains(':') {
        image(&opened, &args.stream).await?
    } else {
        let stream = opened.stream(&opened.name(&args.stream)?).await?;
        (opened.value(&stream)?, describe_stream(&stream, streams::now()))
    };
    match context.output.format() {
        Format::Text => context.output.bytes(text.as_bytes())?,
        Format::Json => context.output.json(&object)?,
    }
    Ok(Exit::Done)
}

/// What is known of the image that a tag points to.
async fn image(opened: &Opened, tag: &str) -> anyhow::Result<(serde_json::Value, String)> {
    let tag = opened.tag(tag)?;
    let stream = opened.stream(&tag.stream).await?;
    let name = format!("{}:{}", tag.stream.name(), tag.tag);
    let event = stream.current(tag.tag.as_str()).filter(|event| !event.image.is_empty());
    let event = event.ok_or_else(|| {
        Advised::tag(tag.tag.as_str(), &stream, format!("{name:?} points to no image"))
    })?;
    let image = opened.streams.image(&event.image).await?;
    let image = image.ok_or_else(|| Advised::image(&name, &event.image, &opened.flags))?;
    Ok((serde_json::to_value(&image)?, describe_image(&name, &image, streams::now())))
}
