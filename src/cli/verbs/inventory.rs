//! `inventory`.

use std::sync::Arc;

use longshore::mirror::Root;
use longshore::ops::{self, InventoryReport};
use longshore::store::Open;

use crate::cli::Context;
use crate::cli::exit::Exit;

pub(super) async fn run(
    open: Arc<dyn Open>,
    places: Vec<Root>,
    context: &Context,
) -> anyhow::Result<Exit> {
    let report = ops::inventory(open.as_ref(), &places).await?;
    let InventoryReport { receipt, tags, blobs, failures } = report;
    context.output.bytes(&receipt.to_bytes()?)?;
    if !context.quiet {
        let repositories = receipt.repositories.len();
        let line =
            format!("{}: {repositories} repositories, {tags} tags, {blobs} blobs", receipt.of);
        context.console.lines([line]);
    }
    let exits: Vec<Exit> = failures
        .into_iter()
        .map(|(name, error)| {
            context.report(&anyhow::Error::new(error).context(format!("{name} is left out")))
        })
        .collect();
    Ok(if exits.is_empty() { Exit::Done } else { Exit::Failed })
}
