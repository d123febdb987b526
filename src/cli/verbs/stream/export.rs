//! `stream export`.

use longshore::imagestream::export::export;
use serde_json::Value;

use crate::cli::Context;
use crate::cli::args::ExportArgs;
use crate::cli::exit::Exit;
use crate::cli::verbs::streams::{self, Opened};

pub(super) async fn run(
    opened: Opened,
    args: ExportArgs,
    context: &Context,
) -> anyhow::Result<Exit> {
    let stream = opened.stream(&opened.name(&args.stream)?).await?;
    streams::document(&Value::Object(export(&stream)), args.output.view, context)?;
    Ok(Exit::Done)
}
