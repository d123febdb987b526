//! What each verb does with its arguments: one file per verb.

mod completion;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::Context;
use super::args::Command;
use super::exit::Exit;

/// A verb at work.
pub(crate) type Work<'a> = BoxFuture<'a, anyhow::Result<Exit>>;

/// Resolves the arguments of a verb and starts it. Questions are asked here, before anything runs.
pub(crate) fn start(command: Command, context: &Context) -> anyhow::Result<Work<'_>> {
    Ok(match command {
        Command::Completion(args) => completion::run(args, context).boxed(),
        _ => anyhow::bail!("this verb is not built yet"),
    })
}
