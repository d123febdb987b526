//! `completion`.

use clap::CommandFactory as _;

use crate::cli::Context;
use crate::cli::args::{Cli, CompletionArgs};
use crate::cli::exit::Exit;

pub(super) async fn run(args: CompletionArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "longshore", &mut script);
    context.output.bytes(&script)?;
    Ok(Exit::Done)
}
