//! `schema`.

use crate::cli::Context;
use crate::cli::args::SchemaArgs;
use crate::cli::exit::Exit;

pub(super) async fn run(args: SchemaArgs, context: &Context) -> anyhow::Result<Exit> {
    context.output.bytes(args.kind.text().as_bytes())?;
    Ok(Exit::Done)
}
