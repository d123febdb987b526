//! `tags`.

use std::sync::Arc;

use longshore::model::{Endpoint, RefName};
use longshore::ops;
use longshore::store::Open;
use serde_json::json;

use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::exit::Exit;

pub(super) async fn run(
    open: Arc<dyn Open>,
    repository: Endpoint,
    context: &Context,
) -> anyhow::Result<Exit> {
    let tags = ops::tags(open.as_ref(), &repository).await?;
    match context.output.format() {
        Format::Text => {
            let lines: String = tags.iter().map(|tag| format!("{tag}\n")).collect();
            context.output.bytes(lines.as_bytes())?;
        }
        Format::Json => {
            let tags: Vec<&str> = tags.iter().map(RefName::as_str).collect();
            let repository = repository.to_string();
            context.output.json(&json!({ "repository": repository, "tags": tags }))?;
        }
    }
    Ok(Exit::Done)
}
